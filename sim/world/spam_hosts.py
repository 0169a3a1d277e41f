"""Spam from machines on other people's networks: open proxies and hijacked homes.

A machine stands anywhere on the networks of ISPs, or belongs to a user and sends from wherever its
owner is connected, under the owner's address.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from sim.path.facts import NO_LOGIN
from sim.workload.arrivals import RecipientGroup
from sim.workload.people import Person
from sim.world.context import WorldContext
from sim.world.server import Server
from sim.world.spam_source import Life, Part, SpamRoute, SpamSource
from sim.world.transfers import Transfer

PAUSE = 86400.0
"""Seconds for which a user's machine does not send from an address that was refused (chosen)."""


class Machine(NamedTuple):
    """A machine that can send now, whose it is (None: nobody's), and from where it sends."""

    host: Any
    network: str
    address: int


class Anywhere:
    """Machines of nobody in particular, which can send at any time."""

    def __init__(self, context: WorldContext) -> None:
        self.context, scenario = context, context.scenario
        isps = [name for name, network in scenario.networks.items() if network.kind == "isp"]
        numbers = scenario.numbering.numbers
        self.pools = [(name, numbers(free)) for name in isps if (free := scenario.leasable(name))]

    def draw(self, draws: np.random.Generator, hosts: list[Any]) -> Machine | None:  # noqa: ARG002
        """A machine anywhere: a network as likely as it is large, any of its addresses."""
        if not self.pools:
            return None
        sizes = np.array([len(free) for _, free in self.pools], dtype=float)
        network, free = self.pools[int(draws.choice(len(sizes), p=sizes / sizes.sum()))]
        return Machine(None, network, free[int(draws.integers(len(free)))])

    def online(self, hosts: list[Any]) -> list[Machine]:
        """Those that can send: all."""
        return hosts

    def server(self, machine: Machine) -> Server | None:
        """The submission server of its network."""
        return self.context.submission.get(machine.network)

    def lose(self, hosts: list[Any], address: int) -> list[Any]:
        """The *hosts* that are left when the one with this address was refused."""
        return [host for host in hosts if host.address != address]


class Owned:
    """Machines of some groups of users: a host is a person."""

    def __init__(self, context: WorldContext, groups: tuple[str, ...]) -> None:
        self.context, population = context, context.workload.population
        numbers = [number for group in groups for number in population.groups[group]]
        self.people = [population.people[number] for number in numbers]
        self.servers = {server.name: server for server in context.servers}
        self.refused: dict[int, float] = {}  # addresses that do not send until then (s)

    def draw(self, draws: np.random.Generator, hosts: list[Any]) -> Person | None:
        """A machine that is clean so far, each as likely."""
        numbers = {person.number for person in hosts}
        clean = [person for person in self.people if person.number not in numbers]
        return clean[int(draws.integers(len(clean)))] if clean else None

    def online(self, hosts: list[Any]) -> list[Machine]:
        """Those whose owner is connected, from an address that was not refused of late."""
        now, mobility = self.context.env.now, self.context.mobility
        result = []
        for person in hosts:
            visit = mobility.visit_at(person, now)
            address = 0 if visit is None else mobility.client_of[visit]
            if visit is not None and address and self.refused.get(address, now) <= now:
                network = mobility.names.all[mobility.network_of[visit]]
                result.append(Machine(person, network, address))
        return result

    def server(self, machine: Machine) -> Server | None:
        """The submission server of its owner's ISP."""
        return self.servers[machine.host.accounts[0].server]

    def lose(self, hosts: list[Any], address: int) -> list[Any]:
        """All of them are kept; the address is left alone for a while."""
        self.refused[address] = self.context.env.now + PAUSE
        return hosts


class Hosts(SpamRoute):
    """Hijacked machines, to each MX.

    The route on which blocking port 25 and listing addresses act.
    """

    purpose = "hosts"
    hosted = True

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        self.draws = source.named(self.purpose)
        self.cleaning = source.named(f"{self.purpose}: cleaning")
        self.pool = self.pool_of(source)
        self.hosts: list[Any] = []
        for _ in range(self.settings.hosts):
            self._recruit()

    def pool_of(self, source: SpamSource) -> Anywhere | Owned:
        """Whose machines they are."""
        infects = source.settings.infects
        return Owned(source.context, infects) if infects else Anywhere(source.context)

    def works(self) -> bool:
        """Whether a host is left that can be used."""
        return bool(self._usable())

    def units(self) -> float:
        """The hosts that can be used."""
        return len(self._usable())

    def _usable(self) -> list[Machine]:
        heeds, servers = self.source.heeds, self.context.servers
        online = self.pool.online(self.hosts)
        if not heeds or not servers:
            return online
        return [m for m in online if heeds.isdisjoint(servers[0].listed(m.address))]

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """From one host, to each domain's MX."""
        machines = self._usable() or self.pool.online(self.hosts)
        if not machines:
            return (self.source.part(None, groups),)
        return self.from_host(groups, machines[int(next(self.source.draws) * len(machines))])

    def from_host(self, groups: list[RecipientGroup], machine: Machine) -> Sequence[Part]:
        """Whom one host asks."""
        return self.to_exchangers(groups, machine.address, machine.network)

    def lose(self, transfer: Transfer, cause: str) -> None:
        """Drop the host that was listed, blocked or refused, or its address."""
        if cause in ("blocklist", "unreachable", "rate", "relaying"):
            self.hosts = self.pool.lose(self.hosts, transfer.address)

    def life(self) -> Life | None:
        """Gain hosts."""
        rate, purpose = self.settings.recruits, f"{self.purpose}: gains"
        return self.source.repeat(purpose, rate, lambda _: self._recruit()) if rate > 0 else None

    def _recruit(self) -> None:
        """Gain a host, until it is cleaned."""
        host = self.pool.draw(self.draws, self.hosts)
        if host is None:
            return
        self.hosts.append(host)
        if self.settings.cleaned is not None:
            lasts = self.cleaning.exponential(self.settings.cleaned)
            env = self.context.env
            env.call_at(env.now + lasts, partial(self._clean, host))

    def _clean(self, host: Any, now: float) -> None:  # noqa: ARG002
        self.hosts = [other for other in self.hosts if other is not host]


class Proxies(Hosts):
    """Open proxies: like hijacked hosts, but others, and of no user."""

    purpose = "proxies"

    def pool_of(self, source: SpamSource) -> Anywhere | Owned:
        """Machines anywhere."""
        return Anywhere(source.context)


class Smarthost(Hosts):
    """Hijacked homes that send through the submission server of their own ISP
    (spam_route.isp_smarthost)."""

    purpose = "smarthosts"

    def from_host(self, groups: list[RecipientGroup], machine: Machine) -> Sequence[Part]:
        """All of it to the ISP's submission server."""
        return ((self.pool.server(machine), groups, machine.address, machine.network, NO_LOGIN),)
