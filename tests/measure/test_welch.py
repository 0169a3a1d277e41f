"""Welch's procedure: days of the whole run, averaged over replications, then smoothed."""

import numpy as np
import pandas as pd
import pytest
from synthetic_frames import week

from sim.measure.exposure import Exposure
from sim.measure.tallies import measure_run
from sim.measure.welch import smooth, welch

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
        mine = rows[(rows["class"] == "honest") & (rows["wished_at"] // 86400 == 3)]
        expected.append((mine["fate"] == "delivered").mean())
    assert found["mean"][3] == pytest.approx(np.mean(expected))
    assert found["mean"][0] == 1.0  # nothing is refused in the warm-up


def test_what_is_not_counted_by_day_says_so():
    table = measure_run(week(5), OVER)
    with pytest.raises(ValueError, match="not counted by day"):
        welch(table, "honest", "delay_median")
    with pytest.raises(ValueError, match="window"):
        welch(table, "honest", "delivery_rate", -1)
