"""Rows of one run to measures: a numerator and a denominator in every cell.

Everything is counted by codes with ``bincount``, because this runs once for each replication
of each arm and must stay far below the run's own time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measure.cells import AFTER, FOLDS, Block, Floats, Ints, fold, ratio, table
from sim.measure.definitions import MEASURES, ROW_KEYS
from sim.measure.exposure import DAY, Exposure, exposure
from sim.records import CAUSES, CLASSES, PHASES, REMEDIES, ROUTES

if TYPE_CHECKING:
    from sim.scenario import Scenario

Mask = NDArray[np.bool_]

SHOWN = (AFTER, "transient", "steady")
QUANTILES = {"delay_median": 0.5, "delay_p90": 0.9, "delay_p99": 0.99}
FIXED = {"route": ROUTES, "remedy": REMEDIES, "cause": CAUSES, "first_cause": CAUSES}
"""Keys whose names are the same in every run; the others come from the scenario."""


def tallies(frames: Mapping[str, pd.DataFrame], scenario: Scenario) -> pd.DataFrame:
    """The measures of one (arm, replication): a row for every cell.

    Cells without a denominator are left out, except by ``all``, where the value is NaN.
    """
    return measure_run(frames, exposure(scenario))


def measure_run(frames: Mapping[str, pd.DataFrame], over: Exposure) -> pd.DataFrame:
    """As *tallies*, with the exposure stated."""
    rows, servers = Rows(frames["recipients"], over), frames["servers"]
    blocks = [*_counted(rows), *_delays(rows), *_friction(rows), *_servers(servers, rows.phases)]
    first = servers.iloc[0]  # of the table that is never empty
    return table(blocks, str(first["arm"]), int(first["replication"]))


class Rows:
    """The recipients table as codes; a moment's day is counted from the start of the run."""

    def __init__(self, frame: pd.DataFrame, over: Exposure) -> None:
        self.frame, self.over, self.size = frame, over, len(frame)
        self.class_ = _codes(frame["class"], CLASSES)
        self.phase = _codes(frame["phase"], PHASES)
        self.cell = self.class_ * len(PHASES) + self.phase
        self.phases = [p for p in SHOWN if np.dot(FOLDS[p], over.lengths) > 0.0]

    def key(self, by: str) -> tuple[Ints, list[str]]:
        """Codes and names of one way to split the rows."""
        if by == "all":
            return np.zeros(self.size, dtype=np.int64), [""]
        if by == "day":
            day = (self.frame["wished_at"].to_numpy() / DAY).astype(np.int64)
            last = self.over.days - 1
            return np.minimum(day, last), [str(d) for d in range(last + 1)]
        known = FIXED.get(by) or self.over.keys.get(by, ())
        present = [str(name) for name in self.frame[by].cat.categories]
        names = tuple(dict.fromkeys([*known, *present]))
        return _codes(self.frame[by], names), list(names)

    def is_in(self, column: str, *values: str) -> Mask:
        """Whether a categorical column has one of the values."""
        series = self.frame[column]
        wanted = [str(name) in values for name in series.cat.categories]
        return np.array([*wanted, False])[series.cat.codes.to_numpy()]

    @cached_property
    def delivered(self) -> Mask:
        """Whether the fate is delivered."""
        return self.is_in("fate", "delivered")

    def count(self, codes: Ints, keys: int, mask: Mask | None = None) -> Floats:
        """Rows in each class × phase × key."""
        cell = self.cell * keys + codes
        size = len(CLASSES) * len(PHASES) * keys
        counted = np.bincount(cell if mask is None else cell[mask], minlength=size)
        return counted.reshape(len(CLASSES), len(PHASES), keys).astype(np.float64)


