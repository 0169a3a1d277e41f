"""Mobility: where people are, when their mail programs are open, and at which address."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Container, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.workload import week
from sim.workload.columns import Floats, Ints, Names, group_bounds
from sim.workload.people import Person
from sim.workload.streams import Generator, stream
from sim.workload.vacancies import Vacancies

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users


class Visit(NamedTuple):
    """An interval in which a person's mail program is open at one address."""

    person: Person
    place: str
    network: str
    client: int
    start: float
    end: float


class Holdings(NamedTuple):
    """When each address is held: intervals sorted by network and address, then by start."""

    bounds: dict[int, tuple[int, int]]
    """By network << 32 | address, its first interval and the one after its last."""
    starts: array[float]
    ends: array[float]
    permanent: set[tuple[str, int]]
    """Addresses that somebody keeps for good."""


class Mobility:
    """The place of every person in every block, and every visit.

    Visits are millions in a large scenario, so they are permanent in columns: those of person *i*
    from ``first[i]`` to ``first[i + 1]``, in order of time.
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
        self.permanent: dict[tuple[int, str], int] = {}  # addresses of one person for good
        self._vacant: dict[str, Vacancies] = {}  # by network

    def extend(
        self,
        people: Sequence[Person],
        owner: Ints,
        start: Floats,
        end: Floats,
        place: Ints,
        network: Ints,
    ) -> None:
        """Add the next *people* with their visits, which have no address yet.

        *owner* is the index in *people* of each visit, ascending; *place* and *network* are
        numbers in names.
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

    def visits(self, person: Person) -> list[Visit]:
        """All visits of *person*, in order of time."""
        names = self.names.all
        return [
            Visit(
                person,
                names[self.place_of[i]],
                names[self.network_of[i]],
                self.client_of[i],
                self.start[i],
                self.end[i],
            )
            for i in range(self.first[person.number], self.first[person.number + 1])
        ]

    def owners(self) -> Ints:
        """The number of the person of each visit."""
        return np.repeat(np.arange(len(self.people)), np.diff(np.array(self.first)))

    def client(self, person: Person, network: str, now: float) -> int:
        """The address of *person* on *network* at *now*; 0 if there is none to be had.

        Who is not connected, but sends a refused message again, takes an address that is idle
        at the moment: which one is decided by the person, and the leases drawn above stay as
        they are (two who do so at once may meet on one).
        """
        i = self.visit_at(person, now)
        if i is not None and self.network_of[i] == self.names.number.get(network):
            return self.client_of[i]
        permanent = self.permanent.get((person.number, network))
        if permanent is not None:
            return permanent
        free = self.leasable.get(network, ())
        if network in self.shared:
            return free[0] if free else 0
        n = len(free)
        if n and not self._vacancies(network).at(now):
            return 0
        for k in range(person.number, person.number + n):
            if self.is_idle(network, free[k % n], now):
                return free[k % n]
        return 0

    def is_idle(self, network: str, address: int, now: float) -> bool:
        """Whether nobody holds *address* of *network* at *now*."""
        _, starts, ends, permanent = self._holdings
        if (network, address) in permanent:
            return False
        low, high = self._bounds_of(network, address)
        i = bisect_right(starts, now, low, high) - 1
        return i < low or ends[i] < now

    def _vacancies(self, network: str) -> Vacancies:
        """Those of *network* among the addresses that it leases and nobody keeps for good."""
        known = self._vacant.get(network)
        if known is None:
            start, end, permanent = self._holdings[1:]
            free = {a for a in self.leasable[network] if (network, a) not in permanent}
            holder = [
                (i, address)
                for address in sorted(free)
                for i in range(*self._bounds_of(network, address))
            ]
            rows, addresses = np.array(holder, dtype=np.int64).reshape(-1, 2).T
            known = self._vacant[network] = Vacancies(
                len(free), addresses, np.array(start)[rows], np.array(end)[rows]
            )
        return known

    def _bounds_of(self, network: str, address: int) -> tuple[int, int]:
        """The first of the intervals in which *address* of *network* is held, and the one after
        the last."""
        return self._holdings.bounds.get(self.names[network] << 32 | address, (0, 0))

    @cached_property
    def _holdings(self) -> Holdings:
        start, client = np.array(self.start), np.array(self.client_of, dtype=np.int64)
        key = np.array(self.network_of, dtype=np.int64) << 32 | client
        visits = np.flatnonzero(client > 0)
        order = visits[np.lexsort((start[visits], key[visits]))]
        return Holdings(
            group_bounds(key[order]),
            array("d", start[order].tobytes()),
            array("d", np.array(self.end)[order].tobytes()),
            {(network, address) for (_, network), address in self.permanent.items()},
        )

    def block(self, now: float) -> int:
        """The number of the block that *now* falls into."""
        return bisect_right(self.edges, now) - 1

    def place(self, person: Person, now: float) -> str:
        """Where *person* is at *now*."""
        return self.places[person.number][self.block(now)]

    def visit_at(self, person: Person, now: float) -> int | None:
        """Index of the visit of *person* at *now*; None if the program is closed."""
        n = person.number
        low = self.first[n]
        i = bisect_right(self.start, now, low, self.first[n + 1]) - 1
        return None if i < low or self.end[i] < now else i

    def next_on(self, person: Person, networks: Container[str], now: float) -> float | None:
        """When *person* is next on one of *networks*, in a later block; None if never in this
        run."""
        places = self.places[person.number]
        for block in range(self.block(now) + 1, len(places)):
            if person.network_at(places[block]) in networks:
                return self.edges[block]
        return None


