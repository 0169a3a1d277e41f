"""The scenario as a table of differences: what each arm changes, side by side."""

from __future__ import annotations

from collections.abc import Sequence

<<<<<<< HEAD
from sim.scenario.overrides import flat
=======
import pandas as pd

from sim.scenario import Scenario
from sim.scenario.overriding import flat
>>>>>>> d14f501 (The command line is a module a group of commands, rendering apart; results are scenario, analysis, tables, publishing, each once)
from sim.scenario.writing import value

UNCHANGED = "–"
"""Where an arm leaves a key as the scenario has it."""


def contrasts(scenario: Scenario, arms: Sequence[str]) -> pd.DataFrame:
    """A row per key that some of *arms* changes, a column per arm, values as in a file."""
    changed = {arm: dict(flat(scenario.arms[arm])) for arm in arms}
    keys = list(dict.fromkeys(key for found in changed.values() for key in found))
    rows = [
        [key, *(value(changed[arm][key]) if key in changed[arm] else UNCHANGED for arm in arms)]
        for key in keys
    ]
    return pd.DataFrame(rows, columns=["key", *arms])
