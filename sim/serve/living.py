"""A world that clients visit: its clock, places, mail and log in one place, without sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from os import PathLike
from typing import TYPE_CHECKING

from sim.exact.capture import Capture, Flow
from sim.exact.transcript import PASSWORD
from sim.serve.clock import Clock
from sim.serve.conversations import Log
from sim.serve.mail import Mail
from sim.serve.opening import open_world
from sim.serve.places import Places

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.world.server import Server


class Living:
    """The world of *arm*, going on by a clock of *factor* (see `Clock`).

    *people*: how much simulated people and spammers write, as a share of what the scenario says.
    *place*: where clients are whose address says nothing.
    """

    def __init__(
        self,
        scenario: Scenario,
        arm: str,
        *,
        people: float = 0.0,
        factor: float = 1.0,
        place: str | None = None,
    ) -> None:
        self.places = Places(scenario, place)
        self.world = open_world(scenario, arm, people)
        self.clock = Clock(self.world.env.now, factor)
        self.mail, self.log = Mail(self.world), Log()
        self.offers_tls = False
        """Whether whoever carries the bytes can begin TLS."""
        self.capture: Capture | None = None
        """Where everything that passes is written, too."""
        self.accepted = 0
        """Messages that were taken from clients."""

    # ---- time

    def advance(self) -> float:
        """Let the world go on to the present; return it (s)."""
        env, now = self.world.env, self.clock.now()
        if now > env.now:
            env.run(until=now)
        return env.now

    def step(self, seconds: float) -> float:
        """Let *seconds* of the world pass at once; return the time (s)."""
        self.clock.step(seconds)
        return self.advance()

    @property
    def beginning(self) -> datetime:
        """When the world began: the first Monday of its year."""
        first = datetime(self.world.scenario.year or 2000, 1, 1, tzinfo=UTC)
        return first + timedelta(days=-first.weekday() % 7)

    def date(self) -> str:
        """The present as headers have it."""
        return format_datetime(self.beginning + timedelta(seconds=self.world.env.now))

    def write_to(self, path: str | PathLike[str]) -> None:
        """Write everything that passes to a capture file from now on."""
        self.capture = Capture(path, self.beginning.timestamp())

    def flow(self, client: int, server: int, port: int) -> Flow | None:
        """A connection in the capture, between addresses of the run; None: there is none."""
        if self.capture is None:
            return None
        address = self.world.scenario.numbering.address
        return self.capture.open(address(client), address(server), port, self.world.env.now)

    # ---- policies

    @property
    def arm(self) -> str:
        """The name of the arm that is in force."""
        return self.world.arm

    def switch(self, arm: str) -> None:
        """Put another *arm* into force, while everything goes on."""
        self.advance()
        self.world.switch(arm)
        self.log.tell("arm", {"arm": arm, "at": self.world.env.now})

    # ---- who is who

    def server(self, name: str) -> Server:
        """The server of that name."""
        return next(server for server in self.world.servers if server.name == name)

    def domain(self, network: str) -> str:
        """The domain of the accounts at the ISP that has *network*."""
        scenario = self.world.scenario
        return scenario.account_domain(scenario.submission_servers()[network])

    def at_home(self, network: str, address: str) -> bool:
        """Whether *address* has its mailbox at the ISP that has *network*."""
        servers = self.world.scenario.servers.values()
        domains = {d for server in servers if server.network == network for d in server.domains}
        return address.lower().rpartition("@")[2] in domains | {self.domain(network)}

    def knows(self, server: Server, name: str, password: str) -> bool:
        """Whether *name* is an account of *server*'s ISP, and *password* its password."""
        known = self.world.mailboxes.find(name.lower()) is not None
        has_accounts = server.network in self.world.scenario.submission_servers()
        at_home = has_accounts and self.at_home(server.network, name)
        return known and password == PASSWORD and at_home

    def log_in(self, network: str, client: int, address: str) -> None:
        """Somebody has logged in for POP from *client*: the owner of *address*."""
        self.world.pop.log_in(network, client, self.world.env.now, self.world.owner(address))
