"""What a sweep shows: a band, what matters most, and where the order of two policies flips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sim.measure.decisions import BANDED, QUANTITIES
from sim.measure.intervals import Array, paired


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


TORNADO = (
    "key", "least", "most", "own", "at_least", "at_most", "swing", "change", "change_low",
    "change_high", "low", "high",
)  # fmt: skip


def tornado(
    summary: pd.DataFrame, keys: Mapping[str, tuple[str, str]], values: pd.DataFrame
) -> pd.DataFrame:
    """What each unknown does alone: per arm, class, measure and key the means at its ends.

    *summary* is that of a sweep in mode ranges: point 0 changes nothing, then come two points
    for each of *keys*, whose two ends are given in words; *values* has the measures of these points
    by replication. Widest *swing* (greatest less least of the three means) first. *change* is that
    from the least to the most, with its 95 % interval in pairs of replications. *low* and *high*
    are the band over all points, corners too.
    """
    on = ["arm", "class", "measure"]
    means = summary.set_index(["point", *on])["mean"].to_dict()
    cells = list(summary.loc[summary["point"] == 0, on].itertuples(index=False, name=None))
    whole = band(summary).set_index(on)[["least", "greatest"]]
    wide = values.set_index(["point", *on, "replication"])["value"].unstack("replication")
    rows: list[tuple[Any, ...]] = []
    for number, (name, words) in enumerate(keys.items()):
        points = [1 + 2 * number + end for end in (0, 1)]
        ends = [wide.reindex([(point, *cell) for cell in cells]).to_numpy() for point in points]
        apart = paired(*ends)
        for at, cell in enumerate(cells):
            three = np.array([means.get((point, *cell), np.nan) for point in (0, *points)])
            swing = float(three.max() - three.min())  # NaN where one is undefined
            change = (float(column[at]) for column in apart[:3])
            rows.append((at, *cell, name, *words, *three, swing, *change, *whole.loc[cell]))
    table = pd.DataFrame(rows, columns=["order", *on, *TORNADO])
    return table.sort_values(
        ["order", "swing"], ascending=[True, False], kind="stable", ignore_index=True
    ).drop(columns="order")


def unknowns(tornado: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a reader is told of a tornado, for the quantities BANDED.

    First the band: arm, quantity, unit, own, low, high. Then what each unknown does alone, in the
    arm in which it does most: key, least, most, quantity, unit, swing, arm, change, change_low,
    change_high; the widest by honest recipients lost first.
    """
    named = {(q.class_, q.measure): name for name, q in QUANTITIES.items() if name in BANDED}
    pairs = zip(tornado["class"], tornado["measure"], strict=True)
    told = tornado.assign(quantity=pd.Series([named.get(pair) for pair in pairs], dtype=object))
    told = told.dropna(subset="quantity")
    told = told.assign(unit=told["quantity"].map({n: q.unit for n, q in QUANTITIES.items()}))
    arms = told["arm"].map(_places(told["arm"]))
    told = told.assign(nth=told["quantity"].map(BANDED.index), arms=arms)
    band = told.drop_duplicates(["arm", "quantity"]).sort_values(["arms", "nth"])
    widest = told.sort_values("swing", ascending=False, kind="stable").drop_duplicates([*ALONE])
    lost = widest.loc[widest["quantity"] == LEADING, "key"]
    alone = widest.assign(keys=widest["key"].map(_places(lost))).sort_values(["keys", "nth"])
    return (
        band[[*BAND, "own", "low", "high"]].reset_index(drop=True),
        alone[[*ALONE, "swing", "arm", *CHANGE]].reset_index(drop=True),
    )


def _places(names: pd.Series) -> dict[str, int]:
    return {str(name): place for place, name in enumerate(names.drop_duplicates())}


CHANGE = ("change", "change_low", "change_high")
BAND = ("arm", "quantity", "unit")
ALONE = ("key", "least", "most", "quantity", "unit")
LEADING = "honest recipients lost"
