"""The 95 % interval of a quotient of two paired differences, such as spam removed per loss."""

from __future__ import annotations

import numpy as np

from sim.measure.bounds import Array, moments, quantile_of_t, student
from sim.measure.intervals import BOOTSTRAP, NO_VALUE, ONE, TAIL, UNCERTAIN, Intervals

RESAMPLES = 2000
"""Samples drawn again: 1000 suffice for a 95 % interval (Efron and Tibshirani 1993, section
13.3); twice that, as the quantiles are those of a quotient."""
FEW_PAIRS = 6
"""Below it, too many samples drawn again are of one or two replications alone; chosen."""


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
    low, high = student(*moments(belows, known), n, TAIL)
    sure = (low > 0.0) | (high < 0.0)
    cells = zip(tops, belows, known, strict=True)
    mean, low, high = np.array([_one_ratio(t[k], b[k]) for t, b, k in cells]).reshape(-1, 3).T
    method = np.select(
        (~np.isfinite(mean), n < 2, ~sure), (NO_VALUE, ONE, UNCERTAIN), BOOTSTRAP
    ).astype(object)  # fmt: skip
    return Intervals(mean, np.where(sure, low, np.nan), np.where(sure, high, np.nan), n, method)


def _one_ratio(top: Array, below: Array) -> tuple[float, float, float]:
    n = len(top)
    if not n:
        return np.nan, np.nan, np.nan
    with np.errstate(all="ignore"):
        ratio, error = (float(x[0]) for x in _linear(top[None, :], below[None, :]))
        if not np.isfinite(ratio):
            return np.nan, np.nan, np.nan
        if n < 2:
            return ratio, np.nan, np.nan
        if n < FEW_PAIRS or error == 0.0:
            half = float(quantile_of_t(np.array([n - 1.0]), TAIL)[0]) * error
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
