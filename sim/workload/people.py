"""Who there is: the people of a scenario, their mail programs and all mailboxes.

The same in every arm and replication, in the order of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.scenario.apportioning import apportion
from sim.scenario.people import network_at

if TYPE_CHECKING:
    from sim.scenario import Scenario

NO_PERSON = -1
NO_SUCH_USER = "no-such-user@"
"""How the address begins that stands for those of a domain that are no mailboxes."""


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox at a network with the submission server that its owner names."""

    network: str
    server: str
    domain: str
    address: str
    mailbox: int
    sender: str
    """The address that the mail program shows: its own, or one in the group's domain."""


@dataclass(frozen=True, slots=True)
class Person:
    """One user: accounts (home first), where home and work are, how mail is written."""

    number: int
    name: str
    group: str
    accounts: tuple[Account, ...]
    work: str | None
    web: bool
    auth: bool
    """AUTH is switched on from the start."""
    polls_first: bool
    """The mail program checks mail before it sends, from the start."""
    by_587: bool = False
    """The mail program sends by port 587, from the start."""
    vpn: bool = False
    """Wherever it is, the machine is on the network of the account, from the start."""
    access: str | None = None
    """The network at home, where that is not the account's."""

    @property
    def home(self) -> str:
        """The network at home: that of the home account, if no other gives access there."""
        return self.access or self.accounts[0].network

    def network_at(self, place: str) -> str:
        """The network that *place* stands for, to this person."""
        return network_at(place, self.home, self.work)


@dataclass(slots=True)
class Mailboxes:
    """Every mailbox by number: its address and its domain's number."""

    domains: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    domain_of: list[int] = field(default_factory=list)
    number_of: dict[str, int] = field(default_factory=dict)
    traps: dict[str, range] = field(default_factory=dict)
    """By blocklist, the mailboxes that nobody owns; no honest person writes to them."""
    representative: dict[int, str] = field(default_factory=dict)
    """By domain with mailboxes, the address of one of them."""
    _number: dict[str, int] = field(default_factory=dict)

    def domain_number(self, domain: str) -> int:
        """The number of *domain*, which is added when it is new."""
        if domain not in self.number_of:
            self.number_of[domain] = len(self.domains)
            self.domains.append(domain)
        return self.number_of[domain]

    def add(self, local: str, domain: str) -> int:
        """Add local@domain and return its mailbox number."""
        return self.extend([f"{local}@{domain}"], domain).start

    def extend(self, addresses: list[str], domain: str) -> range:
        """Add *addresses* in *domain* and return their mailbox numbers."""
        numbers = range(len(self.addresses), len(self.addresses) + len(addresses))
        if addresses:
            of = self.domain_number(domain)
            self.addresses += addresses
            self.domain_of += [of] * len(addresses)
            self.representative[of] = addresses[-1]
            self._number.update(zip(addresses, numbers, strict=True))
        return numbers

    def copy(self) -> Mailboxes:
        """The same mailboxes; domains met later are added to the copy alone."""
        return replace(self, domains=list(self.domains), number_of=dict(self.number_of))

    def find(self, address: str) -> int | None:
        """The number of the mailbox with *address*; None if there is none."""
        return self._number.get(address)

    def by_domain(self) -> list[NDArray[np.int64]]:
        """For each domain, the numbers of its mailboxes that people know: all but traps."""
        first_trap = min((t.start for t in self.traps.values()), default=len(self.domain_of))
        of = np.array(self.domain_of[:first_trap], dtype=np.int64)
        ends = np.cumsum(np.bincount(of, minlength=len(self.domains)))
        return np.split(np.argsort(of, kind="stable"), ends[:-1])


@dataclass(frozen=True, slots=True)
class Population:
    """All people and mailboxes, and which people belong to each group."""

    people: list[Person]
    groups: dict[str, range]
    mailboxes: Mailboxes
    guests: dict[str, str] = field(default_factory=dict)
    """Accounts of nobody who is simulated: addresses, each with its network."""


def populate(scenario: Scenario) -> Population:
    """Make the people and mailboxes that *scenario* describes."""
    boxes, people, groups = Mailboxes(), list[Person](), dict[str, range]()
    for server in scenario.servers.values():
        for domain in server.domains:
            boxes.domain_number(domain)
    for group in scenario.users:
        first = len(people)
        people += _group(scenario, group, first, boxes)
        groups[group] = range(first, len(people))
    for name, network in scenario.networks.items():
        if network.mailboxes and network.domain is not None:
            at = network.domain
            boxes.extend([f"{name}-box-{i + 1}@{at}" for i in range(network.mailboxes)], at)
    for name, blocklist in scenario.blocklists.items():  # last, so that they number nobody anew
        first = len(boxes.addresses)
        for network_name, count in blocklist.traps.items():
            at = scenario.networks[network_name].domain or ""
            boxes.extend([f"{name}-trap-{i + 1}@{at}" for i in range(count)], at)
        boxes.traps[name] = range(first, len(boxes.addresses))
    return Population(people, groups, boxes)


def _group(scenario: Scenario, group: str, first: int, boxes: Mailboxes) -> list[Person]:
    """The people of one group, numbered from *first*; their mailboxes are added to *boxes*."""
    users, submission = scenario.users[group], scenario.submission_servers()

    def account(name: str, network: str) -> Account:
        server = submission[network]
        domain = scenario.account_domain(server)
        sender, mailbox = f"{name}@{users.sender_domain or domain}", boxes.add(name, domain)
        return Account(network, server, domain, f"{name}@{domain}", mailbox, sender)

    shares = users.auth, users.pop_before_sending, users.port_587, users.vpn
    switches = [
        [bool(on) for on in apportion({"": 1 - share, "on": share}, users.count)]
        for share in shares
    ]
    work = [users.work] if users.work is not None and users.work_account > 0 else []
    people: list[Person] = []
    homes = apportion(users.accounts, users.count)
    for i, (home, auth, polls_first, by_587, vpn) in enumerate(zip(homes, *switches, strict=True)):
        name = f"{group}-{i + 1}"
        accounts = tuple([account(name, network) for network in (home, *work)])
        web = users.program == "web"
        settings = web, auth, polls_first, by_587, vpn
        people.append(Person(first + i, name, group, accounts, users.work, *settings, users.home))
    return people


def anyone_at(address: str) -> str:
    """One address that stands for all in the domain of *address*.

    A policy that does not ask who owns a sender address, or a login, reads no more of it
    than its domain, so servers need to be asked once for all of a domain.
    """
    return f"anyone@{address.rpartition('@')[2]}"
