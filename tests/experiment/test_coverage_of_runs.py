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
from sim.records.measures import RATE, SHARE
from sim.records.rows import TABLES
from sim.world import simulate

SMALL = Path(__file__).with_name("small.toml")
TRUTHS = {"on network": 0.5, "filter": 0.2}
"""All are in the hotel, write to one recipient each, elsewhere every other time, and learn
nothing: half is refused by a home ISP that serves its own network alone, and a fifth by an open
relay with a filter that errs so often."""
REPLICATIONS = 5
DAYS = 2
"""From when policies start to the end of a run."""


VOLUME = 7.3
"""Recipients a day that each of ten spammers writes to through open relays."""


def measured(scenario, arm: str, replication: int, mail: str, measure: str) -> tuple[float, float]:
    """Numerator and denominator of one measure in one run."""
    frames = columnar.of_run(simulate(scenario, arm, replication), TABLES)
    table = columns_of_measures(frames, exposure(scenario)).frame()
    cell = table[
        (table["measure"] == measure) & (table["class"] == mail)
        & (table["by"] == "all") & (table["phase"] == "after")
    ].iloc[0]  # fmt: skip
    return float(cell["numerator"]), float(cell["denominator"])


def refused(arm: str, replication: int, scenario) -> tuple[float, float]:
    """Honest recipients refused at first, and intended, in one run."""
    return measured(scenario, arm, replication, "honest", "first_refusal_rate")


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


def spammed(gaps: str, runs: int) -> tuple[np.ndarray, np.ndarray]:
    """Spam delivered, and mailboxes × days, in so many runs."""
    scenario = (
        sim.loads(SMALL.read_text())
        .with_overrides(
            {
                "users.travellers.count": 1,
                "spammers.bulk.count": 10,
                "spammers.bulk.routes": ["open_relay"],
                "spammers.bulk.capacity": {},
                "spammers.bulk.volume": f"{VOLUME} / day",
                "spammers.bulk.recipients": 1,
                "spammers.bulk.gaps": gaps,
            }
        )
        .model
    )
    found = [
        measured(scenario, "open trust", r, "spam", "spam_per_mailbox_day") for r in range(runs)
    ]
    delivered, over = np.array(found).T
    return delivered, over


@pytest.mark.parametrize("experiments", [20, pytest.param(2000, marks=pytest.mark.slow)])
def test_the_volume_of_spam_is_covered_as_often_as_is_said(experiments):
    top, below = (
        a.reshape(experiments, REPLICATIONS)
        for a in spammed("stratified", experiments * REPLICATIONS)
    )
    truth = 10 * VOLUME * DAYS / below[0, 0]
    found = intervals(RATE, Sample(top, below, top / below))
    covered = int(((found.low <= truth) & (found.high >= truth)).sum())
    assert stats.binomtest(covered, experiments, 0.95).pvalue > 0.001
    wrong = int(((found.low <= 1.03 * truth) & (found.high >= 1.03 * truth)).sum())
    assert stats.binomtest(wrong, experiments, 0.95).pvalue < 0.001  # it can fail


def test_strata_take_less_than_half_the_runs_that_chance_takes():
    stratified, exponential = (spammed(gaps, 20)[0] for gaps in ("stratified", "exponential"))
    assert stratified.mean() == pytest.approx(exponential.mean(), rel=0.05)
    assert 2 * stratified.var() < exponential.var()
