"""Welch's procedure: the mean of each day over replications, smoothed, to choose the warm-up.

Where the smoothed curve has become level, the state before the change is reached, and
``policy_starts`` may stand there (Welch 1983; Law 2015, section 9.5.1).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.measure.intervals import Array

WHOLE = ("warm-up", "after")
"""The phases that make up a run."""


def welch(measures: pd.DataFrame, class_: str, measure: str, window: int = 1) -> pd.DataFrame:
    """Per arm and day of the run (from 0): mean over replications, and smoothed.

    *window* days on either side are averaged; near the start, and the end, as many as there
    are on both. Raises ValueError where the measure is not counted by day.
    """
    if window < 0:
        raise ValueError(f"window: expected 0 or more, got {window}")
    chosen = measures[
        (measures["by"] == "day")
        & (measures["class"] == class_)
        & (measures["measure"] == measure)
        & measures["phase"].isin(WHOLE)
    ]
    if not len(chosen):
        raise ValueError(f"{measure} of {class_} is not counted by day")
    plain = chosen.assign(arm=chosen["arm"].astype(str), day=chosen["key"].astype(str).astype(int))
    sums = plain.groupby(["arm", "replication", "day"], sort=False)[["numerator", "denominator"]]
    found = sums.sum()
    value = (found["numerator"] / found["denominator"]).where(found["denominator"] > 0)
    daily = value.groupby(["arm", "day"], sort=False).mean().unstack("day").sort_index(axis=1)
    parts = [
        pd.DataFrame(
            {"arm": arm, "day": daily.columns, "mean": row, "smoothed": smooth(row, window)}
        )
        for arm, row in zip(daily.index, daily.to_numpy(dtype=float), strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def smooth(values: Array, window: int) -> Array:
    """Moving averages over *window* values on either side, fewer near the ends."""
    last = len(values) - 1
    spans = [min(window, i, last - i) for i in range(len(values))]
    return np.array([values[i - w : i + w + 1].mean() for i, w in enumerate(spans)])
