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
        self.until: dict[int, float] = {}  # by message: when the last answer came (s)
        self.ends: list[float] = []  # of messages whose answers are known, a heap
        self.answer: Event | None = None  # what somebody waits for

    def begin(self, message: int, parts: int) -> None:
        """Send *message* in so many transfers."""
        if parts:
            self.parts[message] = self.parts.get(message, 0) + parts

    def end(self, message: int, at: float) -> None:
        """One of the transfers of *message* is answered at *at* (s), now or later."""
        self.parts[message] -= 1
        self.until[message] = max(at, self.until.get(message, at))
        if not self.parts[message]:
            del self.parts[message]
            heappush(self.ends, self.until.pop(message))
            answer, self.answer = self.answer, None
            if answer is not None:
                answer.succeed()

    def open(self) -> int:
        """How many messages are being sent now."""
        while self.ends and self.ends[0] <= self.env.now:
            heappop(self.ends)
        return len(self.parts) + len(self.ends)

    def next_end(self) -> Event:
        """When the next of them may be done."""
        if self.ends:
            return self.env.timeout(self.ends[0] - self.env.now)
        if self.answer is None:
            self.answer = self.env.event()
        return self.answer
