"""What no policy changes: who wishes to write what to whom, when and from where.

Drawn once for a replication and shared by its arms, so that every arm has the same
people wishing to write the same messages at the same moments from the same places.
Each group and purpose has its own stream, and draws go person by person, so that a
larger group begins with the same people.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from sim.workload import week
from sim.workload.mobility import (
    Floats,
    Ints,
    Moments,
    Named,
    Presence,
    hand_out_addresses,
    in_turn,
    sessions,
    stays,
)
from sim.workload.people import Person, Population
from sim.workload.pop_logins import PopLog
from sim.workload.streams import Generator, stream
from sim.world.rows import ROUTE, Columns, Names, Rows, spans

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.people import Users

Slice = tuple[int, int, int, str]
"""Rows first to end (exclusive) of recipients that are alike: domain, and one address."""


@dataclass(slots=True)
class Wish:
    """One message that somebody wishes to send, with every number it needs on its way."""

    at: float
    person: Person
    account: int  # 0 home, 1 work
    place: str
    network: str
    client: int
    sender: str  # the address that the mail program shows
    recipients: list[int]  # mailbox numbers, sorted by domain
    slices: list[Slice]  # rows of recipients that are alike
    size: float  # octets
    service: tuple[float, float]  # uniform: session at submission, session at the next hop
    luck: float  # uniform: a temporary failure at the next hop
    choice: float  # uniform: what to do when refused
    content: float  # uniform: an outbound filter's draw
    key: int  # for further draws, see streams.chance


class Wishes(Sequence[Wish]):
    """The wishes of one replication in order of time, in columns: there may be millions.

    A `Wish` is made when it is asked for; its number is that of its message.
    """

    def __init__(
        self,
        population: Population,
        shown: Callable[[Person, int], str],
        names: Names,
        drawn: Columns,
        senders: Mapping[int, str],
    ) -> None:
        """Put *drawn* in order of time, using it up; what is of one moment stays as it comes.

        *senders* are the addresses of those that do not show what *shown* says, by their
        number in *drawn*.
        """
        self._people, self.shown = population.people, shown
        self._boxes = population.mailboxes
        self._someone = self._boxes.someone()
        self.names, self._named = names, names.all  # of places and networks
        order = np.argsort(drawn["at"], kind="stable")

        def taken(name: str, code: str) -> array[Any]:
            return _array(code, drawn.pop(name)[order])

        self.at: array[float] = taken("at", "d")
        self.person: array[int] = taken("person", "i")
        self.account: array[int] = taken("account", "b")
        self.place: array[int] = taken("place", "H")  # number in names
        self.network: array[int] = taken("network", "H")
        self.client: array[int] = taken("client", "I")
        self.key: array[int] = taken("key", "q")
        self.reals: array[float] = taken("reals", "d")  # the numbers of REAL, wish by wish
        counts = drawn.pop("count")
        before = (np.cumsum(counts) - counts)[order]
        counts = counts[order]
        self.recipients: array[int] = _array("i", drawn.pop("recipients")[spans(before, counts)])
        # of wish i: first[i] to first[i + 1]
        self.first: array[int] = _array("i", np.append(0, np.cumsum(counts)))
        new = np.argsort(order) if senders else order
        self.senders = {int(new[i]): sender for i, sender in senders.items()}
        self._by_person: tuple[Ints, Ints] | None = None

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, i: int) -> Wish: ...
    @overload
    def __getitem__(self, i: slice) -> list[Wish]: ...
    def __getitem__(self, i: int | slice) -> Wish | list[Wish]:
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(len(self)))]
        if i < 0:
            i += len(self)
        person, account = self._people[self.person[i]], self.account[i]
        size, one, other, luck, choice, content = self.draws(i)
        return Wish(
            self.at[i], person, account, self.place_of(i), self.network_of(i), self.client[i],
            self.senders.get(i) or self.shown(person, account),
            self.recipients[self.first[i] : self.first[i + 1]].tolist(), self.slices(i), size,
            (one, other), luck, choice, content, self.key[i],
        )  # fmt: skip

    def place_of(self, i: int) -> str:
        """Where wish *i* is written."""
        return self._named[self.place[i]]

    def network_of(self, i: int) -> str:
        """The network that its writer is connected to."""
        return self._named[self.network[i]]

    def draws(self, i: int) -> array[float]:
        """The real numbers of wish *i*: see REAL."""
        real = i * len(REAL)
        return self.reals[real : real + len(REAL)]

    def choice(self, i: int) -> float:
        """What its writer does when it is refused, in [0, 1)."""
        return self.reals[i * len(REAL) + 4]

    def slices(self, i: int) -> list[Slice]:
        """Rows of the recipients of wish *i* that are alike."""
        first, end = self.first[i], self.first[i + 1]
        domain_of, someone = self._boxes.domain_of, self._someone
        if end - first == 1:
            domain = domain_of[self.recipients[first]]
            return [(first, end, domain, someone[domain])]
        domains = [domain_of[m] for m in self.recipients[first:end]]
        return [(first + a, first + b, d, someone[d]) for a, b, d in runs(domains)]

    def of_person(self, person: int) -> Ints:
        """The numbers of a person's wishes, in order of time."""
        if self._by_person is None:
            people = self.column("person")
            order = np.argsort(people, kind="stable")
            self._by_person = (
                order,
                np.searchsorted(people[order], np.arange(len(self._people) + 1)),
            )
        order, starts = self._by_person
        return order[starts[person] : starts[person + 1]]

    def column(self, name: str) -> Ints:
        """One of the columns of whole numbers."""
        return np.array(getattr(self, name), dtype=np.int64)


