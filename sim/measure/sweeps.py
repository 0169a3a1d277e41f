"""Band, tornado and break-even of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measure.bounds import Array
from sim.measure.decisions import BANDED, QUANTITIES
from sim.measure.intervals import Sample
from sim.measure.pairs import paired
from sim.records.measures import MEASURES


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The value of one input at which the difference of two policies is 0.

    *at* is None if there is none between the first and the last value; *low* and *high*
    bound all values at which the interval of the difference includes 0 (None: none does),
    cut off at the ends of what was tried. *ahead* is the sign of the difference at the first
    value. Where the values are no numbers, these are places among *names*, from 0.
    """

    at: float | None
    low: float | None
    high: float | None
    ahead: int
    names: tuple[str, ...] = ()


def break_even(x: Sequence[float], difference: Array, low: Array, high: Array) -> BreakEven:
    """The first crossing of 0, by straight lines between the values of *x* (ascending).

    *difference*, *low* and *high* are those of `sim.measure.compare` at each value.
    """
    at = np.asarray(x, dtype=float)
    if len(at) < 2 or (np.diff(at) <= 0).any():
        raise ValueError("break-even needs two values or more, in ascending order")
    crossings = _crossings(at, difference)
    # where the interval includes 0: at these values, and from where one of its bounds crosses 0
    unclear = [float(v) for v, a, b in zip(at, low, high, strict=True) if a <= 0.0 <= b]
    for bound in (low, high):
        unclear += _crossings(at, bound)
    first = float(np.sign(difference[0]))
    return BreakEven(
        crossings[0] if crossings else None,
        min(unclear, default=None),
        max(unclear, default=None),
        int(first) if np.isfinite(first) else 0,
    )


def _crossings(x: Array, y: Array) -> list[float]:
    """Values of *x* at which straight lines through *y* are 0; NaN crosses nothing."""
    y = np.asarray(y, dtype=float)
    starts, ends = y[:-1], y[1:]
    with np.errstate(all="ignore"):
        part = np.where(starts == 0.0, 0.0, starts / (starts - ends))
    at = x[:-1] + np.diff(x) * part
    crossings: list[float] = at[(starts == 0.0) | (starts * ends < 0.0)].tolist()
    return [*crossings, float(x[-1])] if y[-1] == 0.0 else crossings


def band(summary: pd.DataFrame, differences: pd.DataFrame) -> pd.DataFrame:
    """Range of each mean over all points of a sweep, per arm, class and measure, and its bounds.

    *own* is the mean at the scenario's own values (the first point, if that changes nothing), and
    REACH over all points; `difference` and OF_DIFFERENCE are the same of the paired differences to
    the baseline, which hold whatever the unknowns are where the last two have one sign.
    """
    table = _extremes(summary)
    if not len(differences):
        return table.assign(**dict.fromkeys(("difference", *OF_DIFFERENCE), np.nan))
    apart = _extremes(differences.assign(mean=differences["difference"]))
    names = dict(zip(REACH, OF_DIFFERENCE, strict=True)) | {"own": "difference"}
    return table.merge(apart.rename(columns=names), on=CELL, how="left")


def _extremes(summary: pd.DataFrame) -> pd.DataFrame:
    """Least and greatest mean over all points, and least and greatest bound of their intervals.

    NaN where one has no interval.
    """
    # The latter cover the range of the true means in 95 of 100 experiments: its least end is the
    # true mean of one point, which that point's own interval leaves below in 2.5 % at most, its
    # greatest end likewise; by Bonferroni's bound, 5 % together, however many points there are.
    # A point without an interval bounds nothing: infinite here, so that it wins; NaN in the end.
    defined = summary["mean"].notna()
    low, high = (summary[name].mask(defined & summary[name].isna(), end)
                 for name, end in (("low", -np.inf), ("high", np.inf)))  # fmt: skip
    grouped = summary.assign(low=low, high=high).groupby(CELL, sort=False, observed=True)
    table = grouped.agg(
        band_low=("mean", "min"), band_high=("mean", "max"),
        reach_low=("low", "min"), reach_high=("high", "max"),
    ).reset_index()  # fmt: skip
    own = summary[summary["point"] == 0].set_index(CELL)["mean"]
    table.insert(3, "own", [own.get(tuple(row), np.nan) for row in table[CELL].to_numpy()])
    return table.replace([-np.inf, np.inf], np.nan)


