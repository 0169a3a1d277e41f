"""What each arm changes, and from when on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from sim.scenario import Scenario
from sim.scenario.arms import DAY, changes
from sim.scenario.writing import value

UNCHANGED = "–"
"""Where an arm leaves a key as the scenario has it."""


def contrasts(scenario: Scenario, arms: Sequence[str]) -> pd.DataFrame:
    """A row per key that some of *arms* changes and the moment from which that holds, a column per
    arm, values as in a file."""
    of_arms = {
        arm: {(key, begins): value(item) for begins, key, item in changes(scenario.arms[arm])}
        for arm in arms
    }
    rows = [
        [*row, *(of_arm.get(row, UNCHANGED) for of_arm in of_arms.values())]
        for row in dict.fromkeys(row for of_arm in of_arms.values() for row in of_arm)
    ]
    return pd.DataFrame(rows, columns=["key", "from", *arms])


def in_words(scenario: Scenario, arms: Sequence[str]) -> Iterator[str]:
    """What each of *arms* changes, and from when on."""
    for arm in arms:
        texts = [
            f"{key} = {value(item)} from {begins}"
            for begins, key, item in changes(scenario.arms[arm])
        ]
        yield f"'{arm}': {'; '.join(texts) or 'as the scenario has it'}."


def dated(scenario: Scenario, arms: Sequence[str]) -> Iterator[str]:
    """Which of *arms* change again after the policies start, and on which days."""
    for arm in arms:
        days = [f"{stage.begins / DAY:g}" for stage in scenario.arm(arm).stages[1:]]
        if days:
            *first, last = days
            on = f"days {', '.join(first)} and {last}" if first else f"day {last}"
            yield f"'{arm}' changes again on {on}."
