"""The static expectation of the arms of a scenario, with the week that the world writes by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario


def static(scenario: Scenario, arms: Iterable[str]) -> pd.DataFrame:
    """What follows from the inputs alone for each of *arms* (see sim.measure.static)."""
    import pandas as pd

    from sim.measure.static import Week, expectation
    from sim.world import week as calendar

    starts, ends = scenario.policy_starts, scenario.run_length
    written = calendar.expected(1.0, ends) - calendar.expected(1.0, starts)
    week = Week(calendar.block_weights(ends, starts), written / (ends - starts))
    return pd.concat([expectation(scenario, arm, week) for arm in arms], ignore_index=True)
