"""The connections of a spammer: a message is sent when one of those before it is done."""

from __future__ import annotations

from heapq import heappop, heappush

from simpy.events import Event

from sim.world.engine import Engine


class Connections:
    """Which of a spammer's messages are being sent, and when the others were done."""

    def __init__(self, env: Engine) -> None:
        self.env = env
        self.parts: dict[int, int] = {}  # by message: transfers without an answer
        self.until: dict[int, float] = {}  # by message of several: when the last answer came (s)
        self.ends: list[float] = []  # of messages whose answers are known, a heap
        self.waiting: list[Event] = []  # what is to happen when one is answered

    def begin(self, message: int, parts: int) -> None:
        """Send *message* in so many transfers."""
        if parts:
            self.parts[message] = self.parts.get(message, 0) + parts

    def end(self, message: int, at: float) -> None:
        """One of the transfers of *message* is answered at *at* (s), now or later."""
        left = self.parts.pop(message) - 1
        if left or message in self.until:
            at = max(at, self.until.pop(message, at))
        if left:
            self.parts[message], self.until[message] = left, at
            return
        heappush(self.ends, at)
        while self.waiting:
            self.env.at(self.waiting.pop(0), self.env.now)

    def open(self, now: float) -> int:
        """How many messages are being sent *now* (s)."""
        ends = self.ends
        while ends and ends[0] <= now:
            heappop(ends)
        return len(self.parts) + len(ends)

    def wait(self, event: Event) -> None:
        """Let *event* happen when the next of them may be done."""
        if self.ends:
            self.env.at(event, self.ends[0])
        else:
            self.waiting.append(event)
