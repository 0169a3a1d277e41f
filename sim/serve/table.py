"""What is printed when live servers start: ports, places, and lines to paste."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sim.exact.blocks import Block, Grid, Lines
from sim.exact.page import Page
from sim.exact.transcript import PASSWORD
from sim.smtp.forwarding import is_final

if TYPE_CHECKING:
    from sim.serve.live import Live

HOST = "127.0.0.1"
PACES = {0.0: "stands still", 1.0: "goes as in reality"}
"""Words for factors of the clock."""


class Table(Page):
    """The ports of *live*, who is where, and how to talk to it."""

    def __init__(self, live: Live) -> None:
        self.live, self.living = live, live.living

    def blocks(self) -> Sequence[Block]:
        """What is shown, in order."""
        return [*self.grids(), Lines("Lines to paste", tuple(self.lines()), fixed=True)]

    def grids(self) -> list[Block]:
        """The tables alone: a terminal must not break the lines to paste."""
        living, clock = self.living, self.living.clock
        pace = PACES.get(clock.factor, f"goes {clock.factor:g} times as fast as real time")
        head = f"{living.world.scenario.title}: arm '{living.arm}', the clock {pace}"
        kinds = [k for k in ("SMTP", "submission", "submissions") if self._has(k)]
        columns = ("server", *kinds, "relays for")
        rows = tuple(
            (server.name, *(self._port(k, server.name) for k in kinds), self._relay(server.name))
            for server in living.world.servers
        )
        mail = tuple(
            (name, f"{HOST}:{port}", f"alice@{living.domain(name)}, password {PASSWORD}")
            for kind, name, port in self.live.ports
            if kind == "POP3"
        )
        places = tuple(
            (place.alias, f"{place.network} ({place.words})" if place.words else place.network,
             place.seen)
            for place in living.places.rows()
        )  # fmt: skip
        within = "; submissions are within TLS" if "submissions" in kinds else ""
        return [
            Grid(head, columns, rows, f"All of them at {HOST} and ::1{within}. Watch: {self.page}"),
            Grid("Mailboxes by POP3", ("ISP", "at", "an account"), mail),
            Grid(
                "Where a client is", ("its own address", "place", "servers see"), places,
                f"Any other address of loopback is at {living.places.usual}.",
            ),
        ]  # fmt: skip

    @property
    def page(self) -> str:
        """The address of the live page."""
        return f"http://{HOST}:{self.live.port('page', '')}/"

    def lines(self) -> list[str]:
        """Commands for real mail programs, and settings for Thunderbird."""
        network = next(iter(self.living.world.scenario.submission_servers()))
        server = self.living.world.scenario.submission_servers()[network]
        port, pop = self._port("SMTP", server), self._port("POP3", network)
        alice, bob = f"alice@{self.living.domain(network)}", f"bob@{self._elsewhere(network)}"
        away = self.living.places.alias(self._away())
        return [
            f"swaks --server {HOST}:{port} --local-interface {away} --from {alice} --to {bob}",
            f"curl --interface {away} smtp://{HOST}:{port} --mail-from {alice} "
            f"--mail-rcpt {bob} -T message.txt",
            f"curl --interface {away} pop3://{HOST}:{pop} -u {alice}:{PASSWORD}",
            f'python -c "import smtplib; s = smtplib.SMTP({HOST!r}, {port}, '
            f"source_address=({away!r}, 0)); s.sendmail({alice!r}, [{bob!r}], "
            "'Subject: hello\\r\\n\\r\\nhello')\"",
            f"Thunderbird: POP3 {HOST} port {pop}, SMTP {HOST} port {port}, no encryption; "
            f"account {alice}, password {PASSWORD}",
        ]

    def as_dict(self) -> dict[str, Any]:
        """For programs: everything that is shown."""
        return {
            "arm": self.living.arm,
            "factor": self.living.clock.factor,
            "ports": [port._asdict() for port in self.live.ports],
            "page": self.page,
            "places": [place._asdict() for place in self.living.places.rows()],
            "lines": self.lines(),
        }

    def _has(self, kind: str) -> bool:
        return any(port.kind == kind for port in self.live.ports)

    def _port(self, kind: str, name: str) -> str:
        ports = (str(p.port) for p in self.live.ports if (p.kind, p.name) == (kind, name))
        return next(ports, "-")

    def _relay(self, name: str) -> str:
        policy = self.living.server(name).policy
        return ", ".join(str(restriction) for restriction in policy.lists["relay"])

    def _elsewhere(self, network: str) -> str:
        """A domain whose mail the server of *network* would have to pass on."""
        scenario = self.living.world.scenario
        policy = self.living.server(scenario.submission_servers()[network]).policy
        domains = (self.living.domain(name) for name in scenario.submission_servers())
        others = (d for d in domains if not is_final(policy, f"bob@{d}"))
        return next(others, "elsewhere.example")

    def _away(self) -> str:
        """A venue, or any network but the usual one."""
        living = self.living
        networks = living.places.networks
        kinds = living.world.scenario.networks
        venues = (network for network in networks if kinds[network].kind == "venue")
        return next(venues, networks[-1])