LENGTHS: dict[str, Callable[[Floats], Floats]] = {
    "exponential": lambda draws: draws,
    "uniform": lambda draws: -2.0 * np.expm1(-draws),
    "constant": np.ones_like,
}
"""Length of a lease over its mean, from an exponential draw of mean 1."""

Named = Callable[[str], Generator]
"""A group's streams by purpose."""


class Occasions(NamedTuple):
    """Moments (s) at which people of a group, given by their index in it, do something."""

    person: Ints
    at: Floats

    def and_also(self, other: Occasions) -> Occasions:
        """These moments, then the *other* ones."""
        return Occasions(
            np.concatenate([self.person, other.person]), np.concatenate([self.at, other.at])
        )


class Whereabouts(NamedTuple):
    """Place of each person of a group (row) in each block (column): a number in *names*."""

    names: list[str]
    place: Ints


def in_turn(person: Ints, at: Floats) -> Ints:
    """The order person by person, each in order of time."""
    order = np.argsort(at)
    small = np.min_scalar_type(int(person.max(initial=0)))  # 16 bits are sorted by counting
    return order[np.argsort(person[order].astype(small), kind="stable")]


def whereabouts(users: Users, count: int, edges: Floats, kinds: Ints, named: Named) -> Whereabouts:
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
    places = np.zeros((count, n), dtype=np.int64)
    for k, kind in enumerate(week.KINDS):
        shares = users.shares(kind)
        cumulative = np.cumsum([shares.get(name, 0.0) for name in names])
        place = np.searchsorted(cumulative, away, side="right").clip(max=len(names) - 1)
        places = np.where(kinds == k, place, places)
    return Whereabouts(names, places)


def open_visits(
    scenario: Scenario,
    mobility: Mobility,
    people: list[Person],
    whereabouts: Whereabouts,
    online: Occasions,
    lengths: Generator,
) -> Ints:
    """Open the mail programs of *people* when they go *online*; the visit of each moment.

    A visit lasts until the person leaves the place; on a network with leases, no longer
    than the lease.
    """
    mobility.places += [[whereabouts.names[i] for i in row] for row in whereabouts.place.tolist()]
    order = in_turn(*online)
    person, at = online.person[order], online.at[order]
    block = np.searchsorted(mobility.edges, at, side="right") - 1
    place, names = whereabouts.place[person, block], mobility.names
    networks = [[names[p.network_at(name)] for name in whereabouts.names] for p in people]
    network = np.array(networks, dtype=np.int64).reshape(len(people), -1)[person, place]
    end = np.minimum(
        np.array(mobility.edges)[block + 1],
        at + _leases(scenario, names.all, network, lengths.standard_exponential(len(at))),
    )
    opening = _opening(person, at, end)
    first, visit = len(mobility.start), np.empty(len(at), dtype=np.int64)
    visit[order] = first - 1 + np.searchsorted(opening, np.arange(len(at)), side="right")
    number = np.array([names[name] for name in whereabouts.names], dtype=np.int64)[place]
    mobility.extend(
        people, person[opening], at[opening], end[opening], number[opening], network[opening]
    )
    return visit


