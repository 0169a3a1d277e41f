"""Which policies may be the best by a quantity, and how much worse each is at most.

Multiple comparisons with the best under common random numbers (Nelson and Matejcik 1995, Management
Science 41, 1935-1945). Their bound supposes differences of one variance; policies of which one
loses nothing have none, so that the pairwise bounds are put together by Bonferroni (Clark and Yang
1986). With the best policy b and k - 1 others, all that is claimed follows if each of the k - 1
one-sided bounds of b against another holds, and each misses in (1 - LEVEL) / (k - 1) at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from sim.measure.bounds import Array, Mask
from sim.measure.intervals import LEVEL, TAIL, Sample, intervals
from sim.measure.pairs import paired

COLUMNS = ("arm", "mean", "may_be_best", "worse_at_most", "needed")


def together(others: int) -> float:
    """The tail of each of several intervals that hold together (Bonferroni)."""
    return TAIL / max(others, 1)


def surely(low: Array | float, high: Array | float, effect: Array | float) -> Mask:
    """Where a difference with these bounds is surely more than an *effect*, either way.

    Nowhere if the smallest effect of interest is not stated (NaN).
    """
    least = np.asarray(effect)
    return np.asarray((low > least) | (high < -least))


def ranking(kind: str, samples: Mapping[str, Sample], effect: float = math.nan) -> pd.DataFrame:
    """A row per arm, the least first; less is better.

    *may_be_best*: no other arm is surely less. *worse_at_most*: how far above the best it is at
    most, 0 of an arm that surely is the best. *needed*: replications that would tell arms apart by
    an *effect* (the second stage of the procedure). Together they hold with 95 %.
    """
    arms = list(samples)
    low, high, spare = _bounds(kind, samples)
    may = np.asarray(~(low > 0.0).any(axis=1))
    rivals = np.where(may[None, :] & ~np.eye(len(arms), dtype=bool), high, -np.inf)
    worse = np.maximum(rivals.max(axis=1, initial=-np.inf), 0.0)  # NaN where a bound is not known
    replications = min(int(sample.known.sum()) for sample in samples.values())
    table = pd.DataFrame({
        "arm": arms,
        "mean": [float(intervals(kind, sample).mean[0]) for sample in samples.values()],
        "may_be_best": may,
        "worse_at_most": worse,
        "needed": np.ceil(replications * (spare / effect) ** 2),
    })  # fmt: skip
    return table.sort_values("mean", kind="stable", ignore_index=True)


def _bounds(kind: str, samples: Mapping[str, Sample]) -> tuple[Array, Array, Array]:
    """Of each arm (rows) less each other (columns): one-sided bounds; and the widest of a row."""
    each, size = list(samples.values()), len(samples)
    pairs = [(i, j) for i in range(size) for j in range(size) if i != j]
    low, high, spare = np.full((3, size, size), np.nan)
    if pairs:
        first, second = (_stacked([each[pair[side]] for pair in pairs]) for side in (1, 0))
        difference = paired(kind, first, second, (1.0 - LEVEL) / (size - 1))
        at = tuple(np.array(pairs).T)
        low[at], high[at], spare[at] = (
            difference.low,
            difference.high,
            difference.high - difference.difference,
        )
    with np.errstate(all="ignore"):
        widest = np.max(np.where(np.isnan(spare), 0.0, spare), axis=1)
        return low, high, np.where(widest > 0.0, widest, np.nan)


def _stacked(samples: list[Sample]) -> Sample:
    return Sample(*(np.concatenate(side) for side in zip(*samples, strict=True)))
