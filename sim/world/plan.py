"""What no policy changes: who wishes to write what to whom, when and from where.

Drawn once for a replication and shared by its arms, so that every arm has the same
people wishing to write the same messages at the same moments from the same places.
Each group and purpose has its own stream, and draws go person by person, so that a
larger group begins with the same people.
"""

from __future__ import annotations

from array import array
from bisect import insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from sim.world import week
from sim.world.people import Person, Population
from sim.world.pop import PopLog
from sim.world.presence import Named, Presence, hand_out_addresses, sessions, stays
from sim.world.rows import ROUTE, Names, Rows
from sim.world.streams import Generator, stream

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

    def __init__(self, population: Population, shown: Callable[[Person, int], str]) -> None:
        self._people, self.shown = population.people, shown
        self._boxes = population.mailboxes
        self._someone = self._boxes.someone()
        self.names = Names()  # of places and networks
        self._named: list[str] = []
        self.at = array("d")
        self.person, self.account = array("i"), array("b")
        self.place, self.network = array("H"), array("H")  # numbers in names
        self.client, self.key = array("I"), array("q")
        self.reals = array("d")  # the numbers of REAL, wish by wish
        self.first = array("q", [0])  # recipients of wish i: from first[i] to first[i + 1]
        self.recipients = array("i")
        self._by_person: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self.senders: dict[int, str] = {}  # where it is not what *shown* says

    def add(self, wish: Wish) -> None:
        """Add *wish*."""
        self.put(
            wish.at, wish.person.number, wish.account, self.names[wish.place],
            self.names[wish.network], wish.client, wish.key, wish.recipients,
            (wish.size, *wish.service, wish.luck, wish.choice, wish.content),
        )  # fmt: skip
        if wish.sender != self.shown(wish.person, wish.account):
            self.senders[len(self.at) - 1] = wish.sender

    def put(
        self, at: float, person: int, account: int, place: int, network: int, client: int,
        key: int, recipients: list[int], real: tuple[float, ...],
    ) -> None:  # fmt: skip
        """Add a wish by its numbers, *place* and *network* as in names."""
        self.at.append(at)
        self.person.append(person)
        self.account.append(account)
        self.place.append(place)
        self.network.append(network)
        self.client.append(client)
        self.key.append(key)
        self.reals.extend(real)
        self.recipients.extend(recipients)
        self.first.append(len(self.recipients))

    def sort(self) -> None:
        """Put them in order of time; those of one moment stay in the order they came in."""
        self._named = self.names.all
        order = np.argsort(np.array(self.at), kind="stable")
        if self.senders:
            moved = {int(old): new for new, old in enumerate(order)}
            self.senders = {moved[i]: sender for i, sender in self.senders.items()}
        counts = np.diff(np.array(self.first))[order]
        ends = np.cumsum(counts)
        start = np.repeat(np.array(self.first)[:-1][order] - (ends - counts), counts)
        self.recipients = _array("i", np.array(self.recipients)[start + np.arange(len(start))])
        self.first = _array("q", np.concatenate([[0], ends]))
        self.at = _array("d", np.array(self.at)[order])
        self.reals = _array("d", np.array(self.reals).reshape(-1, len(REAL))[order])
        for name in WHOLE:
            column = getattr(self, name)
            setattr(self, name, _array(column.typecode, np.array(column)[order]))

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

    def of_person(self, person: int) -> NDArray[np.int64]:
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

    def column(self, name: str) -> NDArray[np.int64]:
        """One of the columns of WHOLE."""
        return np.array(getattr(self, name), dtype=np.int64)


WHOLE = ("person", "account", "place", "network", "client", "key")
"""Columns of whole numbers."""
REAL = ("size", "service", "service at the next hop", "luck", "choice", "content")
"""What the real numbers of a wish are."""


def _array(code: str, values: NDArray[Any]) -> array[Any]:
    made = array(code)
    made.frombytes(values.astype(np.dtype(code)).tobytes())
    return made


@dataclass(slots=True)
class Plan:
    """One replication's wishes in order of time, where everybody is, and POP logins.

    *rows* are those of the wishes, all in transit: every arm begins with a copy of them.
    """

    wishes: Wishes
    presence: Presence
    logins: PopLog
    rows: Rows

    @property
    def wished(self) -> tuple[int, int]:
        """Messages and recipients."""
        return len(self.wishes), len(self.wishes.recipients)


