"""Rows of one run to measures: a numerator and a denominator in every cell.

A cell is (phase, class, by, key). Everything is counted by codes with ``bincount``, because
this runs once for each replication of each arm and must stay far below the run's own time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measure.definitions import MEASURES, ROW_KEYS
from sim.records import CAUSES, CLASSES, PHASES, REMEDIES, ROUTES

if TYPE_CHECKING:
    from sim.scenario import Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

DAY = 86400.0
COLUMNS = ("arm", "replication", "phase", "class", "by", "key", "measure")
VALUES = ("numerator", "denominator", "value")
AFTER = "after"
QUANTILES = {"delay_median": 0.5, "delay_p90": 0.9, "delay_p99": 0.99}
FIXED = {"route": ROUTES, "remedy": REMEDIES, "cause": CAUSES, "first_cause": CAUSES}
"""Keys whose names are the same in every run; the others come from the scenario."""
_SETS = {"warm-up": (0,), AFTER: (1, 2), "transient": (1,), "steady": (2,)}
_SHOWN = (AFTER, "transient", "steady")


@dataclass(frozen=True, slots=True)
class Exposure:
    """What rates are divided by: the spans of the phases (s) and the mailboxes that exist.

    *keys* are the places, groups and servers that there can be, so that a rate of nought has
    its row too.
    """

    run_length: float
    policy_starts: float
    transient: float
    mailboxes: int
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def edges(self) -> Floats:
        """Bounds of warm-up, transient and steady state, in s."""
        steady = min(self.policy_starts + self.transient, self.run_length)
        return np.array([0.0, self.policy_starts, steady, self.run_length])

    def days(self, phases: tuple[int, ...]) -> float:
        """Length of the phases in days."""
        spans = np.diff(self.edges)
        return float(sum(spans[p] for p in phases)) / DAY

    def by_day(self, phases: tuple[int, ...], days: int) -> Floats:
        """Part of each day of the run that lies within the phases, in days."""
        at = np.arange(days + 1) * DAY
        spans = zip(self.edges[:-1], self.edges[1:], strict=True)
        parts = [np.diff(np.clip(at, low, high)) / DAY for low, high in spans]
        return np.asarray(sum((parts[p] for p in phases), np.zeros(days)))


def exposure(scenario: Scenario) -> Exposure:
    """The exposure of a scenario: every account of a user is a mailbox, and so are idle ones."""
    mailboxes = sum(
        group.count * (2 if group.work is not None and group.work_account > 0 else 1)
        for group in scenario.users.values()
    ) + sum(n.mailboxes for n in scenario.networks.values() if n.domain is not None)
    keys = {
        "place": places(scenario),
        "group": ("", *scenario.users, *scenario.spammers, *scenario.servers),
        "server": ("", *scenario.servers),
    }
    return Exposure(
        scenario.run_length, scenario.policy_starts, scenario.transient, mailboxes, keys
    )


def places(scenario: Scenario) -> tuple[str, ...]:
    """Every place that some group is at, in the order of the file; '' for none."""
    found = (place for users in scenario.users.values() for place in users.all_places)
    return tuple(dict.fromkeys(["", *found]))


class Cells(NamedTuple):
    """Part of the table of measures: one measure, split by one key, in one phase and class."""

    phase: str
    class_: str
    by: str
    keys: list[str]
    measure: str
    numerator: Floats
    denominator: Floats
    value: Floats


def tallies(frames: Mapping[str, pd.DataFrame], scenario: Scenario) -> pd.DataFrame:
    """The measures of one (arm, replication): a row for every cell.

    Cells without a denominator are left out, except by ``all``, where the value is NaN.
    """
    return measure_run(frames, exposure(scenario))


def measure_run(frames: Mapping[str, pd.DataFrame], over: Exposure) -> pd.DataFrame:
    """As *tallies*, with the exposure stated."""
    rows, servers = Rows(frames["recipients"], over), frames["servers"]
    cells = [*_shares(rows), *_delays(rows), *_messages(rows), *_servers(servers)]
    arm, replication = _origin(frames)
    return _table(cells, arm, replication)


class Rows:
    """The recipients table as codes; a moment's day is counted from the start of the run."""

    def __init__(self, frame: pd.DataFrame, over: Exposure) -> None:
        self.frame, self.over, self.size = frame, over, len(frame)
        self.classes = _codes(frame["class"], CLASSES)
        self.phases = _codes(frame["phase"], PHASES)
        self.base = self.classes * len(PHASES) + self.phases

    def key(self, by: str) -> tuple[Ints, list[str]]:
        """Codes and names of one way to split the rows."""
        if by == "all":
            return np.zeros(self.size, dtype=np.int64), [""]
        if by == "day":
            days = max(int(np.ceil(self.over.run_length / DAY)), 1)
            day = (self.frame["wished_at"].to_numpy() / DAY).astype(np.int64)
            return np.minimum(day, days - 1), [str(d) for d in range(days)]
        known = FIXED.get(by) or self.over.keys.get(by, ())
        present = [str(name) for name in self.frame[by].cat.categories]
        names = tuple(dict.fromkeys([*known, *present]))
        return _codes(self.frame[by], names), list(names)

    def is_in(self, column: str, *values: str) -> Mask:
        """Whether a categorical column has one of the values."""
        series = self.frame[column]
        wanted = np.isin(np.asarray(series.cat.categories, dtype=object), list(values))
        return np.asarray(np.append(wanted, False)[series.cat.codes.to_numpy()])

    @cached_property
    def delivered(self) -> Mask:
        """Whether the fate is delivered."""
        return self.is_in("fate", "delivered")

    def count(self, codes: Ints, keys: int, mask: Mask | None = None) -> Floats:
        """Rows in each (class, phase, key)."""
        cell = self.base * keys + codes
        counted = np.bincount(
            cell if mask is None else cell[mask], minlength=len(CLASSES) * len(PHASES) * keys
        )
        return counted.reshape(len(CLASSES), len(PHASES), keys).astype(np.float64)


