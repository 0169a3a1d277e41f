"""Whole experiments whose truth is known: their intervals cover it as often as they say."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import sim
from sim.measure import columnar
from sim.measure.counters import columns_of_measures
from sim.measure.exposure import exposure
from sim.measure.intervals import Sample, intervals
from sim.measure.pairs import paired
from sim.records.measures import SHARE
from sim.records.rows import TABLES
from sim.world import simulate

SMALL = Path(__file__).with_name("small.toml")
TRUTHS = {"on network": 0.5, "filter": 0.2}
"""All are in the hotel, write to one recipient each, elsewhere every other time, and learn
nothing: half is refused by a home ISP that serves its own network alone, and a fifth by an open
relay with a filter that errs so often."""
REPLICATIONS = 5


def refused(arm: str, replication: int, scenario) -> tuple[float, float]:
    """Honest recipients refused at first, and intended, in one run."""
    frames = columnar.of_run(simulate(scenario, arm, replication), TABLES)
    table = columns_of_measures(frames, exposure(scenario)).frame()
    cell = table[
        (table["measure"] == "first_refusal_rate") & (table["class"] == "honest")
        & (table["by"] == "all") & (table["phase"] == "after")
    ].iloc[0]  # fmt: skip
    return float(cell["numerator"]), float(cell["denominator"])


@pytest.mark.parametrize("experiments", [40, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_truth_is_covered_as_often_as_is_said(experiments):
    text = (
        SMALL.read_text()
        + """
[arms.filter]
"servers.*-smtp.content" = ["reject_outbound_spam(0.9, 0.2)"]
"""
    )
    scenario = sim.loads(text).with_overrides(
        {
            "run_length": "2 days",
            "users.travellers.count": 10,
            "users.travellers.recipients": 1,
            "users.travellers.places": {"hotel": 1.0},
            "users.travellers.to_same_isp": 1 - TRUTHS["on network"],
            "users.travellers.when_refused": {"give_up": 1.0},
        }
    ).model  # fmt: skip

    def covers(found, truth: float) -> int:
        return int(((found.low <= truth) & (found.high >= truth)).sum())

    samples = {}
    for arm, truth in TRUTHS.items():
        runs = [refused(arm, r, scenario) for r in range(experiments * REPLICATIONS)]
        top, below = np.array(runs).T.reshape(2, experiments, REPLICATIONS)
        samples[arm] = Sample(top, below, top / below)
        covered = covers(intervals(SHARE, samples[arm]), truth)
        # a fifth of some twenty: few events, so that the interval may cover more often
        side = "two-sided" if arm == "on network" else "less"
        assert stats.binomtest(covered, experiments, 0.95, alternative=side).pvalue > 0.001
    apart = paired(SHARE, *samples.values())
    truth = TRUTHS["filter"] - TRUTHS["on network"]
    assert stats.binomtest(covers(apart, truth), experiments, 0.95).pvalue > 0.001
    wrong = covers(apart, truth + 0.15)
    assert stats.binomtest(wrong, experiments, 0.95).pvalue < 0.001  # it can fail
