"""Welch's procedure to choose the warm-up: the mean of each day over replications, smoothed.

Where the smoothed curve has become level, the state before the change is reached, and
``policy_starts`` may stand there (Welch 1983; Law 2015, section 9.5.1). `level` tests it: from
which day on no day differs from those of the second half by more than chance.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import scipy

from sim.measure.bounds import Array
from sim.measure.intervals import LEVEL
from sim.records.usage import UsageError

DAY = 86400.0
WHOLE = ("warm-up", "after")
"""The phases that make up a run."""
WEEKEND = (5, 6)
"""Days of a week, which begins on a Monday: people write less on these, and from elsewhere."""
USUAL = (
    ("honest", "delivery_rate"),
    ("honest", "first_refusal_rate"),
    ("spam", "spam_per_mailbox_day"),
)
"""Class and name of the measures that tell most of how long it takes."""
LEVELS = ("arm", "since", "level", "tested", "margin", "replications")


def welch(
    measures: pd.DataFrame,
    class_: str,
    measure: str,
    window: int = 1,
    starts: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Per arm and day of the run (from 0): mean over replications, and smoothed.

    *window* days on either side are averaged; near the start, and the end, as many as there
    are on both; so too at the moment (s) from *starts* at which an arm changes. Raises UsageError
    where the measure is not counted by day.
    """
    if window < 0:
        raise UsageError(f"window: expected 0 or more, got {window}")
    daily = by_day(measures, class_, measure).groupby("arm", sort=False).mean()
    parts = []
    for arm, row in zip(daily.index, daily.to_numpy(dtype=float), strict=True):
        change = first_day((starts or {}).get(arm, 0.0))
        smoothed = [smooth(part, window) for part in (row[:change], row[change:])]
        parts.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "day": daily.columns,
                    "mean": row,
                    "smoothed": np.concatenate(smoothed),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def smooth(values: Array, window: int) -> Array:
    """Moving averages over *window* values on either side, fewer near the ends."""
    # as many on both sides, or a trend would shift the ends (Law 2015, section 9.5.1)
    last = len(values) - 1
    spans = [min(window, i, last - i) for i in range(len(values))]
    return np.array([values[i - w : i + w + 1].mean() for i, w in enumerate(spans)])


def since(arms: Iterable[str], baseline: str, policy_starts: float) -> dict[str, float]:
    """From when (s) on arms may become level: the baseline from the start, others from a change."""
    return {arm: 0.0 if arm == baseline else policy_starts for arm in arms}


def level(
    measures: pd.DataFrame, class_: str, measure: str, starts: Mapping[str, float]
) -> pd.DataFrame:
    """From which day on each arm of *starts* is level, looked at from that moment (s) to the end.

    Each day of the first half is compared, replication by replication, with the days of the
    second half of the same part of the week, by Student's t; the level of all these tests together
    is 95 % (Bonferroni). ``level`` is the day after the last that differs, NaN where that is the
    last of the first half (the run is too short to say) or nothing can be tested; ``margin`` is the
    widest half of those intervals: smaller differences go unseen. Days count from 0.
    """
    daily = by_day(measures, class_, measure)
    rows = []
    for arm, moment in starts.items():
        first, days = first_day(moment), daily.columns.to_numpy(dtype=int)
        values = daily.loc[arm].to_numpy(dtype=float)[:, days >= first]
        rows.append((arm, first, *_level(values, days[days >= first], first), len(values)))
    return pd.DataFrame(rows, columns=list(LEVELS))


def first_day(moment: float) -> int:
    """The first whole day from *moment* (s) on."""
    return math.ceil(moment / DAY - 1e-9)


def _level(values: Array, days: np.ndarray, first: int) -> tuple[float, int, float]:
    """The day from which *values* (replications × *days*) are level, days tested, margin."""
    # the second half stands for the steady state; each day is compared with days of its own kind
    half = (len(days) + 1) // 2
    away = values[:, :half].copy()
    for kind in (False, True):
        same_kind = np.isin(days % 7, WEEKEND) == kind
        later = values[:, half:][:, same_kind[half:]]
        mean = later.mean(axis=1) if later.shape[1] else np.full(len(values), np.nan)
        away[:, same_kind[:half]] -= mean[:, None]
    tested = np.isfinite(away).sum(axis=0) > 1
    if not tested.any():
        return math.nan, 0, math.nan
    away, at = away[:, tested], days[:half][tested]
    n = np.isfinite(away).sum(axis=0)
    # Bonferroni: the chance that any of len(at) tests errs is at most the sum of theirs, 5 %
    quantile = scipy.special.stdtrit(n - 1.0, 1.0 - (1.0 - LEVEL) / 2 / len(at))
    margin = quantile * np.nanstd(away, axis=0, ddof=1) / np.sqrt(n)
    differs = at[np.abs(np.nanmean(away, axis=0)) > margin]
    last = int(differs.max()) if len(differs) else first - 1
    level_from = math.nan if last == at.max() else float(last + 1)
    return level_from, len(at), float(margin.max())


def by_day(measures: pd.DataFrame, class_: str, measure: str) -> pd.DataFrame:
    """A measure by arm and replication (rows) and day (columns); NaN where it is undefined."""
    chosen = measures[
        (measures["by"] == "day")
        & (measures["class"] == class_)
        & (measures["measure"] == measure)
        & measures["phase"].isin(WHOLE)
    ]
    if not len(chosen):
        raise UsageError(f"{measure} of {class_} is not counted by day")
    plain = chosen.assign(arm=chosen["arm"].astype(str), day=chosen["key"].astype(str).astype(int))
    # a day on which the policy starts has rows of both phases, which are added up
    days = plain.groupby(["arm", "replication", "day"], sort=False)
    sums = days[["numerator", "denominator"]].sum()
    value = (sums["numerator"] / sums["denominator"]).where(sums["denominator"] > 0)
    return value.unstack("day").sort_index(axis=1)
