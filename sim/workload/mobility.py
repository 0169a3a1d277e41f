"""Where people are, when their mail programs are open, and at which address.

All of it is drawn before any server is asked, so it is the same in every arm.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload import week
from sim.workload.people import Person
from sim.workload.streams import Generator, stream
from sim.world.rows import Names

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
    """When each address is held: stretches sorted by network and address, then by start, and
    which of them are those of one address; and the addresses that somebody keeps for good."""

    held: dict[int, tuple[int, int]]
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
        self.leasable: dict[str, Sequence[int]] = {}
        self.shared: set[str] = set()  # networks whose guests stand behind one address
        self.kept: dict[tuple[int, str], int] = {}  # addresses that their holder keeps for good
        self._spans: Spans | None = None

    def add(self, person: Person, sessions: Iterable[Session]) -> None:
        """Add the next person, with the *sessions* he has, in order of time."""
        assert person.number == len(self.people), "people come in the order of their numbers"
        for s in sessions:
            self.start.append(s.start)
            self.end.append(s.end)
            self.place_of.append(self.names[s.place])
            self.network_of.append(self.names[s.network])
            self.client_of.append(s.client)
        self.people.append(person)
        self.first.append(len(self.start))

    def extend(self, people: Sequence[Person], owner: Ints, start: Floats, end: Floats,
               place: Ints, network: Ints) -> None:  # fmt: skip
        """Add the next *people* with their sessions, which have no address yet.

        A session of *owner* (place in *people*; ascending) is *place* and *network* as in names.
        """
        ends = len(self.start) + np.searchsorted(owner, np.arange(len(people)), side="right")
        self.first.frombytes(ends.astype(np.int64).tobytes())
        self.people.extend(people)
        for column, values in (
            (self.start, start),
            (self.end, end),
            (self.place_of, place),
            (self.network_of, network),
        ):
            column.frombytes(values.astype(column.typecode).tobytes())
        self.client_of.extend(bytes(len(start)))

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
        for k in range(person.number, person.number + n):
            if self.is_idle(network, free[k % n], now):
                return free[k % n]
        return 0

    def is_idle(self, network: str, address: int, now: float) -> bool:
        """Whether nobody holds *address* of *network* at *now*."""
        if self._spans is None:
            self._spans = self._index()
        held, starts, ends, kept = self._spans
        if (network, address) in kept:
            return False
        low, high = held.get(self.names[network] << 32 | address, (0, 0))
        i = bisect_right(starts, now, low, high) - 1
        return i < low or ends[i] < now

    def _index(self) -> Spans:
        """When each address of each network is held."""
        start, client = np.array(self.start), np.array(self.client_of, dtype=np.int64)
        place = np.array(self.network_of, dtype=np.int64) << 32 | client
        held = np.flatnonzero(client > 0)
        order = held[np.lexsort((start[held], place[held]))]
        return Spans(
            stretches(place[order]),
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


def stretches(keys: Ints) -> dict[int, tuple[int, int]]:
    """Where each of *keys*, which are in order, stands: from and to."""
    met, low = np.unique(keys, return_index=True)
    high = np.append(low, len(keys))[1:]
    return dict(zip(met.tolist(), zip(low.tolist(), high.tolist(), strict=True), strict=True))


LENGTHS: dict[str, Callable[[Floats], Floats]] = {
    "exponential": lambda draws: draws,
    "uniform": lambda draws: -2.0 * np.expm1(-draws),
    "constant": np.ones_like,
}
"""Length of a lease over its mean, from an exponential draw of mean 1."""

Named = Callable[[str], Generator]
"""A group's streams by purpose."""


class Moments(NamedTuple):
    """When who of a group (by place in it) does something (s)."""

    person: Ints
    at: Floats

    def and_also(self, other: Moments) -> Moments:
        """These moments, then the *other* ones."""
        return Moments(
            np.concatenate([self.person, other.person]), np.concatenate([self.at, other.at])
        )


class Stays(NamedTuple):
    """Where who of a group (row, by place in it) is in which block: a number in *names*."""

    names: list[str]
    place: Ints


def in_turn(person: Ints, at: Floats) -> Ints:
    """The order person by person, of each in order of time."""
    order = np.argsort(at)
    small = np.min_scalar_type(int(person.max(initial=0)))  # 16 bits are sorted by counting
    return order[np.argsort(person[order].astype(small), kind="stable")]


def stays(users: Users, count: int, edges: Floats, kinds: Ints, named: Named) -> Stays:
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
    return Stays(names, chosen)


