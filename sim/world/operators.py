"""Operators: who closes which relays, on a date, along an adoption curve, or after complaints.

They decide by ISP: all servers of one network that an operator runs close together. The
numbers that this takes belong to the network, so they are the same in every arm.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from sim.scenario.operators import closing_time
from sim.smtp import Facts, Policy, decide
from sim.workload.streams import Generator, stream
from sim.world.server import Server
from sim.world.spam_routes import RELAY_TEST

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.operators import Operator
    from sim.world.blocklists import Later

STRANGER = int(IPv4Address("240.0.0.1"))
"""Whose mail an open relay relays: an address that no network has (RFC 1112 section 4)."""


def is_open(policy: Policy) -> bool:
    """Whether a server with *policy* relays for a stranger."""
    verdict = decide(policy, Facts(STRANGER, "test@relay-test.example", RELAY_TEST))
    return verdict.accepted and verdict.relayed


Close = Callable[[Server, str, str, float], None]
"""Close a server: its operator, the reason, the moment (s)."""


class Isp:
    """The servers of one network under one operator, and what came in about them."""

    def __init__(
        self, operator: str, settings: Operator, later: Later, close: Close,
        named: Callable[[str], Generator],
    ) -> None:  # fmt: skip
        self.operator, self.settings, self.later, self.close = operator, settings, later, close
        self.servers: list[Server] = []
        self.reports = self.listings = 0
        self.number = float(named("closing").random())
        self.reaction = settings.reaction.quantile()(float(named("reaction").random()))

    def dates(self) -> list[tuple[float, str]]:
        """When (s) it closes whatever happens, and why."""
        found = []
        if self.settings.date is not None:
            found.append((self.settings.date, "date"))
        on_curve = closing_time(self.settings.open_share, self.number)
        if on_curve is not None:
            found.append((on_curve, "curve"))
        return found

    def report(self, now: float) -> None:
        """Somebody has reported spam from one of its servers."""
        self.reports += 1
        if self.reports == self.settings.after_reports:
            self.later(now + self.reaction, lambda t: self.shut("reports", t))

    def listing(self, now: float) -> None:
        """One of its servers got on a list."""
        self.listings += 1
        if self.listings == self.settings.after_listings:
            self.later(now + self.reaction, lambda t: self.shut("listings", t))

    def shut(self, reason: str, now: float) -> None:
        """Close all its servers that are open."""
        for server in self.servers:
            self.close(server, self.operator, reason, now)


class Operators:
    """All ISPs whose relays somebody closes."""

    def __init__(
        self, scenario: Scenario, replication: int, servers: list[Server], later: Later,
        close: Close,
    ) -> None:  # fmt: skip
        by_name = {server.name: server for server in servers}
        self.isps: dict[tuple[str, str], Isp] = {}
        self.of: dict[int, Isp] = {}  # by address of a server
        for operator, settings in scenario.operators.items():
            for name in scenario.run_by(operator):
                server = by_name[name]
                isp = self.isps.get((operator, server.network))
                if isp is None:
                    named = _streams(scenario, replication, server.network)
                    isp = Isp(operator, settings, later, close, named)
                    self.isps[operator, server.network] = isp
                isp.servers.append(server)
                self.of[server.address] = isp

    def start(self) -> None:
        """Close what is closed from the beginning, and put down the dates of the rest."""
        for isp in self.isps.values():
            for at, reason in sorted(isp.dates()):
                if at <= 0.0:
                    isp.shut(reason, 0.0)
                else:
                    isp.later(at, _shutting(isp, reason))

    def reported(self, address: int, now: float) -> None:
        """Somebody reports spam that came from *address*."""
        if address in self.of:
            self.of[address].report(now)

    def listed(self, first: int, last: int, now: float) -> None:
        """The addresses from *first* to *last* got on a list."""
        for isp in self._with_server(first, last):
            isp.listing(now)

    def _with_server(self, first: int, last: int) -> list[Isp]:
        if first == last:
            return [self.of[first]] if first in self.of else []
        inside = range(first, last + 1)
        return [i for i in self.isps.values() if any(s.address in inside for s in i.servers)]


def _shutting(isp: Isp, reason: str) -> Callable[[float], None]:
    return lambda now: isp.shut(reason, now)


def _streams(scenario: Scenario, replication: int, network: str) -> Callable[[str], Generator]:
    return lambda purpose: stream(
        scenario.seed, replication=replication, entity=f"networks.{network}", purpose=purpose
    )
