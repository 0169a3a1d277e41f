"""The week: when messages are written, and into which blocks a day falls.

A run begins on a Monday at midnight. Days have two blocks, 08 to 18 and 18 to 08;
a person is at one place during a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.scenario.people import PARTS
from sim.scenario.weekly import HOURLY, WEEKEND_ACTIVITY

if TYPE_CHECKING:
    from sim.scenario import Scenario

DAY = 86400.0
HOUR = 3600.0
KINDS = PARTS
EVENING, OFFICE_HOURS, WEEKEND = range(3)


class Profile(NamedTuple):
    """How much is written in each hour of a weekday, and on a day of a weekend for each message on
    a weekday."""

    hourly: Sequence[float] = HOURLY
    weekend: float = WEEKEND_ACTIVITY

    @classmethod
    def of(cls, scenario: Scenario) -> Profile:
        """The profile that a scenario states."""
        return cls(scenario.hourly, scenario.weekend_activity)


USUAL = Profile()
"""The profile where nothing else is stated."""


def hour_kinds() -> NDArray[np.int64]:
    """Which kind of block each of the week's 168 hours belongs to (index into KINDS)."""
    hours = np.arange(168)
    day, hour = hours // 24, hours % 24
    office = (day < 5) & (hour >= 8) & (hour < 18)
    first, last = 5 * 24 + 8, 7 * 24  # Saturday 08:00 to Sunday midnight, less its evening
    weekend = (hours >= first) & (hours < last - 6)
    return np.where(office, OFFICE_HOURS, np.where(weekend, WEEKEND, EVENING))


def hour_weights(profile: Profile = USUAL) -> NDArray[np.float64]:
    """Share of the week's messages in each of its 168 hours."""
    day = np.repeat([1.0] * 5 + [profile.weekend] * 2, 24)
    weights = day * np.tile(np.array(profile.hourly), 7)
    return np.asarray(weights / weights.sum())


def block_weights(
    run_length: float = 7 * DAY, start: float = 0.0, profile: Profile = USUAL
) -> dict[str, float]:
    """Share of the messages written from *start* to *run_length* (s) in each kind of block."""
    edges, cumulative = _cumulative(run_length, profile)
    kinds = np.resize(hour_kinds(), len(edges) - 1)
    mass = np.diff(np.interp(np.clip(edges, start, run_length), edges, cumulative))
    return {name: float(mass[kinds == k].sum() / mass.sum()) for k, name in enumerate(KINDS)}


def expected(rate: float, run_length: float, profile: Profile = USUAL) -> float:
    """Mean number of messages in a run of one who writes *rate* a second over whole weeks."""
    return float(rate * 7 * DAY * _cumulative(run_length, profile)[1][-1])


def times(
    uniform: NDArray[np.float64], run_length: float, profile: Profile = USUAL
) -> NDArray[np.float64]:
    """Moments (s) of messages, by inversion of the weekly profile."""
    edges, cumulative = _cumulative(run_length, profile)
    return np.asarray(np.interp(uniform * cumulative[-1], cumulative, edges))


def blocks(run_length: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges (s, one more than blocks) and kinds of the blocks of a run."""
    days = int(np.ceil(run_length / DAY)) + 1
    starts = np.sort(np.concatenate([np.arange(days) * DAY + h * HOUR for h in (8, 18)]))
    edges = np.concatenate([[0.0], starts])
    kinds = hour_kinds()[(edges / HOUR).astype(np.int64) % 168]
    return np.append(edges, np.inf), kinds


def _cumulative(
    run_length: float, profile: Profile
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hour edges (s) up to the end of the run, and the share of a week written by then."""
    hours = int(np.ceil(run_length / HOUR))
    edges = np.minimum(np.arange(hours + 1) * HOUR, run_length)
    weights = np.resize(hour_weights(profile), hours) * np.diff(edges) / HOUR
    return edges, np.concatenate([[0.0], np.cumsum(weights)])
