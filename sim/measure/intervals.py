"""How sure: 95 % intervals over replications, and of paired differences.

Rows of one run are not independent, replications are: so every interval here takes one
value a replication (Law 2015, sections 9.4 and 11.2). Arrays are cells × replications, NaN
where a replication has no value.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sim.measure.definitions import RATE, SHARE

Array = NDArray[np.float64]

LEVEL = 0.95
TAIL = (1.0 - LEVEL) / 2
FEW = 10.0
"""Events (or non-events) in the mean replication below which the normal theory behind t is
not trusted; chosen: the usual rule of thumb for a binomial."""
SAME = 1e-12
"""Relative spread below which values count as equal: what summing in another order leaves."""


class Intervals(NamedTuple):
    """Means with their bounds, a value a cell; *n* replications had a value."""

    mean: Array
    low: Array
    high: Array
    n: NDArray[np.int64]


class Paired(NamedTuple):
    """Mean differences with bounds, and the correlation that pairing achieved."""

    difference: Array
    low: Array
    high: Array
    correlation: Array
    n: NDArray[np.int64]


def intervals(kind: str, numerators: Array, denominators: Array, values: Array) -> Intervals:
    """The interval that suits *kind* (see definitions), for each cell.

    With one replication, or none, the bounds are NaN.
    """
    known = np.isfinite(values)
    n = known.sum(axis=1)
    mean, variance = _moments(values, known)
    low, high = _student(mean, variance, n)
    events = _mean(numerators, known)
    if kind == SHARE:
        others = _mean(denominators, known) - events
        special_case = (np.minimum(events, others) < FEW) | (low < 0.0) | (high > 1.0)
        trials = np.where(known, denominators, 0.0).sum(axis=1)
        other = korn_graubard(mean, variance, trials, n)
    elif kind == RATE:
        special_case = events < FEW
        exposure = np.where(known, denominators, 0.0).sum(axis=1)
        other = gamma(mean, variance, events * n, exposure, n)
    else:
        special_case, other = np.zeros(len(n), dtype=bool), (low, high)
    special_case &= n > 1
    low = np.where(special_case, other[0], low)
    high = np.where(special_case, other[1], high)
    return Intervals(mean, np.maximum(low, 0.0), high, n)


def korn_graubard(
    mean: Array, variance: Array, trials: Array, n: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Clopper-Pearson at the effective sample size (Korn and Graubard 1998).

    *variance* is that of the replications' values; *trials* is the sum of the denominators
    and bounds the effective size from above.
    """
    with np.errstate(all="ignore"):
        p = np.clip(mean, 0.0, 1.0)
        size = np.where(variance > 0.0, p * (1.0 - p) * n / variance, trials)
        # each replication is at least one trial
        size = np.maximum(np.minimum(size, trials), n)
        size = size * (_t(np.maximum(trials - 1.0, 1.0)) / _t(n - 1.0)) ** 2
        hits = p * size
        low = special.betaincinv(np.maximum(hits, 1e-300), size - hits + 1.0, TAIL)
        high = special.betaincinv(hits + 1.0, np.maximum(size - hits, 1e-300), 1.0 - TAIL)
    return np.where(p > 0.0, low, 0.0), np.where(p < 1.0, high, 1.0)


def gamma(
    mean: Array, variance: Array, events: Array, exposure: Array, n: NDArray[np.int64]
) -> tuple[Array, Array]:
    """Gamma interval for a rate with few events (after Fay and Feuer 1997).

    The effective number of events is that of a Poisson count with the spread seen between
    replications, at most the number seen; without an event the upper bound is Garwood's.
    """
    with np.errstate(all="ignore"):
        count = np.where(variance > 0.0, mean**2 * n / variance, events)
        count = np.minimum(count, events) * (_t(np.full(len(n), 1e9)) / _t(n - 1.0)) ** 2
        scale = np.where(mean > 0.0, mean / count, 1.0 / exposure)
        count = np.where(mean > 0.0, count, 0.0)
        low = special.gammaincinv(np.maximum(count, 1e-300), TAIL) * scale
        high = special.gammaincinv(count + 1.0, 1.0 - TAIL) * scale
    return np.where(mean > 0.0, low, 0.0), np.asarray(high)


def paired(a: Array, b: Array) -> Paired:
    """Interval of b - a in pairs; pairs with an undefined side are left out."""
    known = np.isfinite(a) & np.isfinite(b)
    n = known.sum(axis=1)
    mean, variance = _moments(b - a, known)
    low, high = _student(mean, variance, n)
    return Paired(mean, low, high, _correlation(a, b, known, n), n)


def _correlation(a: Array, b: Array, known: NDArray[np.bool_], n: NDArray[np.int64]) -> Array:
    """Pearson's; NaN for fewer than three pairs (two points lie on a line) or a constant side."""
    centred = [np.where(known, side - _mean(side, known)[:, None], 0.0) for side in (a, b)]
    spread = [(side**2).sum(axis=1) for side in centred]
    flat = [
        np.sqrt(s) <= SAME * np.abs(_mean(side, known))
        for s, side in zip(spread, (a, b), strict=True)
    ]
    with np.errstate(all="ignore"):
        value = (centred[0] * centred[1]).sum(axis=1) / np.sqrt(spread[0] * spread[1])
    return np.where((n < 3) | flat[0] | flat[1], np.nan, value)


def _student(mean: Array, variance: Array, n: NDArray[np.int64]) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        half = np.where(n > 1, _t(n - 1.0) * np.sqrt(variance / n), np.nan)
    return mean - half, mean + half


def _moments(values: Array, known: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Mean and variance over the known values of each cell; equal values have none."""
    mean = _mean(values, known)
    n = known.sum(axis=1)
    squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    squares = np.where(np.sqrt(squares) <= SAME * np.abs(mean), 0.0, squares)
    with np.errstate(all="ignore"):
        return mean, np.asarray(np.where(n > 1, squares / (n - 1.0), np.nan))


def _mean(values: Array, known: NDArray[np.bool_]) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1))


def _t(df: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(special.stdtrit(df, 1.0 - TAIL))
