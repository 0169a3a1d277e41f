"""The ways to send spam: whom each asks, from which address, and when it no longer works.

One class a route, one line a route in the table; a spammer knows nothing of any of them
but that it works, has parts, and can be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from simpy.events import Event

from sim.records.words import SPAM_ROUTES, complete
from sim.world.server import Server
from sim.world.transport import Transfer
from sim.world.verdict_cache import NO_LOGIN, Credentials

if TYPE_CHECKING:
    from sim.workload.arrivals import RecipientGroup
    from sim.world.spammers import Spammer

RELAY_TEST = "relay-test@relay-test.example"
"""Whom a scanner asks a server to relay to: a domain that no server processes."""


class Part(NamedTuple):
    """Which recipients are sent to which server, from which address and network, with what login.

    Without a server nobody takes their mail.
    """

    server: Server | None
    groups: list[RecipientGroup]
    address: int
    network: str
    shows: Credentials = NO_LOGIN


class SpamRoute(Protocol):
    """A way to send, in one spammer's hands."""

    others: bool
    """Whether there may be others to ask when one has refused."""

    def works(self) -> bool:
        """Whether, as far as the spammer knows, mail goes this way."""

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """Whom to ask for what."""

    def lose(self, transfer: Transfer, cause: str) -> None:
        """What was asked in *transfer* was refused, for *cause*."""

    def life(self) -> Generator[Event, Any, None] | None:
        """A SimPy process of its own, such as a search for relays; None if there is none."""


class OpenRelay:
    """Servers that relay for strangers, found by asking, dropped when they refuse."""

    others = True

    def __init__(self, spammer: Spammer) -> None:
        self.spammer = spammer
        settings = spammer.settings
        self.strange = [s for s in spammer.field.servers if s.network != spammer.network]
        lucky = spammer.named("known relays").random(len(self.strange)) < settings.known_relays
        self.known = [
            server
            for server, known in zip(self.strange, lucky.tolist(), strict=True)
            if known and relays(spammer, server)
        ]

    def works(self) -> bool:
        """Whether a relay is known that can be used."""
        return bool(self._usable())

    def _usable(self) -> list[Server]:
        heeds = self.spammer.heeds
        if not heeds:
            return self.known
        return [s for s in self.known if heeds.isdisjoint(s.listed(s.address))]

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to one relay, chosen evenly among those known."""
        candidates = self._usable() or self.known or self.strange
        server = candidates[int(next(self.spammer.draws) * len(candidates))] if candidates else None
        yield Part(server, groups, self.spammer.address, self.spammer.network)

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002 - any cause will do
        """Drop the relay."""
        self.known = [s for s in self.known if s is not transfer.server]

    def life(self) -> Generator[Event, Any, None] | None:
        """Ask servers, one after the other, whether they relay for a stranger."""
        rate = self.spammer.settings.scan_rate
        return self._scan(1.0 / rate) if rate > 0 and self.strange else None

    def _scan(self, mean: float) -> Generator[Event, Any, None]:
        spammer, env = self.spammer, self.spammer.field.env
        scans = spammer.named("scans")
        while True:
            yield env.timeout(scans.exponential(mean))
            server = self.strange[int(scans.integers(len(self.strange)))]
            if server not in self.known and relays(spammer, server):
                self.known.append(server)


def relays(spammer: Spammer, server: Server) -> bool:
    """Whether *server* would relay for *spammer* now."""
    now = spammer.field.env.now
    return server.relays_for(spammer.address, spammer.customer_of(server), RELAY_TEST, now)


class OwnAccount:
    """The submission server of the spammer's network, until the account is closed."""

    others = False

    def __init__(self, spammer: Spammer) -> None:
        self.spammer = spammer
        self.closed_until = 0.0
        self.closes_at: float | None = None
        self.lasts = spammer.named("account")

    def works(self) -> bool:
        """Whether there is an account at the moment."""
        settings, now = self.spammer.settings, self.spammer.field.env.now
        if self.closes_at is not None and now >= self.closes_at:
            self.closed_until = self.closes_at + settings.account_renewed
            self.closes_at = None
        return now >= self.closed_until and self.spammer.network in self.spammer.field.submission

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to the own submission server."""
        spammer = self.spammer
        settings = spammer.settings
        if self.closes_at is None and settings.account_lasts is not None:
            self.closes_at = spammer.field.env.now + self.lasts.exponential(settings.account_lasts)
        server = spammer.field.submission.get(spammer.network)
        yield Part(server, groups, spammer.address, spammer.network)

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002
        """Take the account for useless for a while, then try again."""
        self.closed_until = self.spammer.field.env.now + self.spammer.settings.account_renewed

    def life(self) -> None:
        """None: an account needs no looking after."""


class Direct:
    """From the spammer's own line to each recipient's MX."""

    others = False

    def __init__(self, spammer: Spammer) -> None:
        self.spammer = spammer

    def works(self) -> bool:
        """Always: it is what is left."""
        return True

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """To each domain's MX what is for that domain."""
        return to_exchangers(self.spammer, groups, self.spammer.address, self.spammer.network)

    def lose(self, transfer: Transfer, cause: str) -> None:
        """Nothing is lost: other domains may still take it."""

    def life(self) -> None:
        """None."""


def to_exchangers(
    spammer: Spammer, groups: list[RecipientGroup], address: int, network: str
) -> Iterator[Part]:
    """One part for each domain, to its preferred MX."""
    by_domain: dict[int, list[RecipientGroup]] = {}
    for piece in groups:
        by_domain.setdefault(piece[2], []).append(piece)
    for domain, part in by_domain.items():
        exchangers = spammer.field.mx.get(domain)
        yield Part(exchangers[0] if exchangers else None, part, address, network)


