"""95 % intervals over replications, and of paired differences.

Rows of one run are not independent, replications are: so every interval here takes one
value a replication (Law 2015, sections 9.4 and 11.2). Arrays are cells × replications, NaN
where a replication has no value.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sim.records.measures import RATE, SHARE

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
    """Mean differences with bounds, and the correlation that pairing achieved.

    *gain* is how much wider the interval were without pairs (Welch's, over as many
    replications of each); at 1 or below, pairing did not help. Both are NaN where a side does
    not vary: there is nothing to pair.
    """

    difference: Array
    low: Array
    high: Array
    correlation: Array
    gain: Array
    n: NDArray[np.int64]


def intervals(kind: str, numerators: Array, denominators: Array, values: Array) -> Intervals:
    """The interval that suits *kind* (see `sim.records.measures.KINDS`), for each cell.

    With one replication, or none, the bounds are NaN.
    """
    known = np.isfinite(values)
    n = known.sum(axis=1)
    mean, variance = _moments(values, known)
    low, high = _student(mean, variance, n)
    events = mean_where(numerators, known)
    if kind == SHARE:
        others = mean_where(denominators, known) - events
        special_case = (np.minimum(events, others) < FEW) | (low < 0.0) | (high > 1.0)
        trials = np.where(known, denominators, 0.0).sum(axis=1)
        # t is wrong near 0 and 1, where the distribution of a share is skewed and bounded
        other = korn_graubard(mean, variance, trials, n)
    elif kind == RATE:
        special_case = events < FEW
        exposure = np.where(known, denominators, 0.0).sum(axis=1)
        other = gamma(mean, variance, events * n, exposure, n)
    else:
        special_case, other = np.zeros(len(n), dtype=bool), (low, high)
    special_case &= n > 1  # a single replication says nothing of the spread
    low = np.where(special_case, other[0], low)
    high = np.where(special_case, other[1], high)
    return Intervals(mean, np.maximum(low, 0.0), high, n)


def student(values: Array) -> Intervals:
    """Student's t over the replications' *values*, whatever they are of, for each cell."""
    known = np.isfinite(values)
    mean, variance = _moments(values, known)
    n = known.sum(axis=1)
    return Intervals(mean, *_student(mean, variance, n), n)


def korn_graubard(
    mean: Array, variance: Array, trials: Array, n: NDArray[np.int64]
) -> tuple[Array, Array]:
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
        size = size * (_t(np.maximum(trials - 1.0, 1.0)) / _t(n - 1.0)) ** 2
        hits = p * size
        # Clopper and Pearson's bounds as quantiles of beta(x, n - x + 1) and beta(x + 1, n - x);
        # 1e-300 stands for 0, of which there is no beta distribution, and is replaced below
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
        # a Poisson count has mean² / variance of its mean events; no more than were seen
        count = np.where(variance > 0.0, mean**2 * n / variance, events)
        # 1e9 degrees of freedom: the normal quantile, as for a variance that is known
        count = np.minimum(count, events) * (_t(np.full(len(n), 1e9)) / _t(n - 1.0)) ** 2
        scale = np.where(mean > 0.0, mean / count, 1.0 / exposure)
        count = np.where(mean > 0.0, count, 0.0)
        # Garwood (1936): bounds of a Poisson mean are quantiles of gamma(x) and gamma(x + 1)
        low = special.gammaincinv(np.maximum(count, 1e-300), TAIL) * scale
        high = special.gammaincinv(count + 1.0, 1.0 - TAIL) * scale
    return np.where(mean > 0.0, low, 0.0), np.asarray(high)


def paired(a: Array, b: Array) -> Paired:
    """Interval of b - a in pairs; pairs with an undefined side are left out."""
    known = np.isfinite(a) & np.isfinite(b)
    n = known.sum(axis=1)
    mean, variance = _moments(b - a, known)
    low, high = _student(mean, variance, n)
    with np.errstate(all="ignore"):
        gain = _welch_half(a, b, known, n) / ((high - low) / 2)
    gain = np.where(np.isfinite(gain) & ~_flat(a, known) & ~_flat(b, known), gain, np.nan)
    return Paired(mean, low, high, _correlation(a, b, known, n), gain, n)


def _welch_half(a: Array, b: Array, known: NDArray[np.bool_], n: NDArray[np.int64]) -> Array:
    """Half of the interval that the same numbers gave if they were no pairs (Welch 1938)."""
    of_a, of_b = (_moments(side, known)[1] / n for side in (a, b))
    # Welch and Satterthwaite's degrees of freedom, both samples of n
    freedom = (of_a + of_b) ** 2 * (n - 1.0) / (of_a**2 + of_b**2)
    return np.asarray(_t(freedom) * np.sqrt(of_a + of_b))


def ratio_of_means(tops: Array, belows: Array) -> Intervals:
    """Quotients of two means over the same replications, by the bootstrap-t.

    Replications are drawn again as wholes, the quotient studentised by its linear
    approximation (Efron and Tibshirani 1993, chapter 12); with fewer than FEW_PAIRS of
    them, Student's t instead. Bounds are NaN where the denominator's own interval includes
    0: then no finite interval is valid (Fieller 1954). Undefined without a
    denominator at all. The draws are the same in every call.
    """
    known = np.isfinite(tops) & np.isfinite(belows)
    n = known.sum(axis=1)
    below, spread = _moments(belows, known)
    low, high = _student(below, spread, n)
    sure = (low > 0.0) | (high < 0.0)
    cells = zip(tops, belows, known, strict=True)
    mean, low, high = np.array([_one_ratio(t[k], b[k]) for t, b, k in cells]).reshape(-1, 3).T
    return Intervals(mean, np.where(sure, low, np.nan), np.where(sure, high, np.nan), n)


RESAMPLES = 2000
"""Samples drawn again: 1000 suffice for a 95 % interval (Efron and Tibshirani 1993, section
13.3); twice that, as the quantiles are those of a quotient."""
FEW_PAIRS = 6
"""Below it, too many samples drawn again are of one or two replications alone; chosen."""


def _one_ratio(top: Array, below: Array) -> tuple[float, float, float]:
    n = len(top)
    with np.errstate(all="ignore"):
        ratio, error = (float(x[0]) for x in _linear(top[None, :], below[None, :]))
        if not np.isfinite(ratio):
            return np.nan, np.nan, np.nan
        if n < 2:
            return ratio, np.nan, np.nan
        if n < FEW_PAIRS or error == 0.0:
            half = float(_t(np.array([n - 1.0]))[0]) * error
            return ratio, ratio - half, ratio + half
        resampled = np.random.default_rng(n).integers(0, n, (RESAMPLES, n))
        ratios, errors = _linear(top[resampled], below[resampled])
        scores = (ratios - ratio) / errors
    # the bounds change sides: a high score means that the sample's ratio lies too high; a sample
    # of one replication alone has no error, and its score is infinite
    least, most = np.quantile(scores[np.isfinite(scores)], [TAIL, 1.0 - TAIL])
    return ratio, ratio - float(most) * error, ratio - float(least) * error


def _linear(tops: Array, belows: Array) -> tuple[Array, Array]:
    """Quotients of means and their standard errors to first order, sample by sample (rows)."""
    n, below = tops.shape[1], belows.mean(axis=1)
    ratio = tops.mean(axis=1) / below
    # the delta method: the error of a quotient is that of top - ratio × below, over below
    rest = tops - ratio[:, None] * belows
    return ratio, np.sqrt((rest**2).sum(axis=1) / (n * (n - 1.0))) / np.abs(below)


def _correlation(a: Array, b: Array, known: NDArray[np.bool_], n: NDArray[np.int64]) -> Array:
    """Pearson's; NaN for fewer than three pairs (two points lie on a line) or a constant side."""
    centred = [np.where(known, side - mean_where(side, known)[:, None], 0.0) for side in (a, b)]
    spread = [(side**2).sum(axis=1) for side in centred]
    with np.errstate(all="ignore"):
        value = (centred[0] * centred[1]).sum(axis=1) / np.sqrt(spread[0] * spread[1])
    return np.where((n < 3) | _flat(a, known) | _flat(b, known), np.nan, value)


