"""What a sweep shows: a band, what matters most, and where the order of two policies flips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.measure.decisions import BANDED, QUANTITIES
from sim.measure.intervals import Array


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Where the difference of two policies is nought, along one input.

    *at* is None if it is so nowhere between the first and the last value; *low* and *high*
    hold all values at which the interval of the difference holds nought (None: none does),
    cut off at the ends of what was tried. *ahead* is the sign of the difference at the first
    value. Where the values are no numbers, these are places among *names*, from 0.
    """

    at: float | None
    low: float | None
    high: float | None
    ahead: int
    names: tuple[str, ...] = ()


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


TORNADO = ("key", "least", "most", "own", "at_least", "at_most", "swing", "low", "high")


def tornado(summary: pd.DataFrame, keys: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """What each unknown does alone: per arm, class, measure and key the means at its ends.

    *summary* is that of a sweep in mode ranges: point 0 changes nothing, then come two points
    for each of *keys*, whose two ends are given in words. Widest *swing* (greatest less least of
    the three means) first. *low* and *high* are the band over all points, corners too.
    """
    on = ["arm", "class", "measure"]
    means = summary.set_index(["point", *on])["mean"].to_dict()
    cells = summary.loc[summary["point"] == 0, on].itertuples(index=False, name=None)
    whole = band(summary).set_index(on)[["least", "greatest"]]
    rows: list[tuple[Any, ...]] = []
    for cell in cells:
        own = means[(0, *cell)]
        for number, (name, words) in enumerate(keys.items()):
            found = [means.get((1 + 2 * number + end, *cell), np.nan) for end in (0, 1)]
            three = np.array([own, *found])
            swing = float(three.max() - three.min())  # NaN where one is undefined
            rows.append((*cell, name, *words, own, *found, swing, *whole.loc[cell]))
    table = pd.DataFrame(rows, columns=[*on, *TORNADO])
    table["order"] = table.groupby(on, sort=False).ngroup()
    return table.sort_values(
        ["order", "swing"], ascending=[True, False], kind="stable", ignore_index=True
    ).drop(columns="order")


def unknowns(tornado: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a reader is told of a tornado, for the quantities BANDED.

    First the band: arm, quantity, unit, own, low, high. Then what each unknown does alone:
    key, least, most, quantity, unit, swing (the greatest of all arms); the widest by honest
    recipients lost first.
    """
    named = {(q.class_, q.measure): name for name, q in QUANTITIES.items() if name in BANDED}
    pairs = zip(tornado["class"], tornado["measure"], strict=True)
    told = tornado.assign(quantity=pd.Series([named.get(pair) for pair in pairs], dtype=object))
    told = told.dropna(subset="quantity")
    told = told.assign(unit=told["quantity"].map({n: q.unit for n, q in QUANTITIES.items()}))
    band = told.drop_duplicates(["arm", "quantity"])[[*BAND, "own", "low", "high"]]
    alone = told.groupby([*ALONE], sort=False, as_index=False)["swing"].max()
    lost = alone[alone["quantity"] == LEADING].sort_values("swing", ascending=False, kind="stable")
    place = {key: n for n, key in enumerate(lost["key"])}
    alone = alone.assign(place=alone["key"].map(place)).sort_values("place", kind="stable")
    return band.reset_index(drop=True), alone.drop(columns="place").reset_index(drop=True)


BAND = ("arm", "quantity", "unit")
ALONE = ("key", "least", "most", "quantity", "unit")
LEADING = "honest recipients lost"