class Hosts:
    """Machines on other people's networks: proxies, or hijacked homes, to each MX.

    The route on which blocking port 25 and listing addresses act.
    """

    purpose = "hosts"

    others = True

    def __init__(self, spammer: Spammer) -> None:
        self.spammer = spammer
        self.draws = spammer.named(self.purpose)
        self.pools = [(n, free) for n, free in spammer.field.homes.items() if free]
        self.hosts = [self._host() for _ in range(spammer.settings.hosts if self.pools else 0)]

    def _host(self) -> tuple[str, int]:
        """A machine anywhere: a network as likely as it is large, any of its addresses."""
        sizes = np.array([len(free) for _, free in self.pools], dtype=float)
        network, free = self.pools[int(self.draws.choice(len(sizes), p=sizes / sizes.sum()))]
        return network, free[int(self.draws.integers(len(free)))]

    def works(self) -> bool:
        """Whether a host is left that can be used."""
        return bool(self._usable())

    def _usable(self) -> list[tuple[str, int]]:
        spammer = self.spammer
        if not spammer.heeds or not spammer.field.servers:
            return self.hosts
        listed = spammer.field.servers[0].listed
        return [h for h in self.hosts if spammer.heeds.isdisjoint(listed(h[1]))]

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """From one host, to each domain's MX."""
        spammer = self.spammer
        hosts = self._usable() or self.hosts
        if not hosts:
            return iter([Part(None, groups, spammer.address, spammer.network)])
        network, address = hosts[int(next(spammer.draws) * len(hosts))]
        return self.from_host(groups, network, address)

    def from_host(self, groups: list[RecipientGroup], network: str, address: int) -> Iterator[Part]:
        """Whom one host asks."""
        return to_exchangers(self.spammer, groups, address, network)

    def lose(self, transfer: Transfer, cause: str) -> None:
        """Drop the host that was listed, blocked or refused."""
        if cause in ("blocklist", "unreachable", "rate", "relaying"):
            self.hosts = [h for h in self.hosts if h[1] != transfer.address]

    def life(self) -> Generator[Event, Any, None] | None:
        """Gain hosts."""
        rate = self.spammer.settings.recruits
        return self._recruit(1.0 / rate) if rate > 0 and self.pools else None

    def _recruit(self, mean: float) -> Generator[Event, Any, None]:
        env = self.spammer.field.env
        gains = self.spammer.named(f"{self.purpose}: gains")
        while True:
            yield env.timeout(gains.exponential(mean))
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
        yield Part(self.spammer.field.submission.get(network), groups, address, network)


class Stolen:
    """Logins of other people, used from the spammer's own address."""

    others = True

    def __init__(self, spammer: Spammer) -> None:
        self.spammer = spammer
        accounts = spammer.field.accounts
        count = min(spammer.settings.stolen, len(accounts))
        chosen = spammer.named("stolen").choice(len(accounts), count, replace=False).tolist()
        self.logins = [accounts[i] for i in chosen]

    def works(self) -> bool:
        """Whether a login is left."""
        return bool(self.logins)

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to the submission server of one of the logins."""
        spammer = self.spammer
        if not self.logins:
            yield Part(None, groups, spammer.address, spammer.network)
            return
        network, login = self.logins[int(next(spammer.draws) * len(self.logins))]
        server = spammer.field.submission.get(network)
        # what is stolen is the POP password, which programs send in the clear
        useless = server is not None and server.settings.auth_password == "separate"
        yield Part(server, groups, spammer.address, spammer.network, Credentials(login, useless))

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002
        """Drop the login."""
        self.logins = [found for found in self.logins if found[1] != transfer.shows.login]

    def life(self) -> None:
        """None."""


class Window:
    """Submission servers that somebody's POP login, from the same address, has opened.

    The spammer stands where addresses are shared, or handed on: there, dialling in again gets
    another one that nobody holds. He asks one server after the other; a refusal only means that
    no window is open at the moment.
    """

    others = True

    def __init__(self, spammer: Spammer) -> None:
        self.spammer = spammer
        field = spammer.field
        self.servers = [s for network, s in field.submission.items() if network != spammer.network]
        self.addresses = field.leased.get(spammer.network, ())
        self.calls = spammer.named("calls")

    def works(self) -> bool:
        """Whether some server takes mail from an address that is to be had now."""
        return self._opened() is not None

    def _opened(self) -> Server | None:
        """A server with an open window, for the present address or that of another call."""
        for address in (self.spammer.address, *self._more()):
            if self.addresses and not self._is_idle(address):
                continue
            self.spammer.address = address
            for server in self.servers:
                if relays(self.spammer, server):
                    return server
        return None

    def _is_idle(self, address: int) -> bool:
        field = self.spammer.field
        return field.is_idle(self.spammer.network, address, field.env.now)

    def _more(self) -> Iterator[int]:
        for _ in range(self.spammer.settings.calls if self.addresses else 0):
            yield self.addresses[int(self.calls.integers(len(self.addresses)))]

    def parts(self, groups: list[RecipientGroup]) -> Iterator[Part]:
        """All of it to the first server whose window is open."""
        server = self._opened()
        yield Part(server, groups, self.spammer.address, self.spammer.network)

    def lose(self, transfer: Transfer, cause: str) -> None:
        """Nothing: another window will open."""

    def life(self) -> None:
        """None."""


ROUTES: dict[str, Callable[[Spammer], SpamRoute]] = {
    "open_relay": OpenRelay,
    "own_account": OwnAccount,
    "direct": Direct,
    "open_proxy": Proxies,
    "hijacked_host": Hosts,
    "hijacked_smarthost": Smarthost,
    "stolen_credentials": Stolen,
    "inherited_window": Window,
}
complete(ROUTES, SPAM_ROUTES, "spam routes")
