"""What a way of sending spam carries, and what it brings in: plain formulas.

The simulation, the analytic expectation and studies of many years compute with the same ones.
Rates are recipients a second, money is USD, and nothing here knows a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import TypeVar

from sim.topology.lines import Line

Key = TypeVar("Key")

COMMAND = 50.0
"""Octets of an SMTP command and its reply (chosen: an address of 25, names and codes)."""
EXCHANGES = 5.0
"""Exchanges of a transaction besides one for each RCPT: greeting, HELO, MAIL, DATA and the end of
the data (RFC 5321 section 4.1.1); nothing is pipelined."""


def line_rate(line: Line, size: float, recipients: float, connections: int = 1) -> float:
    """Recipients a second that one *line* carries, with so many *recipients* a transaction.

    *size* is that of a message (octets). Several *connections* overlap in their waiting for
    replies, not in what they send.
    """
    exchanges = EXCHANGES + recipients
    sending = 8.0 * (size + COMMAND * exchanges) / line.bandwidth
    waiting = 2.0 * line.latency * exchanges
    return recipients / max(sending, (sending + waiting) / connections)


def response(first: float, spam: float, halves_at: float | None) -> float:
    """Share of delivered messages that somebody answers, of mailboxes that get *spam* a day.

    It is *first* where there is hardly any, half of that at *halves_at* (None: never): people
    answer a number of offers, however many they get.
    """
    return first if halves_at is None else first / (1.0 + spam / halves_at)


def worth(response: float, revenue: float, delivered: float, cost: float) -> float:
    """What one recipient brings in, after its *cost*, where that share of messages is delivered."""
    return response * revenue * delivered - cost


def in_business(profit: float, overhead: float) -> float:
    """The share of spammers for whom a *profit* covers their own overhead.

    Overheads are spread evenly from 0 to twice the mean *overhead*, in the same unit as *profit*.
    """
    if overhead <= 0.0:
        return 1.0 if profit > 0.0 else 0.0
    return min(1.0, max(0.0, profit / (2.0 * overhead)))


def first(volume: float, limits: Mapping[Key, float]) -> dict[Key, float]:
    """All of the *volume* by the first route, as far as its limit."""
    return {route: min(volume, limit) for route, limit in [*limits.items()][:1]}


def parallel(volume: float, limits: Mapping[Key, float]) -> dict[Key, float]:
    """The *volume* by all routes at once, in proportion to what each carries.

    Routes without a limit share evenly what the others leave of it.
    """
    limited = sum(limit for limit in limits.values() if limit < inf)
    free = sum(limit == inf for limit in limits.values())
    if not free:
        part = min(1.0, volume / limited) if limited > 0.0 else 0.0
        return {route: limit * part for route, limit in limits.items()}
    rest = max(0.0, volume - limited) / free
    part = min(1.0, volume / limited) if limited > 0.0 else 0.0
    return {route: rest if limit == inf else limit * part for route, limit in limits.items()}


def allocated(
    choice: str, volume: float, limits: Mapping[Key, float], worths: Mapping[Key, float]
) -> dict[Key, float]:
    """How a spammer spreads the *volume* over the routes that work, each up to its limit.

    By "order": all by the first. By "profit": all by the one that brings in most a second, by
    what a recipient is worth on it (the first of equals). In "parallel": by all.
    """
    if choice == "parallel":
        return parallel(volume, limits)
    if choice == "profit":
        gains = {route: worths[route] * min(volume, limit) for route, limit in limits.items()}
        best = max(gains, key=gains.__getitem__, default=None)
        limits = {route: limit for route, limit in limits.items() if route == best}
    return first(volume, limits)