NUMERATORS: dict[str, Callable[[Rows], Mask]] = {
    "delivery_rate": lambda rows: rows.delivered,
    "first_refusal_rate": lambda rows: ~rows.is_in("first_cause", ""),
    "refusal_rate": lambda rows: rows.is_in("fate", "refused"),
    "gave_up_rate": lambda rows: rows.is_in("fate", "gave_up"),
    "silent_loss_rate": lambda rows: rows.is_in("fate", "discarded"),
    "bounce_rate": lambda rows: rows.is_in("fate", "bounced", "expired"),
    "collateral_rate": lambda rows: (
        rows.is_in("cause", "blocklist") & ~rows.is_in("fate", "delivered", "in_transit")
    ),
    "in_transit_rate": lambda rows: rows.is_in("fate", "in_transit"),
    "believed_rate": lambda rows: rows.frame["believed"].to_numpy(dtype=bool),
    "lost_per_day": lambda rows: ~rows.is_in("fate", "delivered", "in_transit"),
    "spam_per_mailbox_day": lambda rows: rows.delivered,
}
"""Measures counted in rows: what a row must be to count."""

EXPOSURES: dict[str, Callable[[Exposure], float]] = {
    "lost_per_day": lambda _: 1.0,
    "spam_per_mailbox_day": lambda over: float(over.mailboxes),
}
"""Rates: what a day of the phase is multiplied by to give the denominator."""

FRICTION = {
    "attempts_per_delivered": "attempts",
    "settings_per_delivered": "changes",
    "calls_per_delivered": "calls",
}
"""Measures counted once a message: the column that its recipients share."""

SERVER_SUMS: dict[str, Callable[[pd.DataFrame], tuple[Any, Any]]] = {
    "spam_abuse_rate": lambda f: (f["relayed_strangers_spam"], f["relayed"]),
    "spam_time_share": lambda f: (f["busy_spam"], f["busy"]),
    "utilisation": lambda f: (f["busy"], f["sessions"] * f["span"]),
    "turned_away_rate": lambda f: (f["turned_away"], f["connections"]),
    "session_wait": lambda f: (f["waited"], f["connections"]),
}
"""Measures of servers: numerator and denominator."""


def _counted(rows: Rows) -> Iterator[Block]:
    """Every measure counted in rows, by every key it is split by."""
    masks = {name: numerator(rows) for name, numerator in NUMERATORS.items()}
    for by in (*ROW_KEYS, "cause", "first_cause"):
        codes, keys = rows.key(by)
        phases = ["warm-up", *rows.phases] if by == "day" else rows.phases
        wished = fold(phases, rows.count(codes, len(keys)))
        for name, mask in masks.items():
            if _split(name, by):
                top = fold(phases, rows.count(codes, len(keys), mask))
                chosen = [CLASSES.index(c) for c in MEASURES[name].classes]
                below = _below(rows.over, name, by, phases, wished)
                top, below = top[:, chosen], below[:, chosen]
                shown, classes = by.removeprefix("first_"), MEASURES[name].classes
                yield Block(name, shown, phases, classes, keys, top, below, ratio(top, below))


def _split(name: str, by: str) -> bool:
    """Whether a measure is split by a key; causes of first attempts have their own column."""
    if by in ("cause", "first_cause"):
        own = "first_cause" if name == "first_refusal_rate" else "cause"
        return by == own and "cause" in MEASURES[name].by
    return by in MEASURES[name].by


def _below(over: Exposure, name: str, by: str, phases: list[str], wished: Floats) -> Floats:
    """The denominator of a measure counted in rows (phases × classes × keys)."""
    if name in EXPOSURES:
        days = over.by_day if by == "day" else over.lengths[:, None]
        held = np.array([FOLDS[p] for p in phases]) @ days * EXPOSURES[name](over)
        return np.broadcast_to(held[:, None, :], wished.shape)
    if by in ("cause", "first_cause"):
        return np.broadcast_to(wished.sum(axis=2, keepdims=True), wished.shape)
    return wished


def _delays(rows: Rows) -> Iterator[Block]:
    """Quantiles of the time from wish to mailbox, by one sort of the delivered rows."""
    wished, ended = (rows.frame[c].to_numpy() for c in ("wished_at", "ended_at"))
    taken = np.flatnonzero(rows.delivered)
    delay = (ended - wished)[taken]
    order = np.argsort(delay)
    taken, delay = taken[order], delay[order]
    for by in MEASURES["delay_median"].by:
        codes, keys = rows.key(by)
        cell = (rows.class_ * len(keys) + codes)[taken]
        size = len(CLASSES) * len(keys)
        found = [
            _quantiles(cell[inside], delay[inside], size)
            for phase in rows.phases
            for inside in [np.array(FOLDS[phase], dtype=bool)[rows.phase[taken]]]
        ]
        shape = (len(rows.phases), len(CLASSES), len(keys))
        below = np.array([counts for counts, _ in found]).reshape(shape)
        for i, name in enumerate(QUANTILES):
            values = np.array([v[i] for _, v in found]).reshape(shape)
            none = np.full(shape, np.nan)
            yield Block(name, by, rows.phases, CLASSES, keys, none, below, values)


