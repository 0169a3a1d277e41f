"""The ways to send spam: whom each asks, from which address, and when it no longer works.

One class a route, one line a route in the table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from sim.path.facts import NO_LOGIN
from sim.records.words import Route
from sim.workload.arrivals import RecipientGroup
from sim.world.server import Server
from sim.world.spam_hosts import Hosts, Proxies, Smarthost
from sim.world.spam_permissions import Stolen, Window
from sim.world.spam_source import Life, Part, SpamRoute, SpamSource
from sim.world.transfers import Transfer, rows_of


class OpenRelay(SpamRoute):
    """Servers that relay for strangers, found by asking, dropped when they refuse."""

    steady = True

    def __init__(self, source: SpamSource) -> None:
        super().__init__(source)
        self.by_profit = self.settings.choice == "profit"
        self._looked_up = -1  # how often blocklists had changed when they were looked up
        self._unlisted: list[Server] = []  # the relays that were on none of them
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
        heeds, listings = self.source.heeds, self.context.listings
        if not heeds:
            return self.known
        if self._looked_up != listings:
            self._looked_up = listings
            self._unlisted = [s for s in self.known if heeds.isdisjoint(s.listed(s.address))]
        return self._unlisted

    def _know(self, relays: list[Server]) -> None:
        """Know these *relays* from now on."""
        self.known, self._looked_up, self.source.plan = relays, -1, None

    def units(self) -> float:
        """The relays that can be used."""
        return len(self._usable())

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """All of it to one of the relays known; to nobody if none is."""
        source = self.source
        candidates = self._usable() or self.known
        if not candidates or self._is_exchanger(relay := self._one_of(candidates), groups):
            return (source.part(None, groups),)
        if self.by_profit:
            source.experience.note(relay.name, rows_of(groups), self.context.env.now)
        return ((relay, groups, source.address, source.network, NO_LOGIN),)

    def _one_of(self, relays: list[Server]) -> Server:
        """One of *relays*, each as likely; by profit, as what it brings in: a listed one, whose
        mail does not arrive, has lost its worth."""
        draw = next(self.source.draws)
        if not self.by_profit:
            return relays[int(draw * len(relays))]
        now, seen = self.context.env.now, self.source.experience.delivered
        worths = [
            max(0.0, self.settings.worth(Route.OPEN_RELAY, seen(relay.name, now)))
            for relay in relays
        ]
        sums = list(accumulate(worths))
        if not sums[-1]:
            return relays[int(draw * len(relays))]
        return relays[bisect_right(sums, draw * sums[-1])]

    def _is_exchanger(self, relay: Server, groups: list[RecipientGroup]) -> bool:
        """Whether *relay*, which has closed, would take all of this for its own customers."""
        domains, own = self.context.mailboxes.domains, relay.domains
        for group in groups:
            if domains[group.domain] not in own:
                return False
        return not self.source.is_relayed_by(relay)

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002 - any cause will do
        """Drop the relay."""
        if transfer.server in self.known:
            self._know([s for s in self.known if s is not transfer.server])

    def life(self) -> Life | None:
        """Ask servers, one after the other, whether they relay for a stranger."""
        rate = self.settings.scan_rate
        return self.source.repeat("scans", rate, self._scan) if rate > 0 and self.strange else None

    def _scan(self, scans: np.random.Generator) -> None:
        server = self.strange[int(scans.integers(len(self.strange)))]
        if server not in self.known and self.source.is_relayed_by(server):
            self._know([*self.known, server])


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

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """All of it to the own submission server."""
        if self.closes_at is None and self.settings.account_lasts is not None:
            lasts = self.lasts.exponential(self.settings.account_lasts)
            self.closes_at = self.context.env.now + lasts
        return (self.source.part(self.source.own_server, groups),)

    def lose(self, transfer: Transfer, cause: str) -> None:  # noqa: ARG002
        """Take the account for useless for a while, then try again."""
        self.closed_until = self.context.env.now + self.settings.account_renewed


class Direct(SpamRoute):
    """From the spammer's own line to each recipient's MX; nothing is lost by a refusal, since
    other domains may still take it."""

    others, steady = False, True

    def works(self) -> bool:
        """Direct delivery is always available."""
        return True

    def parts(self, groups: list[RecipientGroup]) -> Sequence[Part]:
        """To each domain's MX what is for that domain."""
        return self.to_exchangers(groups, self.source.address, self.source.network)


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
