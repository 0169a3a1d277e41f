"""Where people are, when their mail programs are open, and at which address.

All of it is drawn before any server is asked, so it is the same in every arm.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import expm1, inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.world import week
from sim.world.people import Person
from sim.world.streams import Generator, stream

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Session:
    """A stretch of time in which a person's mail program is open at one address."""

    person: Person
    place: str
    network: str
    client: int
    start: float
    end: float


class Presence:
    """The place of every person in every block, and every session."""

    def __init__(self, edges: Floats) -> None:
        self.edges: list[float] = edges.tolist()
        self.places: list[list[str]] = []  # by person, then block
        self.starts: list[list[float]] = []  # by person: when each session begins
        self.sessions: list[list[Session]] = []
        self.leasable: dict[str, tuple[int, ...]] = {}
        self.shared: set[str] = set()  # networks whose guests stand behind one address
        self.kept: dict[tuple[int, str], int] = {}  # addresses that their holder keeps for good
        self._held: defaultdict[str, list[Session]] | None = None  # sessions by network
        self._spans: dict[str, dict[int, tuple[list[float], list[float]]]] = {}

    def client(self, person: Person, network: str, now: float) -> int:
        """The address of *person* on *network* at *now*; 0 if there is none to be had.

        Who is not connected, but sends a refused message again, takes an address that is idle
        at the moment: which one is decided by the person, and the leases drawn above stay as
        they are (two who do so at once may meet on one).
        """
        session = self.session(person, now)
        if session is not None and session.network == network:
            return session.client
        kept = self.kept.get((person.number, network))
        if kept is not None:
            return kept
        free = self.leasable.get(network, ())
        if network in self.shared:
            return free[0] if free else 0
        n = len(free)
        turns = (free[(person.number + k) % n] for k in range(n))
        return next((a for a in turns if self.is_idle(network, a, now)), 0)

    def is_idle(self, network: str, address: int, now: float) -> bool:
        """Whether nobody holds *address* of *network* at *now*."""
        spans = self._spans.get(network)
        if spans is None:
            spans = self._spans[network] = self._index(network)
        starts, ends = spans.get(address, ([], []))
        i = bisect_right(starts, now) - 1
        return i < 0 or ends[i] < now

    def _index(self, network: str) -> dict[int, tuple[list[float], list[float]]]:
        """When each address of *network* is held: starts and ends, in order."""
        held = {address: ([0.0], [inf]) for (_, n), address in self.kept.items() if n == network}
        if self._held is None:
            self._held = defaultdict(list)
            for s in (s for mine in self.sessions for s in mine if s.client):
                self._held[s.network].append(s)
        spans: dict[int, tuple[list[float], list[float]]] = {}
        for s in sorted(self._held[network], key=lambda s: s.start):
            starts, ends = spans.setdefault(s.client, ([], []))
            starts.append(s.start)
            ends.append(s.end)
        return spans | held

    def block(self, now: float) -> int:
        """The number of the block that *now* falls into."""
        return bisect_right(self.edges, now) - 1

    def place(self, person: Person, now: float) -> str:
        """Where *person* is at *now*."""
        return self.places[person.number][self.block(now)]

    def session(self, person: Person, now: float) -> Session | None:
        """The session of *person* that is open at *now*; None if the program is closed."""
        i = bisect_right(self.starts[person.number], now) - 1
        if i < 0 or self.sessions[person.number][i].end < now:
            return None
        return self.sessions[person.number][i]

    def next_on(self, person: Person, network: str, now: float) -> float | None:
        """When *person* is next on *network*, in a later block; None if never in this run."""
        places = self.places[person.number]
        for block in range(self.block(now) + 1, len(places)):
            if person.network_at(places[block]) == network:
                return self.edges[block]
        return None


