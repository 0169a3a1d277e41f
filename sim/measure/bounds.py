"""Bounds of intervals, each by a published method: arrays have a value a cell, or cells ×
replications.

*tail* is the chance on either side that the truth lies beyond, 0.025 for a 95 % interval.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Counts = NDArray[np.int64]
Bounds = tuple[Array, Array]

SAME = 1e-12
"""Relative spread below which values count as equal: what summing in another order leaves."""
AIM = 0.8
"""Share of the nominal misses that an interval of order statistics aims at; chosen: to interpolate
supposes a smooth density, and values that lie in two heaps are missed up to a half more often."""
OVER = 1.25
"""How much more often than nominal an interval of order statistics may miss; chosen: five
replications then have one (its ends are the extremes, which miss in 6.25 %)."""


def mean_where(values: Array, known: Mask) -> Array:
    """Mean of the *known* values of each cell; NaN without one."""
    with np.errstate(all="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1))


def moments(values: Array, known: Mask) -> tuple[Array, Array]:
    """Mean and variance over the known values of each cell; equal values have none."""
    mean = mean_where(values, known)
    n = known.sum(axis=1)
    squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    # what is left of equal values by rounding is no spread: a t interval of it would be nonsense
    squares = np.where(np.sqrt(squares) <= SAME * np.abs(mean), 0.0, squares)
    with np.errstate(all="ignore"):
        return mean, np.asarray(np.where(n > 1, squares / (n - 1.0), np.nan))


def quantile_of_t(df: NDArray[np.floating[Any]], tail: float) -> Array:
    """The upper quantile of Student's t; NaN without a degree of freedom, where scipy, which takes
    a fifth of a second to import, is not asked."""
    if not np.any(df > 0.0):
        return np.full(np.shape(df), np.nan)
    return np.asarray(scipy.special.stdtrit(df, 1.0 - tail))


def student(mean: Array, variance: Array, n: Counts, tail: float) -> Bounds:
    """Student's t about the mean of a replication's values (Law 2015, section 9.4.1)."""
    with np.errstate(all="ignore"):
        half = np.where(n > 1, quantile_of_t(n - 1.0, tail) * np.sqrt(variance / n), np.nan)
    return mean - half, mean + half


def korn_graubard(mean: Array, variance: Array, trials: Array, n: Counts, tail: float) -> Bounds:
    """Clopper-Pearson at the effective sample size (Korn and Graubard 1998).

    *variance* is that of the replications' values; *trials* is the sum of the denominators
    and bounds the effective size from above.
    """
    with np.errstate(all="ignore"):
        p = np.clip(mean, 0.0, 1.0)
        # effective size: independent trials whose mean has the variance of ours, variance / n
        size = np.where(variance > 0.0, p * (1.0 - p) * n / variance, trials)
        # at most the trials there were; each replication is at least one
        size = np.maximum(np.minimum(size, trials), n)
        # the variance rests on n - 1 degrees of freedom, not on trials - 1 (their section 3)
        size = size * _freedom(np.maximum(trials - 1.0, 1.0), n, tail)
        hits = p * size
        # Clopper and Pearson's bounds as quantiles of beta(x, n - x + 1) and beta(x + 1, n - x);
        # 1e-300 stands for 0, of which there is no beta distribution, and is replaced below
        low = scipy.special.betaincinv(np.maximum(hits, 1e-300), size - hits + 1.0, tail)
        high = scipy.special.betaincinv(hits + 1.0, np.maximum(size - hits, 1e-300), 1.0 - tail)
    return np.where(p > 0.0, low, 0.0), np.where(p < 1.0, high, 1.0)


def gamma(
    mean: Array, variance: Array, events: Array, exposure: Array, n: Counts, tail: float
) -> Bounds:
    """Gamma interval for a rate with few events (after Fay and Feuer 1997).

    The effective number of events is that of a Poisson count with the spread seen between
    replications, at most the number seen; without an event the upper bound is Garwood's.
    """
    with np.errstate(all="ignore"):
        # a Poisson count has mean² / variance of its mean events; no more than were seen
        count = np.where(variance > 0.0, mean**2 * n / variance, events)
        # 1e9 degrees of freedom: the normal quantile, as for a variance that is known
        count = np.minimum(count, events) * _freedom(np.full(len(n), 1e9), n, tail)
        scale = np.where(mean > 0.0, mean / count, 1.0 / exposure)
        count = np.where(mean > 0.0, count, 0.0)
        # Garwood (1936): bounds of a Poisson mean are quantiles of gamma(x) and gamma(x + 1)
        low = scipy.special.gammaincinv(np.maximum(count, 1e-300), tail) * scale
        high = scipy.special.gammaincinv(count + 1.0, 1.0 - tail) * scale
    return np.where(mean > 0.0, low, 0.0), np.asarray(high)


def _freedom(known: Array, n: Counts, tail: float) -> Array:
    """What a spread that rests on n - 1 degrees of freedom leaves of an effective number."""
    return np.asarray((quantile_of_t(known, tail) / quantile_of_t(n - 1.0, tail)) ** 2)


def median(values: Array, known: Mask, tail: float) -> tuple[Array, Array, Array]:
    """The median of each cell, and its interval between order statistics, whatever is drawn from.

    Interpolated between the two pairs that cover a little more and a little less (Hettmansperger
    and Sheather 1986). NaN with so few values that even the extremes miss OVER times as often.
    """
    ordered = np.sort(np.where(known, values, np.inf), axis=1)  # what is unknown stands last
    n = known.sum(axis=1)
    # the d-th values from either end leave the median outside with twice the chance of fewer heads
    depth = np.arange(1, max(int(n.max(initial=0)) // 2, 1) + 1)
    miss = 2.0 * scipy.special.bdtr(depth - 1.0, np.maximum(n, 1)[:, None], 0.5)
    aim = 2.0 * tail * AIM
    d = np.maximum(((miss <= aim) & (depth <= n[:, None] / 2.0)).sum(axis=1), 1)
    outer, inner = _at(miss, d - 1), _at(miss, d)
    with np.errstate(all="ignore"):
        between = (aim - outer) / (inner - outer)
        part = (n - d) * between / (d + (n - 2.0 * d) * between)
        part = np.where((d + 1 <= n / 2.0) & (between > 0.0), part, 0.0)
        low = (1.0 - part) * _at(ordered, d - 1) + part * _at(ordered, d)
        high = (1.0 - part) * _at(ordered, n - d) + part * _at(ordered, n - d - 1)
    enough = (n > 1) & (outer <= 2.0 * tail * OVER)
    middle = (_at(ordered, (n - 1) // 2) + _at(ordered, n // 2)) / 2.0
    return (
        np.where(n > 0, middle, np.nan),
        np.where(enough, low, np.nan),
        np.where(enough, high, np.nan),
    )


def _at(table: Array, place: NDArray[np.integer[Any]]) -> Array:
    """The value at a place in each row; places beyond the row are its ends."""
    inside = np.clip(place, 0, table.shape[1] - 1)
    return np.asarray(np.take_along_axis(table, inside[:, None], axis=1)[:, 0])
