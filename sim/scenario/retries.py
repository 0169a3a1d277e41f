"""When a server tries a deferred message again: the schedules of well-known servers by name."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Literal, NamedTuple, get_args

from sim.records.words import complete

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

Wait = Callable[[int, float, float], float]
"""How long a message is left alone (s) after an attempt that failed: from the number of
retries so far, the age of the message (s) and the wait before (s; 0: none yet)."""


class Schedule(NamedTuple):
    """A server's way to retry, as configured out of the box.

    A message is due after *wait*, and is tried at the next run of the queue; the first
    attempt that fails after *lifetime* is the last. One whose age is past *warning* when an
    attempt fails is reported to its sender, once.
    """

    meaning: str
    wait: Wait
    lifetime: float  # s
    source: str
    queue_run: float = 0.0  # s between runs; 0: tried the moment it is due
    warning: float = 0.0  # s; 0: never


def _postfix(_tries: int, age: float, _last: float) -> float:
    """As long as it is old, between the least and the greatest (qmgr(8), qmgr_active.c)."""
    return min(max(age, 300.0), 4000.0)


def _sendmail(_tries: int, _age: float, _last: float) -> float:
    """Every run of the queue tries everything."""
    return 0.0


def _exim(_tries: int, age: float, last: float) -> float:
    """F,2h,15m; G,16h,1h,1.5; F,4d,6h: the rule that its age falls under (retry.c)."""
    if age <= 2 * HOUR:
        return 15 * MINUTE
    if age <= 16 * HOUR:
        return HOUR if last < HOUR else 1.5 * last
    return 6 * HOUR


def _qmail(_tries: int, age: float, _last: float) -> float:
    """Due (isqrt(age) + 20)² s after arrival: the n-th retry 400 n² s after it (qmail-send.c)."""
    return float((isqrt(int(age)) + 20) ** 2) - age


ScheduleName = Literal["postfix", "sendmail", "exim", "qmail"]

SCHEDULES: dict[str, Schedule] = {
    "postfix": Schedule(
        "as long as it is old, at least 300 s and at most 4000 s: 5, 10, 20, 40, 80 min after "
        "arrival, then every 67 min; the queue is looked at every 5 min; 5 days; no warning",
        _postfix,
        5 * DAY,  # retry.postfix.lifetime
        "retry.postfix.rule",
        queue_run=300.0,  # retry.postfix.queue_run
    ),
    "sendmail": Schedule(
        "at every hourly run of the queue; warning after 4 h; 5 days",
        _sendmail,
        5 * DAY,  # retry.sendmail.lifetime
        "retry.sendmail.queue_run",
        queue_run=HOUR,
        warning=4 * HOUR,  # retry.sendmail.warning
    ),
    "exim": Schedule(
        "due every 15 min for 2 h, then growing by half from 1 h, every 6 h after 16 h; the "
        "queue is looked at every 30 min; warning after 24 h; 4 days",
        _exim,
        4 * DAY,  # retry.exim.lifetime
        "retry.exim",
        queue_run=30 * MINUTE,  # QUEUEINTERVAL of Debian's exim4; the manual's example too
        warning=24 * HOUR,  # retry.exim.warning
    ),
    "qmail": Schedule(
        "400 n² s after arrival for the n-th time; 7 days, then one last try; no warning",
        _qmail,
        7 * DAY,  # retry.qmail.lifetime
        "retry.qmail.remote",
    ),
}
complete(SCHEDULES, get_args(ScheduleName), "SCHEDULES")


def listed(waits: tuple[float, ...]) -> Wait:
    """The schedule of a list of waits (s), the last of which repeats."""
    return lambda tries, _age, _last: waits[min(tries, len(waits) - 1)]
