"""What a change of policy costs honest people: once, until they have settled, and in the long run.

The counts by day of all replications are looked at together (`sim.measure.settling`), so these rows
follow from those that each run stores, and are added when its results are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sim.measure.bounds import Array
from sim.measure.settling import WEEK, long_run, one_off, settling
from sim.records.measures import LONG_RUN, ONE_OFF, SETTLING_TIME

DAY = 86400.0
DAILY = {**ONE_OFF, **LONG_RUN}
"""By measure of costs, the measure whose numerators are counted by day."""
CELL = {"phase": "after", "class": "honest", "by": "all", "key": ""}


def cost_rows(
    measures: pd.DataFrame,
    baseline: str,
    affected: Mapping[str, float],
    interest: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """The rows of what each arm costs, from the *measures* by day.

    *affected* is by arm how many people the arm affects; *interest* the smallest effects that
    matter, which say what counts as settled. Without the *baseline* there is nothing to compare
    with, and no row.
    """
    daily = _Daily(measures)
    rows: list[tuple[Any, ...]] = []
    for arm in daily.arms if baseline in daily.arms else []:
        people = affected.get(arm, 0.0)
        rows += _rows(daily, arm, baseline, people, smallest_effects(interest or {}, people))
    columns = ["arm", "replication", "measure", "numerator", "denominator", "value"]
    return pd.DataFrame(rows, columns=columns).assign(**CELL)


def smallest_effects(interest: Mapping[str, float], people: float) -> dict[str, float]:
    """By measure that is counted by day, the effect a day that does not matter yet.

    It is the one of the long run, or less: a week of it is at most half of the one-off cost that
    does not matter for so many *people*, for what is left of a start that halves from week to week
    is then no more than that.
    """
    effects: dict[str, list[float]] = {}
    for name, effect in interest.items():
        if name in LONG_RUN:
            effects.setdefault(LONG_RUN[name], []).append(effect)
        elif name in ONE_OFF and people:
            effects.setdefault(ONE_OFF[name], []).append(effect * people / (2 * WEEK))
    return {measure: min(values) for measure, values in effects.items()}


class _Daily:
    """Counts of honest mail by day since the policy starts: replications × days."""

    def __init__(self, measures: pd.DataFrame) -> None:
        chosen = (measures["by"] == "day") & (measures["phase"] == "after")
        chosen &= (measures["class"] == "honest") & measures["measure"].isin(DAILY.values())
        rows = measures[chosen].astype({"arm": str, "measure": str})
        rows = rows.assign(day=rows["key"].astype(str).astype(int))
        whole = rows[rows["measure"] == LONG_RUN["long_run_lost_per_day"]]
        self.arms = list(dict.fromkeys(rows["arm"]))
        lengths = whole.groupby("day")["denominator"].max()
        if len(lengths) > 1 and lengths.iloc[-1] < 1.0:  # the run ends before this day does
            lengths = lengths.iloc[:-1]
        self.lengths = lengths.to_numpy(dtype=float)
        wide = rows.pivot_table("numerator", ["arm", "measure", "replication"], "day", "sum")
        self._wide = wide.reindex(columns=lengths.index, fill_value=0.0)
        self.replications = {a: sorted(set(part["replication"])) for a, part in rows.groupby("arm")}

    def series(self, arm: str, measure: str, replications: list[int]) -> Array:
        """The counts of one measure in some replications, 0 where nothing was counted."""
        index = pd.MultiIndex.from_product([[arm], [measure], replications])
        return self._wide.reindex(index).fillna(0.0).to_numpy(dtype=float)

    def excess(self, arm: str, baseline: str, replications: list[int]) -> dict[str, Array]:
        """By measure, the counts of an arm less those of the baseline; of the baseline, its own."""
        counts = {}
        for measure in dict.fromkeys(DAILY.values()):
            counts[measure] = self.series(arm, measure, replications)
            if arm != baseline:
                counts[measure] = counts[measure] - self.series(baseline, measure, replications)
        return counts


def _rows(
    daily: _Daily, arm: str, baseline: str, affected: float, smallest: Mapping[str, float]
) -> Iterator[tuple[Any, ...]]:
    """Arm, replication, measure, numerator, denominator, value of what one arm costs."""
    replications = [r for r in daily.replications[arm] if r in daily.replications[baseline]]
    excess = daily.excess(arm, baseline, replications)
    settled = settling(excess, smallest)
    day = np.nan if settled is None else settled.day
    for replication in replications:
        yield arm, replication, SETTLING_TIME, day, 1.0, day
    for name, measure in ONE_OFF.items():
        total = np.full(len(replications), np.nan)
        if arm == baseline:
            total[:] = 0.0  # it is what the others are compared with
        elif settled is not None:
            total = one_off(excess[measure], daily.lengths, settled.until)
        for replication, number in zip(replications, total.tolist(), strict=True):
            people = affected or float(number == 0.0)  # nothing is nothing, also of nobody
            yield arm, replication, name, number, people, number / people if people else np.nan
    for name, measure in LONG_RUN.items():
        total, days = np.full(len(replications), np.nan), 0
        if settled is not None:
            total, days = long_run(daily.series(arm, measure, replications), settled.until)
        for replication, number in zip(replications, total.tolist(), strict=True):
            yield arm, replication, name, number, days, number / days if days else np.nan


def joined(measures: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Both tables, with categories and types as in the first."""
    table, whole = table.copy(), measures.copy(deep=False)
    for name, column in measures.items():
        if name not in table:
            continue
        if isinstance(column.dtype, pd.CategoricalDtype):
            added = [word for word in table[name].unique() if word not in column.cat.categories]
            categories = [*column.cat.categories, *added]
            whole[name] = column.cat.set_categories(categories)
            table[name] = pd.Categorical(table[name], categories=categories)
        else:
            table[name] = table[name].astype(column.dtype)
    return pd.concat([whole, table], ignore_index=True)