LENGTHS: dict[str, Callable[[float], float]] = {
    "exponential": lambda draw: draw,
    "uniform": lambda draw: -2.0 * expm1(-draw),
    "constant": lambda _: 1.0,
}
"""Length of a lease over its mean, from an exponential draw of mean 1."""

Named = Callable[[str], Generator]
"""A group's streams by purpose."""


def stays(users: Users, count: int, edges: Floats, kinds: Ints, named: Named) -> list[list[str]]:
    """The place of each of *count* people in each block.

    One number in [0, 1) a person says how far away he is; it is drawn anew at a block
    with probability 1 - exp(-block length / mean stay), which leaves the shares of places
    as stated and makes the nights of one trip hang together. Home comes first, then work,
    then the other places, so who is away in the evening is likelier away next morning.
    """
    n = len(kinds)
    lengths = np.diff(edges).clip(max=week.DAY)
    again = np.ones(n) if users.stay == 0 else -np.expm1(-lengths / users.stay)
    redraw = named("moves").random((count, n)) < again
    redraw[:, 0] = True
    last = np.maximum.accumulate(np.where(redraw, np.arange(n), 0), axis=1)
    away = np.take_along_axis(named("places").random((count, n)), last, axis=1)
    names = list(dict.fromkeys(["home", "work", *users.all_places]))
    chosen = np.zeros((count, n), dtype=np.int64)
    for k, kind in enumerate(week.KINDS):
        shares = users.shares(kind)
        cumulative = np.cumsum([shares.get(name, 0.0) for name in names])
        found = np.searchsorted(cumulative, away, side="right").clip(max=len(names) - 1)
        chosen = np.where(kinds == k, found, chosen)
    return [[names[i] for i in row] for row in chosen.tolist()]


def sessions(
    scenario: Scenario,
    presence: Presence,
    people: list[Person],
    moments: list[list[float]],
    lengths: Generator,
) -> None:
    """Open the mail programs of *people* at their *moments* (s, sorted, a list a person).

    A session lasts until the person leaves the place; on a network with leases, no longer
    than the lease.
    """
    leases = {name: network.lease for name, network in scenario.networks.items()}
    shapes = {name: network.lease_lengths for name, network in scenario.networks.items()}
    for person, wanted in zip(people, moments, strict=True):
        places = presence.places[person.number]
        draws = lengths.standard_exponential(len(wanted)).tolist()
        mine: list[Session] = []
        end = -1.0
        for moment, length in zip(wanted, draws, strict=True):
            if moment <= end:
                continue
            block = presence.block(moment)
            network = person.network_at(places[block])
            end = presence.edges[block + 1]
            lease = leases[network]
            if lease is not None:
                end = min(end, moment + lease * LENGTHS[shapes[network]](length))
            mine.append(Session(person, places[block], network, 0, moment, end))
        presence.sessions.append(mine)
        presence.starts.append([s.start for s in mine])


def hand_out_addresses(scenario: Scenario, presence: Presence, replication: int) -> None:
    """Give every session an address of its network, in order of time; 0 if none is free."""
    by_network: dict[str, list[Session]] = {}
    for mine in presence.sessions:
        for session in mine:
            by_network.setdefault(session.network, []).append(session)
    for name, wanted in by_network.items():
        generator = stream(
            scenario.seed, replication=replication, entity=f"networks.{name}", purpose="leases"
        )
        pool, block = scenario.pool(name, generator), scenario.reserved_pool(name)
        presence.leasable[name] = pool.leasable
        if scenario.networks[name].shared_address:
            presence.shared.add(name)
        keeps = scenario.networks[name].lease is None and name not in presence.shared
        fixed = {g for g, users in scenario.users.items() if name in users.fixed_address}
        for session in sorted(wanted, key=lambda s: s.start):
            person = session.person
            own = block.take(person.number, session.start) if person.group in fixed else None
            held = own or pool.take(person.number, session.start, session.end)
            session.client = held or 0
            if own or (held and keeps):
                presence.kept[person.number, name] = session.client
