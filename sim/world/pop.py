"""POP logins: who logged in from which address when, and where a window is open because of it.

POP before SMTP keys its permission on the address alone; what this module keeps besides,
who it was that logged in, is for counting, and no server ever reads it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.world.presence import Presence

Place = tuple[str, int]
"""Network of the account and client address: what a POP login opens relaying for."""


class Polls(NamedTuple):
    """Sessions that polled, by their first login (s): its last possible moment, the interval
    and who it was."""

    starts: list[float]
    ends: list[float]
    intervals: list[float]
    people: list[int]


class PopLog:
    """POP logins by (network of the account, client address): when was the last one?

    A mail program logs in when its session begins, or after it has sent what waits in the
    outbox, and then at an interval until the session ends; so logins are worked out when
    somebody asks, not kept.
    """

    def __init__(self, scenario: Scenario, presence: Presence) -> None:
        self.seen: dict[Place, Polls] = {}
        self.longest = 0.0
        delays = {name: users.pop_after_sending for name, users in scenario.users.items()}
        found = [
            (s.start if s.person.polls_first else s.start + delays[s.person.group], s)
            for mine in presence.sessions
            for s in mine
            if s.client and not s.person.web
        ]
        found.sort(key=lambda pair: pair[0])
        for first, s in found:
            if first > s.end:
                continue  # the connection ended before the program looked for mail
            interval = scenario.users[s.person.group].pop_poll
            for account in s.person.accounts:
                self.add(account.network, s.client, first, s.end, interval, s.person.number)

    def add(
        self, network: str, client: int, start: float, end: float, interval: float, person: int
    ) -> None:
        """Add one session's logins to an account of *network*; sessions come by start."""
        polls = self.seen.get((network, client))
        if polls is None:
            polls = self.seen[network, client] = Polls([], [], [], [])
        polls.starts.append(start)
        polls.ends.append(end)
        polls.intervals.append(interval)
        polls.people.append(person)
        self.longest = max(self.longest, end - start)

    def last(
        self, network: str, client: int, now: float, person: int | None = None
    ) -> float | None:
        """Moment of the last login from *client* to an account of *network*; None: never.

        With *person*, of the last login by that one.
        """
        polls = self.seen.get((network, client))
        if polls is None:
            return None
        starts, ends, intervals, people = polls
        best: float | None = None
        for i in range(bisect_right(starts, now) - 1, -1, -1):
            if best is not None and starts[i] + self.longest <= best:
                break  # whatever began earlier was over before the best login so far
            if person is not None and people[i] != person:
                continue
            interval = intervals[i]
            login = starts[i] + (min(now, ends[i]) - starts[i]) // interval * interval
            if best is None or login > best:
                best = login
        return best


class PopLogins:
    """All POP logins of one run: those planned, and those of programs that log in to send."""

    def __init__(self, planned: PopLog) -> None:
        self.planned = planned
        self.extra: dict[Place, float] = {}
        self.extra_of: dict[tuple[str, int, int], float] = {}

    def log_in(self, network: str, client: int, now: float, person: int) -> None:
        """*person*'s mail program logs in because it is about to send."""
        self.extra[network, client] = self.extra_of[network, client, person] = now

    def last(self, network: str, client: int, now: float) -> float | None:
        """The last POP login from *client* to an account of *network*; None: never."""
        return _later(self.planned.last(network, client, now), self.extra.get((network, client)))

    def last_of(self, person: int, network: str, client: int, now: float) -> float | None:
        """The same, of *person* alone."""
        extra = self.extra_of.get((network, client, person))
        return _later(self.planned.last(network, client, now, person), extra)

    def open(
        self, network: str, clients: Iterable[int], now: float, window: float
    ) -> list[tuple[int, float]]:
        """Those of *clients* from which somebody logged in to an account of *network* less than
        *window* s ago, with how long ago (s).

        What somebody finds out who stands on a network where addresses are handed on and tries
        one after the other; whether the server then relays is the server's to decide.
        """
        ages = ((client, self.last(network, client, now)) for client in clients)
        return [(client, now - at) for client, at in ages if at is not None and now - at < window]


def _later(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)
