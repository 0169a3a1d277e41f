"""Measures of many replications to one line each: mean, interval, analytic expectation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.measure.bounds import Array, Mask
from sim.measure.intervals import TAIL, Sample, intervals
from sim.measure.pairs import paired
from sim.records.measures import KINDS, MEASURES

CELL = ("phase", "by", "key", "arm", "class", "measure")
ESTIMATE = ("mean", "low", "high", "analytic", "replications", "interval")
SUMMARY = ("arm", "class", "measure", *ESTIMATE)
COMPARISON = (
    "class",
    "measure",
    "a",
    "b",
    "difference",
    "low",
    "high",
    "correlation",
    "gain",
    "replications",
    "interval",
)


POINT = "point"
"""A column of a sweep's measures: points are kept apart, and stand first in every table."""


class Grid(NamedTuple):
    """Cells × replications, NaN where a replication has no such cell."""

    cells: pd.DataFrame
    sample: Sample


def summarise(
    measures: pd.DataFrame,
    analytic: pd.DataFrame | None = None,
    *,
    by: str = "all",
    phase: str = "after",
) -> pd.DataFrame:
    """One row per (arm, class, measure), and per key if *by* is not ``all``.

    *analytic* has columns arm, class, measure, by, key, analytic (see sim.measure.analytic).
    ``interval`` names how it was made, or why there is none (`sim.measure.intervals.METHODS` and
    REASONS), where bounds are NaN. The analytic value is NaN where nothing follows from the inputs,
    and in a phase other than ``after``.
    """
    table = everything(measures[(measures["phase"] == phase) & (measures["by"] == by)], analytic)
    columns = SUMMARY if by == "all" else ("arm", "class", "measure", "key", *ESTIMATE)
    return table[[*_point(table), *columns]].reset_index(drop=True)


def everything(measures: pd.DataFrame, analytic: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every cell of the measures with mean, interval and analytic expectation.

    A cell by key that is 0 in every arm and replication is left out.
    """
    cells, sample = _grid(_without_empty(measures))
    parts = []
    for kind, chosen in _by_kind(cells):
        mean, low, high, n, method = intervals(kind, sample.cells(chosen))
        parts.append(
            cells[chosen].assign(mean=mean, low=low, high=high, replications=n, interval=method)
        )
    table = pd.concat(parts).sort_index() if parts else _nothing(cells)
    return _with_analytic(table, analytic)


def _by_kind(cells: pd.DataFrame) -> Iterator[tuple[str, Mask]]:
    """Which rows are of measures of each kind."""
    kinds = cells["measure"].map({name: m.kind for name, m in MEASURES.items()}).to_numpy(object)
    for kind in KINDS:
        if (chosen := np.asarray(kinds == kind)).any():
            yield kind, chosen


def compare(
    measures: pd.DataFrame,
    a: str,
    b: str,
    *,
    by: str = "all",
    phase: str = "after",
    others: int = 1,
) -> pd.DataFrame:
    """What going from arm *a* to arm *b* changes: b - a, estimated in pairs of replications.

    With several *others* of which *b* is one, the intervals of all hold together (Bonferroni).

    Columns a and b are estimates from the pairs that have both; of medians, the difference is the
    median of the differences. ``gain`` is how much wider the interval were without pairs: at 1 or
    below, pairing did not help. ``correlation`` is what pairing achieved; NaN with fewer than three
    pairs. Both are NaN with a constant side.
    """
    rows = measures[(measures["phase"] == phase) & (measures["by"] == by)]
    names = rows["arm"].unique().tolist()
    for arm in (a, b):
        if arm not in names:
            raise KeyError(arm)
    cells, sample = _grid(_without_empty(rows[rows["arm"].isin([a, b])]))
    on = [*_point(measures), "class", "measure", "key"]
    order = pd.MultiIndex.from_frame(cells[on]).unique()
    first, second = (_side(cells, sample, arm, order) for arm in (a, b))
    pairs = order.to_frame(index=False)
    parts = []
    for kind, chosen in _by_kind(pairs):
        one, other = first.cells(chosen), second.cells(chosen)
        both = one.known & other.known
        means = (intervals(kind, side.where(both)).mean for side in (one, other))
        apart = paired(kind, one, other, TAIL / others)
        named = dict(zip(("a", "b"), means, strict=True)) | apart._asdict()
        named |= {"replications": named.pop("n"), "interval": named.pop("method")}
        parts.append(pairs[chosen].assign(**named))
    table: pd.DataFrame = pd.concat(parts).sort_index()
    columns = COMPARISON if by == "all" else (*COMPARISON[:2], "key", *COMPARISON[2:])
    return table[[*_point(table), *columns]]


def _side(cells: pd.DataFrame, sample: Sample, arm: str, order: pd.MultiIndex) -> Sample:
    """The cells of one arm in an order of cells; unknown where it has none."""
    mask = (cells["arm"] == arm).to_numpy()
    places = pd.MultiIndex.from_frame(cells.loc[mask, list(order.names)]).get_indexer(order)
    return Sample(*(
        np.where((places < 0)[:, None], np.nan, side[places]) for side in sample.cells(mask)
    ))  # fmt: skip


def _point(table: pd.DataFrame) -> list[str]:
    return [POINT] if POINT in table else []


def _grid(measures: pd.DataFrame) -> Grid:
    """Bring the replications side by side; cells keep the order in which they first appear."""
    on = [*_point(measures), *CELL]
    code = np.zeros(len(measures), dtype=np.int64)
    for name in on:  # a number a cell, of which each column is a digit
        digit, values = pd.factorize(measures[name])
        code = code * len(values) + digit
    code, first = pd.factorize(code)[0], np.flatnonzero(~pd.Series(code).duplicated())
    cells = pd.DataFrame(measures[on].iloc[first].to_numpy(object).tolist(), columns=on)
    column, replications = pd.factorize(measures["replication"], sort=True)
    shape = (len(cells), len(replications))

    def spread(name: str) -> Array:
        values = np.full(shape, np.nan)
        values[code, column] = measures[name].to_numpy(dtype=np.float64)
        return values

    return Grid(cells, Sample(*map(spread, Sample._fields)))


def _without_empty(measures: pd.DataFrame) -> pd.DataFrame:
    """Leave out keys with nothing to say: every numerator 0 in every arm."""
    if not len(measures) or (measures["by"] == "all").all():
        return measures
    on = [name for name in CELL if name != "arm"]
    says = (measures["numerator"] != 0.0) | (measures["by"] == "all")
    return measures[says.groupby([measures[c] for c in on], observed=True).transform("any")]


def _with_analytic(table: pd.DataFrame, analytic: pd.DataFrame | None) -> pd.DataFrame:
    on = ["arm", "class", "measure", "by", "key"]
    if analytic is None or not len(analytic):
        return table.assign(analytic=np.nan)
    table = table.merge(analytic[[*on, "analytic"]], on=on, how="left", sort=False)
    table["analytic"] = table["analytic"].where(table["phase"] == "after", np.nan)
    return table


def _nothing(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.assign(mean=np.nan, low=np.nan, high=np.nan, replications=0, interval="")
