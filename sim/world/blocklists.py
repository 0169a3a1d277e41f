"""Blocklists: addresses that sent spam, listed after reports and traps, and forgotten again.

What a list says is a fact that `decide` reads; only a server whose policy asks the list
refuses, so a listed relay's honest customers are refused there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.workload.streams import BLOCK, Generator, stream, uniforms
from sim.world.operators import is_open
from sim.world.recorder import Recorder
from sim.world.server import Server

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.blocklists import Blocklist as Settings
    from sim.workload.people import Mailboxes

EVERYWHERE = 0, 2**32 - 1
BITS = {"address": 0, "/24": 8}
"""Bits of an address that a scope does not look at."""
TOLERANCE = 1e-6
"""Seconds by which a moment reached by adding waits may be missed."""

Later = Callable[[float, Callable[[float], None]], None]


class Around(NamedTuple):
    """What lists know of the world."""

    later: Later
    rows: Recorder
    servers: list[Server]
    reported: Callable[[int, float], None]
    """Told of spam that somebody reports: the address it came from, the moment."""
    entered: Callable[[int, int, float], None]
    """Told of a listing: the first and the last address, the moment."""


class Blocklist:
    """One list: what it has heard of each address, or /24, and what it lists."""

    def __init__(
        self, name: str, settings: Settings, traps: range, context: Around,
        changed: Callable[[int, int], None], named: Callable[[str], Generator],
    ) -> None:  # fmt: skip
        self.name, self.settings, self.traps = name, settings, traps
        self.context, self.changed = context, changed
        self.bits = BITS[settings.scope]
        self.fixed = [(int(p[0]), int(p[-1])) for p in settings.ranges]
        self.dead = False
        self.draws = uniforms(named("delays"))
        self.gaps = _gaps(settings.reports, named("reports"))
        self.unreported = next(self.gaps)  # recipients until the next one who reports
        self.report_delay = settings.report_delay.quantile()
        self.delay = settings.delay.quantile()
        self.last: dict[int, float] = {}  # by scope: the last spam that the list heard of
        self.reports: dict[int, int] = {}  # by scope: how many so far
        self.pending: set[int] = set()
        self.listed: dict[int, int] = {}  # by scope: number of the entry
        self.entries = 0
        if settings.lists_the_world is not None:
            context.later(settings.lists_the_world, self._die)

    def lists(self, address: int) -> bool:
        """Whether it answers 'listed' for *address*."""
        return (
            address >> self.bits in self.listed
            or self.dead
            or any(first <= address <= last for first, last in self.fixed)
        )

    # ---- what it hears

    def spam(self, client: int, first: int, end: int, at: float) -> None:
        """Spam from *client* came to the recipients of rows *first* to *end*."""
        if at < self.settings.opens:
            return
        recipients = self.context.rows.recipient
        if self.traps and any(box in self.traps for box in recipients[first:end]):
            self._hear(client >> self.bits, at)
            self._wait_to_list(client >> self.bits, at, "trap")
        self.unreported -= end - first
        while self.unreported <= 0:
            self.unreported += next(self.gaps)
            wait = self.report_delay(next(self.draws))
            self.context.later(at + wait, lambda t: self._report(client, t))

    def _report(self, client: int, now: float) -> None:
        self.context.reported(client, now)
        scope = client >> self.bits
        self._hear(scope, now)
        self.reports[scope] = self.reports.get(scope, 0) + 1
        if self.reports[scope] >= self.settings.reports_needed:
            self._wait_to_list(scope, now, "reports")

    def _hear(self, scope: int, at: float) -> None:
        self.last[scope] = max(at, self.last.get(scope, at))

    # ---- what it lists

    def _wait_to_list(self, scope: int, at: float, reason: str) -> None:
        if scope in self.listed or scope in self.pending:
            return
        self.pending.add(scope)
        wait = self.delay(next(self.draws))
        self.context.later(at + wait, lambda t: self._list(scope, reason, t))

    def _list(self, scope: int, reason: str, now: float) -> None:
        self.pending.discard(scope)
        if self.settings.open_relays_only and not self._relays(scope):
            self.reports.pop(scope, None)
            return
        self.entries += 1
        entry = self.listed[scope] = self.entries
        self._note("listed", scope, reason, now)
        self.context.entered(*self._span(scope), now)
        self._expire_later(scope, entry)
        self.ask_removal(scope, now)

    def _expire_later(self, scope: int, entry: int) -> None:
        due = self.last[scope] + self.settings.expiry
        self.context.later(due, lambda t: self._expire(scope, entry, t))

    def _expire(self, scope: int, entry: int, now: float) -> None:
        if self.listed.get(scope) != entry:
            return
        if self.last[scope] + self.settings.expiry > now + TOLERANCE:  # it heard of more spam
            self._expire_later(scope, entry)
        else:
            self._delist(scope, "expired", now)

    def ask_removal(self, scope: int, now: float) -> None:
        """The owner of a server in *scope* asks to be removed; it is tested first."""
        entry, removal = self.listed.get(scope), self.settings.removal
        if entry is None or removal is None or not any(self._in(scope)):
            return

        def remove(t: float) -> None:
            if self.listed.get(scope) == entry and not self._relays(scope):
                self._delist(scope, "removed", t)

        self.context.later(now + removal.quantile()(next(self.draws)), remove)

    def _delist(self, scope: int, reason: str, now: float) -> None:
        del self.listed[scope]
        self.reports.pop(scope, None)
        self._note("delisted", scope, reason, now)

    def _die(self, now: float) -> None:
        self.dead = True
        self.context.rows.change(now, "listed", self.name, reason="died", prefix=0)
        self.changed(*EVERYWHERE)

    # ---- servers in a scope

    def _in(self, scope: int) -> Iterator[Server]:
        return (s for s in self.context.servers if s.address >> self.bits == scope)

    def _relays(self, scope: int) -> bool:
        """Whether a test message comes through one of the servers in *scope*."""
        return any(is_open(server.policy) for server in self._in(scope))

    def _span(self, scope: int) -> tuple[int, int]:
        first = scope << self.bits
        return first, first + (1 << self.bits) - 1

    def _note(self, change: str, scope: int, reason: str, now: float) -> None:
        first, last = self._span(scope)
        server = next((s.name for s in self._in(scope)), "") if not self.bits else ""
        self.context.rows.change(
            now, change, self.name, reason=reason, address=first, prefix=32 - self.bits,
            server=server,
        )  # fmt: skip
        self.changed(first, last)


class Blocklists:
    """All lists of a world, and what they say of an address."""

    def __init__(
        self, scenario: Scenario, replication: int, mailboxes: Mailboxes, context: Around
    ) -> None:
        def named(name: str) -> Callable[[str], Generator]:
            return lambda purpose: stream(
                scenario.seed, replication=replication, entity=f"blocklists.{name}", purpose=purpose
            )

        self.servers = context.servers
        self.said: dict[int, tuple[str, ...]] = {}
        self.lists = [
            Blocklist(
                name, settings, mailboxes.traps.get(name, range(0)), context, self._changed,
                named(name),
            )
            for name, settings in scenario.blocklists.items()
        ]  # fmt: skip
        for server in self.servers:
            server.listed = self.listing

    def listing(self, address: int) -> tuple[str, ...]:
        """The lists that list *address*, in the order of the file."""
        said = self.said.get(address)
        if said is None:
            said = tuple(found.name for found in self.lists if found.lists(address))
            self.said[address] = said
        return said

    def spam(self, client: int, first: int, end: int, at: float) -> None:
        """Spam from *client* was delivered: somebody may report it, and traps do."""
        for found in self.lists:
            found.spam(client, first, end, at)

    def policy_changed(self, server: Server, now: float) -> None:
        """*server* answers otherwise now: its owner asks for removal where it is listed."""
        for found in self.lists:
            found.ask_removal(server.address >> found.bits, now)

    def _changed(self, first: int, last: int) -> None:
        if last - first >= len(self.said):
            self.said.clear()
        else:
            for address in range(first, last + 1):
                self.said.pop(address, None)
        for server in self.servers:
            if server.answers.reads_lists:
                server.answers.lists_changed(first, last)


def _gaps(share: float, generator: np.random.Generator) -> Iterator[float]:
    """Recipients up to and with the next one who reports, of whom each does with *share*.

    Counting them down costs one subtraction for a whole transaction.
    """
    while share > 0.0:
        yield from generator.geometric(share, BLOCK).tolist()
    yield inf
