"""What a spammer knows of what arrives: mailboxes of its own are on the list, and it looks."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Sequence

from sim.world.recorder import DELIVERED, FATES, IN_TRANSIT, Recorder

LATEST = 20
"""Messages that are looked at (chosen)."""
AGE = 7 * 86400.0
"""Seconds after which what was seen of a route counts no more: it is tried anew (chosen)."""


class Experience:
    """The share of the latest messages that has arrived, by the way that they took."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.sent: defaultdict[Hashable, deque[tuple[float, Sequence[int]]]] = defaultdict(
            lambda: deque(maxlen=LATEST)
        )
        self.left: defaultdict[Hashable, set[int]] = defaultdict(set)
        """By way, the recipients that did not arrive by it and went by another one."""

    def note(self, way: Hashable, rows: Sequence[int], now: float) -> None:
        """The recipients in *rows* are written to by *way*: a route, or a relay."""
        self.sent[way].append((now, rows))

    def move(self, way: Hashable, other: Hashable, rows: Sequence[int], now: float) -> None:
        """What *way* did not bring to the recipients in *rows* goes by the *other* one."""
        self.left[way].update(rows)
        self.left[other].difference_update(rows)
        self.note(other, rows, now)

    def delivered(self, way: Hashable, now: float) -> float:
        """The share that arrived of what has a fate; all, before anything is known.

        One message that arrives is added to what was seen.
        """
        arrived = ended = 1
        left, outcome = self.left[way], self.recorder.outcome
        for at, rows in self.sent[way]:
            if now - at > AGE:
                continue
            stayed = [row for row in rows if row not in left] if left else rows
            fates = [outcome[row] % FATES for row in stayed]
            arrived += fates.count(DELIVERED)
            ended += len(rows) - fates.count(IN_TRANSIT)
        return arrived / ended
