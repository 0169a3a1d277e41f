"""When an arm has settled after its policy starts, what that has cost, and what goes on after it.

The daily counts of an arm, less those of the baseline in pairs, are compared with those of the last
weeks of the run. All sums are over seven days, so that the profile of the week cancels: Welch's
moving average with a window of one week (Welch 1983; Law 2015, section 9.5.1), whose band is that
of the weekly batches of the last part, as MSER-5 has batches (White 1997). A start that does not
end before the last part begins means that the run is too short, as Hoad, Robinson and Davies (2010)
reject a truncation point in the second half.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from sim.measure.bounds import Array

WEEK = 7
FEWEST_WEEKS = 2
"""Weeks of the last part at least, so that there is a spread between weeks."""
CHANCE = 0.01
"""Chance that an arm which has settled at once is said not to have; all tests together."""
OF_START, OF_RATE = 0.01, 0.05
"""Shares of the greatest excess, and of the long-run rate, that count as no difference; chosen."""


@dataclass(frozen=True, slots=True)
class Settling:
    """When an arm is settled: from *day* on (since the policy starts) every week is within the
    band; the long run is looked at from the end of the first such week, *until*."""

    day: int
    until: int


def settling(
    excess: Mapping[str, Array], smallest: Mapping[str, float] | None = None
) -> Settling | None:
    """When all daily series (replications × days) have settled; None: not within the run.

    *smallest* is by series the effect of interest, a day: less than it counts as no difference.
    """
    weekly = {name: WEEK * effect for name, effect in (smallest or {}).items()}
    parts = [_settled_from(s, len(excess), weekly.get(name, 0.0)) for name, s in excess.items()]
    days = [day for day in parts if day is not None]
    if len(days) < len(parts):
        return None
    day = max(days, default=0)
    return Settling(day, day + WEEK)


def last_part(days: int) -> int:
    """How many of *days* the long run is judged by: whole weeks, about half; 0: too few days."""
    last = WEEK * max(FEWEST_WEEKS, days // (2 * WEEK))
    return last if days >= last + WEEK else 0


def _settled_from(series: Array, tests: int, smallest: float) -> int | None:
    """The first day from which on every week of a series is like those of its last part.

    Differences up to *smallest* a week are none.
    """
    replications, days = series.shape
    last = last_part(days)
    if not last:
        return None
    weeks = series[:, days - last :].reshape(replications, -1, WEEK).sum(axis=2)
    sums = np.cumsum(np.pad(series, ((0, 0), (1, 0))), axis=1).mean(axis=0)
    apart = (sums[WEEK:] - sums[:-WEEK])[: days - last] - weeks.mean()
    usual = abs(float(weeks.mean()))
    tolerance = max(OF_START * float(np.abs(apart).max()), OF_RATE * usual, smallest)
    if abs(_drift(weeks)) > max(_margin_of_drift(weeks, tests), tolerance):
        return None
    tests *= math.ceil((days - last) / WEEK)  # weeks that do not overlap
    differs = np.flatnonzero(np.abs(apart) > max(_margin(weeks, tests), tolerance))
    day = int(differs[-1]) + 1 if len(differs) else 0
    return None if day == days - last else day


def _margin(weeks: Array, tests: int) -> float:
    """How far the mean of one more week may lie off that of *weeks* (replications × weeks)."""
    replications, count = weeks.shape
    rest = weeks - weeks.mean(axis=1, keepdims=True)
    freedom = count - 1
    if replications > 1:  # what all replications share is no chance of one week
        rest = rest - rest.mean(axis=0)
        freedom *= replications - 1
    variance = float((rest**2).sum()) / freedom
    return _quantile(freedom, tests) * math.sqrt(variance * (1.0 + 1.0 / count) / replications)


def _drift(weeks: Array) -> float:
    """How much the straight line through *weeks* rises from the first to the last, on average."""
    return float(_slopes(weeks).mean() * (weeks.shape[1] - 1))


def _margin_of_drift(weeks: Array, tests: int) -> float:
    """How far that may lie off 0 by chance, by the spread between replications."""
    slopes = _slopes(weeks) * (weeks.shape[1] - 1)
    if len(slopes) < 2:
        return math.inf
    error = float(slopes.std(ddof=1)) / math.sqrt(len(slopes))
    return _quantile(len(slopes) - 1, tests) * error


def _slopes(weeks: Array) -> Array:
    """Slope of the straight line through the weeks of each replication."""
    at = np.arange(weeks.shape[1]) - (weeks.shape[1] - 1) / 2
    return np.asarray(weeks @ at / (at @ at))


def _quantile(freedom: int, tests: int) -> float:
    """Student's t for two-sided tests of CHANCE together (Bonferroni)."""
    return float(scipy.special.stdtrit(freedom, 1.0 - CHANCE / (2 * tests)))


def long_run(series: Array, until: int) -> tuple[Array, int]:
    """By replication, the sum over the last whole weeks after day *until*, and their days."""
    days = WEEK * ((series.shape[1] - until) // WEEK)
    return series[:, series.shape[1] - days :].sum(axis=1), days


def one_off(excess: Array, lengths: Array, until: int) -> Array:
    """By replication, the excess up to day *until* beyond what the long run goes on to cost.

    Each day is compared with those of its own weekday after *until*; *lengths* are those of the
    days, of which the first may be a part of one.
    """
    replications, days = excess.shape
    last = WEEK * ((days - until) // WEEK)
    weeks = excess[:, days - last :].reshape(replications, -1, WEEK).mean(axis=1)
    usual = weeks[:, (np.arange(until) - (days - last)) % WEEK]
    return np.asarray((excess[:, :until] - usual * lengths[:until]).sum(axis=1))
