"""Measures of many replications to one line each: mean, interval, analytic expectation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from sim.measure.intervals import Array, intervals, mean_where, paired
from sim.records.measures import MEASURES

CELL = ("phase", "by", "key", "arm", "class", "measure")
SUMMARY = ("arm", "class", "measure", "mean", "low", "high", "analytic", "replications")
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
)


POINT = "point"
"""A column of a sweep's measures: points are kept apart, and stand first in every table."""


class Grid(NamedTuple):
    """Cells × replications, NaN where a replication has no such cell."""

    cells: pd.DataFrame
    numerator: Array
    denominator: Array
    value: Array


def summarise(
    measures: pd.DataFrame,
    analytic: pd.DataFrame | None = None,
    *,
    by: str = "all",
    phase: str = "after",
) -> pd.DataFrame:
    """One row per (arm, class, measure), and per key if *by* is not ``all``.

    *analytic* has columns arm, class, measure, by, key, analytic (see sim.measure.analytic).
    Bounds are NaN with one replication; the analytic value is NaN where nothing follows
    from the inputs, and in a phase other than ``after``.
    """
    table = everything(measures[(measures["phase"] == phase) & (measures["by"] == by)], analytic)
    columns = SUMMARY if by == "all" else ("arm", "class", "measure", "key", *SUMMARY[3:])
    return table[[*_point(table), *columns]].reset_index(drop=True)


def everything(measures: pd.DataFrame, analytic: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every cell of the measures with mean, interval and analytic expectation.

    A cell by key that is 0 in every arm and replication is left out.
    """
    grid = _grid(_without_empty(measures))
    parts = []
    kinds = grid.cells["measure"].map({name: m.kind for name, m in MEASURES.items()})
    for kind in dict.fromkeys(m.kind for m in MEASURES.values()):
        chosen = (kinds == kind).to_numpy()
        if chosen.any():
            columns = (column[chosen] for column in grid[1:])
            mean, low, high, n = intervals(kind, *columns)
            part = grid.cells[chosen].assign(mean=mean, low=low, high=high, replications=n)
            parts.append(part)
    table = pd.concat(parts).sort_index() if parts else _nothing(grid.cells)
    return _with_analytic(table, analytic)


def compare(
    measures: pd.DataFrame, a: str, b: str, *, by: str = "all", phase: str = "after"
) -> pd.DataFrame:
    """What going from arm *a* to arm *b* changes: b - a, estimated in pairs of replications.

    Columns a and b are means over the pairs that have both. ``gain`` is how much wider the
    interval were without pairs: at 1 or below, pairing did not help. ``correlation`` is what
    pairing achieved; NaN with fewer than three pairs. Both are NaN with a constant side.
    """
    rows = measures[(measures["phase"] == phase) & (measures["by"] == by)]
    names = rows["arm"].unique().tolist()
    for arm in (a, b):
        if arm not in names:
            raise KeyError(arm)
    grid = _grid(_without_empty(rows[rows["arm"].isin([a, b])]))
    on = [*_point(measures), "class", "measure", "key"]
    index = pd.MultiIndex.from_frame(grid.cells[on])
    sides = [
        pd.DataFrame(grid.value[mask], index=index[mask])
        for mask in ((grid.cells["arm"] == arm).to_numpy() for arm in (a, b))
    ]
    order = index.unique()
    first, second = (side.reindex(order).to_numpy(dtype=np.float64) for side in sides)
    apart = paired(first, second)._asdict()
    both = np.isfinite(first) & np.isfinite(second)
    table = order.to_frame(index=False).assign(
        a=mean_where(first, both), b=mean_where(second, both), replications=apart.pop("n"), **apart
    )
    columns = COMPARISON if by == "all" else (*COMPARISON[:2], "key", *COMPARISON[2:])
    return table[[*_point(table), *columns]]


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

    return Grid(cells, spread("numerator"), spread("denominator"), spread("value"))


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
    return cells.assign(mean=np.nan, low=np.nan, high=np.nan, replications=0)
