"""Operators: who closes which relays, on a date, along an adoption curve, or after complaints.

They decide by ISP: all servers of one network that an operator runs close together. The
numbers that this takes belong to the network, so they are the same in every arm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.records.words import Reason
from sim.scenario.operators import closing_time
from sim.workload.streams import Generator
from sim.world.context import WorldContext
from sim.world.engine import Engine
from sim.world.server import Server

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.operators import Operator

DAY = 86400.0
Close = Callable[[Server, str, Reason, float], None]
"""Close a server: its operator, the reason, the moment (s)."""


class Isp:
    """The servers of one network under one operator, and what came in about them."""

    def __init__(
        self,
        operator: str,
        settings: Operator,
        env: Engine,
        close: Close,
        streams: Callable[[str], Generator],
    ) -> None:
        self.operator, self.settings, self.env, self.close = operator, settings, env, close
        self.servers: list[Server] = []
        self.reports = self.listings = self.relayed = 0
        self.number = float(streams("closing").random())
        self.draw = float(streams("reaction").random())
        self.reaction = settings.reaction.quantile()(self.draw)

    def start(self) -> None:
        """Close what is closed from the beginning, and put down the dates of the rest."""
        dates = {
            Reason.DATE: self.settings.date,
            Reason.CURVE: closing_time(self.settings.open_share, self.number),
        }
        known = [(at, reason) for reason, at in dates.items() if at is not None]
        for at, reason in sorted(known):
            if at <= 0.0:
                self.shut(reason, 0.0)
            else:
                self.shut_at(at, reason)
        if self.settings.after_relayed is not None:
            self.env.call_at(DAY, self.look)

    def report(self, now: float) -> None:
        """Somebody has reported spam from one of its servers."""
        self.reports += 1
        if self.reports == self.settings.after_reports:
            self.shut_at(now + self.reaction, Reason.REPORTS)

    def listing(self, now: float) -> None:
        """One of its servers got on a list."""
        self.listings += 1
        if self.listings == self.settings.after_listings:
            self.shut_at(now + self.reaction, Reason.LISTINGS)

    def look(self, now: float) -> None:
        """Once a day, see how much was relayed for strangers since."""
        relayed, most = self._strangers(), self.settings.after_relayed
        if most is not None and relayed - self.relayed >= most:
            self.shut_at(now + self.reaction, Reason.RELAYED)
        elif most is not None:
            self.relayed = relayed
            self.env.call_at(now + DAY, self.look)

    def _strangers(self) -> int:
        """Recipients of spam that strangers have sent through its servers."""
        return sum(tally.strangers for server in self.servers for tally in server.tallies)

    def change(self, settings: Operator) -> None:
        """React as other *settings* say from now on."""
        before, self.settings = self.settings, settings
        self.reaction = settings.reaction.quantile()(self.draw)
        if before.after_relayed is None and settings.after_relayed is not None:
            self.relayed = self._strangers()
            self.env.call_at(self.env.now + DAY, self.look)

    def shut_at(self, at: float, reason: Reason) -> None:
        """Close all its servers at a later moment (s)."""
        self.env.call_at(at, lambda now: self.shut(reason, now))

    def shut(self, reason: Reason, now: float) -> None:
        """Close all its servers that are open."""
        for server in self.servers:
            self.close(server, self.operator, reason, now)


class Operators:
    """All ISPs whose relays somebody closes."""

    def __init__(self, context: WorldContext, close: Close) -> None:
        scenario, by_name = context.scenario, {server.name: server for server in context.servers}
        self.isps: dict[tuple[str, str], Isp] = {}
        self.of: dict[int, Isp] = {}  # by address of a server
        for operator, settings in scenario.operators.items():
            for name in scenario.run_by(operator):
                server = by_name[name]
                key = operator, server.network
                if key not in self.isps:
                    streams = context.streams(f"networks.{server.network}")
                    self.isps[key] = Isp(operator, settings, context.env, close, streams)
                self.isps[key].servers.append(server)
                self.of[server.address] = self.isps[key]

    def change(self, scenario: Scenario) -> None:
        """React as *scenario* says from now on."""
        for (operator, _), isp in self.isps.items():
            if isp.settings != scenario.operators[operator]:
                isp.change(scenario.operators[operator])

    def start(self) -> None:
        """Begin with what dates and curves say."""
        for isp in self.isps.values():
            isp.start()

    def reported(self, address: int, now: float) -> None:
        """Somebody reports spam that came from *address*."""
        if address in self.of:
            self.of[address].report(now)

    def listed(self, first: int, last: int, now: float) -> None:
        """The addresses from *first* to *last* got on a list."""
        if first == last:
            concerned = [self.of[first]] if first in self.of else []
        else:
            inside = range(first, last + 1)
            isps = self.isps.values()
            concerned = [i for i in isps if any(s.address in inside for s in i.servers)]
        for isp in concerned:
            isp.listing(now)
