"""Welch's procedure: days of the whole run, averaged over replications, then smoothed."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic_frames import week

from sim.measure.counters import measure_run
from sim.measure.exposure import Exposure
from sim.measure.welch import first_day, level, since, smooth, welch

OVER = Exposure(7 * 86400.0, policy_starts=86400.0, transient=2 * 86400.0, mailboxes=50)


def test_moving_averages_are_narrower_near_the_ends():
    assert smooth(np.array([1.0, 2.0, 6.0, 4.0, 2.0]), 2).tolist() == [1.0, 3.0, 3.0, 4.0, 2.0]
    assert smooth(np.array([1.0, 5.0]), 0).tolist() == [1.0, 5.0]


def test_every_day_of_the_run_has_its_mean():
    runs = [week(5, replication=r, refused=0.3) for r in range(2)]
    found = welch(pd.concat([measure_run(run, OVER) for run in runs]), "honest", "delivery_rate")
    assert found["day"].tolist() == list(range(7))
    expected = []
    for run in runs:
        rows = run["recipients"]
        mine = rows[(rows["class"] == "honest") & (rows["written_at"] // 86400 == 3)]
        expected.append((mine["fate"] == "delivered").mean())
    assert found["mean"][3] == pytest.approx(np.mean(expected))
    assert found["mean"][0] == 1.0  # nothing is refused in the warm-up


def test_what_is_not_counted_by_day_says_so():
    table = measure_run(week(5), OVER)
    with pytest.raises(ValueError, match="not counted by day"):
        welch(table, "honest", "delay_median")
    with pytest.raises(ValueError, match="window"):
        welch(table, "honest", "delivery_rate", -1)


def by_day(values, arm="open"):
    """Measures by day from *values*, replications × days."""
    rows = [
        (arm, r, "after", "honest", "day", str(day), "delivery_rate", value, 1.0)
        for r, days in enumerate(values)
        for day, value in enumerate(days)
    ]
    names = ("arm", "replication", "phase", "class", "by", "key", "measure", "numerator",
             "denominator")  # fmt: skip
    return pd.DataFrame(rows, columns=list(names))


def found(values, start=0.0):
    return level(by_day(values), "honest", "delivery_rate", {"open": start}).iloc[0]


DAYS = np.arange(14)
WEEK = np.where(np.isin(DAYS % 7, (5, 6)), 0.5, 1.0)  # weekends are otherwise
"""Two weeks without a trend."""


def noisy(days, seed=1, replications=10, spread=0.05):
    return days + np.random.default_rng(seed).normal(0.0, spread, (replications, len(days)))


def test_level_is_the_day_after_the_last_that_differs():
    row = found(noisy(WEEK - np.where(DAYS < 3, 0.4, 0.0)))
    assert (row["level"], row["since"], row["tested"]) == (3.0, 0, 7)
    assert 0.05 < row["margin"] < 0.4  # what goes unseen is told
    later = found(noisy(WEEK - np.where(DAYS < 6, 0.4, 0.0)), start=4 * 86400.0)
    assert (later["level"], later["since"], later["tested"]) == (6.0, 4, 5)


def test_what_still_moves_in_the_middle_has_no_level():
    assert np.isnan(found(noisy(WEEK + 0.1 * DAYS))["level"])


def test_one_replication_is_not_judged():
    row = found(noisy(WEEK, replications=1))
    assert (row["tested"], np.isnan(row["level"]), row["replications"]) == (0, True, 1)


def test_a_day_without_its_like_in_the_second_half_is_not_judged():
    row = found(noisy(WEEK[:5] - np.where(DAYS[:5] < 1, 0.4, 0.0)))  # Monday to Friday
    assert row["tested"] == 3
    assert found(noisy(WEEK[4:7]), start=0.0)["tested"] == 2  # as if these were Monday to Wednesday


def test_chance_alone_is_called_a_trend_in_one_of_twenty_runs():
    """A binomial test at 0.001: neither more nor much less often than the 95 % say."""
    runs = 800
    alarms = sum(found(noisy(WEEK, seed))["level"] != 0.0 for seed in range(runs))
    assert stats.binomtest(alarms, runs, 0.05).pvalue > 0.001


def test_the_base_may_be_level_from_the_start_others_from_the_change():
    assert since(["a", "b"], "a", 3 * 86400.0) == {"a": 0.0, "b": 3 * 86400.0}
    assert [first_day(x * 86400.0) for x in (0.0, 2.0, 2.5)] == [0, 2, 3]
    jump = by_day(np.array([[0.0, 0.0, 10.0, 10.0]] * 2))
    smoothed = welch(jump, "honest", "delivery_rate", 1, {"open": 2 * 86400.0})["smoothed"]
    assert smoothed.tolist() == [0.0, 0.0, 10.0, 10.0]
