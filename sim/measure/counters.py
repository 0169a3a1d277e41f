"""Rows of one run to measures: a numerator and a denominator in every cell.

Everything is counted by codes with ``bincount``, because this runs once for each replication
of each arm and must stay far below the run's own time. What a row counts for is one number,
its *outcome*, so that one pass over the rows gives all measures by one key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.measure import columnar
from sim.measure.aggregate import AFTER, Counters, Floats, Ints, Labels, fold, folds, table
from sim.measure.coded import OUTCOMES, Rows, by_phase
from sim.measure.columnar import Columnar, Frames
from sim.measure.exposure import Exposure, exposure
from sim.measure.leaving import spam_left
from sim.measure.listings import listed
from sim.records.definitions import ROW_KEYS
from sim.records.measures import MEASURES
from sim.records.words import MailClass, Permission, Phase

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

QUANTILES = {"delay_median": 0.5, "delay_p90": 0.9, "delay_p99": 0.99}


def count_measures(frames: Frames, scenario: Scenario) -> pd.DataFrame:
    """The measures of one (arm, replication): a row for every cell.

    Cells without a denominator are left out, except by ``all``, where the value is NaN.
    """
    return measure_run(frames, exposure(scenario))


def measure_run(frames: Frames, over: Exposure) -> pd.DataFrame:
    """As *count_measures*, with the exposure stated."""
    return columns_of_measures(frames, over).frame()


def columns_of_measures(frames: Frames, over: Exposure) -> Columnar:
    """As *measure_run*, in codes."""
    rows, attempts = Rows(columnar.of(frames["recipients"]), over), columnar.of(frames["attempts"])
    servers = columnar.of(frames["servers"])
    counters = [
        *_counted(rows), *_permitted(rows, attempts), *spam_left(rows, attempts),
        *listed(columnar.of(frames["calendar"]), over, rows.phases), *_delays(rows),
        *_friction(rows), *_servers(servers, rows.phases),
    ]  # fmt: skip
    arm = servers.categories["arm"][int(servers["arm"][0])]  # of the table that is never empty
    return table(counters, arm, int(servers["replication"][0]))


NUMERATORS = {name: of.counts for name, of in MEASURES.items() if of.counts is not None}
"""Measures counted in rows: what a row must be to count."""

_TOPS = np.array([[counts(row) for counts in NUMERATORS.values()] for row in OUTCOMES], float)


EXPOSURES: dict[str, Callable[[Exposure], float]] = {
    "lost_per_day": lambda _: 1.0,
    "false_acceptances_per_day": lambda _: 1.0,
    "false_refusals_per_day": lambda _: 1.0,
    "spam_per_mailbox_day": lambda over: float(over.mailboxes),
}
"""Rates: what a day of the phase is multiplied by to give the denominator."""

FRICTION = {
    "attempts_per_delivered": "attempts",
    "settings_per_delivered": "changes",
    "calls_per_delivered": "calls",
}
"""Measures counted once a message: the column that its recipients share."""

PERMITTED = {
    "false_acceptances_per_day": (
        "inherited_window", "shared_window", "others_listing", "stolen_login",
    ),
    "false_refusals_per_day": ("missed_listing",),
}  # fmt: skip
"""Measures of submissions: the permissions that they used, or missed."""

SERVER_SUMS: dict[str, Callable[[Columnar], tuple[NDArray[Any], NDArray[Any]]]] = {
    "spam_time_share": lambda f: (f["busy_spam"], f["busy"]),
    "utilisation": lambda f: (f["busy"], f["sessions"] * f["span"]),
    "turned_away_rate": lambda f: (f["turned_away"], f["connections"]),
    "session_wait": lambda f: (f["waited"], f["connections"]),
}
"""Measures of servers: numerator and denominator."""


def _counted(rows: Rows) -> Iterator[Counters]:
    """Every measure counted in rows, by every key it is split by."""
    for by in (*ROW_KEYS, "cause", "first_cause"):
        codes, keys = rows.key(by)
        phases = ("warm-up", *rows.phases) if by == "day" else rows.phases
        counts = rows.count(codes, len(keys))
        tops = fold(phases, counts @ _TOPS)
        intended = fold(phases, counts.sum(axis=3))
        for number, name in enumerate(NUMERATORS):
            if _split(name, by):
                classes = MEASURES[name].classes
                chosen = [MailClass(c).number for c in classes]
                below = _below(rows.over, name, by, phases, intended)[:, chosen]
                labels = Labels(name, by.removeprefix("first_"), phases, classes, keys)
                yield Counters(labels, tops[..., number][:, chosen], below)


def _permitted(rows: Rows, attempts: Columnar) -> Iterator[Counters]:
    """Submissions that used somebody else's permission, or missed their own: by each key, in
    the phase and on the day it was written."""
    permission = attempts.codes("permission", Permission.texts())
    requests = attempts.select(permission != 0)
    permission, message = permission[permission != 0], requests["message"]
    row = rows.first_row(message)
    for by in MEASURES["false_refusals_per_day"].by:
        if by in ("permission", "server"):  # of the submission; the others are its message's
            keys = tuple(dict.fromkeys([*rows.over.keys.get(by, ()), *requests.categories[by]]))
            codes = requests.codes(by, keys)
        else:
            codes, keys = rows.key(by)
            codes = codes[row]
        phases = ("warm-up", *rows.phases) if by == "day" else rows.phases
        shape = (len(MailClass), len(Phase), len(keys))
        cell = rows.cell[row] * len(keys) + codes
        for name, counts in PERMITTED.items():
            mask = np.isin(permission, [Permission(p).number for p in counts])
            numbers = np.bincount(cell[mask], minlength=int(np.prod(shape))).reshape(shape)
            classes = MEASURES[name].classes
            chosen = [MailClass(name).number for name in classes]
            tops = fold(phases, numbers.astype(np.float64))[:, chosen]
            below = _below(rows.over, name, by, phases, tops)
            yield Counters(Labels(name, by, phases, classes, keys), tops, below)


def _split(name: str, by: str) -> bool:
    """Whether a measure is split by a key; causes of first attempts have their own column."""
    if by in ("cause", "first_cause"):
        own = "first_cause" if name == "first_refusal_rate" else "cause"
        return by == own and "cause" in MEASURES[name].by
    return by in MEASURES[name].by


def _below(over: Exposure, name: str, by: str, phases: tuple[str, ...], intended: Floats) -> Floats:
    """The denominator of a measure counted in rows (phases × classes × keys)."""
    if name in EXPOSURES:
        days = over.by_day if by == "day" else over.lengths[:, None]
        exposure = folds(phases) @ days * EXPOSURES[name](over)
        return np.broadcast_to(exposure[:, None, :], intended.shape)
    if by in ("cause", "first_cause"):
        return np.broadcast_to(intended.sum(axis=2, keepdims=True), intended.shape)
    return intended


def _delays(rows: Rows) -> Iterator[Counters]:
    """Quantiles of the time from writing to the mailbox, by one sort of the delivered rows."""
    after = rows.delivered & (rows.phase != Phase.WARM_UP.number)
    accepted = np.flatnonzero(after)
    delay = (rows.columns["ended_at"] - rows.columns["written_at"])[accepted]
    order = np.argsort(delay)
    accepted, delay = accepted[order], delay[order]
    phase, class_ = rows.phase[accepted], rows.class_[accepted]
    for by in MEASURES["delay_median"].by:
        codes, keys = rows.key(by)
        every = tuple(MailClass.texts())
        size = len(MailClass) * len(keys)
        cell = (class_ * len(keys) + codes[accepted]).astype(np.int16 if size < 2**15 else np.int32)
        grouped = np.argsort(cell, kind="stable")  # of 16 bits: by counting
        cell, sorted_, at = cell[grouped], delay[grouped], phase[grouped]
        quantiles = [_quantiles(*_within(name, at, cell, sorted_), size) for name in rows.phases]
        shape = (len(rows.phases), len(MailClass), len(keys))
        below = np.array([counts for counts, _ in quantiles]).reshape(shape)
        none = np.full(shape, np.nan)
        for i, name in enumerate(QUANTILES):
            values = np.array([v[i] for _, v in quantiles]).reshape(shape)
            yield Counters(Labels(name, by, rows.phases, every, keys), none, below, values)


def _within(
    name: str, phase: Ints, cell: NDArray[Any], delay: Floats
) -> tuple[NDArray[Any], Floats]:
    if name == AFTER:
        return cell, delay
    inside = np.flatnonzero(phase == Phase(name).number)
    return cell[inside], delay[inside]


def _quantiles(cell: NDArray[Any], grouped: Floats, size: int) -> tuple[Floats, Floats]:
    """Counts and quantiles (type 7) of each of *size* cells; values are sorted within a cell."""
    counts = np.bincount(cell, minlength=size)
    starts = np.cumsum(counts) - counts
    nonempty = counts > 0
    first, last = starts[nonempty], (starts + counts - 1)[nonempty]
    position = first + np.array(list(QUANTILES.values()))[:, None] * (last - first)
    lower = position.astype(np.int64)
    part = position - lower
    upper = np.minimum(lower + 1, last)
    values = np.full((len(QUANTILES), size), np.nan)
    values[:, nonempty] = grouped[lower] * (1.0 - part) + grouped[upper] * part
    return counts.astype(np.float64), values


def _friction(rows: Rows) -> Iterator[Counters]:
    """Once a message, as its first row shows it, per message that arrived anywhere."""
    row = np.flatnonzero(rows.class_ == MailClass.HONEST.number)
    number = rows.columns["message"][row]
    if (np.diff(number) < 0).any():
        order = np.argsort(number, kind="stable")
        row, number = row[order], number[order]
    firsts = np.flatnonzero(np.diff(number, prepend=-1))

    def widest(values: NDArray[Any]) -> Floats:
        spread = values[row]
        return np.asarray(np.maximum.reduceat(spread, firsts)) if len(firsts) else spread

    arrived = widest(rows.delivered)
    tops = {name: widest(rows.columns[column]) for name, column in FRICTION.items()}
    row = row[firsts]
    for by in MEASURES["attempts_per_delivered"].by:
        codes, keys = rows.key(by)
        phases = ("warm-up", *rows.phases) if by == "day" else rows.phases
        cell = rows.phase[row] * len(keys) + codes[row]
        below = by_phase(phases, cell, arrived, len(keys))
        for name, top in tops.items():
            above = by_phase(phases, cell, top, len(keys))
            yield Counters(Labels(name, by, phases, ("honest",), keys), above, below)


def _servers(columns: Columnar, phases: tuple[str, ...]) -> Iterator[Counters]:
    """Measures of servers: each alone, and all together as a quotient of sums."""
    names = tuple(columns.categories["server"])
    alone = columns.codes("server", names)
    phase = columns.codes("phase", Phase.texts())
    for name, sums in SERVER_SUMS.items():
        top, under = sums(columns)
        for by, keys, key in (("all", ("",), np.zeros_like(alone)), ("server", names, alone)):
            cell = phase * len(keys) + key
            above = by_phase(phases, cell, top, len(keys))
            below = by_phase(phases, cell, under, len(keys))
            yield Counters(Labels(name, by, phases, MEASURES[name].classes, keys), above, below)
