"""The event list: SimPy's environment, and events that can be scheduled more than once.

This file alone uses private attributes of SimPy, in the versions that pyproject.toml names.

``_ok``, ``_value``: an event of SimPy happens once and is thrown away. A message is one event for
all of its hops, scheduled anew at each: a process with a Timeout a hop takes three times as long.
``_queue``: the accelerator hands over its next message only if nothing is scheduled before it,
and what is still scheduled at the end holds recipients whose fate is open. Moments are entered as
they are: as delays, which SimPy adds to the present, they would be rounded.
``_now``: the time, without the call that `now` is.
``_eid``: the counter of events, which orders those of one moment and says how many there were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import heappush
from typing import Any

from simpy.core import Environment
from simpy.events import NORMAL, Event

from sim.workload.arrivals import RecipientGroup

Moment = Callable[[float], None]
"""What is called with the time (s)."""


class Occurrence(Event):
    """An event that always succeeds, and about whose *groups* of recipients it decides.

    SimPy drops the callbacks when it has called them: they are set each time it is scheduled.
    """

    __slots__ = ("groups",)
    _ok = True
    _value: Any = None
    callbacks: Any  # SimPy only iterates it: a tuple does, and is made once

    def __init__(self, groups: Sequence[RecipientGroup] = ()) -> None:
        self.groups = groups


class Engine(Environment):
    """SimPy's environment with moments instead of delays."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = self._queue
        """A heap of (moment, priority, number, event)."""

    def at(self, event: Event, moment: float) -> None:
        """Schedule *event* at *moment* (s), or now if that is over."""
        if moment < self._now:
            moment = self._now
        heappush(self.queue, (moment, NORMAL, next(self._eid), event))

    def call_at(self, moment: float, do: Moment, groups: Sequence[RecipientGroup] = ()) -> None:
        """Call *do* with the time, at *moment* or now; *groups* of recipients wait for it."""
        event = Occurrence(groups)
        event.callbacks = (lambda _: do(self._now),)
        self.at(event, moment)

    def pending(self) -> Iterator[RecipientGroup]:
        """The groups of recipients about which a scheduled event is still to decide."""
        for _, _, _, event in self.queue:
            if isinstance(event, Occurrence):
                yield from event.groups

    def scheduled(self) -> int:
        """How many events have been scheduled; to be asked once, at the end."""
        return next(self._eid)
