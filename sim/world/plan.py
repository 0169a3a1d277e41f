"""What no policy changes: who wishes to write what to whom, when and from where.

Drawn once for a replication and shared by its arms, so that every arm has the same
people wishing to write the same messages at the same moments from the same places.
Each group and purpose has its own stream, and draws go person by person, so that a
larger group begins with the same people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from sim.world import week
from sim.world.people import Person, Population
from sim.world.pop import PopLog
from sim.world.presence import Named, Presence, hand_out_addresses, sessions, stays
from sim.world.rows import Rows
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


@dataclass(slots=True)
class Plan:
    """One replication's wishes in order of time, where everybody is, and POP logins.

    *rows* are those of the wishes, all in transit: every arm begins with a copy of them.
    """

    wishes: list[Wish]
    presence: Presence
    logins: PopLog
    rows: Rows


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
    wishes = [
        wish
        for users, people, named, writes in drafts
        for wish in compose(scenario, population, presence, users, people, named, writes)
    ]
    wishes.sort(key=lambda w: w.at)
    rows = opening_rows(scenario, population, wishes)
    return Plan(wishes, presence, PopLog(scenario, presence), rows)


def opening_rows(scenario: Scenario, population: Population, wishes: list[Wish]) -> Rows:
    """The rows with which every arm begins: message *i* is wish *i*, nothing has a fate.

    Gives the wishes' slices their row numbers.
    """
    rows = Rows()
    number_of = {name: number for number, name in enumerate(scenario.servers)}
    boxes = population.mailboxes
    someone = boxes.someone()
    for wish in wishes:
        account = wish.person.accounts[wish.account]
        first = len(rows.recipient)
        rows.message(
            "honest", wish.recipients, sender=wish.person.number, group=wish.person.group,
            wished_at=wish.at, route="web" if wish.person.web else "submission",
            account=account.network, place=wish.place, asked=number_of[account.server],
        )  # fmt: skip
        domains = [boxes.domain_of[m] for m in wish.recipients]
        wish.slices = [(first + a, first + b, d, someone[d]) for a, b, d in runs(domains)]
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
    scenario: Scenario,
    population: Population,
    presence: Presence,
    users: Users,
    people: list[Person],
    named: Named,
    writes: list[list[float]],
) -> Iterator[Wish]:
    """The wishes of one group, person by person."""
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
    domain_of = population.mailboxes.domain_of
    known = Correspondents(scenario, population)
    for person, mine in zip(people, writes, strict=True):
        for at in mine:
            session = presence.session(person, at)
            assert session is not None, "every wish opens a session"
            account = 1 if next(to_work) and len(person.accounts) > 1 else 0
            server = person.accounts[account].server
            chosen = {known.pick(server, next(same_isp), next(which)) for _ in range(next(numbers))}
            recipients = sorted(chosen, key=lambda m: (domain_of[m], m))
            shown = person.accounts[account].address
            if users.sender_domain is not None:
                shown = f"{person.name}@{users.sender_domain}"
            first, second = next(service)
            luck, choice, content = next(uniform)
            yield Wish(
                at,
                person,
                account,
                session.place,
                session.network,
                session.client,
                shown,
                recipients,
                [],
                next(sizes),
                (first, second),
                luck,
                choice,
                content,
                next(keys),
            )


class Correspondents:
    """Whom the customers of a server write to: mailboxes it holds itself, and all others."""

    def __init__(self, scenario: Scenario, population: Population) -> None:
        boxes = population.mailboxes
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
        inside = self.inside[server]
        outside = len(self.order) - inside
        if (same_isp and inside) or not outside:
            at = int(uniform * inside)
            for start, end in self.held[server]:
                if at < end - start:
                    return self.order[start + at]
                at -= end - start
        at = int(uniform * outside)
        for start, end in self.held[server]:
            if at >= start:
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
