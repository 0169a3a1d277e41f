"""What a sweep shows: a band, what matters most, and where the order of two policies flips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.measure.intervals import Array


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where the difference of two policies is nought, along one input.

    *at* is None if it is so nowhere between the first and the last value; *low* and *high*
    hold all values at which the interval of the difference holds nought (None: none does),
    cut off at the ends of what was tried. *ahead* is the sign of the difference at the first
    value.
    """

    at: float | None
    low: float | None
    high: float | None
    ahead: int


def break_even(x: Sequence[float], difference: Array, low: Array, high: Array) -> BreakEven:
    """The first crossing of nought, by straight lines between the values of *x* (ascending).

    *difference*, *low* and *high* are those of `sim.measure.compare` at each value.
    """
    at = np.asarray(x, dtype=float)
    if len(at) < 2 or (np.diff(at) <= 0).any():
        raise ValueError("break-even needs two values or more, in ascending order")
    crossings = _crossings(at, difference)
    unsure = [float(v) for v, a, b in zip(at, low, high, strict=True) if a <= 0.0 <= b]
    for bound in (low, high):
        unsure += _crossings(at, bound)
    first = float(np.sign(difference[0]))
    return BreakEven(
        crossings[0] if crossings else None,
        min(unsure, default=None),
        max(unsure, default=None),
        int(first) if np.isfinite(first) else 0,
    )


def _crossings(x: Array, y: Array) -> list[float]:
    found = []
    for i in range(len(x) - 1):
        a, b = float(y[i]), float(y[i + 1])
        if a == 0.0 or a * b < 0.0:
            found.append(float(x[i] + (x[i + 1] - x[i]) * (a / (a - b) if a != b else 0.0)))
    return [*found, float(x[-1])] if y[-1] == 0.0 else found


def band(summary: pd.DataFrame) -> pd.DataFrame:
    """Over all points of a sweep, per arm, class and measure: least and greatest mean.

    *own* is the mean at the scenario's own values (the first point, if that changes nothing).
    """
    on = ["arm", "class", "measure"]
    grouped = summary.groupby(on, sort=False, observed=True)
    table = grouped["mean"].agg(least="min", greatest="max").reset_index()
    own = summary[summary["point"] == 0].set_index(on)["mean"]
    table.insert(3, "own", [own.get(tuple(row)) for row in table[on].to_numpy()])
    return table


def tornado(summary: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """What each unknown does alone: per arm, class, measure and key the means at its ends.

    *summary* is that of a sweep in mode ranges: point 0 changes nothing, then come two points
    for each of *keys*. Widest *swing* (greatest less least of the three means) first.
    """
    on = ["arm", "class", "measure"]
    means = summary.set_index(["point", *on])["mean"].to_dict()
    cells = summary.loc[summary["point"] == 0, on].itertuples(index=False, name=None)
    rows: list[tuple[Any, ...]] = []
    for cell in cells:
        own = means[(0, *cell)]
        for number, name in enumerate(keys):
            ends = [means.get((1 + 2 * number + end, *cell), np.nan) for end in (0, 1)]
            three = np.array([own, *ends])
            swing = float(three.max() - three.min())  # NaN where one is undefined
            rows.append((*cell, name, own, *ends, swing))
    table = pd.DataFrame(rows, columns=[*on, "key", "own", "at_least", "at_most", "swing"])
    table["order"] = table.groupby(on, sort=False).ngroup()
    return table.sort_values(
        ["order", "swing"], ascending=[True, False], kind="stable", ignore_index=True
    ).drop(columns="order")
