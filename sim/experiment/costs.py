"""The measures of an experiment with what each arm costs (see `sim.measure.costs`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from sim.measure.affected import affected
from sim.measure.costs import cost_rows, joined

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.sweeping import Point


def with_costs(scenario: Scenario, measures: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """*measures* of arms of *scenario* with the rows of what each costs against *baseline*."""
    return joined(measures, costs(scenario, measures, baseline))


def costs(scenario: Scenario, measures: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """The rows of what each arm costs against *baseline*, from the *measures* by day."""
    others = [str(arm) for arm in measures["arm"].unique() if arm != baseline]
    people = {arm: affected(scenario, arm, baseline) for arm in others}
    return cost_rows(measures, baseline, people, scenario.interest)


def costs_at(
    scenario: Scenario, points: Sequence[Point], measures: pd.DataFrame, baseline: str
) -> pd.DataFrame:
    """The same at each point of a sweep of *scenario*, with a column ``point``."""
    parts = [
        costs(scenario.with_overrides(points[number]), part, baseline).assign(point=number)
        for number in measures["point"].unique().tolist()
        if len(part := measures[measures["point"] == number])
    ]
    return pd.concat(parts, ignore_index=True)
