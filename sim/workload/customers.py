"""Customers: who is replaced by whom and when, and what each would rather do when refused.

A person of the population is a place in it: its mailbox, access and habits. By the turnover of
the group customers leave, and a newcomer takes the place with nothing learned and the settings of
the start. Drawn from streams of the group, so every arm has the same newcomers at the same moments.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sim.records.words import Reaction
from sim.workload.columns import Floats
from sim.workload.mobility import Named
from sim.workload.streams import Generator

if TYPE_CHECKING:
    from sim.scenario.people import Users, WhenRefused

Preferences = tuple[str, ...]
"""Reactions to a refusal in order of preference, as far as any of the group chooses them."""


class Customers(NamedTuple):
    """The successive customers in one place of the population."""

    arrivals: tuple[float, ...] = ()
    """When each newcomer replaces the one before (s), ascending."""
    careless: tuple[float, ...] = (1.0,)
    """By customer, in [0, 1): below the share of wrong passwords, theirs is wrong."""
    preferences: tuple[Preferences, ...] = ()
    """By customer; none where they choose anew for each message."""

    def at(self, time: float) -> int:
        """The number of the customer at *time* (s): 0 before the first newcomer."""
        return bisect_right(self.arrivals, time)


def successive(users: Users, count: int, run_length: float, named: Named) -> list[Customers]:
    """The customers in each of *count* places of a group."""
    arrivals = _arrivals(users, count, run_length, named)
    ends = np.cumsum([0, *map(len, arrivals)]).tolist()
    careless = _draws("passwords", count, ends[-1], 1, named, np.random.Generator.random)[:, 0]
    preferences: list[Preferences] = []
    if users.learning == "person":
        draw = np.random.Generator.standard_exponential
        races = _draws("preferences", count, ends[-1], len(Reaction), named, draw)
        later = named("first preferences of newcomers").random(ends[-1])
        first = np.concatenate([_spread(count, named("first preferences")), later])
        preferences = _orders(users.when_refused, first, races)
    people = []
    for i, (first, end) in enumerate(pairwise(ends)):
        rows = [i, *range(count + first, count + end)]
        orders = tuple([preferences[k] for k in rows]) if preferences else ()
        people.append(Customers(arrivals[i], tuple(careless[rows].tolist()), orders))
    return people


def _arrivals(users: Users, count: int, run_length: float, named: Named) -> list[tuple[float, ...]]:
    """When newcomers arrive in each place: a Poisson process, as customers stay exponentially."""
    if not users.turnover:
        return [()] * count
    numbers = named("newcomers: how many").poisson(users.turnover * run_length, count)
    at = named("newcomers: when").random(int(numbers.sum())) * run_length
    return [tuple(sorted(part.tolist())) for part in np.split(at, np.cumsum(numbers)[:-1])]


def _draws(
    purpose: str, count: int, newcomers: int, width: int, named: Named, draw: Callable[..., Floats]
) -> Floats:
    """Draws for a *purpose*: a row each for *count* customers of the start, then for newcomers."""
    later = draw(named(f"{purpose} of newcomers"), (newcomers, width)) if newcomers else None
    start = draw(named(purpose), (count, width))
    return start if later is None else np.concatenate([start, later])


def _spread(count: int, draws: Generator) -> Floats:
    """Numbers in [0, 1), one in each of *count* equal parts, in random order: so a share of the
    people is as large as stated in every replication, as those of settings are."""
    return np.asarray((draws.permutation(count) + draws.random(count)) / max(count, 1))


def _orders(when_refused: WhenRefused, first: Floats, races: Floats) -> list[Preferences]:
    """Orders of preference by shares: the first by the numbers *first* in [0, 1), then each next
    one by its share among those left (Luce 1959).

    The least of exponential draws over shares is each with its share (Efraimidis, Spirakis 2006).
    """
    names, shares = zip(*[(n, share) for n, share in when_refused if share > 0.0], strict=True)
    columns = [Reaction.texts().index(name) for name in names]
    at = np.searchsorted(np.cumsum(shares), first, side="right").clip(max=len(names) - 1)
    races = races[:, columns] / np.array(shares)
    races[np.arange(len(at)), at] = -1.0
    order = np.argsort(races, axis=1)
    return [tuple([names[k] for k in row]) for row in order.tolist()]
