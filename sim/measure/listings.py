"""Servers on blocklists: for how long, and whether at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.measure.aggregate import FOLDS, Counters, Labels
from sim.records.measures import SERVER
from sim.records.words import Change

if TYPE_CHECKING:
    from sim.measure.columnar import Columnar
    from sim.measure.exposure import Exposure

DAY = 86400.0
TIME, AT_ALL = "listed_time_share", "listed_rate"
BITS = 32


class Spell(NamedTuple):
    """From when until when (s) a server was on a list."""

    begin: float
    end: float


def listed(calendar: Columnar, over: Exposure, phases: tuple[str, ...]) -> Iterator[Counters]:
    """The time that servers were on any blocklist, and which of them were: each, and all that arms
    change together. Without a blocklist, nothing is defined."""
    spells = spells_by_server(calendar, over) if over.blocklists else {}
    names = tuple(spells)
    days = np.array([_days(phases, spells[name], over) for name in names])
    days = days.reshape(-1, len(phases)).T[:, None, :]  # phases × classes × servers
    lengths = np.array([_length(phase, over) for phase in phases])[:, None, None]
    whole = {TIME: np.broadcast_to(lengths, days.shape), AT_ALL: np.ones_like(days)}
    tops = {TIME: days, AT_ALL: (days > 0.0).astype(np.float64)}
    changed = [name in over.changed for name in names]
    chosen = np.array(changed if any(changed) else [True] * len(names), bool)
    for name, top in tops.items():
        below = whole[name]
        together = top[:, :, chosen], below[:, :, chosen]
        sums = (side.sum(axis=2, keepdims=True) for side in together)
        yield Counters(Labels(name, "all", phases, (SERVER,), ("",)), *sums)
        yield Counters(Labels(name, "server", phases, (SERVER,), names), top, below)


def spells_by_server(calendar: Columnar, over: Exposure) -> Mapping[str, list[Spell]]:
    """When each server was on a list, by any of its addresses; lists overlap."""
    spells = {
        name: [Spell(0.0, over.run_length)] if name in over.always_listed else []
        for name in over.keys["server"]
        if name
    }
    since: dict[tuple[int, int, int], float] = {}  # by list, first address and prefix
    places = _Places(over.addresses)
    change, lists = (calendar.codes(c, calendar.categories[c]) for c in ("change", "name"))
    words = calendar.categories["change"]
    columns = change, lists, calendar["address"], calendar["prefix"], calendar["at"]
    for code, number, address, prefix, at in zip(*(c.tolist() for c in columns), strict=True):
        entry = number, address, prefix
        if words[code] == Change.LISTED:
            since.setdefault(entry, at)
        elif words[code] == Change.DELISTED and entry in since:
            for name in places.within(address, prefix):
                spells[name].append(Spell(since[entry], at))
            del since[entry]
    for (_, address, prefix), begin in since.items():
        for name in places.within(address, prefix):
            spells[name].append(Spell(begin, inf))
    return spells


class _Places:
    """Which servers send from the addresses of a prefix."""

    def __init__(self, addresses: Mapping[str, tuple[int, ...]]) -> None:
        self.addresses = addresses
        self._by_prefix: dict[int, dict[int, list[str]]] = {}

    def within(self, address: int, prefix: int) -> list[str]:
        """The servers with an address of which so many bits are those of *address*."""
        bits = BITS - prefix
        if prefix not in self._by_prefix:
            table = self._by_prefix[prefix] = {}
            for name, own in self.addresses.items():
                for scope in {one >> bits for one in own}:
                    table.setdefault(scope, []).append(name)
        return self._by_prefix[prefix].get(address >> bits, [])


def _days(phases: tuple[str, ...], spells: list[Spell], over: Exposure) -> list[float]:
    """Days within each of *phases* that any of *spells* covers."""
    apart = [_covered(spells, begin, end) / DAY for begin, end in over.spans.tolist()]
    return [float(np.dot(FOLDS[phase], apart)) for phase in phases]


def _length(phase: str, over: Exposure) -> float:
    """Days that *phase* lasts."""
    return float(np.dot(FOLDS[phase], over.lengths))


def _covered(spells: list[Spell], begin: float, end: float) -> float:
    """Seconds between *begin* and *end* that any of *spells* covers."""
    covered, until = 0.0, begin
    for spell in sorted(spells):
        start, stop = max(spell.begin, until), min(spell.end, end)
        if stop > start:
            covered += stop - start
            until = stop
    return covered
