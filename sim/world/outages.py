"""Stated outages: which server or link is down when, and which sessions that breaks.

Between two moments at which something goes down or comes up the network stays as it is;
each such interval has routes of its own, made when they are first asked for. A session is
lost when an end of it goes down, or when no route is left between them: a connection
survives a new route. What was said in a lost session counts for nothing, and its client
hears no more: it tries again as after any failure for now, so nothing is lost or doubled.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from sim.topology import graph as topology
from sim.workload.columns import Floats, Ints

if TYPE_CHECKING:
    from sim.scenario import Scenario

NO_ANSWER = 300.0
"""Seconds until a client takes a session for lost (smtp.timeout.rcpt)."""

Interval = tuple[float, float]


def is_down(down: Sequence[Interval], at: float) -> bool:
    """Whether one of the intervals covers *at*: its first moment is in, its last is not."""
    return any(first <= at < end for first, end in down)


def up_again(down: Sequence[Interval], at: float) -> float:
    """The first moment from *at* on that no interval covers."""
    for first, end in sorted(down):
        if first <= at < end:
            at = end
    return at


def next_outage(down: Sequence[Interval], now: float) -> float:
    """When the next interval begins after *now*; infinity if none does."""
    return min((first for first, _ in down if first > now), default=inf)


def _first_after(moments: Sequence[float], now: float) -> float:
    """The first of *moments*, which are in order, after *now*; infinity if there is none."""
    index = bisect_right(moments, now)
    return moments[index] if index < len(moments) else inf


class Outages:
    """What is down when, in one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._down: dict[tuple[str, ...], Sequence[Interval]] = {
            (name,): network.down for name, network in scenario.networks.items() if network.down
        }
        self._down |= {
            (name, other): link.down
            for name, network in scenario.networks.items()
            for other, link in network.links.items()
            if link.down
        }
        moments = {m for down in self._down.values() for interval in down for m in interval}
        self._starts = [-inf, *sorted(moments)]
        falls = {first for down in self._down.values() for first, _ in down}
        falls |= {first for server in scenario.servers.values() for first, _ in server.down}
        self._falls = sorted(falls)  # moments at which anything goes down
        self._moments = sorted({*self._starts, *self._falls})
        self._routes: list[topology.Routes | None] = [None] * len(self._starts)
        self._by_down: dict[tuple[tuple[str, ...], ...], topology.Routes] = {}

    @classmethod
    def of(cls, scenario: Scenario) -> Outages | None:
        """Those of *scenario*; None if nothing is ever down."""
        outages = cls(scenario)
        is_any = outages._down or any(s.down for s in scenario.servers.values())
        return outages if is_any else None

    def routes(self, at: float) -> topology.Routes:
        """The routes that there are at *at*."""
        return self._at(bisect_right(self._starts, at) - 1)

    def latencies(self, pairs: Sequence[tuple[str, str]], which: Ints, at: Floats) -> Floats:
        """Seconds between the networks ``pairs[which[i]]`` at ``at[i]``; infinity if there is
        no way then."""
        n, interval = len(pairs), np.searchsorted(self._starts, at, side="right") - 1
        keys, each = np.unique(interval * n + which, return_inverse=True)
        latencies = [self._at(key // n).latency(*pairs[key % n]) for key in keys.tolist()]
        return np.array(latencies)[each]

    def next_change(self, now: float) -> float:
        """When a network or a link next goes down or comes up; infinity if none does."""
        return _first_after(self._starts, now)

    def next_moment(self, now: float) -> float:
        """When anything next goes down, or a network or a link comes up, after *now*."""
        return _first_after(self._moments, now)

    def next_fall(self, now: float) -> float:
        """When anything next goes down after *now*; infinity if nothing does."""
        return _first_after(self._falls, now)

    def breaks(
        self,
        ends: Sequence[Sequence[Interval]],
        networks: tuple[str, str],
        now: float,
        until: float,
    ) -> float | None:
        """When a session from *now* to *until* is lost; None if it is not.

        *ends* are the outages of its server, and of its client if that is a server; *networks*
        those that they are on.
        """
        if self.next_fall(now) >= until:
            return None
        first = min(next_outage(down, now) for down in ends)
        index = bisect_right(self._starts, now)
        while index < len(self._starts) and self._starts[index] < min(first, until):
            if self._at(index).latency(*networks) == inf:
                first = self._starts[index]
            index += 1
        return first if first < until else None

    def _at(self, index: int) -> topology.Routes:
        routes = self._routes[index]
        if routes is None:
            at = self._starts[index]
            down = tuple(name for name, times in self._down.items() if is_down(times, at))
            if down not in self._by_down:
                self._by_down[down] = self._without(down)
            routes = self._routes[index] = self._by_down[down]
        return routes

    def _without(self, down: Sequence[tuple[str, ...]]) -> topology.Routes:
        """The routes where these networks and links are *down*."""
        return topology.routes(
            self._scenario.graph(),
            without=[names[0] for names in down if len(names) == 1],
            without_links=[(a, b) for a, b in (n for n in down if len(n) == 2)],
        )
