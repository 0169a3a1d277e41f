"""95 % intervals over replications: which of the methods of `sim.measure.bounds` suits a measure.

Rows of one run are not independent, replications are: so every interval here takes one
value a replication (Law 2015, sections 9.4 and 11.2). Arrays are cells × replications, NaN
where a replication has no value. tests/measure/test_coverage.py holds how often they cover.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.measure import bounds
from sim.measure.bounds import Array, Bounds, Counts, Mask, mean_where, moments
from sim.records.measures import BOUNDS, COUNTED, MEDIANS, MULTIPLE, QUOTIENTS, SHARE, WHOLE

LEVEL = 0.95
TAIL = (1.0 - LEVEL) / 2
FEW = 10.0
"""Events (or non-events) in the mean replication below which the normal theory behind t is
not trusted; chosen: the usual rule of thumb for a binomial."""

Words = NDArray[np.object_]
STUDENT, COUNTS, ORDER, MOVER = "t", "counts", "order statistics", "of two counts"
BOOTSTRAP = "bootstrap-t"
METHODS = {
    STUDENT: "Student's t",
    COUNTS: "few events: Korn and Graubard's, or gamma",
    ORDER: "order statistics about the median",
    MOVER: "few events: what rises and what falls, each by gamma, put together",
    BOOTSTRAP: "replications drawn again, studentised",
}
NO_VALUE, ONE, FEWER = "no value", "one replication", "too few replications"
SAME, UNCERTAIN, NO_METHOD = "no spread", "denominator may be 0", "no method"
REASONS = {
    NO_VALUE: "it is defined in no replication",
    ONE: "one replication says nothing of the spread",
    FEWER: "there are fewer replications than its method needs",
    SAME: "the replications do not differ, which is no proof that others would not",
    UNCERTAIN: "what it is divided by may be 0",
    NO_METHOD: "no method covers what is found by tests of all replications (the jackknife: 0.80)",
}


class Sample(NamedTuple):
    """A measure in many cells: numerators, denominators and values, cells × replications."""

    numerator: Array
    denominator: Array
    value: Array

    @classmethod
    def of(cls, values: Array) -> Sample:
        """Of values that are no quotients of counts."""
        return cls(values, np.ones_like(values), values)

    @property
    def known(self) -> Mask:
        """Where there is a value."""
        return np.isfinite(self.value)

    def cells(self, chosen: Mask) -> Sample:
        """Some of the cells."""
        return Sample(*(side[chosen] for side in self))

    def where(self, known: Mask) -> Sample:
        """The same without the values that are not *known*."""
        return self._replace(value=np.where(known, self.value, np.nan))


class Intervals(NamedTuple):
    """Means (or what stands for them) with their bounds, a value a cell.

    *n* replications had a value; *method* says by which method, or why there is none (REASONS).
    """

    mean: Array
    low: Array
    high: Array
    n: Counts
    method: Words


def intervals(kind: str, sample: Sample, tail: float = TAIL) -> Intervals:
    """The estimate and interval that suit *kind* (see `sim.records.measures.KINDS`), by cell."""
    known = sample.known
    n = known.sum(axis=1)
    if n.max(initial=0) < 2:
        return alone(kind, mean_where(sample.value, known), n)
    if kind in MEDIANS:
        return from_bounds(*bounds.median(sample.value, known, tail), n, ORDER)
    values = linear(kind, sample)
    mean, variance = moments(values, known)
    low, high = bounds.student(mean, variance, n, tail)
    if kind == WHOLE:
        return without(mean, n)
    few = rare(kind, sample) | (n > 1) & ((variance == 0.0) | _outside(kind, low, high))
    if kind not in COUNTED or not few.any():
        return from_bounds(mean, np.maximum(low, BOUNDS[kind][0]), high, n, STUDENT)
    of_counts = _of_counts(kind, sample, variance, tail)
    low, high = (np.where(few, *both) for both in zip(of_counts, (low, high), strict=True))
    return from_bounds(mean, low, high, n, np.where(few, COUNTS, STUDENT))


def alone(kind: str, mean: Array, n: Counts) -> Intervals:
    """Estimates of one replication, or none: to say that they have no interval needs no scipy,
    which takes a fifth of a second to import."""
    none = np.full(mean.shape, np.nan)
    return without(mean, n) if kind == WHOLE else from_bounds(mean, none, none, n, STUDENT)


def without(mean: Array, n: Counts) -> Intervals:
    """Estimates that no method has an interval of."""
    none = np.full(mean.shape, np.nan)
    words = np.where(np.isfinite(mean), NO_METHOD, NO_VALUE).astype(object)
    return Intervals(mean, none, none, n, words)


def linear(kind: str, sample: Sample) -> Array:
    """Values whose mean is the estimate, and whose spread is its own.

    The estimate is the quotient of the means, not the mean of quotients, which is off where
    numerators and denominators vary together: R + (top - R × below) ÷ mean below, to first order
    (Cochran 1977, section 6.4). Of others they are the values themselves.
    """
    if kind not in QUOTIENTS:
        return sample.value
    known = sample.known
    top, below = (mean_where(side, known) for side in sample[:2])
    with np.errstate(all="ignore"):
        ratio = (top / below)[:, None]
        rest = sample.numerator - ratio * sample.denominator
        return np.asarray(np.where(known, ratio + rest / below[:, None], np.nan))


def rare(kind: str, sample: Sample) -> Mask:
    """Which cells have so few events, or non-events, that they are counted."""
    events = mean_where(_events(kind, sample), sample.known)
    if kind == SHARE:
        events = np.minimum(events, mean_where(sample.denominator, sample.known) - events)
    return np.asarray((events < FEW) & (kind in COUNTED))


def _events(kind: str, sample: Sample) -> Array:
    """What is counted: of a multiple, what is above 1."""
    return sample.numerator - (sample.denominator if kind == MULTIPLE else 0.0)


def _of_counts(kind: str, sample: Sample, variance: Array, tail: float) -> Bounds:
    known = sample.known
    n = known.sum(axis=1)
    events, exposure = (np.where(known, side, 0.0).sum(axis=1) for side in (
        _events(kind, sample), sample.denominator))  # fmt: skip
    with np.errstate(all="ignore"):
        mean = events / exposure
    if kind == SHARE:
        return bounds.korn_graubard(mean, variance, exposure, n, tail)
    low, high = bounds.gamma(mean, variance, events, exposure, n, tail)
    return BOUNDS[kind][0] + low, BOUNDS[kind][0] + high


def _outside(kind: str, low: Array, high: Array) -> Mask:
    """Whether bounds lie where no value can."""
    least, most = BOUNDS[kind]
    return np.asarray((low < least) | (high > most))


def from_bounds(mean: Array, low: Array, high: Array, n: Counts, method: str | Words) -> Intervals:
    """The interval where there is one, and the reason where there is none."""
    words = np.broadcast_to(np.asarray(method, dtype=object), n.shape)
    # zero width is a claim that only order statistics make good: half of what is drawn is equal
    same = (low == high) & (words == STUDENT)
    none = same | ~(np.isfinite(low) & np.isfinite(high))
    reasons = ((n == 0) | ~np.isfinite(mean), n == 1, same, none)
    words = np.select(reasons, (NO_VALUE, ONE, SAME, FEWER), words)
    none |= n < 2
    low, high = (np.where(none, np.nan, side) for side in (low, high))
    return Intervals(mean, low, high, n, words)