CELL = ["arm", "class", "measure"]
REACH = ("band_low", "band_high", "reach_low", "reach_high")
"""Of means over the unknowns alone, and of the bounds of their 95 % intervals."""
OF_DIFFERENCE = tuple(f"difference_{name}" for name in REACH)
TORNADO = (
    "key", "least", "most", "own", "at_least", "at_most", "swing", "change", "change_low",
    "change_high", *REACH,
)  # fmt: skip


def tornado(
    summary: pd.DataFrame, keys: Mapping[str, tuple[str, str]], values: pd.DataFrame
) -> pd.DataFrame:
    """Means at both ends of each unknown alone, per arm, class, measure and key.

    *summary* is that of a sweep over ranges: point 0 changes nothing, then come two points
    for each of *keys*, whose two ends are given in words; *values* has the measures of these points
    by replication. Widest *swing* (greatest less least of the three means) first. *change* is that
    from the least to the most, with its 95 % interval in pairs of replications. REACH is that of
    `band`, over all points, corners too.
    """
    means = summary.set_index(["point", *CELL])["mean"].to_dict()
    cells = list(summary.loc[summary["point"] == 0, CELL].itertuples(index=False, name=None))
    whole = _extremes(summary).set_index(CELL)[[*REACH]]
    wide = values.set_index(["point", *CELL, "replication"])[[*Sample._fields]]
    kinds = np.array([MEASURES[measure].kind for *_, measure in cells], dtype=object)
    rows: list[tuple[Any, ...]] = []
    for number, (name, words) in enumerate(keys.items()):
        points = [1 + 2 * number + end for end in (0, 1)]
        apart = _apart(kinds, *(_at(wide, point, cells) for point in points))
        for at, cell in enumerate(cells):
            three = np.array([means.get((point, *cell), np.nan) for point in (0, *points)])
            swing = float(three.max() - three.min())  # NaN where one is undefined
            rows.append((at, *cell, name, *words, *three, swing, *apart[at], *whole.loc[cell]))
    table = pd.DataFrame(rows, columns=["order", *CELL, *TORNADO])
    return table.sort_values(
        ["order", "swing"], ascending=[True, False], kind="stable", ignore_index=True
    ).drop(columns="order")


def _at(wide: pd.DataFrame, point: int, cells: Sequence[tuple[str, ...]]) -> Sample:
    """What each cell has at a point, cells × replications."""
    order = [(point, *cell) for cell in cells]
    sides = (wide[name].unstack("replication") for name in Sample._fields)
    return Sample(*(side.reindex(order).to_numpy(dtype=np.float64) for side in sides))


def _apart(kinds: NDArray[np.object_], first: Sample, last: Sample) -> Array:
    """Differences in pairs with their bounds, a row a cell, each as its kind asks."""
    table = np.full((len(kinds), 3), np.nan)
    for kind in dict.fromkeys(kinds.tolist()):
        chosen = kinds == kind
        apart = paired(kind, first.cells(chosen), last.cells(chosen))
        table[chosen] = np.column_stack(apart[:3])
    return table


def unknowns(band: pd.DataFrame, tornado: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Band and tornado for readers: the quantities BANDED alone.

    First the *band*, with quantity and unit. Then what each unknown does alone, in the arm in which
    it does most: key, least, most, quantity, unit, swing, arm, change, change_low, change_high; the
    widest by honest recipients lost first.
    """
    widest = _named(tornado).sort_values("swing", ascending=False, kind="stable")
    widest = widest.drop_duplicates([*ALONE])
    lost = widest.loc[widest["quantity"] == LEADING, "key"]
    alone = widest.assign(keys=widest["key"].map(_places(lost))).sort_values(["keys", "nth"])
    return _named(band), alone[[*ALONE, "swing", "arm", *CHANGE]].reset_index(drop=True)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of what is BANDED, arm by arm in its order, with quantity and unit."""
    named = {(q.class_, q.measure): name for name, q in QUANTITIES.items() if name in BANDED}
    pairs = zip(table["class"], table["measure"], strict=True)
    rows = table.assign(quantity=pd.Series([named.get(pair) for pair in pairs], dtype=object))
    rows = rows.dropna(subset="quantity")
    rows = rows.assign(
        unit=rows["quantity"].map({name: q.unit for name, q in QUANTITIES.items()}),
        nth=rows["quantity"].map(BANDED.index),
        arms=rows["arm"].map(_places(rows["arm"])),
    )
    return rows.sort_values(["arms", "nth"], kind="stable", ignore_index=True)


def _places(names: pd.Series) -> dict[str, int]:
    return {str(name): place for place, name in enumerate(names.drop_duplicates())}


CHANGE = ("change", "change_low", "change_high")
ALONE = ("key", "least", "most", "quantity", "unit")
LEADING = "honest recipients lost"
