"""What a figure is drawn from: the tables, the columns each must have, and what is said if not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.measure.intervals import Intervals, intervals
from sim.measure.sweeps import TORNADO
from sim.records.measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class FigureError(ValueError):
    """A figure that cannot be drawn honestly: no rows, a missing column, an unknown name."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table that figures take: its columns, and where it comes from."""

    columns: tuple[str, ...]
    meaning: str


TABLES: Mapping[str, Table] = MappingProxyType(
    {
        "summary": Table(
            ("arm", "class", "measure", "mean", "low", "high", "analytic", "replications"),
            "a row per arm, class and measure: mean over replications, 95 % interval, "
            "analytic expectation",
        ),
        "measures": Table(
            (
                "arm",
                "replication",
                "phase",
                "class",
                "by",
                "key",
                "measure",
                "numerator",
                "denominator",
            ),
            "a row per arm, replication, phase, class, group of rows (by, key) and measure",
        ),
        "comparison": Table(
            ("arm", "baseline", "class", "measure", "difference", "low", "high", "replications"),
            "paired differences of each other arm from the baseline (sim.measure.compare, with "
            "columns arm and baseline); made from measures where it is not there",
        ),
        "ranges": Table(
            ("arm", "class", "measure", *TORNADO),
            "a row per arm, class, measure and unknown: the means at the ends of its range "
            "(sim.results.sweep.Sweep.tornado)",
        ),
        "recipients": Table(
            ("arm", "replication", "class", "phase", "fate"),
            "a row per arm, replication, message and recipient (sim.records.rows.RECIPIENTS)",
        ),
        "attempts": Table(
            ("arm", "replication", "message", "hop", "at", "server", "code", "rule"),
            "a row per SMTP transaction (sim.records.rows.ATTEMPTS)",
        ),
        "cells": Table(
            ("arm", "place", "to", "credentials", "verdict", "rule"),
            "the exact matrix: a row per arm, place, recipient, credentials; verdict is its kind",
        ),
        "topology": Table(
            (), "a networkx graph: nodes with kind and domain, edges with latency (s)"
        ),
        "policies": Table(
            ("arm", "server", "network", "role", "relay"),
            "a row per arm and server: its role and its relay policy in words",
        ),
        "traffic": Table(
            ("a", "b", "class", "per_day"),
            "a row per link (a, b) and class: recipients carried per day",
        ),
        "calendar": Table(
            ("arm", "replication", "at", "change"),
            "a row per listing, delisting and closing (sim.records.rows.CALENDAR)",
        ),
        "permissions": Table(
            ("arm", "replication", "start", "permission", "attempts"),
            "submissions by whose permission they used, in stretches that begin at start (s)",
        ),
        "windows": Table(
            ("arm", "replication", "place", "window", "asked", "let_in"),
            "a row per run and place: POP window (s), submissions whose own login had not "
            "opened relaying, "
            "and those of them that somebody else's let through",
        ),
        "spam": Table(
            (
                "arm",
                "replication",
                "days",
                "tried",
                "accepted",
                "delivered",
                "answers",
                "cost",
                "value",
                "revenue",
            ),
            "a row per run, after the policies start: days, recipients of spam, expected answers, "
            "USD: cost, revenue, and value if everybody answered",
        ),
        "survey": Table(
            ("at", "low", "high", "source"),
            "the surveyed share of open relays, from low to high, at moments of the run (s)",
        ),
        "about": Table(
            (),
            "a mapping about the run; keys used: arms (their order), baseline, seed, hash, "
            "replications, policy_starts (s), run_length (s), mailboxes, quick",
        ),
    }
)


def need(
    table: Any, name: str, columns: Iterable[str] | None = None, *, figure: str
) -> pd.DataFrame:
    """Return *table* if it is a frame with rows and *columns* (those of TABLES if not given)."""
    wanted = tuple(columns) if columns is not None else TABLES[name].columns
    present = getattr(table, "columns", None)
    if present is None:
        raise FigureError(f"{figure}: {name} is {type(table).__name__}, not a table")
    missing = [column for column in wanted if column not in present]
    if missing:
        raise FigureError(
            f"{figure}: {name} lacks the column{'s' * (len(missing) > 1)} "
            f"{', '.join(map(repr, missing))}; it has {', '.join(map(str, present)) or 'none'}"
        )
    if len(table) == 0:
        raise FigureError(f"{figure}: {name} has no rows, so there is nothing to draw")
    frame: pd.DataFrame = table
    return frame


