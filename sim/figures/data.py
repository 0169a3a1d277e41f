"""What a figure is drawn from: the tables, the columns each must have, the estimates of a cell."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measure.intervals import Intervals, Sample, intervals
from sim.measure.sweeps import TORNADO
from sim.records.measures import MEASURES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Frame = pd.DataFrame
Names = Sequence[str]
NAN = float("nan")


class FigureError(ValueError):
    """A figure that cannot be drawn honestly: no rows, a missing column, an unknown name."""


COLUMNS = {
    # a row per arm, class and measure: mean over replications, 95 % interval, analytic
    # expectation
    "summary": "arm class measure mean low high analytic replications",
    # a row per arm, replication, phase, class, group of rows (by, key) and measure
    "measures": "arm replication phase class by key measure numerator denominator",
    # paired differences of each other arm from the baseline (sim.measure.compare, with columns
    # arm and baseline; intervals of all arms together); made from measures where it is not there,
    # with the smallest effect of interest where the scenario states one
    "comparison": "arm baseline class measure difference low high replications",
    # a row per arm, class, measure and unknown: the means at the ends of its range
    # (sim.results.sweep.Sweep.tornado)
    "ranges": " ".join(("arm class measure", *TORNADO)),
    # what structure does: a row per arm and quantity (sim.measure.structures.band)
    "bands": "arm quantity unit mean low high band_low band_high",
    # a row per point of a sweep, arm, class and measure, with the swept keys as columns
    "points": "point arm class measure mean low high",
    # a row per arm, replication, message and recipient (sim.records.rows.RECIPIENTS)
    "recipients": "arm replication class phase fate",
    # a row per SMTP transaction (sim.records.rows.ATTEMPTS)
    "attempts": "arm replication message hop at server code rule",
    # the exact matrix: a row per arm, place, recipient, credentials; verdict is its kind; where
    # several servers or ports are asked, they are columns server and port
    "cells": "arm place to credentials verdict rule",
    # a networkx graph: nodes with kind and domain, edges with latency (s)
    "topology": "",
    # a row per arm and server: its role and its relay policy in words
    "policies": "arm server network role relay",
    # a row per link (a, b) and class: recipients carried per day
    "traffic": "a b class per_day",
    # a row per listing, delisting and closing (sim.records.rows.CALENDAR)
    "calendar": "arm replication at change",
    # submissions by whose permission they used, in intervals that begin at start (s)
    "permissions": "arm replication start permission attempts",
    # a row per run and place: POP window (s), submissions whose own login had not opened
    # relaying, and those of them that somebody else's login permitted
    "windows": "arm replication place window asked let_in",
    # a row per run, after the policies start: days, recipients of spam, expected answers, USD:
    # cost, revenue, and value if everybody answered
    "spam": "arm replication days tried accepted delivered answers cost value revenue",
    # the surveyed share of open relays, from low to high, at times of the run (s)
    "survey": "at low high source",
    # a mapping about the run; keys used: arms (their order), baseline, seed, hash, replications,
    # policy_starts (s), changes (s, by arm), run_length (s), mailboxes, interest, quick
    "about": "",
}
TABLES = {name: tuple(columns.split()) for name, columns in COLUMNS.items()}
"""The tables that figures take, and the columns that each must have."""
EMPTY = {"calendar"}
"""Tables that may have no rows."""


def need(table: Any, name: str, columns: Iterable[str] = ()) -> Any:
    """Return *table* if it has rows and the columns of TABLES, or of *columns* if given."""
    required = tuple(columns) or TABLES[name]
    if not required:
        return table
    present = getattr(table, "columns", None)
    if present is None:
        raise FigureError(f"{name} is {type(table).__name__}, not a table")
    missing = [column for column in required if column not in present]
    if missing:
        raise FigureError(
            f"{name} lacks the column{'s' * (len(missing) > 1)} "
            f"{', '.join(map(repr, missing))}; it has {', '.join(map(str, present)) or 'none'}"
        )
    if len(table) == 0 and name not in EMPTY:
        raise FigureError(f"{name} has no rows, so there is nothing to draw")
    return table


def some(frame: Frame, content: str) -> Frame:
    """Return *frame* if it has rows; *content* names them in the error."""
    if len(frame) == 0:
        raise FigureError(f"there are no rows of {content}")
    return frame


def check_measures(measures: Iterable[tuple[str, str]]) -> None:
    """Raise FigureError, with the nearest name, unless each of *measures* is one."""
    for _, measure in measures:
        if measure not in MEASURES:
            near = difflib.get_close_matches(measure, MEASURES, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(MEASURES)}"
            raise FigureError(f"no measure {measure!r}; {hint}")


def order(column: pd.Series[Any], names: Names | None, others: Names = ()) -> list[str]:
    """Return the names in *column*: in the order *names*, else in that of their first row.

    Raises FigureError for a wanted name that is neither there nor one of *others*.
    """
    present = [str(value) for value in column.drop_duplicates()]
    if names is None:
        return present
    unknown = [name for name in names if name not in present and name not in others]
    if unknown:
        raise FigureError(f"no rows for {unknown[0]!r}; there are {', '.join(present)}")
    return list(dict.fromkeys(names))


def of(frame: Frame, class_: str, measure: str) -> Frame:
    """Return the rows of one measure of one class of mail."""
    rows = frame[(frame["class"] == class_) & (frame["measure"] == measure)]
    return some(rows, f"{measure} of {class_}")


def honest_after(frame: Frame, columns: Names) -> Frame:
    """Return *columns* of the honest rows written after the policy started."""
    mask = (frame["class"] == "honest") & (frame["phase"] != "warm-up")
    return some(frame.loc[mask, list(columns)], "honest mail after the policy started")


def codes(column: pd.Series[Any], names: Sequence[Any]) -> Ints:
    """Return for each row the index of its value in *names*, -1 for any other value."""
    index = pd.Index(list(names))
    if column.dtype == "category":
        indices = column.cat.categories.get_indexer(index)
        table = np.full(len(column.cat.categories) + 1, -1, dtype=np.int32)
        table[indices[indices >= 0]] = np.flatnonzero(indices >= 0)
        return np.asarray(table[column.cat.codes.to_numpy()])  # a missing value has code -1
    return np.asarray(index.get_indexer(pd.Index(column)))


def cells(
    frame: Frame,
    arms: Names,
    by: tuple[str, Sequence[Any]],
    bins: tuple[Ints, int],
    weight: str = "",
) -> Floats:
    """Count rows, or add up the column *weight*: arms × series × bins × replications.

    *by* is the column of the series and their names, *bins* the bin of each row and their number.
    A row with a bin of -1, or of no such arm or series, does not count.
    """
    replications = sorted(frame["replication"].unique())
    arm, (column, names) = codes(frame["arm"], arms), by
    of_arms = np.zeros((len(arms), len(names), bins[1], len(replications)))
    for number, counts in enumerate(of_arms):  # each arm by itself: rows are many
        rows = np.flatnonzero(arm == number)
        part, place = frame.iloc[rows], bins[0][rows]
        series = codes(part[column], names)
        flat = np.where((series >= 0) & (place >= 0), series * bins[1] + place, -1)
        flat = np.where(
            flat >= 0, flat * len(replications) + codes(part["replication"], replications), -1
        )
        weights = part[weight].to_numpy(dtype=float)[flat >= 0] if weight else None
        counts[:] = np.bincount(flat[flat >= 0], weights, counts.size).reshape(counts.shape)
    return of_arms


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of a figure: mean, 95 % interval and analytic expectation (NaN: none)."""

    mean: float = NAN
    low: float = NAN
    high: float = NAN
    analytic: float = NAN
    replications: int = 0

    @property
    def defined(self) -> bool:
        """Whether there is a mean."""
        return bool(np.isfinite(self.mean))

    @property
    def interval(self) -> bool:
        """Whether there is an interval to draw."""
        return self.defined and bool(np.isfinite(self.low) and np.isfinite(self.high))

    @property
    def reach(self) -> Floats:
        """Distances from the mean to the ends of the interval, as error bars take them."""
        return np.maximum([[self.mean - self.low], [self.high - self.mean]], 0.0)

    @property
    def top(self) -> float:
        """The greatest simulated number in it, 0 if there is none."""
        return max((x for x in (self.mean, self.low, self.high) if np.isfinite(x)), default=0.0)

    @property
    def bottom(self) -> float:
        """The least simulated number in it, infinity if there is none."""
        finite = (x for x in (self.mean, self.low, self.high) if np.isfinite(x))
        return min(finite, default=float("inf"))

    def times(self, scale: float) -> Estimate:
        """Return the estimate in other units, such as per cent."""
        values = {name: scale * getattr(self, name) for name in ("mean", "low", "high", "analytic")}
        return replace(self, **values)


