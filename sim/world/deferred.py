"""The queue of a server: when what was deferred is tried again, and when it is given up."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from sim.scenario.servers import Server as Settings

_CLOSE = 1e-9
"""Runs of the queue; two moments closer than this are one."""


class Deferred:
    """What a server knows of a message in its queue."""

    __slots__ = ("since", "tries", "wait", "warned")

    def __init__(self, since: float) -> None:
        self.since = since  # when it came into the queue (s)
        self.tries = 0  # retries so far
        self.wait = 0.0  # before the last of them, as the schedule has it (s)
        self.warned = False  # its sender knows that it is late


class Retries:
    """When one server tries again, warns, and gives up.

    It looks into its queue at moments that are spaced evenly; the first depends on its name
    alone, so servers do not work in step, and no arm or neighbour changes it.
    """

    __slots__ = ("_first", "lifetime", "run", "wait", "warning")

    def __init__(self, name: str, settings: Settings) -> None:
        self.wait, self.lifetime, self.warning = settings.wait, settings.lifetime, settings.warning
        self.run = settings.between_runs
        self._first = self.run * crc32(name.encode()) / 2**32

    def next_attempt(self, deferred: Deferred, now: float) -> float | None:
        """When the next attempt is, after one that failed at *now*; None: it has expired."""
        age = now - deferred.since
        if age >= self.lifetime:
            return None
        deferred.wait = self.wait(deferred.tries, age, deferred.wait)
        deferred.tries += 1
        return self.when_run(now, now + deferred.wait)

    def when_run(self, now: float, due: float) -> float:
        """The first moment after *now* at which a message that is due at *due* is tried."""
        if self.run <= 0.0:
            return due
        at = max(
            ceil((due - self._first) / self.run - _CLOSE),
            floor((now - self._first) / self.run + _CLOSE) + 1,
        )
        return self._first + at * self.run

    def warns(self, deferred: Deferred, now: float) -> bool:
        """Whether the sender is to be told at *now* that the message is late: once."""
        if not self._is_late(deferred, now):
            return False
        deferred.warned = True
        return True

    def next_quietly(self, deferred: Deferred, now: float) -> float | None:
        """When the next attempt is; None: it has expired, or its sender is to be told."""
        return None if self._is_late(deferred, now) else self.next_attempt(deferred, now)

    def _is_late(self, deferred: Deferred, now: float) -> bool:
        return 0.0 < self.warning <= now - deferred.since and not deferred.warned
