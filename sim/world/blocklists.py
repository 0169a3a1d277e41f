"""Blocklists: addresses that sent spam, listed after reports and traps, and forgotten again.

What a list says is a fact that `decide` reads; only a server whose policy asks the list
refuses, so a listed relay's honest customers are refused there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from sim.path.route import is_open
from sim.records.words import Change, Reason
from sim.smtp.clients import Range
from sim.workload.streams import BLOCK, uniforms
from sim.world.context import WorldContext
from sim.world.recorder import CalendarRow
from sim.world.server import Server

if TYPE_CHECKING:
    from sim.scenario.blocklists import Blocklist as Settings

EVERYWHERE = 0, 2**32 - 1
BITS = {"address": 0, "/24": 8}
"""Bits of an address that a scope does not look at."""
TOLERANCE = 1e-6
"""Seconds by which a moment reached by adding waits may be missed."""

Reported = Callable[[int, float], None]
"""Called when somebody reports spam: with the address it came from, and the moment (s)."""
Entered = Callable[[int, int, float], None]
"""Called when addresses get on a list: with the first and the last, and the moment (s)."""


class Blocklist:
    """One list: what it has heard of each address, or /24, and what it lists."""

    def __init__(
        self,
        name: str,
        context: WorldContext,
        changed: Callable[[int, int], None],
        reported: Reported,
        entered: Entered,
    ) -> None:
        self.name, self.context, self.changed = name, context, changed
        self.settings: Settings = context.scenario.blocklists[name]
        self.reported, self.entered = reported, entered
        self.traps = frozenset(context.mailboxes.traps.get(name, ()))
        settings, streams = self.settings, context.streams(f"blocklists.{name}")
        self.bits = BITS[settings.scope]
        self.fixed = [*map(Range.of, settings.ranges)]
        self.address_of = context.scenario.numbering.address
        self.dead = False
        self.draws = uniforms(streams("delays"))
        self.gaps = _gaps(settings.reports, streams("reports"))
        self.unreported = next(self.gaps)  # recipients until the next one who reports
        self.report_delay = settings.report_delay.quantile()
        self.delay = settings.delay.quantile()
        self.last: dict[int, float] = {}  # by scope: the last spam that the list heard of
        self.reports: dict[int, int] = {}  # by scope: how many so far
        self.pending: set[int] = set()
        self.listed: dict[int, int] = {}  # by scope: number of the entry
        self.entries = 0
        if settings.lists_the_world is not None:
            context.env.call_at(settings.lists_the_world, self._die)

    def lists(self, address: int) -> bool:
        """Whether it answers 'listed' for *address*."""
        return (
            address >> self.bits in self.listed
            or self.dead
            or any(first <= self.address_of(address) <= last for first, last in self.fixed)
        )

    # ---- what it hears

    def spam(self, client: int, first: int, end: int, at: float) -> None:
        """Spam from *client* came to the recipients of rows *first* to *end*."""
        if at < self.settings.opens:
            return
        recipients = self.context.recorder.recipient
        if self.traps and not self.traps.isdisjoint(recipients[first:end]):
            self._hear(client >> self.bits, at)
            self._wait_to_list(client >> self.bits, at, Reason.TRAP)
        self.unreported -= end - first
        while self.unreported <= 0:
            self.unreported += next(self.gaps)
            wait = self.report_delay(next(self.draws))
            self.context.env.call_at(at + wait, lambda t: self._report(client, t))

    def _report(self, client: int, now: float) -> None:
        self.reported(client, now)
        scope = client >> self.bits
        self._hear(scope, now)
        self.reports[scope] = self.reports.get(scope, 0) + 1
        if self.reports[scope] >= self.settings.reports_needed:
            self._wait_to_list(scope, now, Reason.REPORTS)

    def _hear(self, scope: int, at: float) -> None:
        self.last[scope] = max(at, self.last.get(scope, at))

    # ---- what it lists

    def _wait_to_list(self, scope: int, at: float, reason: Reason) -> None:
        if scope in self.listed or scope in self.pending:
            return
        self.pending.add(scope)
        wait = self.delay(next(self.draws))
        self.context.env.call_at(at + wait, lambda t: self._list(scope, reason, t))

    def _list(self, scope: int, reason: Reason, now: float) -> None:
        self.pending.discard(scope)
        if self.settings.open_relays_only and not self._relays(scope):
            self.reports.pop(scope, None)
            return
        self.entries += 1
        entry = self.listed[scope] = self.entries
        self._note(Change.LISTED, scope, reason, now)
        self.entered(*self._span(scope), now)
        self._expire_later(scope, entry)
        self.ask_removal(scope, now)

    def _expire_later(self, scope: int, entry: int) -> None:
        due = self.last[scope] + self.settings.expiry
        self.context.env.call_at(due, lambda t: self._expire(scope, entry, t))

    def _expire(self, scope: int, entry: int, now: float) -> None:
        if self.listed.get(scope) != entry:
            return
        if self.last[scope] + self.settings.expiry > now + TOLERANCE:  # it heard of more spam
            self._expire_later(scope, entry)
        else:
            self._delist(scope, Reason.EXPIRED, now)

    def ask_removal(self, scope: int, now: float) -> None:
        """The owner of a server in *scope* asks to be removed; it is tested first."""
        entry, removal = self.listed.get(scope), self.settings.removal
        if entry is None or removal is None or not self._in(scope):
            return

        def remove(t: float) -> None:
            if self.listed.get(scope) == entry and not self._relays(scope):
                self._delist(scope, Reason.REMOVED, t)

        self.context.env.call_at(now + removal.quantile()(next(self.draws)), remove)

    def _delist(self, scope: int, reason: Reason, now: float) -> None:
        del self.listed[scope]
        self.reports.pop(scope, None)
        self._note(Change.DELISTED, scope, reason, now)

    def _die(self, now: float) -> None:
        self.dead = True
        row = CalendarRow(now, Change.LISTED, self.name, Reason.DIED, prefix=0)
        self.context.recorder.calendar.append(row)
        self.changed(*EVERYWHERE)

    # ---- servers in a scope

    def _in(self, scope: int) -> list[Server]:
        return self._servers.get(scope, [])

    @cached_property
    def _servers(self) -> dict[int, list[Server]]:
        """All servers, by scope."""
        servers: dict[int, list[Server]] = {}
        for server in self.context.servers:
            servers.setdefault(server.address >> self.bits, []).append(server)
        return servers

    def _relays(self, scope: int) -> bool:
        """Whether a test message comes through one of the servers in *scope*."""
        return any(is_open(server.policy) for server in self._in(scope))

    def _span(self, scope: int) -> tuple[int, int]:
        first = scope << self.bits
        return first, first + (1 << self.bits) - 1

    def _note(self, change: Change, scope: int, reason: Reason, now: float) -> None:
        first, last = self._span(scope)
        server = next((s.name for s in self._in(scope)), "") if not self.bits else ""
        row = CalendarRow(now, change, self.name, reason, first, 32 - self.bits, server)
        self.context.recorder.calendar.append(row)
        self.changed(first, last)


class Blocklists:
    """All lists of a world, and what they say of an address."""

    def __init__(self, context: WorldContext, reported: Reported, entered: Entered) -> None:
        self.context, self.servers = context, context.servers
        self.known: dict[int, tuple[str, ...]] = {}
        self.lists = [
            Blocklist(name, context, self._changed, reported, entered)
            for name in context.scenario.blocklists
        ]
        for server in self.servers:
            server.listed = self.listing

    def listing(self, address: int) -> tuple[str, ...]:
        """The lists that list *address*, in the order of the file."""
        names = self.known.get(address)
        if names is None:
            names = tuple(blocklist.name for blocklist in self.lists if blocklist.lists(address))
            self.known[address] = names
        return names

    def spam(self, client: int, first: int, end: int, at: float) -> None:
        """Spam from *client* was delivered: somebody may report it, and traps do."""
        for blocklist in self.lists:
            blocklist.spam(client, first, end, at)

    def policy_changed(self, server: Server, now: float) -> None:
        """*server* answers otherwise now: its owner asks for removal where it is listed."""
        for blocklist in self.lists:
            blocklist.ask_removal(server.address >> blocklist.bits, now)

    def _changed(self, first: int, last: int) -> None:
        """The lists say otherwise of these addresses: nobody knows more of them than is here."""
        self.context.listings += 1
        span, known = range(first, last + 1), self.known
        less, more = (span, known) if len(span) < len(known) else (known, span)
        changed = [address for address in less if address in more]
        for address in changed:
            del known[address]
        for server in self.servers:
            if server.cache.reads_lists:
                server.cache.forget_listings(changed)


def _gaps(share: float, generator: np.random.Generator) -> Iterator[float]:
    """Recipients up to and with the next one who reports, of whom each does with *share*.

    Counting them down costs one subtraction for a whole transaction.
    """
    while share > 0.0:
        yield from generator.geometric(share, BLOCK).tolist()
    yield inf