def sessions(
    scenario: Scenario,
    presence: Presence,
    people: list[Person],
    where: Stays,
    online: Moments,
    lengths: Generator,
) -> Ints:
    """Open the mail programs of *people* when they go *online*; the session of each moment.

    A session lasts until the person leaves the place; on a network with leases, no longer
    than the lease.
    """
    presence.places += [[where.names[i] for i in row] for row in where.place.tolist()]
    order = in_turn(*online)
    person, at = online.person[order], online.at[order]
    block = np.searchsorted(presence.edges, at, side="right") - 1
    place, names = where.place[person, block], presence.names
    networks = [[names[p.network_at(name)] for name in where.names] for p in people]
    network = np.array(networks, dtype=np.int64).reshape(len(people), -1)[person, place]
    end = np.minimum(
        np.array(presence.edges)[block + 1],
        at + _leases(scenario, names.all, network, lengths.standard_exponential(len(at))),
    )
    opening = _opening(person, at, end)
    first, which = len(presence.start), np.empty(len(at), dtype=np.int64)
    which[order] = first - 1 + np.searchsorted(opening, np.arange(len(at)), side="right")
    place_number = np.array([names[name] for name in where.names], dtype=np.int64)
    presence.extend(
        people, person[opening], at[opening], end[opening], place_number[place[opening]],
        network[opening],
    )  # fmt: skip
    return which


def _leases(scenario: Scenario, names: list[str], network: Ints, draws: Floats) -> Floats:
    """How long a lease that begins on each *network* (number in *names*) is (s)."""
    known = [scenario.networks.get(name) for name in names]
    mean = np.array([n.lease if n and n.lease is not None else np.inf for n in known])[network]
    shape = np.array([list(LENGTHS).index(n.lease_lengths) if n else 0 for n in known])[network]
    leases = np.full(len(network), np.inf)
    for k, length in enumerate(LENGTHS.values()):
        some = np.flatnonzero((shape == k) & (mean < np.inf))
        leases[some] = mean[some] * length(draws[some])
    return leases


def _opening(person: Ints, at: Floats, end: Floats) -> Ints:
    """Which moments open a session, that would last to *end*: those that fall into none."""
    opening: list[int] = []
    who, until = -1, 0.0
    for i, (p, a, e) in enumerate(zip(person.tolist(), at.tolist(), end.tolist(), strict=True)):
        if p != who or a > until:
            opening.append(i)
            who, until = p, e
    return np.array(opening, dtype=np.int64)


def hand_out_addresses(scenario: Scenario, presence: Presence, replication: int) -> None:
    """Give every session an address of its network, in order of time; 0 if none is free."""
    networks, owners = np.array(presence.network_of), presence.owners()
    client = np.zeros(len(networks), dtype=np.uint32)
    in_time = np.argsort(np.array(presence.start), kind="stable")
    order = in_time[np.argsort(networks[in_time], kind="stable")]
    number_of = presence.names.number
    for name in (name for name in scenario.networks if name in number_of):
        low, high = np.searchsorted(networks[order], [number_of[name], number_of[name] + 1])
        if low < high:
            generator = stream(
                scenario.seed, replication=replication, entity=f"networks.{name}", purpose="leases"
            )
            here = order[low:high]
            client[here] = _handed_out(scenario, presence, name, generator, here, owners[here])
    presence.client_of = array("I", client.tobytes())


def _handed_out(
    scenario: Scenario,
    presence: Presence,
    name: str,
    generator: Generator,
    here: Ints,
    owners: Ints,
) -> Ints:
    """The addresses of the sessions *here*, all those on network *name* in order of time."""
    pool, block = scenario.pool(name, generator), scenario.reserved_pool(name)
    presence.leasable[name] = pool.leasable
    shared = scenario.networks[name].shared_address
    leased = scenario.networks[name].lease is not None
    if shared:
        presence.shared.add(name)
    fixed = {g for g, users in scenario.users.items() if name in users.fixed_address}
    people = {p.number for p in presence.people if p.group in fixed} if fixed else ()
    asking = which = np.arange(len(here))
    if shared or not leased:  # what somebody gets first, an address or none, is what he gets
        asking, which = _first_of_each(owners)
    given: list[int] = []
    for person, i in zip(owners[asking].tolist(), here[asking].tolist(), strict=True):
        begin, until = presence.start[i], presence.end[i]
        own = block.take(person, begin) if person in people else None
        held = own or pool.take(person, begin, until) or 0
        given.append(held)
        if own or (held and not leased and not shared):
            presence.kept[person, name] = held
    return np.array(given)[which]


def _first_of_each(owners: Ints) -> tuple[Ints, Ints]:
    """Where each of *owners* comes first, ascending, and which of these is whose."""
    _, first, which = np.unique(owners, return_index=True, return_inverse=True)
    turn = np.argsort(first)
    return first[turn], np.argsort(turn)[which]
