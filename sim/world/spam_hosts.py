"""Spam from machines on other people's networks: open proxies and hijacked homes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sim.workload.arrivals import RecipientGroup
from sim.world.spam_source import Life, Part, SpamRoute, SpamSource
from sim.world.transfers import Transfer


class Hosts(SpamRoute):
    """Machines on other people's networks: proxies, or hijacked homes, to each MX.

    The route on which blocking port 25 and listing addresses act.
    """

    purpose = "hosts"

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        self.draws = source.named(self.purpose)
        scenario = self.context.scenario
        isps = [name for name, network in scenario.networks.items() if network.kind == "isp"]
        numbers = scenario.numbering.numbers
        self.pools = [(name, numbers(free)) for name in isps if (free := scenario.leasable(name))]
        self.hosts = [self._host() for _ in range(self.settings.hosts if self.pools else 0)]

    def _host(self) -> tuple[str, int]:
        """A machine anywhere: a network as likely as it is large, any of its addresses."""
        sizes = np.array([len(free) for _, free in self.pools], dtype=float)
        network, free = self.pools[int(self.draws.choice(len(sizes), p=sizes / sizes.sum()))]
        return network, free[int(self.draws.integers(len(free)))]

    def works(self) -> bool:
        """Whether a host is left that can be used."""
        return bool(self._usable())

    def units(self) -> float:
        """The hosts that can be used."""
        return len(self._usable())

    def _usable(self) -> list[tuple[str, int]]:
        heeds, servers = self.source.heeds, self.context.servers
        if not heeds or not servers:
            return self.hosts
        return [h for h in self.hosts if heeds.isdisjoint(servers[0].listed(h[1]))]

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """From one host, to each domain's MX."""
        hosts = self._usable() or self.hosts
        if not hosts:
            return iter([self.source.part(None, groups)])
        network, address = hosts[int(next(self.source.draws) * len(hosts))]
        return self.from_host(groups, network, address)

    def from_host(self, groups: list[RecipientGroup], network: str, address: int) -> Iterator[Part]:
        """Whom one host asks."""
        return self.to_exchangers(groups, address, network)

    def lose(self, transfer: Transfer, cause: str) -> None:
        """Drop the host that was listed, blocked or refused."""
        if cause in ("blocklist", "unreachable", "rate", "relaying"):
            self.hosts = [h for h in self.hosts if h[1] != transfer.address]

    def life(self) -> Life | None:
        """Gain hosts."""
        rate, purpose = self.settings.recruits, f"{self.purpose}: gains"
        return self.source.repeat(purpose, rate, self._recruit) if rate > 0 and self.pools else None

    def _recruit(self, _: np.random.Generator) -> None:
        self.hosts.append(self._host())


class Proxies(Hosts):
    """Open proxies: like hijacked hosts, but others."""

    purpose = "proxies"


class Smarthost(Hosts):
    """Hijacked homes that send through the submission server of their own network
    (spam_route.isp_smarthost)."""

    purpose = "smarthosts"

    def from_host(self, groups: list[RecipientGroup], network: str, address: int) -> Iterator[Part]:
        """All of it to the network's submission server."""
        yield Part(self.context.submission.get(network), groups, address, network)