def _flat(values: Array, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask of constant series, for which a correlation is undefined."""
    return np.asarray(~(_moments(values, known)[1] > 0.0))


def _student(mean: Array, variance: Array, n: NDArray[np.int64]) -> tuple[Array, Array]:
    with np.errstate(all="ignore"):
        half = np.where(n > 1, _t(n - 1.0) * np.sqrt(variance / n), np.nan)
    return mean - half, mean + half


def _moments(values: Array, known: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Mean and variance over the known values of each cell; equal values have none."""
    mean = mean_where(values, known)
    n = known.sum(axis=1)
    squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    # what is left of equal values by rounding is no spread: a t interval of it would be nonsense
    squares = np.where(np.sqrt(squares) <= SAME * np.abs(mean), 0.0, squares)
    with np.errstate(all="ignore"):
        return mean, np.asarray(np.where(n > 1, squares / (n - 1.0), np.nan))


def mean_where(values: Array, known: NDArray[np.bool_]) -> Array:
    """Mean of the *known* values of each cell; NaN without one."""
    with np.errstate(all="ignore"):
        return np.asarray(np.where(known, values, 0.0).sum(axis=1) / known.sum(axis=1))


def _t(df: NDArray[np.floating[Any]]) -> Array:
    return np.asarray(special.stdtrit(df, 1.0 - TAIL))