def estimates(kind: str, numerators: Any, denominators: Any, scale: float = 1.0) -> Intervals:
    """Return means and 95 % intervals of bins × replications, as `sim.measure` makes them.

    A replication in which the denominator is 0 or unknown does not count. *scale* is what
    quotients are multiplied by to be shown.
    """
    below = np.ascontiguousarray(np.broadcast_to(denominators, numerators.shape))
    with np.errstate(all="ignore"):
        values = np.where(below > 0.0, numerators / below, np.nan)
    result = intervals(kind, Sample(numerators, below, values))
    mean, low, high = (scale * side for side in result[:3])
    return result._replace(mean=mean, low=low, high=high)


def estimate(kind: str, rows: Frame, top: str, below: str, scale: float = 1.0) -> Estimate:
    """Return one estimate from columns of numerators and denominators, a row a replication."""
    if len(rows) == 0:
        return Estimate()
    numbers = rows[[top, below]].to_numpy(dtype=float).T
    result = estimates(kind, numbers[:1], numbers[1:], scale)
    mean, low, high = (float(column[0]) for column in result[:3])
    return Estimate(mean, low, high, replications=int(result.n[0]))


def select(frame: Frame, class_: str, measure: str, scale: float) -> dict[str, Estimate]:
    """Return the estimate of one measure for each arm of a summary."""
    rows = frame[(frame["class"] == class_) & (frame["measure"] == measure)]
    columns = (rows[name] for name in ("arm", "mean", "low", "high", "analytic", "replications"))
    return {
        str(arm): Estimate(mean, low, high, analytic, int(n)).times(scale)
        for arm, mean, low, high, analytic, n in zip(*columns, strict=True)
    }
