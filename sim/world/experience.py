"""What a spammer knows of what arrives: mailboxes of its own are on the list, and it looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from sim.world.recorder import DELIVERED, FATES, IN_TRANSIT, Recorder

LATEST = 20
"""Messages that are looked at (chosen)."""
AGE = 7 * 86400.0
"""Seconds after which what was seen of a route counts no more: it is tried anew (chosen)."""


class Experience:
    """The share of the latest messages that has arrived, by the way that they took."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.sent: dict[Hashable, deque[tuple[float, int, int]]] = {}

    def note(self, way: Hashable, first: int, end: int, now: float) -> None:
        """The recipients of rows *first* to *end* are written to by *way*: a route, or a relay."""
        if way not in self.sent:
            self.sent[way] = deque(maxlen=LATEST)
        self.sent[way].append((now, first, end))

    def delivered(self, way: Hashable, now: float) -> float:
        """The share that arrived of what has a fate; all, before anything is known.

        One message that arrives is added to what was seen.
        """
        arrived = ended = 1
        for at, first, end in self.sent.get(way, ()):
            if now - at > AGE:
                continue
            fates = [outcome % FATES for outcome in self.recorder.outcome[first:end]]
            arrived += fates.count(DELIVERED)
            ended += len(fates) - fates.count(IN_TRANSIT)
        return arrived / ended
