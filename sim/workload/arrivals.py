"""Arrivals: who writes which message to whom, when and from where."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import cached_property, partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sim.workload import week
from sim.workload.columns import Columns, Ints, Names, packed, ranges
from sim.workload.correspondents import Correspondents
from sim.workload.mobility import Named, Occasions, in_turn
from sim.workload.people import Mailboxes, Person, Population
from sim.workload.week import USUAL, Profile

if TYPE_CHECKING:
    from sim.scenario.people import Users

DRAWS = ("size", "service", "relay_service", "luck", "choice", "content")
"""Real numbers that a message needs on its way: octets; then uniform in [0, 1): session at
submission, session at the next hop, temporary failure there, what its writer does when it is
refused, an outbound filter's draw."""
TYPES = {
    "at": "d",  # written at (s)
    "person": "i",
    "account": "b",  # 0 home, 1 work
    "place": "H",  # number in names
    "network": "H",  # that its writer is connected to
    "client": "I",  # address; 0 for none
    "key": "q",  # for further draws, see streams.chance
    **dict.fromkeys(DRAWS, "d"),
}
"""Columns by message, with their type codes."""


class RecipientGroup(NamedTuple):
    """Recipients of one message that no server tells apart: those in one domain."""

    first: int
    """Row of the first of them."""
    end: int
    """Row after the last."""
    domain: int
    """Number of the domain."""
    representative: str
    """Address of one mailbox of the domain: policies are asked about it."""


recipient_group: Callable[[tuple[int, int, int, str]], RecipientGroup]
recipient_group = partial(tuple.__new__, RecipientGroup)  # a third of the time


class Arrivals:
    """The messages of one replication in order of time, in columns: there may be millions.

    The number of a message is its place here, and in the rows of every arm.
    """

    at: array[float]
    person: array[int]
    account: array[int]
    place: array[int]
    network: array[int]
    client: array[int]
    key: array[int]
    size: array[float]
    service: array[float]
    relay_service: array[float]
    luck: array[float]
    choice: array[float]
    content: array[float]

    def __init__(self, population: Population, names: Names, columns: Columns) -> None:
        """Put *columns* in order of time, using them up; equal moments keep their order.

        Besides TYPES they are the *count* of recipients of each message and all *recipients*,
        mailbox numbers sorted by domain.
        """
        self.mailboxes: Mailboxes = population.mailboxes
        self.names, self._text = names, names.all
        order = np.argsort(columns["at"], kind="stable")
        for name, code in TYPES.items():
            setattr(self, name, packed(code, columns.pop(name)[order]))
        counts = columns.pop("count")
        before, counts = (np.cumsum(counts) - counts)[order], counts[order]
        self.recipients: array[int] = packed("i", columns.pop("recipients")[ranges(before, counts)])
        # recipients of message i: rows first[i] to first[i + 1]
        self.first: array[int] = packed("i", np.append(0, np.cumsum(counts)))
        self._people = len(population.people)

    def __len__(self) -> int:
        return len(self.at)

    def place_name(self, message: int) -> str:
        """Where *message* is written."""
        return self._text[self.place[message]]

    def network_name(self, message: int) -> str:
        """The network that the writer of *message* is connected to."""
        return self._text[self.network[message]]

    def groups(self, message: int) -> list[RecipientGroup]:
        """The recipients of *message*, by domain."""
        first, end = self.first[message], self.first[message + 1]
        domain_of, representative = self.mailboxes.domain_of, self.mailboxes.representative
        if end - first == 1:  # the usual case
            domain = domain_of[self.recipients[first]]
            return [recipient_group((first, end, domain, representative[domain]))]
        domains = [domain_of[mailbox] for mailbox in self.recipients[first:end]]
        return [
            recipient_group((first + a, first + b, domain, representative[domain]))
            for a, b, domain in runs(domains)
        ]

    def of_person(self, person: int) -> Ints:
        """The numbers of a person's messages, in order of time."""
        order, first = self._by_person
        return order[first[person] : first[person + 1]]

    @cached_property
    def _by_person(self) -> tuple[Ints, Ints]:
        """All messages ordered by person, and where those of each person begin."""
        people = self.column("person")
        order = np.argsort(people, kind="stable")
        return order, np.searchsorted(people[order], np.arange(self._people + 1))

    def column(self, name: str) -> Ints:
        """One of the columns of whole numbers, as numpy has them."""
        return np.array(getattr(self, name), dtype=np.int64)


def runs(domains: list[int]) -> list[tuple[int, int, int]]:
    """First and end of each run of equal domains, and the domain."""
    intervals: list[tuple[int, int, int]] = []
    first = 0
    for domain, run in groupby(domains):
        end = first + len(list(run))
        intervals.append((first, end, domain))
        first = end
    return intervals


def times(
    rate: float, count: int, run_length: float, named: Named, purpose: str, profile: Profile = USUAL
) -> Occasions:
    """When each of *count* people acts, *rate* a second on average."""
    mean = week.expected(rate, run_length, profile)
    numbers = named(f"{purpose}: how many").poisson(mean, count)
    at = week.times(named(f"{purpose}: when").random(int(numbers.sum())), run_length, profile)
    person = np.repeat(np.arange(count), numbers)
    return Occasions(person, at[in_turn(person, at)])


def compose(
    correspondents: Correspondents,
    users: Users,
    people: list[Person],
    named: Named,
    writes: Occasions,
) -> Columns:
    """What one group writes to whom: a message for each of *writes*."""
    n, person = len(writes.at), writes.person
    counts = named("recipients per message").geometric(1.0 / users.recipients, n)
    two = np.array([len(p.accounts) > 1 for p in people], dtype=bool)
    account = ((named("account").random(n) < users.work_account) & two[person]).astype(np.int64)
    size, service = named("size").random(n), named("service").random((n, 2))
    luck = named("luck").random((n, 3))
    message = np.repeat(np.arange(n), counts)
    same_isp = named("same isp").random(len(message)) < users.to_same_isp
    server = correspondents.servers_of(people)[person, account]
    message, recipients = correspondents.pick(
        message, server[message], same_isp, named("recipients").random(len(message))
    )
    columns: dict[str, Any] = {
        "at": writes.at,
        "person": np.array([p.number for p in people], dtype=np.int64)[person],
        "account": account,
        "key": named("further").integers(0, 2**63, n),
        "count": np.bincount(message, minlength=n),
        "recipients": recipients,
    }
    octets = np.minimum(users.size.quantiles(size), users.largest)
    draws = (octets, *service.T, *luck.T)
    return columns | dict(zip(DRAWS, draws, strict=True))
