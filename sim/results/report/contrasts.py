"""The scenario as a table of differences: what each arm changes, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sim.scenario import Scenario
from sim.scenario.overrides import flat
from sim.scenario.writing import value

UNCHANGED = "–"
"""Where an arm leaves a key as the scenario has it."""


def contrasts(scenario: Scenario, arms: Sequence[str]) -> pd.DataFrame:
    """A row per key that some of *arms* changes, a column per arm, values as in a file."""
    overrides = {arm: dict(flat(scenario.arms[arm])) for arm in arms}
    keys = list(dict.fromkeys(key for changes in overrides.values() for key in changes))
    rows = [
        [key, *(value(overrides[arm][key]) if key in overrides[arm] else UNCHANGED for arm in arms)]
        for key in keys
    ]
    return pd.DataFrame(rows, columns=["key", *arms])
