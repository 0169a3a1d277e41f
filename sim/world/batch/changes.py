"""When anything next goes down, or a network or a link comes up: ways change, sessions are lost."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.world.outages import Outages


class Changes:
    """The next change, as far as it has been looked for; *outages* None: nothing is ever down."""

    __slots__ = ("next", "outages")

    def __init__(self, outages: Outages | None) -> None:
        self.outages = outages
        self.next = 0.0  # no change is before this moment (s)

    def between(self, at: float, done: float) -> bool:
        """Whether there is a change between *at*, which is no earlier than before, and *done*."""
        if done < self.next:
            return False
        self.next = inf if self.outages is None else self.outages.next_moment(at)
        return done >= self.next
