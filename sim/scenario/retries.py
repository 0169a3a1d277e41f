"""When a server tries a deferred message again: the schedules of well-known servers by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count, repeat
from typing import NamedTuple

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0


class Schedule(NamedTuple):
    """A server's way to retry: waits (s) between attempts, how long it tries, the source."""

    meaning: str
    waits: Callable[[], Iterator[float]]
    lifetime: float
    source: str


def _postfix() -> Iterator[float]:
    """The wait doubles, between the least and the greatest (qmgr(8))."""
    wait = 300.0
    while True:
        yield wait
        wait = min(2.0 * wait, 4000.0)


def _exim() -> Iterator[float]:
    """Every 15 min for 2 h, growing by 1.5 from 1 h until 16 h, then every 6 h."""
    age = 0.0
    wait = HOUR
    while True:
        if age < 2 * HOUR:
            step = 15 * MINUTE
        elif age < 16 * HOUR:
            step, wait = wait, 1.5 * wait
        else:
            step = 6 * HOUR
        age += step
        yield step


def _qmail() -> Iterator[float]:
    """The n-th retry comes 400 n² s after arrival."""
    return (400.0 * (n**2 - (n - 1) ** 2) for n in count(1))


SCHEDULES: dict[str, Schedule] = {
    "postfix": Schedule(
        "after 5 min, then twice as long each time, at most 4000 s; 5 days",
        _postfix,
        5 * DAY,
        "retry.postfix.rule",
    ),
    "sendmail": Schedule(
        "at every hourly run of the queue; 5 days",
        lambda: repeat(HOUR),
        5 * DAY,
        "retry.sendmail.queue_run",
    ),
    "exim": Schedule(
        "every 15 min for 2 h, then growing by half from 1 h, every 6 h after 16 h; 4 days",
        _exim,
        4 * DAY,
        "retry.exim",
    ),
    "qmail": Schedule(
        "400 n² s after arrival for the n-th time; 7 days", _qmail, 7 * DAY, "retry.qmail.remote"
    ),
}


def waits(retry: str | tuple[float, ...], lifetime: float) -> tuple[float, ...]:
    """Return the waits (s) before each retry of a message that lives *lifetime* s.

    *retry* names a schedule, or gives the waits, the last of which repeats. The sum of
    the waits does not exceed the lifetime.
    """
    steps = SCHEDULES[retry].waits() if isinstance(retry, str) else _repeating_last(retry)
    taken: list[float] = []
    age = 0.0
    for step in steps:
        age += step
        if age > lifetime:
            break
        taken.append(step)
    return tuple(taken)


def _repeating_last(given: tuple[float, ...]) -> Iterator[float]:
    yield from given
    yield from repeat(given[-1])