def _leases(scenario: Scenario, names: list[str], network: Ints, draws: Floats) -> Floats:
    """How long a lease that begins on each *network* (number in *names*) is (s)."""
    networks = [scenario.networks.get(name) for name in names]
    mean = np.array([n.lease if n and n.lease is not None else np.inf for n in networks])[network]
    shape = np.array([list(LENGTHS).index(n.lease_lengths) if n else 0 for n in networks])[network]
    leases = np.full(len(network), np.inf)
    for k, length in enumerate(LENGTHS.values()):
        some = np.flatnonzero((shape == k) & (mean < np.inf))
        leases[some] = mean[some] * length(draws[some])
    return leases


def _opening(person: Ints, at: Floats, end: Floats) -> Ints:
    """Indices of the moments that open a visit, which lasts to *end*: all that fall into none."""
    opening: list[int] = []
    last, until = -1, 0.0
    for i, (p, a, e) in enumerate(zip(person.tolist(), at.tolist(), end.tolist(), strict=True)):
        if p != last or a > until:
            opening.append(i)
            last, until = p, e
    return np.array(opening, dtype=np.int64)


def hand_out_addresses(scenario: Scenario, mobility: Mobility, replication: int) -> None:
    """Give every visit an address of its network, in order of time; 0 if none is free."""
    networks, owners = np.array(mobility.network_of), mobility.owners()
    client = np.zeros(len(networks), dtype=np.uint32)
    in_time = np.argsort(np.array(mobility.start), kind="stable")
    order = in_time[np.argsort(networks[in_time], kind="stable")]
    number_of = mobility.names.number
    for name in (name for name in scenario.networks if name in number_of):
        low, high = np.searchsorted(networks[order], [number_of[name], number_of[name] + 1])
        if low < high:
            generator = stream(
                scenario.seed, replication=replication, entity=f"networks.{name}", purpose="leases"
            )
            visits = order[low:high]
            client[visits] = _addresses(scenario, mobility, name, generator, visits, owners[visits])
    mobility.client_of = array("I", client.tobytes())
    accounts = dict.fromkeys(n for users in scenario.users.values() for n in users.accounts)
    for name in (name for name in accounts if name not in mobility.leasable):
        mobility.leasable[name] = scenario.pool(name).leasable  # who dials in gets one, too


def _addresses(
    scenario: Scenario,
    mobility: Mobility,
    name: str,
    generator: Generator,
    visits: Ints,
    owners: Ints,
) -> Ints:
    """The addresses of the visits *visits*, all those on network *name* in order of time."""
    pool, block = scenario.pool(name, generator), scenario.reserved_pool(name)
    mobility.leasable[name] = pool.leasable
    shared = scenario.networks[name].shared_address
    leased = scenario.networks[name].lease is not None
    if shared:
        mobility.shared.add(name)
    fixed = {g for g, users in scenario.users.items() if name in users.fixed_address}
    people = {p.number for p in mobility.people if p.group in fixed} if fixed else ()
    asking = turn = np.arange(len(visits))
    if shared or not leased:  # what somebody gets first, an address or none, is what he gets
        asking, turn = _first_of_each(owners)
    addresses: list[int] = []
    for person, i in zip(owners[asking].tolist(), visits[asking].tolist(), strict=True):
        begin, until = mobility.start[i], mobility.end[i]
        own = block.take(person, begin) if person in people else None
        address = own or pool.take(person, begin, until) or 0
        addresses.append(address)
        if own or (address and not leased and not shared):
            mobility.permanent[person, name] = address
    return np.array(addresses)[turn]


def _first_of_each(owners: Ints) -> tuple[Ints, Ints]:
    """Where each of *owners* comes first, ascending, and which of these is whose."""
    _, first, inverse = np.unique(owners, return_index=True, return_inverse=True)
    turn = np.argsort(first)
    return first[turn], np.argsort(turn)[inverse]
