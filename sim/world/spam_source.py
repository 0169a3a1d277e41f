"""A spammer's machine, and what a way to send is in its hands.

A spammer knows nothing of any route but that it works, has parts, and can be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from simpy.events import Event

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.route import RELAY_TEST
from sim.path.submission import forged_sender, spammer_address
from sim.topology.lines import LINES
from sim.workload.arrivals import RecipientGroup
from sim.workload.people import anyone_at
from sim.workload.streams import uniforms
from sim.world.context import WorldContext
from sim.world.experience import Experience
from sim.world.server import Server
from sim.world.transfers import Transfer

if TYPE_CHECKING:
    from sim.records.words import Route
    from sim.scenario.spammers import Spammers

Life = Generator[Event, Any, None]
"""A SimPy process."""


Part = tuple["Server | None", list[RecipientGroup], int, str, Credentials]
"""Which recipients are sent to which server, from which address and network, with what login;
without a server nobody takes their mail."""


def portions(groups: list[RecipientGroup], most: int) -> Iterator[list[RecipientGroup]]:
    """The same recipients in transactions of *most*, and the rest."""
    portion: list[RecipientGroup] = []
    room = most
    for whole in groups:
        first, end = whole.first, whole.end
        while first < end:
            until = min(end, first + room)
            portion.append(whole._replace(first=first, end=until))
            room -= until - first
            first = until
            if not room:
                yield portion
                portion, room = [], most
    if portion:
        yield portion


class SpamSource:
    """One spammer's machine: where it stands, and its random numbers by purpose."""

    def __init__(
        self, group: str, number: int, index: int, settings: Spammers, context: WorldContext
    ) -> None:
        self.number, self.settings, self.context = number, settings, context
        self.network = settings.network
        address = spammer_address(context.scenario, group, index) or 0
        self.address = context.scenario.numbering.number(address)
        self.index = index  # in its group
        self.reverse_path = forged_sender(settings, settings.sender_domain, (), index)
        self.representative = anyone_at(self.reverse_path)
        self.named = context.streams(f"spammers.{group}.{index}")
        self.draws = uniforms(self.named("draws"))
        self.experience = Experience(context.recorder)
        self.heeds = frozenset(settings.heeds if settings.adaptive else ())
        self.plan: tuple[Route, float] | None = None
        """What `Prospects` has found, as long as nothing that it looks at can have changed."""

    @property
    def own_server(self) -> Server | None:
        """The submission server of the network that the machine is on."""
        return self.context.submission.get(self.network)

    def part(
        self, server: Server | None, groups: list[RecipientGroup], shows: Credentials = NO_LOGIN
    ) -> Part:
        """All of *groups* to *server*, from this machine."""
        return server, groups, self.address, self.network, shows

    @property
    def helo(self) -> str:
        """What it calls itself."""
        return self.settings.helo or f"mail.{self.settings.sender_domain}"

    def customer_of(self, server: Server) -> str:
        """A sender address under which *server* may take the spammer for its own customer."""
        return self.forged(self.settings.sender_domain, server)

    def forged(self, recipient: str, server: Server) -> str:
        """The sender that it shows *server* with mail for the domain *recipient*."""
        if self.settings.forge == "fixed":
            return self.reverse_path
        return forged_sender(self.settings, recipient, server.settings.domains, self.index)

    def is_relayed_by(self, server: Server) -> bool:
        """Whether *server* would relay a test message from here now."""
        now = self.context.env.now
        return server.relays_for(self.address, self.customer_of(server), RELAY_TEST, now)

    def repeat(self, purpose: str, rate: float, do: Callable[[np.random.Generator], None]) -> Life:
        """Do something at exponential intervals, *rate* times a second."""
        env, generator = self.context.env, self.named(purpose)
        while True:
            yield env.timeout(generator.exponential(1.0 / rate))
            do(generator)


class SpamRoute:
    """A way to send, in one spammer's hands."""

    others = True
    """Whether there may be others to ask when one has refused."""
    hosted = False
    """Whether it has a line for each of its units."""
    steady = False
    """Whether what it has changes only with blocklists, or when it forgets the source's plan."""

    def __init__(self, source: SpamSource) -> None:
        self.source, self.settings, self.context = source, source.settings, source.context
        line = self.settings.host_line if self.hosted else self.settings.line
        self.bandwidth = LINES[line].bandwidth
        """What the line sends (bit/s)."""

    def connections(self) -> float:
        """Messages that it may send at the same time."""
        most = self.settings.connections
        return max(1.0, most * self.units()) if self.hosted else most

    def works(self) -> bool:
        """Whether, as far as the spammer knows, mail goes this way."""
        raise NotImplementedError

    def units(self) -> float:
        """How many relays, hosts or logins it has to send by: see `capacity_per`."""
        return 1.0

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """Whom to ask for what."""
        raise NotImplementedError

    def lose(self, transfer: Transfer, cause: str) -> None:
        """What was asked in *transfer* was refused, for *cause*."""

    def life(self) -> Life | None:
        """A SimPy process of its own, such as a search for relays; None if there is none."""
        return None

    def to_exchangers(self, groups: list[RecipientGroup], address: int, network: str) -> list[Part]:
        """One part for each domain, to its preferred MX."""
        by_domain: dict[int, list[RecipientGroup]] = {}
        for group in groups:
            by_domain.setdefault(group.domain, []).append(group)
        most, parts = self.settings.recipients_at_mx, list[Part]()
        for domain, part in by_domain.items():
            exchangers = self.context.transport.mx.get(domain)
            server = exchangers[0] if exchangers else None
            for portion in portions(part, most) if most else (part,):
                parts.append((server, portion, address, network, NO_LOGIN))
        return parts
