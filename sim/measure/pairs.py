"""95 % intervals of differences in pairs of replications, as common random numbers make them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.measure import bounds
from sim.measure.bounds import Array, Counts, Mask, mean_where, moments, quantile_of_t
from sim.measure.intervals import (
    MOVER,
    ORDER,
    STUDENT,
    TAIL,
    Sample,
    Words,
    alone,
    from_bounds,
    linear,
    rare,
    without,
)
from sim.records.measures import COUNTED, MEDIANS, WHOLE


class Paired(NamedTuple):
    """Differences with bounds, and the correlation that pairing achieved.

    *gain* is how much wider the interval by t were without pairs (Welch's, over as many
    replications of each); at 1 or below, pairing did not help. Both are NaN where a side does
    not vary: there is nothing to pair. *method* is that of `sim.measure.intervals.Intervals`.
    """

    difference: Array
    low: Array
    high: Array
    correlation: Array
    gain: Array
    n: Counts
    method: Words


def paired(kind: str, a: Sample, b: Sample, tail: float = TAIL) -> Paired:
    """Interval of b - a in pairs; pairs with an undefined side are left out.

    Of medians it is the median of the differences.
    """
    known = a.known & b.known
    n = known.sum(axis=1)
    a, b = a.where(known), b.where(known)
    of_a, of_b = linear(kind, a), linear(kind, b)
    apart = of_b - of_a
    if n.max(initial=0) < 2:
        mean, low, high, n, method = alone(kind, mean_where(apart, known), n)
        return Paired(mean, low, high, low, low, n, method)
    if kind in MEDIANS:
        result = from_bounds(*bounds.median(apart, known, tail), n, ORDER)
    elif kind == WHOLE:
        result = without(mean_where(apart, known), n)
    else:
        mean, variance = moments(apart, known)
        # differences that agree are counted too: t would claim that no other can be
        few = rare(kind, a) | rare(kind, b) | (n > 1) & (variance == 0.0) & (kind in COUNTED)
        t, counted = bounds.student(mean, variance, n, tail), _of_few(a, b, apart, known, tail)
        low, high = (np.where(few, *both) for both in zip(counted, t, strict=True))
        result = from_bounds(mean, low, high, n, np.where(few, MOVER, STUDENT))
    mean, low, high, n, method = result
    correlation = _correlation(of_a, of_b, known, n)
    return Paired(mean, low, high, correlation, _gain(of_a, of_b, known, n), n, method)


def _of_few(a: Sample, b: Sample, apart: Array, known: Mask, tail: float) -> tuple[Array, Array]:
    """Bounds of a difference that few events make.

    What rises and what falls are counted apart, each with a gamma interval, and the two put
    together by the method of variance estimates recovery (Zou and Donner 2008, Statistics in
    Medicine 27, 1693-1702). Events that both arms have fall out of it: that is what pairs are for.
    """
    exposure = (mean_where(a.denominator, known) + mean_where(b.denominator, known)) / 2.0
    (rise, least_up, most_up), (fall, least_down, most_down) = (
        _counted(side, exposure, known, tail) for side in (apart, -apart)
    )
    low = rise - fall - np.hypot(rise - least_up, most_down - fall)
    high = rise - fall + np.hypot(most_up - rise, fall - least_down)
    return low, high


def _counted(apart: Array, exposure: Array, known: Mask, tail: float) -> tuple[Array, Array, Array]:
    """The mean of what is above 0, with its bounds by gamma."""
    above = np.where(known, np.maximum(apart, 0.0), 0.0)
    mean, variance = moments(above, known)
    n = known.sum(axis=1)
    return mean, *bounds.gamma(mean, variance, mean * exposure * n, exposure * n, n, tail)


def _gain(a: Array, b: Array, known: Mask, n: Counts) -> Array:
    """How much narrower pairs make Student's interval than Welch's of the same numbers (1938)."""
    of_a, of_b, of_both = (moments(side, known)[1] / n for side in (a, b, b - a))
    with np.errstate(all="ignore"):
        # Welch and Satterthwaite's degrees of freedom, both samples of n
        freedom = (of_a + of_b) ** 2 * (n - 1.0) / (of_a**2 + of_b**2)
        welch = quantile_of_t(freedom, TAIL) * np.sqrt(of_a + of_b)
        gain = welch / (quantile_of_t(n - 1.0, TAIL) * np.sqrt(of_both))
    return np.where(np.isfinite(gain) & (of_a > 0.0) & (of_b > 0.0), gain, np.nan)


def _correlation(a: Array, b: Array, known: Mask, n: Counts) -> Array:
    """Pearson's; NaN for fewer than three pairs (two points lie on a line) or a constant side."""
    centred = [np.where(known, side - mean_where(side, known)[:, None], 0.0) for side in (a, b)]
    spread = [(side**2).sum(axis=1) for side in centred]
    with np.errstate(all="ignore"):
        value = (centred[0] * centred[1]).sum(axis=1) / np.sqrt(spread[0] * spread[1])
    flat = [~(moments(side, known)[1] > 0.0) for side in (a, b)]
    return np.where((n < 3) | flat[0] | flat[1], np.nan, value)