def draw(scenario: Scenario, population: Population, replication: int) -> Plan:
    """Draw one replication's plan."""
    edges, kinds = week.blocks(scenario.run_length)
    presence = Presence(edges)
    drafts: list[tuple[Users, list[Person], Named, list[list[float]]]] = []
    for group, users in scenario.users.items():
        people = [population.people[i] for i in population.groups[group]]

        def named(purpose: str, entity: str = f"users.{group}") -> Generator:
            return stream(scenario.seed, replication=replication, entity=entity, purpose=purpose)

        presence.places += stays(users, len(people), edges, kinds, named)
        writes = moments(users.messages, len(people), scenario.run_length, named, "messages")
        looks = moments(users.mail_checks, len(people), scenario.run_length, named, "checks")
        online = [sorted(a + b) for a, b in zip(writes, looks, strict=True)]
        sessions(scenario, presence, people, online, named("session lengths"))
        drafts.append((users, people, named, writes))
    hand_out_addresses(scenario, presence, replication)
    wishes = no_wishes(scenario, population)
    wishes.names = presence.names
    known = Correspondents(scenario, population)
    for draft in drafts:
        compose(wishes, known, presence, *draft)
    return planned(scenario, population, presence, wishes)


def no_wishes(scenario: Scenario, population: Population) -> Wishes:
    """No wishes yet, of people who show the sender address of their account or group."""
    domains = {group: users.sender_domain for group, users in scenario.users.items()}

    def shown(person: Person, account: int) -> str:
        domain = domains[person.group]
        return person.accounts[account].address if domain is None else f"{person.name}@{domain}"

    return Wishes(population, shown)


def planned(
    scenario: Scenario,
    population: Population,
    presence: Presence,
    wishes: Wishes | Iterable[Wish],
) -> Plan:
    """The plan of people who are where *presence* says and have these *wishes*."""
    if not isinstance(wishes, Wishes):
        drawn = no_wishes(scenario, population)
        for wish in wishes:
            drawn.add(wish)
        wishes = drawn
    wishes.sort()
    rows = opening_rows(scenario, population, wishes)
    return Plan(wishes, presence, PopLog(scenario, presence), rows)


def opening_rows(scenario: Scenario, population: Population, wishes: Wishes) -> Rows:
    """The rows with which every arm begins: message *i* is wish *i*, nothing has a fate."""
    rows = Rows()
    person, account = wishes.column("person"), wishes.column("account")
    number_of = {name: number for number, name in enumerate(scenario.servers)}
    people = population.people
    accounts = [[p.accounts[0], p.accounts[-1]] for p in people]  # the second: of work, if any
    networks = [(a.network, b.network) for a, b in accounts]
    asked = np.array([[number_of[a.server] for a in pair] for pair in accounts], dtype=np.int64)
    groups, places = [p.group for p in people], wishes.names.all
    web = np.array([p.web for p in people], dtype=bool)
    rows.plan_messages(
        sender=person,
        group=rows.numbered(rows.groups, groups, person),
        account=rows.numbered(
            rows.accounts, [n for pair in networks for n in pair], 2 * person + account
        ),
        place=rows.numbered(rows.places, places, wishes.column("place")),
        asked=asked[person, account],
        route=np.where(web[person], ROUTE["web"], ROUTE["submission"]),
        wished_at=np.array(wishes.at),
        first_row=np.array(wishes.first)[:-1],
        recipients=wishes.recipients,
    )
    return rows


def moments(
    rate: float, count: int, run_length: float, named: Named, purpose: str
) -> list[list[float]]:
    """Sorted moments (s) at which each of *count* people acts, *rate* a second on average."""
    mean = week.expected(rate, run_length)
    numbers = named(f"{purpose}: how many").poisson(mean, count)
    at = week.moments(named(f"{purpose}: when").random(int(numbers.sum())), run_length)
    return [sorted(part) for part in np.split(at, np.cumsum(numbers)[:-1])]


