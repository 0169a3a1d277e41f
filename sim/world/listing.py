"""The operator's list of people's addresses: right on the day it is written.

An address range is meant for somebody. Where that person's address is leased, the list goes
on naming yesterday's: the person is refused, and whoever has the address now is let in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from ipaddress import ip_network
from itertools import pairwise
from typing import TYPE_CHECKING

from sim.workload.mobility import Mobility, Visit
from sim.workload.people import Person

if TYPE_CHECKING:
    from sim.smtp import Policy
    from sim.smtp.clients import Network
    from sim.topology.numbering import Numbering

Step = tuple[float, int, int]
"""From this moment (s) the list has, for this person, this address."""


class Listing:
    """Whose address an operator lists, and which one at the moment; asked in order of time."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps = sorted(steps)
        self.people = frozenset(person for _, person, _ in self.steps)
        self._next = 0
        self._address: dict[int, int] = {}  # by person
        self._owners: dict[int, set[int]] = {}  # by address
        self._networks: dict[int, Network] = {}

    def advance(self, now: float) -> bool:
        """Write down what the operator has learned by *now*; whether the list changed."""
        before = self._next
        while self._next < len(self.steps) and self.steps[self._next][0] <= now:
            _, person, address = self.steps[self._next]
            self._next += 1
            old = self._address.get(person)
            if old is not None:
                self._owners[old].discard(person)
            self._address[person] = address
            self._owners.setdefault(address, set()).add(person)
        return self._next > before

    def owners(self, address: int) -> set[int]:
        """For whom *address* is listed at the moment."""
        return self._owners.get(address, set())

    def added_to(self, policy: Policy, numbering: Numbering) -> Policy:
        """*policy* with the listed addresses among its client_ranges."""
        listed = sorted(address for address, owners in self._owners.items() if owners)
        for address in listed:
            if address not in self._networks:
                self._networks[address] = ip_network(numbering.text(address))
        networks = tuple(self._networks[address] for address in listed)
        return replace(policy, client_ranges=(*policy.client_ranges, *networks))


def reads_list(policy: Policy) -> bool:
    """Whether a restriction of *policy* compares with its client_ranges."""
    return any(r.name == "permit_client_ranges" and not r.args for r in policy.restrictions())


def draw_up(
    people: Iterable[Person],
    mobility: Mobility,
    trusts: Callable[[int], bool],
    since: float,
    delay: float | None,
) -> Listing:
    """The list that an operator writes at *since* (s) and corrects *delay* s after each change.

    A delay of None: it is never corrected. Who has no address by *since* is listed with the
    first one; addresses that the server *trusts* anyway are not listed.
    """
    return Listing(
        step
        for person in people
        if not person.web
        for step in _steps(
            [s for s in mobility.visits(person) if s.client and not trusts(s.client)],
            since,
            delay,
        )
    )


def _steps(visits: list[Visit], since: float, delay: float | None) -> Iterator[Step]:
    if not visits:
        return
    first = max((i for i, s in enumerate(visits) if s.start <= since), default=0)
    yield max(since, visits[first].start), visits[first].person.number, visits[first].client
    if delay is not None:
        for before, after in pairwise(visits[first:]):
            if after.client != before.client:
                yield after.start + delay, after.person.number, after.client
