"""The week: when messages are written, and into which blocks a day falls.

A run begins on a Monday at midnight. Days have two blocks, 08 to 18 and 18 to 08;
a person is at one place during a block.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.scenario.people import PARTS

DAY = 86400.0
HOUR = 3600.0
KINDS = PARTS
EVENING, OFFICE_HOURS, WEEKEND = range(3)

# Share of a weekday's messages written in each hour. The busiest hour has 0.15 of the
# day (mail.peak_hour_share); the rest of the shape is chosen.
# fmt: off
HOURLY = np.array([
    0.006, 0.003, 0.002, 0.002, 0.002, 0.005, 0.012, 0.030, 0.070, 0.150, 0.110, 0.090,
    0.050, 0.060, 0.070, 0.070, 0.060, 0.040, 0.030, 0.035, 0.040, 0.035, 0.018, 0.010,
])
# fmt: on
WEEKEND_ACTIVITY = 0.5
"""Messages on a Saturday or Sunday for each one on a weekday (chosen)."""


def hour_kinds() -> NDArray[np.int64]:
    """Which kind of block each of the week's 168 hours belongs to (index into KINDS)."""
    hours = np.arange(168)
    day, hour = hours // 24, hours % 24
    office = (day < 5) & (hour >= 8) & (hour < 18)
    first, last = 5 * 24 + 8, 7 * 24  # Saturday 08:00 to Sunday midnight, less its evening
    weekend = (hours >= first) & (hours < last - 6)
    return np.where(office, OFFICE_HOURS, np.where(weekend, WEEKEND, EVENING))


def hour_weights() -> NDArray[np.float64]:
    """Share of the week's messages in each of its 168 hours."""
    day = np.repeat([1.0] * 5 + [WEEKEND_ACTIVITY] * 2, 24)
    weights = day * np.tile(HOURLY, 7)
    return np.asarray(weights / weights.sum())


def block_weights(run_length: float = 7 * DAY, start: float = 0.0) -> dict[str, float]:
    """Share of the messages written from *start* to *run_length* (s) in each kind of block."""
    edges, cumulative = _profile(run_length)
    kinds = np.resize(hour_kinds(), len(edges) - 1)
    mass = np.diff(np.interp(np.clip(edges, start, run_length), edges, cumulative))
    return {name: float(mass[kinds == k].sum() / mass.sum()) for k, name in enumerate(KINDS)}


def expected(rate: float, run_length: float) -> float:
    """Mean number of messages in a run of one who writes *rate* a second over whole weeks."""
    return float(rate * 7 * DAY * _profile(run_length)[1][-1])


def times(uniform: NDArray[np.float64], run_length: float) -> NDArray[np.float64]:
    """Moments (s) of messages, by inversion of the weekly profile."""
    edges, cumulative = _profile(run_length)
    return np.asarray(np.interp(uniform * cumulative[-1], cumulative, edges))


def blocks(run_length: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges (s, one more than blocks) and kinds of the blocks of a run."""
    days = int(np.ceil(run_length / DAY)) + 1
    starts = np.sort(np.concatenate([np.arange(days) * DAY + h * HOUR for h in (8, 18)]))
    edges = np.concatenate([[0.0], starts])
    kinds = hour_kinds()[(edges / HOUR).astype(np.int64) % 168]
    return np.append(edges, np.inf), kinds


def _profile(run_length: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Hour edges (s) up to the end of the run, and the share of a week written by then."""
    hours = int(np.ceil(run_length / HOUR))
    edges = np.minimum(np.arange(hours + 1) * HOUR, run_length)
    weights = np.resize(hour_weights(), hours) * np.diff(edges) / HOUR
    return edges, np.concatenate([[0.0], np.cumsum(weights)])
