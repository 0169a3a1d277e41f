"""What all spammers of a world share: people who answer, and the fewer the more spam they get."""

from __future__ import annotations

from math import exp

from sim.scenario import spam_market
from sim.world.context import WorldContext

LOOKS_BACK = 86400.0
"""Seconds over which the spam of a mailbox is averaged, exponentially (chosen)."""


class Market:
    """How much spam a mailbox gets at the moment, and the share of it that is answered."""

    def __init__(self, context: WorldContext) -> None:
        self.transport = context.transport
        self.mailboxes = max(1, len(context.mailboxes.domain_of))
        self.at = 0.0  # when it last looked (s)
        self.delivered = 0  # until then
        self.rate = 0.0  # recipients a second, averaged

    def spam(self, now: float) -> float:
        """Spam that a mailbox gets a day."""
        passed, delivered = now - self.at, self.transport.spam_delivered
        if passed > 0.0:
            weight = exp(-passed / LOOKS_BACK)
            latest = (delivered - self.delivered) / passed
            self.rate = weight * self.rate + (1.0 - weight) * latest
            self.at, self.delivered = now, delivered
        return 86400.0 * self.rate / self.mailboxes

    def response(self, first: float, halves_at: float | None, now: float) -> float:
        """Share of delivered messages that somebody answers, as `spam_market.response` has it."""
        if halves_at is None:
            return first
        return spam_market.response(first, self.spam(now), halves_at)
