"""Whether what a scenario expects of a measure came out, judged by its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from sim.measure.summary import compare, summarise

if TYPE_CHECKING:
    from sim.scenario.expectations import ExpectMeasure

HOLDS, FAILS, UNDECIDED, NOT_RUN = "holds", "fails", "not decided", "not run"
JUDGED = ("expected", "outcome", "value", "low", "high", "replications")
NO_VALUE = (math.nan, math.nan, math.nan, 0)
LEAST = math.ulp(0.0)
"""The smallest difference that is one."""


def judged(
    expectations: Iterable[ExpectMeasure], baseline: str, measures: pd.DataFrame
) -> pd.DataFrame:
    """A row each: what was expected, the outcome, its value and 95 % interval.

    An expectation *holds* where the whole interval is as expected, *fails* where all of it is
    otherwise, and is *not decided* where it includes both, or where there is none. Each is judged
    alone: of many that are true, about one in forty fails by chance.
    """
    run = set(measures["arm"].unique())
    rows = []
    for expect in expectations:
        arms = {expect.arm or baseline, expect.than or expect.arm or baseline}
        value = _value(expect, baseline, measures) if arms <= run else NO_VALUE
        outcome = _outcome(expect, *value[1:3]) if arms <= run else NOT_RUN
        rows.append((str(expect), outcome, *value))
    return pd.DataFrame(rows, columns=list(JUDGED))


def _value(
    expect: ExpectMeasure, baseline: str, measures: pd.DataFrame
) -> tuple[float, float, float, int]:
    """The value with its bounds, and how many replications had one."""
    arm = expect.arm or baseline
    rows = measures[(measures["measure"] == expect.measure) & (measures["class"] == expect.mail)]
    if expect.than is None:
        table = summarise(rows, by=expect.by, phase=expect.phase)
        table = table[table["arm"] == arm].rename(columns={"mean": "value"})
    else:
        try:
            table = compare(rows, expect.than, arm, by=expect.by, phase=expect.phase)
        except KeyError:  # an arm without any value of this measure
            return NO_VALUE
        table = table.rename(columns={"difference": "value"})
    if expect.of is not None:
        table = table[table["key"] == expect.of]
    if not len(table):
        return NO_VALUE
    row = table.iloc[0]
    return float(row["value"]), float(row["low"]), float(row["high"]), int(row["replications"])


def _outcome(expect: ExpectMeasure, low: float, high: float) -> str:
    least = LEAST if expect.direction == "higher" else expect.at_least
    most = -LEAST if expect.direction == "lower" else expect.at_most
    least = -math.inf if least is None else least
    most = math.inf if most is None else most
    if low >= least and high <= most:
        return HOLDS
    return FAILS if high < least or low > most else UNDECIDED