def _quantiles(cell: Ints, ordered: Floats, size: int) -> tuple[Floats, list[Floats]]:
    """Counts and quantiles (type 7) of each of *size* cells; *ordered* values are sorted."""
    grouped = ordered[np.argsort(cell.astype(np.int32), kind="stable")]  # sorted within a cell
    counts = np.bincount(cell, minlength=size)
    starts = np.cumsum(counts) - counts
    filled = counts > 0
    first, last = starts[filled], (starts + counts - 1)[filled]
    found = []
    for q in QUANTILES.values():
        values = np.full(size, np.nan)
        position = first + q * (last - first)
        lower = position.astype(np.int64)
        part = position - lower
        upper = np.minimum(lower + 1, last)
        values[filled] = grouped[lower] * (1.0 - part) + grouped[upper] * part
        found.append(values)
    return counts.astype(np.float64), found


def _friction(rows: Rows) -> Iterator[Block]:
    """Once a message, as its first row shows it, per message that arrived anywhere."""
    honest = np.flatnonzero(rows.class_ == CLASSES.index("honest"))
    number = rows.frame["message"].to_numpy()[honest]
    order = np.argsort(number, kind="stable")
    firsts = np.flatnonzero(np.diff(number[order], prepend=-1))
    row = honest[order][firsts]

    def widest(values: NDArray[Any]) -> Floats:
        spread = values[honest[order]].astype(np.float64)
        return np.asarray(np.maximum.reduceat(spread, firsts)) if len(firsts) else spread

    arrived = widest(rows.delivered)
    tops = {name: widest(rows.frame[column].to_numpy()) for name, column in FRICTION.items()}
    for by in MEASURES["attempts_per_delivered"].by:
        codes, keys = rows.key(by)
        cell = rows.phase[row] * len(keys) + codes[row]
        below = _by_phase(rows.phases, cell, arrived, len(keys))
        for name, top in tops.items():
            above = _by_phase(rows.phases, cell, top, len(keys))
            yield Block(name, by, rows.phases, ("honest",), keys, above, below, ratio(above, below))


def _servers(frame: pd.DataFrame, phases: list[str]) -> Iterator[Block]:
    """Measures of servers: each alone, and all together as a quotient of sums."""
    alone = frame["server"].cat.codes.to_numpy().astype(np.int64)
    names = [str(c) for c in frame["server"].cat.categories]
    phase = _codes(frame["phase"], PHASES)
    for name, sums in SERVER_SUMS.items():
        top, under = (s.to_numpy(dtype=np.float64) for s in sums(frame))
        for by, keys, key in (("all", [""], np.zeros_like(alone)), ("server", names, alone)):
            cell = phase * len(keys) + key
            above = _by_phase(phases, cell, top, len(keys))
            below = _by_phase(phases, cell, under, len(keys))
            classes = MEASURES[name].classes
            yield Block(name, by, phases, classes, keys, above, below, ratio(above, below))


def _by_phase(phases: list[str], cell: Ints, weights: Floats, keys: int) -> Floats:
    """Sums of weights by phase and key, for one class."""
    summed = np.bincount(cell, weights, minlength=len(PHASES) * keys)
    return fold(phases, summed.reshape(1, len(PHASES), keys).astype(np.float64))


def _codes(column: pd.Series[Any], names: tuple[str, ...]) -> Ints:
    """Codes of a categorical column in the order of *names*."""
    index = {name: i for i, name in enumerate(names)}
    given = np.array([index[str(c)] for c in column.cat.categories] or [0], dtype=np.int64)
    return given[column.cat.codes.to_numpy()]
