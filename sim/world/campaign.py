"""A spammer's campaign: transactions by one route, one after the other, an event each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from simpy.events import Event

from sim.world.engine import Engine, Occurrence

if TYPE_CHECKING:
    from sim.records.words import Route
    from sim.world.spam_line import Connections
    from sim.world.spam_source import SpamRoute


class Campaigner(Protocol):
    """Who makes a campaign."""

    env: Engine
    routes: dict[Route, SpamRoute]
    sending: Connections
    pace: float
    """Seconds from one transaction to the next."""

    def plan(self, only: Route | None = None) -> tuple[Route, float]:
        """The route to send by now, and the recipients a second that it carries."""

    def send(self, now: float, route: Route) -> None:
        """Make a transaction by *route*."""


class Campaign(Occurrence):
    """The next transaction of a campaign by *route* alone; *only*: no other route is looked at."""

    __slots__ = (
        "_after_pause", "_when_free", "late", "left", "only", "over", "ready", "route", "spammer",
    )  # fmt: skip

    def __init__(
        self, spammer: Campaigner, route: Route, only: Route | None, transactions: int
    ) -> None:
        super().__init__()
        self.spammer, self.route, self.only, self.left = spammer, route, only, transactions
        self.late = 0.0
        """Seconds for which it had to wait for connections."""
        self.over: Event | None = None
        """Happens when the last one has been made."""
        self._after_pause, self._when_free = (self.go_on,), (self.send,)
        self.begin()

    def begin(self) -> None:
        """Make the next transaction as soon as there is a connection."""
        self.ready = self.spammer.env.now
        self.send()

    def go_on(self, _: Event) -> None:
        """Make the next one, unless another route is better by now than what this was timed for."""
        best, carried = self.spammer.plan(self.only)
        if best is self.route and carried:
            self.begin()
        else:
            self.end()

    def end(self) -> None:
        """Make no more."""
        self.left = 0
        if self.over is not None:
            self.over.succeed()

    def wait(self) -> Event:
        """What happens when the last one has been made."""
        self.over = self.spammer.env.event()
        return self.over

    def send(self, _: Event | None = None) -> None:
        """Make a transaction now, or wait for a connection."""
        spammer, env = self.spammer, self.spammer.env
        now = env.now
        if spammer.sending.open(now) >= spammer.routes[self.route].connections():
            self.callbacks = self._when_free
            spammer.sending.wait(self)
            return
        self.late += now - self.ready
        spammer.send(now, self.route)
        self.left -= 1
        if self.left:
            self.callbacks = self._after_pause
            env.at(self, now + spammer.pace)
        else:
            self.end()