REAL = ("size", "service", "service at the next hop", "luck", "choice", "content")
"""What the real numbers of a wish are."""


def _array(code: str, values: NDArray[Any]) -> array[Any]:
    made = array(code)
    made.frombytes(values.astype(code, copy=False).reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    return made


@dataclass(slots=True)
class Plan:
    """One replication's wishes in order of time, where everybody is, and POP logins."""

    wishes: Wishes
    presence: Presence
    logins: PopLog

    @property
    def wished(self) -> tuple[int, int]:
        """Messages and recipients."""
        return len(self.wishes), len(self.wishes.recipients)


def draw(scenario: Scenario, population: Population, replication: int) -> Plan:
    """Draw one replication's plan."""
    edges, kinds = week.blocks(scenario.run_length)
    presence, known = Presence(edges), Correspondents(scenario, population)
    drawn: list[Columns] = []
    for group, users in scenario.users.items():
        people = [population.people[i] for i in population.groups[group]]

        def named(purpose: str, entity: str = f"users.{group}") -> Generator:
            return stream(scenario.seed, replication=replication, entity=entity, purpose=purpose)

        writes = moments(users.messages, len(people), scenario.run_length, named, "messages")
        looks = moments(users.mail_checks, len(people), scenario.run_length, named, "checks")
        where = stays(users, len(people), edges, kinds, named)
        online = writes.and_also(looks)
        session = sessions(scenario, presence, people, where, online, named("session lengths"))
        wished = compose(known, users, people, named, writes)
        drawn.append(wished | {"session": session[: len(writes.at)].astype(np.int32)})
    hand_out_addresses(scenario, presence, replication)
    columns = {name: np.concatenate([some.pop(name) for some in drawn]) for name in [*drawn[0]]}
    session = columns.pop("session")
    columns["place"] = np.array(presence.place_of)[session]
    columns["network"] = np.array(presence.network_of)[session]
    columns["client"] = np.array(presence.client_of)[session]
    return _plan(scenario, population, presence, presence.names, columns, {})


def planned(
    scenario: Scenario, population: Population, presence: Presence, wishes: Iterable[Wish]
) -> Plan:
    """The plan of people who are where *presence* says and have these *wishes*."""
    wishes, names, shown = list(wishes), Names(), showing(scenario)
    columns = {
        "at": np.array([w.at for w in wishes], dtype=np.float64),
        "person": np.array([w.person.number for w in wishes], dtype=np.int64),
        "account": np.array([w.account for w in wishes], dtype=np.int64),
        "place": np.array([names[w.place] for w in wishes], dtype=np.int64),
        "network": np.array([names[w.network] for w in wishes], dtype=np.int64),
        "client": np.array([w.client for w in wishes], dtype=np.int64),
        "key": np.array([w.key for w in wishes], dtype=np.int64),
        "reals": np.array(
            [(w.size, *w.service, w.luck, w.choice, w.content) for w in wishes]
        ).reshape(-1, len(REAL)),
        "count": np.array([len(w.recipients) for w in wishes], dtype=np.int64),
        "recipients": np.array([m for w in wishes for m in w.recipients], dtype=np.int64),
    }
    senders = {i: w.sender for i, w in enumerate(wishes) if w.sender != shown(w.person, w.account)}
    return _plan(scenario, population, presence, names, columns, senders)


def _plan(
    scenario: Scenario, population: Population, presence: Presence, names: Names,
    columns: Columns, senders: Mapping[int, str],
) -> Plan:  # fmt: skip
    wishes = Wishes(population, showing(scenario), names, columns, senders)
    return Plan(wishes, presence, PopLog(scenario, presence))


def showing(scenario: Scenario) -> Callable[[Person, int], str]:
    """Which address somebody shows as the sender of one of his accounts: its own, or one in
    his group's domain."""
    domains = {group: users.sender_domain for group, users in scenario.users.items()}

    def shown(person: Person, account: int) -> str:
        domain = domains[person.group]
        return person.accounts[account].address if domain is None else f"{person.name}@{domain}"

    return shown


def opening_rows(scenario: Scenario, population: Population, wishes: Wishes) -> Rows:
    """The rows with which every arm begins: message *i* is wish *i*, nothing has a fate."""
    rows = Rows()
    person, account = wishes.column("person"), wishes.column("account")
    people = population.people
    networks = [(p.accounts[0].network, p.accounts[-1].network) for p in people]
    groups, places = [p.group for p in people], wishes.names.all
    web = np.array([p.web for p in people], dtype=bool)
    rows.plan_messages(
        sender=person,
        group=rows.numbered(rows.groups, groups, person),
        account=rows.numbered(
            rows.accounts, [n for pair in networks for n in pair], 2 * person + account
        ),
        place=rows.numbered(rows.places, places, wishes.column("place")),
        asked=servers_of(scenario, people)[person, account],
        route=np.where(web[person], ROUTE["web"], ROUTE["submission"]),
        written_at=np.array(wishes.at),
        first_row=np.array(wishes.first)[:-1],
        recipients=wishes.recipients,
    )
    return rows


def servers_of(scenario: Scenario, people: Sequence[Person]) -> Ints:
    """By person, the numbers of the submission servers of the first and the last account."""
    number_of = {name: number for number, name in enumerate(scenario.servers)}
    pairs = [(number_of[p.accounts[0].server], number_of[p.accounts[-1].server]) for p in people]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def moments(rate: float, count: int, run_length: float, named: Named, purpose: str) -> Moments:
    """When each of *count* people acts, *rate* a second on average."""
    mean = week.expected(rate, run_length)
    numbers = named(f"{purpose}: how many").poisson(mean, count)
    at = week.moments(named(f"{purpose}: when").random(int(numbers.sum())), run_length)
    person = np.repeat(np.arange(count), numbers)
    return Moments(person, at[in_turn(person, at)])


def compose(
    known: Correspondents, users: Users, people: list[Person], named: Named, writes: Moments
) -> Columns:
    """What one group writes to whom: a message for each of *writes*."""
    n, person = len(writes.at), writes.person
    counts = named("recipients per message").geometric(1.0 / users.recipients, n)
    two = np.array([len(p.accounts) > 1 for p in people], dtype=bool)
    account = ((named("account").random(n) < users.work_account) & two[person]).astype(np.int64)
    draws = [named("size").random(n), named("service").random((n, 2)), named("luck").random((n, 3))]
    draws[0] = users.size.quantiles(draws[0])
    message = np.repeat(np.arange(n), counts)
    same_isp = named("same isp").random(len(message)) < users.to_same_isp
    server = servers_of(known.scenario, people)[person, account]
    message, recipients = known.pick(
        message, server[message], same_isp, named("recipients").random(len(message))
    )
    return {
        "at": writes.at,
        "person": np.array([p.number for p in people], dtype=np.int64)[person],
        "account": account,
        "key": named("further").integers(0, 2**63, n),
        "reals": np.column_stack(draws),
        "count": np.bincount(message, minlength=n),
        "recipients": recipients,
    }


class Correspondents:
    """Whom the customers of a server write to: mailboxes it holds itself, and all others.

    Mailboxes stand in *order* by domain, so what a server holds is a few stretches of it; what
    it does not hold is what is left when these are skipped, and the other way round.
    """

    def __init__(self, scenario: Scenario, population: Population) -> None:
        self.scenario, boxes = scenario, population.mailboxes
        by_domain = boxes.by_domain()
        self.order = np.concatenate([np.zeros(0, dtype=np.int64), *by_domain])
        ends = np.cumsum([0, *map(len, by_domain)]).tolist()
        held = [
            [(ends[d], ends[d + 1]) for d in sorted(boxes.number_of[d] for d in server.domains)]
            for server in scenario.servers.values()
        ]
        gaps = [
            list(zip([0, *(end for _, end in mine)], [start for start, _ in mine], strict=False))
            for mine in held
        ]
        self.inside = np.array([sum(end - start for start, end in mine) for mine in held])
        self.skipped = {True: _stretches(gaps), False: _stretches(held)}  # to stay inside, or not

    def pick(
        self, message: Ints, server: Ints, same_isp: NDArray[np.bool_], uniform: Floats
    ) -> tuple[Ints, Ints]:
        """Whom each *message* goes to: a mailbox for each draw, evenly but no two alike; none
        where all are taken. Messages again, ascending, and mailboxes, by domain.

        It is one that *server* holds if it shall be the *same_isp*, else any other.
        """
        inside = self.inside[server]
        outside = len(self.order) - inside
        within = (same_isp & (inside > 0)) | (outside == 0)
        group, boxes = 2 * message + within, np.where(within, inside, outside)
        order = np.argsort(group, kind="stable")
        turn = _turn(group[order])
        left = boxes[order] - turn
        order, turn, left = order[left > 0], turn[left > 0], left[left > 0]
        picked = (uniform[order] * left).astype(np.int64)
        _set_apart(picked, turn)
        message, server, within = message[order], server[order], within[order]
        for stay, stretches in self.skipped.items():
            some = np.flatnonzero(within == stay)
            for start, length in stretches:
                past = picked[some] >= start[server[some]]
                picked[some] += np.where(past, length[server[some]], 0)
        message, picked = np.divmod(np.sort(message * len(self.order) + picked), len(self.order))
        return message, self.order[picked]


def _turn(group: Ints) -> Ints:
    """How many of the same *group* (ascending) come before each."""
    first = np.flatnonzero(np.diff(group, prepend=-1))
    return np.arange(len(group)) - np.repeat(first, np.diff(first, append=len(group)))


def _set_apart(picked: Ints, turn: Ints) -> None:
    """What each of a group (*turn* 0, 1, ...) has *picked* is a place among those that were left:
    make it one among all, and let those of a group ascend."""
    for k in range(1, int(turn.max(initial=0)) + 1):
        group = np.flatnonzero(turn == k)[:, None] + np.arange(-k, 1)
        numbers = picked[group]
        for other in range(k):
            numbers[:, k] += numbers[:, k] >= numbers[:, other]
        picked[group] = np.sort(numbers, axis=1)


def _stretches(
    of_servers: list[list[tuple[int, int]]],
) -> list[tuple[Ints, Ints]]:
    """First the first stretch of each server, its start and length, then the second, ..."""
    most = max(map(len, of_servers), default=0)
    filled = [mine + [(0, 0)] * (most - len(mine)) for mine in of_servers]
    columns = np.array(filled, dtype=np.int64).reshape(len(filled), most, 2).transpose(1, 2, 0)
    return [(start, end - start) for start, end in columns]


def runs(domains: list[int]) -> list[tuple[int, int, int]]:
    """First and end of each run of equal domains, and the domain."""
    found: list[tuple[int, int, int]] = []
    first = 0
    for domain, run in groupby(domains):
        end = first + sum(1 for _ in run)
        found.append((first, end, domain))
        first = end
    return found
