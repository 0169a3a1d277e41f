"""Whole experiments whose truth is known: their intervals cover it as often as they say."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import sim
from sim.definitions import SHARE
from sim.measure import coded
from sim.measure.exposure import exposure
from sim.measure.intervals import intervals
from sim.measure.tallies import measured
from sim.world import simulate
from sim.world.rows import TABLES

SMALL = Path(__file__).with_name("small.toml")
TRUTH = 0.5
"""All are in the hotel, write to one recipient each, elsewhere every other time, and learn
nothing: so much is refused by a home ISP that serves its own network alone."""
REPLICATIONS = 5


def refused(replication: int, scenario) -> tuple[float, float]:
    """Honest recipients refused at first, and wished, in one run."""
    frames = coded.of_run(simulate(scenario, "on network", replication), TABLES)
    table = measured(frames, exposure(scenario)).frame()
    cell = table[
        (table["measure"] == "first_refusal_rate") & (table["class"] == "honest")
        & (table["by"] == "all") & (table["phase"] == "after")
    ].iloc[0]  # fmt: skip
    return float(cell["numerator"]), float(cell["denominator"])


@pytest.mark.parametrize("experiments", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_truth_is_covered_as_often_as_is_said(experiments):
    scenario = sim.load(SMALL).with_overrides(
        {
            "run_length": "2 days",
            "users.travellers.count": 10,
            "users.travellers.recipients": 1,
            "users.travellers.places": {"hotel": 1.0},
            "users.travellers.to_same_isp": 1 - TRUTH,
            "users.travellers.when_refused": {"give_up": 1.0},
        }
    ).model  # fmt: skip
    runs = [refused(r, scenario) for r in range(experiments * REPLICATIONS)]
    top, below = np.array(runs).T.reshape(2, experiments, REPLICATIONS)
    found = intervals(SHARE, top, below, top / below)
    covered = int(((found.low <= TRUTH) & (found.high >= TRUTH)).sum())
    assert stats.binomtest(covered, experiments, 0.95).pvalue > 0.001
    wrong = int(((found.low <= TRUTH + 0.1) & (found.high >= TRUTH + 0.1)).sum())
    assert stats.binomtest(wrong, experiments, 0.95).pvalue < 0.001  # it can fail
