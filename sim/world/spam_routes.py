"""The ways to send spam: whom each asks, from which address, and when it no longer works.

One class a route, one line a route in the table; a spammer knows nothing of any of them
but that it works, has parts, and can be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from simpy.events import Event

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.route import RELAY_TEST
from sim.path.submission import spammer_address
from sim.workload.arrivals import RecipientGroup
from sim.workload.streams import uniforms
from sim.world.context import WorldContext
from sim.world.server import Server
from sim.world.transfers import Transfer

if TYPE_CHECKING:
    from sim.scenario.spammers import Spammers

Life = Generator[Event, Any, None]
"""A SimPy process."""


class Part(NamedTuple):
    """Which recipients are sent to which server, from which address and network, with what login.

    Without a server nobody takes their mail.
    """

    server: Server | None
    groups: list[RecipientGroup]
    address: int
    network: str
    credentials: Credentials = NO_LOGIN


class SpamSource:
    """One spammer's machine: where it stands, and its random numbers by purpose."""

    def __init__(
        self, group: str, number: int, index: int, settings: Spammers, context: WorldContext
    ) -> None:
        self.number, self.settings, self.context = number, settings, context
        self.network = settings.network
        self.address = spammer_address(context.scenario, group, index) or 0
        self.reverse_path = f"offer-{index}@{settings.sender_domain}"
        self.named = context.streams(f"spammers.{group}.{index}")
        self.draws = uniforms(self.named("draws"))
        self.heeds = frozenset(settings.heeds if settings.adaptive else ())

    @property
    def own_server(self) -> Server | None:
        """The submission server of the network that the machine is on."""
        return self.context.submission.get(self.network)

    def part(
        self, server: Server | None, groups: list[RecipientGroup], shows: Credentials = NO_LOGIN
    ) -> Part:
        """All of *groups* to *server*, from this machine."""
        return Part(server, groups, self.address, self.network, shows)

    @property
    def helo(self) -> str | None:
        """What it calls itself, where some server asks."""
        if not self.context.transport.hosts.reads_helo:
            return None
        return self.settings.helo or f"mail.{self.settings.sender_domain}"

    def customer_of(self, server: Server) -> str:
        """A sender address under which *server* may take the spammer for its own customer."""
        if self.settings.forge != "customer" or not server.settings.domains:
            return self.reverse_path
        return f"offer-{self.number}@{server.settings.domains[0]}"

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

    def __init__(self, source: SpamSource) -> None:
        self.source, self.settings, self.context = source, source.settings, source.context

    def works(self) -> bool:
        """Whether, as far as the spammer knows, mail goes this way."""
        raise NotImplementedError

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """Whom to ask for what."""
        raise NotImplementedError

    def lose(self, transfer: Transfer, cause: str) -> None:
        """What was asked in *transfer* was refused, for *cause*."""

    def life(self) -> Life | None:
        """A SimPy process of its own, such as a search for relays; None if there is none."""
        return None

    def to_exchangers(
        self, groups: list[RecipientGroup], address: int, network: str
    ) -> Iterator[Part]:
        """One part for each domain, to its preferred MX."""
        by_domain: dict[int, list[RecipientGroup]] = {}
        for group in groups:
            by_domain.setdefault(group.domain, []).append(group)
        for domain, part in by_domain.items():
            exchangers = self.context.transport.mx.get(domain)
            yield Part(exchangers[0] if exchangers else None, part, address, network)


