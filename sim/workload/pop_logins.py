"""POP logins: who logged in from which address when, and where a window is open because of it.

POP before SMTP keys its permission on the address alone; what this module keeps besides,
who it was that logged in, is for counting, and no server ever reads it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.workload.columns import group_bounds
from sim.workload.mobility import Mobility

if TYPE_CHECKING:
    from sim.scenario import Scenario

Window = tuple[str, int]
"""Network of the account and client address: what a POP login opens relaying for."""


class Polls(NamedTuple):
    """Visits in which a mail program polled, sorted by window, then by their first login."""

    of_window: dict[int, tuple[int, int]]
    """By network << 32 | address, its first visit and the one after its last."""
    starts: array[float]
    """First login (s)."""
    ends: array[float]
    """Last possible login (s)."""
    intervals: array[float]
    people: array[int]
    longest: float
    """Seconds from the first to the last login of the longest visit."""


class PopLog:
    """POP logins by (network of the account, client address): when was the last one?

    A mail program logs in when its visit begins, or after it has sent what waits in the
    outbox, and then at an interval until the visit ends; so logins are worked out when
    somebody asks, not kept. Where no policy asks, no table is made.
    """

    def __init__(self, scenario: Scenario, mobility: Mobility) -> None:
        self._scenario, self._mobility = scenario, mobility
        self._number = {name: number for number, name in enumerate(scenario.networks)}

    @cached_property
    def _polls(self) -> Polls:
        mobility = self._mobility
        person, client = mobility.owners(), np.array(mobility.client_of, dtype=np.int64)
        end = np.array(mobility.end)
        delay, interval, *networks = self._of_people()[person].T
        first = np.array(mobility.start) + delay
        parts = []
        for network in networks:  # of the home account, of the work account
            visits = np.flatnonzero((client > 0) & (network >= 0) & (first <= end))
            place = network[visits].astype(np.int64) << 32 | client[visits]
            parts.append((place, visits))
        place, visits = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((first[visits], place))
        place, visits = place[order], visits[order]
        return Polls(
            group_bounds(place),
            array("d", first[visits].tobytes()),
            array("d", end[visits].tobytes()),
            array("d", interval[visits].tobytes()),
            array("q", person[visits].tobytes()),
            float((end - first)[visits].max(initial=0.0)),
        )

    def _of_people(self) -> NDArray[np.float64]:
        """By person: delay of the first login, interval (s), networks of home and work account
        by number, -1 for none."""
        number = self._number
        habits = {n: (u.pop_after_sending, u.pop_poll) for n, u in self._scenario.users.items()}
        rows = array("d")
        for person in self._mobility.people:
            delay, interval = habits[person.group]
            networks = [] if person.web else [number[a.network] for a in person.accounts]
            rows.extend((0.0 if person.polls_first else delay, interval))
            rows.extend((*networks, -1, -1)[:2])
        return np.array(rows).reshape(-1, 4)

    def last(
        self, network: str, client: int, now: float, person: int | None = None
    ) -> float | None:
        """Moment of the last login from *client* to an account of *network*; None: never.

        With *person*, of the last login by that one.
        """
        of_window, starts, ends, intervals, people, longest = self._polls
        low, high = of_window.get(self._number[network] << 32 | client, (0, 0))
        best: float | None = None
        for i in range(bisect_right(starts, now, low, high) - 1, low - 1, -1):
            if best is not None and starts[i] + longest <= best:
                break  # whatever began earlier was over before the best login so far
            if person is not None and people[i] != person:
                continue
            interval = intervals[i]
            login = starts[i] + (min(now, ends[i]) - starts[i]) // interval * interval
            if best is None or login > best:
                best = login
        return best


class LastLogin(Protocol):
    """Who knows of logins."""

    def last(
        self, network: str, client: int, now: float, person: int | None = None
    ) -> float | None:
        """See `PopLog.last`."""


class PopLogins:
    """All POP logins of one run: those of the workload, and those of a program about to send."""

    def __init__(self, log: PopLog) -> None:
        self.log = log
        self.extra: dict[Window, float] = {}
        self.extra_of: dict[tuple[str, int, int], float] = {}
        self.before_sending: LastLogin | None = None
        """Those of programs about to send that are known beforehand; None: all are `extra`."""

    def log_in(self, network: str, client: int, now: float, person: int) -> None:
        """*person*'s mail program logs in because it is about to send."""
        window, own = (network, client), (network, client, person)
        self.extra[window] = max(now, self.extra.get(window, now))
        self.extra_of[own] = max(now, self.extra_of.get(own, now))

    def last(self, network: str, client: int, now: float) -> float | None:
        """The last POP login from *client* to an account of *network*; None: never."""
        login = _later(self.log.last(network, client, now), self.extra.get((network, client)))
        if self.before_sending is None:
            return login
        return _later(login, self.before_sending.last(network, client, now))

    def last_of(self, person: int, network: str, client: int, now: float) -> float | None:
        """The same, of *person* alone."""
        extra = self.extra_of.get((network, client, person))
        login = _later(self.log.last(network, client, now, person), extra)
        if self.before_sending is None:
            return login
        return _later(login, self.before_sending.last(network, client, now, person))


def _later(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