NUMERATORS: dict[str, Callable[[Rows], Mask]] = {
    "delivery_rate": lambda rows: rows.delivered,
    "first_refusal_rate": lambda rows: ~rows.is_in("first_cause", ""),
    "refusal_rate": lambda rows: rows.is_in("fate", "refused"),
    "gave_up_rate": lambda rows: rows.is_in("fate", "gave_up"),
    "silent_loss_rate": lambda rows: rows.is_in("fate", "discarded"),
    "bounce_rate": lambda rows: rows.is_in("fate", "bounced", "expired"),
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

SERVER_SUMS: dict[str, Callable[[pd.DataFrame], tuple[pd.Series, pd.Series]]] = {
    "spam_abuse_rate": lambda f: (f["relayed_strangers_spam"], f["relayed"]),
    "spam_time_share": lambda f: (f["busy_spam"], f["busy"]),
    "utilisation": lambda f: (f["busy"], f["sessions"] * f["span"]),
    "turned_away_rate": lambda f: (f["turned_away"], f["connections"]),
    "session_wait": lambda f: (f["waited"], f["connections"]),
}
"""Measures of servers: numerator and denominator."""


def _shares(rows: Rows) -> list[Cells]:
    """Every measure counted in rows, by every key it is split by."""
    masks = {name: numerator(rows) for name, numerator in NUMERATORS.items()}
    cells: list[Cells] = []
    for by in (*ROW_KEYS, "cause", "first_cause"):
        codes, keys = rows.key(by)
        wished = rows.count(codes, len(keys))
        for name, mask in masks.items():
            if not _split(name, by):
                continue
            hits = rows.count(codes, len(keys), mask)
            cells += _count_cells(rows, name, by, keys, hits, wished)
    return cells


def _split(name: str, by: str) -> bool:
    """Whether a measure is split by a key; causes of first attempts have their own column."""
    if by in ("cause", "first_cause"):
        own = "first_cause" if name == "first_refusal_rate" else "cause"
        return by == own and "cause" in MEASURES[name].by
    return by in MEASURES[name].by


def _count_cells(
    rows: Rows, name: str, by: str, keys: list[str], hits: Floats, wished: Floats
) -> list[Cells]:
    cells = []
    shown_by = "cause" if by == "first_cause" else by
    for phase in (*_SHOWN, *(("warm-up",) if by == "day" else ())):
        phases = _SETS[phase]
        if rows.over.days(phases) <= 0.0:
            continue
        for class_ in MEASURES[name].classes:
            code = CLASSES.index(class_)
            top = hits[code, list(phases)].sum(axis=0)
            below = wished[code, list(phases)].sum(axis=0)
            if name in EXPOSURES:
                below = _exposed(rows.over, name, by, phases, len(keys))
            elif shown_by == "cause":
                below = np.full(len(keys), below.sum())
            cells.append(Cells(phase, class_, shown_by, keys, name, top, below, _ratio(top, below)))
    return cells


def _exposed(over: Exposure, name: str, by: str, phases: tuple[int, ...], keys: int) -> Floats:
    """Denominator of a rate: the same for every key, except by day."""
    unit = EXPOSURES[name](over)
    if by == "day":
        return over.by_day(phases, keys) * unit
    return np.full(keys, over.days(phases) * unit)


def _delays(rows: Rows) -> list[Cells]:
    """Quantiles of the time from wish to mailbox, by one sort of the delivered rows."""
    wished, ended = (rows.frame[c].to_numpy() for c in ("wished_at", "ended_at"))
    taken = np.flatnonzero(rows.delivered)
    delay = (ended - wished)[taken]
    order = np.argsort(delay)
    taken, delay = taken[order], delay[order]
    cells: list[Cells] = []
    for by in MEASURES["delay_median"].by:
        codes, keys = rows.key(by)
        for phase in _SHOWN:
            if rows.over.days(_SETS[phase]) > 0.0:
                cells += _quantile_cells(rows, phase, by, keys, codes[taken], taken, delay)
    return cells


def _quantile_cells(
    rows: Rows, phase: str, by: str, keys: list[str], codes: Ints, taken: Ints, delay: Floats
) -> list[Cells]:
    inside = np.isin(np.arange(len(PHASES)), _SETS[phase])[rows.phases[taken]]
    cell = (rows.classes[taken] * len(keys) + codes)[inside].astype(np.int32)
    grouped = np.argsort(cell, kind="stable")  # delays stay sorted within a cell
    ordered = delay[inside][grouped]
    counts = np.bincount(cell, minlength=len(CLASSES) * len(keys))
    starts = np.cumsum(counts) - counts
    shape = (len(CLASSES), len(keys))
    below = counts.astype(np.float64).reshape(shape)
    return [
        Cells(phase, class_, by, keys, name, np.full(len(keys), np.nan), below[c], values[c])
        for name, q in QUANTILES.items()
        for values in [_quantile(ordered, starts, counts, q).reshape(shape)]
        for c, class_ in enumerate(CLASSES)
    ]


def _quantile(ordered: Floats, starts: Ints, counts: Ints, q: float) -> Floats:
    """Quantile of each stretch of sorted values (type 7); NaN for an empty one."""
    values = np.full(len(counts), np.nan)
    filled = counts > 0
    position = starts[filled] + q * (counts[filled] - 1)
    lower = np.floor(position).astype(np.int64)
    upper = np.minimum(lower + 1, starts[filled] + counts[filled] - 1)
    part = position - lower
    values[filled] = ordered[lower] * (1.0 - part) + ordered[upper] * part
    return values


def _messages(rows: Rows) -> list[Cells]:
    """Friction: once a message, as its first row shows it, per message that arrived anywhere."""
    honest = np.flatnonzero(rows.classes == CLASSES.index("honest"))
    number = rows.frame["message"].to_numpy()[honest]
    order = np.argsort(number, kind="stable")
    firsts = np.flatnonzero(np.diff(number[order], prepend=-1))
    row = honest[order][firsts]

    def widest(values: NDArray[np.generic]) -> Floats:
        if not len(firsts):
            return np.zeros(0)
        largest = np.maximum.reduceat(values[honest[order]].astype(np.float64), firsts)
        return np.asarray(largest)

    arrived = widest(rows.delivered)
    tops = {name: widest(rows.frame[column].to_numpy()) for name, column in FRICTION.items()}
    phase_of = rows.phases[row]
    cells: list[Cells] = []
    for by in MEASURES["attempts_per_delivered"].by:
        codes, keys = rows.key(by)
        for phase in _SHOWN:
            if rows.over.days(_SETS[phase]) <= 0.0:
                continue
            inside = np.isin(phase_of, _SETS[phase])
            key = codes[row][inside]
            below = _sum(key, arrived[inside], len(keys))
            for name, top in tops.items():
                above = _sum(key, top[inside], len(keys))
                value = _ratio(above, below)
                cells.append(Cells(phase, "honest", by, keys, name, above, below, value))
    return cells


def _servers(frame: pd.DataFrame) -> list[Cells]:
    """Measures of servers: each alone, and all together as a quotient of sums."""
    codes = frame["server"].cat.codes.to_numpy().astype(np.int64)
    names = [str(c) for c in frame["server"].cat.categories]
    phases = _codes(frame["phase"], PHASES)
    cells: list[Cells] = []
    for phase in _SHOWN:
        inside = np.isin(phases, _SETS[phase])
        if not inside.any():
            continue
        for name, sums in SERVER_SUMS.items():
            top, below = (s.to_numpy(dtype=np.float64)[inside] for s in sums(frame))
            class_ = MEASURES[name].classes[0]
            for by, key, keys in (
                ("all", np.zeros_like(codes), [""]),
                ("server", codes, names),
            ):
                above = _sum(key[inside], top, len(keys))
                under = _sum(key[inside], below, len(keys))
                value = _ratio(above, under)
                cells.append(Cells(phase, class_, by, keys, name, above, under, value))
    return cells


def _table(cells: list[Cells], arm: str, replication: int) -> pd.DataFrame:
    """One tidy table of all cells that have a denominator (or are by ``all``)."""
    keep = [
        np.flatnonzero((c.denominator > 0.0) | (c.numerator > 0.0) | (c.by == "all")) for c in cells
    ]
    sizes = [len(k) for k in keep]

    def spread(values: list[str]) -> Any:
        names = sorted(set(values))
        index = {name: i for i, name in enumerate(names)}
        codes = np.repeat([index[v] for v in values], sizes)
        return pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index(names))

    total = sum(sizes)
    keys = [c.keys[i] for c, chosen in zip(cells, keep, strict=True) for i in chosen]
    columns: dict[str, object] = {
        "arm": pd.Categorical.from_codes(np.zeros(total, np.int8), categories=pd.Index([arm])),
        "replication": np.full(total, replication, dtype=np.int16),
        "phase": spread([c.phase for c in cells]),
        "class": spread([c.class_ for c in cells]),
        "by": spread([c.by for c in cells]),
        "key": pd.Categorical(keys),
        "measure": spread([c.measure for c in cells]),
    }
    for name in VALUES:
        parts = [getattr(c, name)[chosen] for c, chosen in zip(cells, keep, strict=True)]
        columns[name] = np.concatenate(parts) if parts else np.zeros(0)
    return pd.DataFrame(columns)


def _origin(frames: Mapping[str, pd.DataFrame]) -> tuple[str, int]:
    """Arm and replication that the frames belong to, from the table that is never empty."""
    first = frames["servers"].iloc[0]
    return str(first["arm"]), int(first["replication"])


def _codes(column: pd.Series, names: tuple[str, ...]) -> Ints:
    """Codes of a categorical column in the order of *names*."""
    index = {name: i for i, name in enumerate(names)}
    table = np.array([index[str(c)] for c in column.cat.categories] or [0], dtype=np.int64)
    return table[column.cat.codes.to_numpy()]


def _sum(key: Ints, weights: Floats, keys: int) -> Floats:
    return np.bincount(key, weights, minlength=keys).astype(np.float64)


def _ratio(top: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0.0, top / below, np.nan)
