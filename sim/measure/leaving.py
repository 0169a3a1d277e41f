"""Spam that left servers: how much was relayed, and by whose trust it came to be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.measure.aggregate import Counters, Floats, Ints, Labels, folds
from sim.measure.coded import by_phase
from sim.measure.exposure import DAY
from sim.records.measures import MEASURES
from sim.records.words import Abuse

if TYPE_CHECKING:
    from sim.measure.coded import Rows
    from sim.measure.columnar import Columnar

COUNT, SHARE = "spam_left_per_day", "spam_abuse_rate"
CLASSES = ("spam",)


def spam_left(rows: Rows, attempts: Columnar) -> Iterator[Counters]:
    """How much spam servers relayed, a day and of all that they relayed, by each key; at the
    moment that they took it."""
    relaying = _Relaying(rows, attempts.select(attempts["relayed"] > 0))
    for by in MEASURES[COUNT].by:
        phases = ("warm-up", *rows.phases) if by == "day" else rows.phases
        codes, keys = relaying.key(by)
        spam = relaying.sums(phases, by, codes, keys, spam=True)
        days = rows.over.by_day if by == "day" else rows.over.lengths[:, None]
        exposure = np.broadcast_to((folds(phases) @ days)[:, None, :], spam.shape)
        yield Counters(Labels(COUNT, by, phases, CLASSES, keys), spam, exposure)
        if by in MEASURES[SHARE].by:
            every = relaying.sums(phases, by, codes, keys, spam=False)
            if by == "abuse":  # of honest mail there is none: causes add up to the rate
                every = np.broadcast_to(every.sum(axis=2, keepdims=True), every.shape)
            yield Counters(Labels(SHARE, by, phases, CLASSES, keys), spam, every)


class _Relaying:
    """Attempts in which something was relayed, and the rows of their messages."""

    def __init__(self, rows: Rows, attempts: Columnar) -> None:
        self.rows, self.over, self.attempts = rows, rows.over, attempts
        self.row = rows.first_row(attempts["message"])
        starts = [begin for begin, _ in rows.over.spans[1:]]
        self.phase = np.searchsorted(starts, attempts["at"], side="right")
        self.abuse = attempts.codes("abuse", Abuse.texts())
        servers = list(attempts.categories["server"])
        self.servers = tuple(dict.fromkeys([*rows.over.keys.get("server", ()), *servers]))
        chosen = [name in rows.over.changed for name in servers]
        changed = np.array(chosen if any(chosen) else [True] * len(servers))
        self.counts = changed[attempts["server"]]

    def key(self, by: str) -> tuple[Ints, tuple[str, ...]]:
        """Codes and names of one way to split the attempts."""
        if by == "abuse":
            return self.abuse, tuple(Abuse.texts())
        if by == "server":
            return self.attempts.codes("server", self.servers), self.servers
        if by == "day":
            day, last = (self.attempts["at"] / DAY).astype(np.int64), self.over.days - 1
            return np.minimum(day, last), tuple(str(d) for d in range(last + 1))
        codes, names = self.rows.key(by)
        return codes[self.row], names

    def sums(
        self, phases: tuple[str, ...], by: str, codes: Ints, keys: tuple[str, ...], *, spam: bool
    ) -> Floats:
        """Recipients relayed, by phase and key: of *spam*, or all; except by server, of the
        servers that arms change."""
        mask = np.ones(len(codes), bool) if by == "server" else self.counts
        weights = np.where(mask & (self.abuse > 0) if spam else mask, self.attempts["relayed"], 0)
        return by_phase(phases, self.phase * len(keys) + codes, weights, len(keys))