class OpenRelay(SpamRoute):
    """Servers that relay for strangers, found by asking, dropped when they refuse."""

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        self.strange = [s for s in self.context.servers if s.network != source.network]
        draws = source.named("known relays").random(len(self.strange))
        lucky = (draws < self.settings.known_relays).tolist()
        self.known = [
            server
            for server, known in zip(self.strange, lucky, strict=True)
            if known and source.is_relayed_by(server)
        ]

    def works(self) -> bool:
        """Whether a relay is known that can be used."""
        return bool(self._usable())

    def _usable(self) -> list[Server]:
        heeds = self.source.heeds
        if not heeds:
            return self.known
        return [s for s in self.known if heeds.isdisjoint(s.listed(s.address))]

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to one relay, chosen evenly among those known."""
        candidates = self._usable() or self.known or self.strange
        draw = next(self.source.draws) if candidates else 0.0
        yield self.source.part(
            candidates[int(draw * len(candidates))] if candidates else None, groups
        )

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002 - any cause will do
        """Drop the relay."""
        self.known = [s for s in self.known if s is not transfer.server]

    def life(self) -> Life | None:
        """Ask servers, one after the other, whether they relay for a stranger."""
        rate = self.settings.scan_rate
        return self.source.repeat("scans", rate, self._scan) if rate > 0 and self.strange else None

    def _scan(self, scans: np.random.Generator) -> None:
        server = self.strange[int(scans.integers(len(self.strange)))]
        if server not in self.known and self.source.is_relayed_by(server):
            self.known.append(server)


class OwnAccount(SpamRoute):
    """The submission server of the spammer's network, until the account is closed."""

    others = False

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        self.closed_until = 0.0
        self.closes_at: float | None = None
        self.lasts = source.named("account")

    def works(self) -> bool:
        """Whether there is an account at the moment."""
        now = self.context.env.now
        if self.closes_at is not None and now >= self.closes_at:
            self.closed_until = self.closes_at + self.settings.account_renewed
            self.closes_at = None
        return now >= self.closed_until and self.source.own_server is not None

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to the own submission server."""
        if self.closes_at is None and self.settings.account_lasts is not None:
            lasts = self.lasts.exponential(self.settings.account_lasts)
            self.closes_at = self.context.env.now + lasts
        yield self.source.part(self.source.own_server, groups)

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002
        """Take the account for useless for a while, then try again."""
        self.closed_until = self.context.env.now + self.settings.account_renewed


class Direct(SpamRoute):
    """From the spammer's own line to each recipient's MX; nothing is lost by a refusal, since
    other domains may still take it."""

    others = False

    def works(self) -> bool:
        """Direct delivery is always available."""
        return True

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """To each domain's MX what is for that domain."""
        return self.to_exchangers(groups, self.source.address, self.source.network)


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
        self.pools = [(name, free) for name in isps if (free := scenario.leasable(name))]
        self.hosts = [self._host() for _ in range(self.settings.hosts if self.pools else 0)]

    def _host(self) -> tuple[str, int]:
        """A machine anywhere: a network as likely as it is large, any of its addresses."""
        sizes = np.array([len(free) for _, free in self.pools], dtype=float)
        network, free = self.pools[int(self.draws.choice(len(sizes), p=sizes / sizes.sum()))]
        return network, free[int(self.draws.integers(len(free)))]

    def works(self) -> bool:
        """Whether a host is left that can be used."""
        return bool(self._usable())

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


class Stolen(SpamRoute):
    """Logins of other people, used from the spammer's own address."""

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        people = self.context.workload.population.people
        accounts = [(a.network, a.address) for person in people for a in person.accounts]
        count = min(self.settings.stolen, len(accounts))
        chosen = source.named("stolen").choice(len(accounts), count, replace=False).tolist()
        self.logins = [accounts[i] for i in chosen]

    def works(self) -> bool:
        """Whether a login is left."""
        return bool(self.logins)

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to the submission server of one of the logins."""
        if not self.logins:
            yield self.source.part(None, groups)
            return
        network, login = self.logins[int(next(self.source.draws) * len(self.logins))]
        server = self.context.submission.get(network)
        # what is stolen is the POP password, which programs send in the clear
        useless = server is not None and server.settings.auth_password == "separate"
        yield self.source.part(server, groups, Credentials(login, useless))

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002
        """Drop the login."""
        self.logins = [pair for pair in self.logins if pair[1] != transfer.credentials.login]


class Window(SpamRoute):
    """Submission servers that somebody's POP login, from the same address, has opened.

    The spammer stands where addresses are shared, or handed on: there, dialling in again gets
    another one that nobody holds. He asks one server after the other; a refusal only means that
    no window is open at the moment.
    """

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        context, network = self.context, source.network
        self.servers = [s for name, s in context.submission.items() if name != network]
        is_leased = context.scenario.networks[network].lease is not None
        mobility = context.mobility
        self.addresses = (
            mobility.leasable.get(network, ())
            if is_leased and network not in mobility.shared
            else ()
        )
        self.calls = source.named("calls")

    def works(self) -> bool:
        """Whether some server takes mail from an address that is to be had now."""
        return self._opened() is not None

    def _opened(self) -> Server | None:
        """A server with an open window, for the present address or that of another call."""
        for address in (self.source.address, *self._more()):
            if self.addresses and not self._is_idle(address):
                continue
            self.source.address = address
            for server in self.servers:
                if self.source.is_relayed_by(server):
                    return server
        return None

    def _is_idle(self, address: int) -> bool:
        """Whether nobody has *address* at the moment."""
        return self.context.mobility.is_idle(self.source.network, address, self.context.env.now)

    def _more(self) -> Iterator[int]:
        for _ in range(self.settings.calls if self.addresses else 0):
            yield self.addresses[int(self.calls.integers(len(self.addresses)))]

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to the first server whose window is open."""
        server = self._opened()
        yield self.source.part(server, groups)


ROUTES: dict[str, type[SpamRoute]] = {
    "open_relay": OpenRelay,
    "own_account": OwnAccount,
    "direct": Direct,
    "open_proxy": Proxies,
    "hijacked_host": Hosts,
    "hijacked_smarthost": Smarthost,
    "stolen_credentials": Stolen,
    "inherited_window": Window,
}