def compose(
    wishes: Wishes,
    known: Correspondents,
    presence: Presence,
    users: Users,
    people: list[Person],
    named: Named,
    writes: list[list[float]],
) -> None:
    """Add the wishes of one group, person by person."""
    n = sum(map(len, writes))
    recipients_of = named("recipients per message").geometric(1.0 / users.recipients, n)
    total = int(recipients_of.sum())
    to_work = iter((named("account").random(n) < users.work_account).tolist())
    sizes = map(users.size.quantile(), named("size").random(n).tolist())
    service = iter(named("service").random((n, 2)).tolist())
    uniform = iter(named("luck").random((n, 3)).tolist())
    keys = iter(named("further").integers(0, 2**63, n).tolist())
    same_isp = iter((named("same isp").random(total) < users.to_same_isp).tolist())
    which = iter(named("recipients").random(total).tolist())
    numbers = iter(recipients_of.tolist())
    domain_of, pick = known.domain_of, known.pick
    for person, mine in zip(people, writes, strict=True):
        accounts = person.accounts
        for at in mine:
            session = presence.index(person, at)
            assert session is not None, "every wish opens a session"
            account = 1 if next(to_work) and len(accounts) > 1 else 0
            server, count = accounts[account].server, next(numbers)
            if count == 1:
                recipients = [pick(server, next(same_isp), next(which))]
            else:
                chosen = known.several(server, islice(same_isp, count), which)
                recipients = sorted(chosen, key=lambda m: (domain_of[m], m))
            wishes.put(
                at, person.number, account, presence.place_of[session],
                presence.network_of[session], presence.client_of[session], next(keys), recipients,
                (next(sizes), *next(service), *next(uniform)),
            )  # fmt: skip


class Correspondents:
    """Whom the customers of a server write to: mailboxes it holds itself, and all others."""

    def __init__(self, scenario: Scenario, population: Population) -> None:
        boxes = population.mailboxes
        self.domain_of = boxes.domain_of
        by_domain = boxes.by_domain()
        self.order: list[int] = np.concatenate(by_domain).tolist() if by_domain else []  # by domain
        ends = np.cumsum([len(part) for part in by_domain]).tolist()
        starts = [0, *ends[:-1]]
        self.held: dict[str, list[tuple[int, int]]] = {}  # stretches of *order*, ascending
        for name, server in scenario.servers.items():
            domains = sorted(boxes.number_of[d] for d in server.domains)
            self.held[name] = [(starts[d], ends[d]) for d in domains if ends[d] > starts[d]]
        self.inside = {n: sum(b - a for a, b in held) for n, held in self.held.items()}

    def pick(self, server: str, same_isp: bool, uniform: float) -> int:
        """One mailbox, chosen evenly by *uniform* in [0, 1)."""
        within, boxes = self._among(server, same_isp)
        return self._ranked(server, within, int(uniform * boxes))

    def several(
        self, server: str, same_isp: Iterable[bool], uniform: Iterator[float]
    ) -> Iterator[int]:
        """A mailbox for each of *same_isp*, evenly but no two alike: none where all are taken."""
        taken: tuple[list[int], list[int]] = ([], [])  # ranks elsewhere, and here, ascending
        for same in same_isp:
            within, boxes = self._among(server, same)
            had, drawn = taken[within], next(uniform)
            if len(had) < boxes:
                rank = int(drawn * (boxes - len(had)))
                for other in had:
                    rank += rank >= other
                insort(had, rank)
                yield self._ranked(server, within, rank)

    def _among(self, server: str, same_isp: bool) -> tuple[bool, int]:
        """Whether the recipient is one that *server* holds, and of how many mailboxes."""
        inside = self.inside[server]
        outside = len(self.order) - inside
        within = bool((same_isp and inside) or not outside)
        return within, inside if within else outside

    def _ranked(self, server: str, within: bool, at: int) -> int:
        """Mailbox *at* of those that *server* holds, or of all others."""
        for start, end in self.held[server]:
            if within and at < end - start:
                return self.order[start + at]
            if within:
                at -= end - start
            elif at >= start:
                at += end - start
        return self.order[at]


def runs(domains: list[int]) -> list[tuple[int, int, int]]:
    """First and end of each run of equal domains, and the domain."""
    found: list[tuple[int, int, int]] = []
    first = 0
    for domain, run in groupby(domains):
        end = first + sum(1 for _ in run)
        found.append((first, end, domain))
        first = end
    return found