def some(frame: pd.DataFrame, what: str, *, figure: str) -> pd.DataFrame:
    """Return *frame* if it has rows; *what* names them in the error."""
    if len(frame) == 0:
        raise FigureError(f"{figure}: there are no rows of {what}")
    return frame


def known(measures: Iterable[tuple[str, str]], *, figure: str) -> None:
    """Raise FigureError, with the nearest name, unless each of *measures* is one."""
    for _, measure in measures:
        if measure not in MEASURES:
            near = difflib.get_close_matches(measure, MEASURES, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(MEASURES)}"
            raise FigureError(f"{figure}: no measure {measure!r}; {hint}")


def order(column: pd.Series[Any], wanted: Sequence[str] | None, *, figure: str) -> list[str]:
    """Return the names in *column*: in the order *wanted*, else in that of their first row."""
    present = [str(value) for value in column.drop_duplicates()]
    if wanted is None:
        return present
    strange = [name for name in wanted if name not in present]
    if strange:
        raise FigureError(f"{figure}: no rows for {strange[0]!r}; there are {', '.join(present)}")
    return list(dict.fromkeys(wanted))


def honest_after(frame: pd.DataFrame, columns: Sequence[str], *, figure: str) -> pd.DataFrame:
    """Return *columns* of the honest rows wished after the policy started."""
    kept = (frame["class"] == "honest") & (frame["phase"] != "warm-up")
    rows = frame.loc[kept, list(columns)]
    return some(rows, "honest mail after the policy started", figure=figure)


def codes(column: pd.Series[Any], names: Sequence[Any]) -> NDArray[np.int64]:
    """Return for each row the place of its value in *names*, -1 for any other value."""
    import pandas as pd

    wanted = pd.Index(list(names))
    if column.dtype == "category":
        known = column.cat.categories.get_indexer(wanted)
        table = np.full(len(column.cat.categories) + 1, -1)
        table[known[known >= 0]] = np.flatnonzero(known >= 0)
        return np.asarray(table[column.cat.codes.to_numpy()])  # a missing value has code -1
    return np.asarray(wanted.get_indexer(pd.Index(column)))


def counts(
    shape: Sequence[int],
    places: Sequence[NDArray[np.int64]],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return how many rows (or what sum of *weights*) fall on each cell of an array of *shape*.

    *places* has an index along each axis; rows with an index of -1 do not count.
    """
    kept = np.logical_and.reduce([place >= 0 for place in places])
    flat = np.ravel_multi_index([place[kept] for place in places], tuple(shape))
    chosen = None if weights is None else weights[kept]
    found = np.bincount(flat, chosen, minlength=int(np.prod(shape)))
    return np.asarray(found.reshape(shape), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number of a figure: mean, 95 % interval and analytic expectation (NaN: none)."""

    mean: float
    low: float = float("nan")
    high: float = float("nan")
    analytic: float = float("nan")
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
    def top(self) -> float:
        """The greatest finite number in it, 0 if there is none."""
        finite = [x for x in (self.mean, self.low, self.high, self.analytic) if np.isfinite(x)]
        return max(finite, default=0.0)


def estimates(
    kind: str, numerators: NDArray[np.float64], denominators: NDArray[np.float64]
) -> Intervals:
    """Return means and 95 % intervals of cells × replications, as `sim.measure` makes them.

    A replication in which the denominator is 0 or unknown does not count.
    """
    with np.errstate(all="ignore"):
        values = np.where(denominators > 0.0, numerators / denominators, np.nan)
    return intervals(kind, numerators, denominators, values)


def estimate(kind: str, numerators: Iterable[float], denominators: Iterable[float]) -> Estimate:
    """Return one estimate from its numerators and denominators, one of each a replication."""
    top = np.asarray(list(numerators), dtype=float).reshape(1, -1)
    if top.shape[1] == 0:
        return Estimate(float("nan"))
    found = estimates(kind, top, np.asarray(list(denominators), dtype=float).reshape(1, -1))
    return Estimate(
        float(found.mean[0]),
        float(found.low[0]),
        float(found.high[0]),
        replications=int(found.n[0]),
    )
