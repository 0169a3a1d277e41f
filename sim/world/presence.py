"""Where people are, when their mail programs are open, and at which address.

All of it is drawn before any server is asked, so it is the same in every arm.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import expm1
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.world import week
from sim.world.people import Person
from sim.world.rows import Names
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


class Spans(NamedTuple):
    """When each address is held: stretches sorted by network and address, then by start; and
    the addresses that somebody keeps for good."""

    places: array[int]
    starts: array[float]
    ends: array[float]
    kept: set[tuple[str, int]]


class Presence:
    """The place of every person in every block, and every session.

    Sessions are millions in a large scenario, so they are kept in columns: those of person
    *i* from ``first[i]`` to ``first[i + 1]``, in order of time.
    """

    def __init__(self, edges: Floats) -> None:
        self.edges: list[float] = edges.tolist()
        self.places: list[list[str]] = []  # by person, then block
        self.people: list[Person] = []
        self.first = array("q", [0])
        self.start, self.end = array("d"), array("d")  # s
        self.place_of, self.network_of = array("H"), array("H")  # numbers in names
        self.client_of = array("I")
        self.names = Names()
        self.leasable: dict[str, tuple[int, ...]] = {}
        self.shared: set[str] = set()  # networks whose guests stand behind one address
        self.kept: dict[tuple[int, str], int] = {}  # addresses that their holder keeps for good
        self._spans: Spans | None = None

    def add(self, person: Person, sessions: Iterable[Session]) -> None:
        """Add the next person, with the *sessions* he has, in order of time."""
        assert person.number == len(self.people), "people come in the order of their numbers"
        for s in sessions:
            self.open(s.place, s.network, s.client, s.start, s.end)
        self.people.append(person)
        self.first.append(len(self.start))

    def open(self, place: str, network: str, client: int, start: float, end: float) -> None:
        """Add a session of the person who is added next."""
        self.start.append(start)
        self.end.append(end)
        self.place_of.append(self.names[place])
        self.network_of.append(self.names[network])
        self.client_of.append(client)

    @property
    def sessions(self) -> list[list[Session]]:
        """All sessions of each person."""
        return [self.of(person) for person in self.people]

    def of(self, person: Person) -> list[Session]:
        """All sessions of *person*, in order of time."""
        n = person.number
        return [self._session(i) for i in range(self.first[n], self.first[n + 1])]

    def owners(self) -> Ints:
        """The number of the person of each session."""
        return np.repeat(np.arange(len(self.people)), np.diff(np.array(self.first)))

    def _session(self, i: int) -> Session:
        names, person = self.names.all, self.people[bisect_right(self.first, i) - 1]
        return Session(
            person, names[self.place_of[i]], names[self.network_of[i]], self.client_of[i],
            self.start[i], self.end[i],
        )  # fmt: skip

    def client(self, person: Person, network: str, now: float) -> int:
        """The address of *person* on *network* at *now*; 0 if there is none to be had.

        Who is not connected, but sends a refused message again, takes an address that is idle
        at the moment: which one is decided by the person, and the leases drawn above stay as
        they are (two who do so at once may meet on one).
        """
        i = self.index(person, now)
        if i is not None and self.network_of[i] == self.names.number.get(network):
            return self.client_of[i]
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
        if self._spans is None:
            self._spans = self._index()
        places, starts, ends, kept = self._spans
        if (network, address) in kept:
            return False
        place = self.names[network] << 32 | address
        low = bisect_left(places, place)
        i = bisect_right(starts, now, low, bisect_right(places, place, low)) - 1
        return i < low or ends[i] < now

    def _index(self) -> Spans:
        """When each address of each network is held."""
        start, client = np.array(self.start), np.array(self.client_of, dtype=np.int64)
        place = np.array(self.network_of, dtype=np.int64) << 32 | client
        held = np.flatnonzero(client > 0)
        order = held[np.lexsort((start[held], place[held]))]
        return Spans(
            array("q", place[order].tobytes()),
            array("d", start[order].tobytes()),
            array("d", np.array(self.end)[order].tobytes()),
            {(network, address) for (_, network), address in self.kept.items()},
        )

    def block(self, now: float) -> int:
        """The number of the block that *now* falls into."""
        return bisect_right(self.edges, now) - 1

    def place(self, person: Person, now: float) -> str:
        """Where *person* is at *now*."""
        return self.places[person.number][self.block(now)]

    def session(self, person: Person, now: float) -> Session | None:
        """The session of *person* that is open at *now*; None if the program is closed."""
        i = self.index(person, now)
        return None if i is None else self._session(i)

    def index(self, person: Person, now: float) -> int | None:
        """The number of that session."""
        n = person.number
        low = self.first[n]
        i = bisect_right(self.start, now, low, self.first[n + 1]) - 1
        return None if i < low or self.end[i] < now else i

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
            presence.open(places[block], network, 0, moment, end)
        presence.add(person, ())


def hand_out_addresses(scenario: Scenario, presence: Presence, replication: int) -> None:
    """Give every session an address of its network, in order of time; 0 if none is free."""
    networks, owners = np.array(presence.network_of), presence.owners()
    order = np.lexsort((np.array(presence.start), networks))
    number_of = presence.names.number
    for name in (name for name in scenario.networks if name in number_of):
        low, high = np.searchsorted(networks[order], [number_of[name], number_of[name] + 1])
        if low == high:
            continue
        generator = stream(
            scenario.seed, replication=replication, entity=f"networks.{name}", purpose="leases"
        )
        pool, block = scenario.pool(name, generator), scenario.reserved_pool(name)
        presence.leasable[name] = pool.leasable
        if scenario.networks[name].shared_address:
            presence.shared.add(name)
        keeps = scenario.networks[name].lease is None and name not in presence.shared
        fixed = {g for g, users in scenario.users.items() if name in users.fixed_address}
        groups = {p.number for p in presence.people if p.group in fixed} if fixed else ()
        for i in order[low:high].tolist():
            person, start = int(owners[i]), presence.start[i]
            own = block.take(person, start) if person in groups else None
            held = own or pool.take(person, start, presence.end[i])
            presence.client_of[i] = held or 0
            if own or (held and keeps):
                presence.kept[person, name] = presence.client_of[i]
