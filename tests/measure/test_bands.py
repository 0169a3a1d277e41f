"""Bands over unknowns: what the unknowns do, and chance, told apart and covered as is said."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sim.measure.intervals import Sample, intervals
from sim.measure.sweeps import OF_DIFFERENCE, REACH, band
from sim.records.measures import RATIO

TRUTHS = np.array([5.0, 2.0, 2.01, 2.02, 9.0, 8.99])
"""At each point: some lie so near the ends that any of them may look like the least."""


def experiments(number: int, replications: int = 5) -> pd.DataFrame:
    """The summary of many sweeps with known means, each called an arm."""
    rng = np.random.default_rng(17)
    shared = rng.normal(0.0, 1.0, (1, number, replications))  # points have common streams
    rest = rng.normal(0.0, 1.0, (len(TRUTHS), number, replications))
    values = TRUTHS[:, None, None] + shared + rest
    found = [intervals(RATIO, Sample.of(at_point)) for at_point in values]
    tables = [
        pd.DataFrame({"point": point, "arm": range(number), "class": "honest", "measure": "m",
                      "mean": told.mean, "low": told.low, "high": told.high})
        for point, told in enumerate(found)
    ]  # fmt: skip
    return pd.concat(tables)


def covered(table: pd.DataFrame, low: str, high: str) -> int:
    return int(((table[low] <= TRUTHS.min()) & (TRUTHS.max() <= table[high])).sum())


def test_with_chance_the_true_band_is_covered_as_often_as_is_said():
    table = band(experiments(2000), pd.DataFrame())
    held = covered(table, "reach_low", "reach_high")
    assert stats.binomtest(held, 2000, 0.95, alternative="less").pvalue > 0.001
    alone = covered(table, "band_low", "band_high")  # the unknowns alone do not say so much
    assert stats.binomtest(alone, 2000, 0.95, alternative="less").pvalue < 0.001


SWEPT = pd.DataFrame(
    [
        (0, "baseline", 1.0, 0.5, 1.5), (1, "baseline", 4.0, 3.9, 4.1),
        (2, "baseline", 2.0, 0.1, 9.0),
        (0, "other", 3.0, 2.0, 4.0), (1, "other", 1.0, np.nan, np.nan),
        (2, "other", np.nan, np.nan, np.nan),
    ],
    columns=["point", "arm", "mean", "low", "high"],
).assign(**{"class": "honest", "measure": "m"})  # fmt: skip


def test_a_band_is_of_means_and_its_reach_of_their_bounds():
    table = band(SWEPT, pd.DataFrame()).set_index("arm")
    assert table.loc["baseline", ["own", *REACH]].tolist() == [1.0, 1.0, 4.0, 0.1, 9.0]
    assert table[list(OF_DIFFERENCE)].isna().all().all()


def test_where_a_mean_has_no_interval_the_reach_is_not_known():
    table = band(SWEPT, pd.DataFrame()).set_index("arm")
    assert table.loc["other", ["own", *REACH[:2]]].tolist() == [3.0, 1.0, 3.0]
    assert table.loc["other", list(REACH[2:])].isna().all()


@pytest.mark.parametrize("apart", [0.0, 5.0])
def test_a_difference_has_a_band_of_its_own(apart):
    other = SWEPT[SWEPT["arm"] == "baseline"].assign(arm="other")
    shifts = {name: other[name] + apart for name in ("mean", "low", "high")}
    differences = other.assign(**shifts).rename(columns={"mean": "difference"})
    table = band(SWEPT, differences).set_index("arm")
    found = table.loc["other", ["difference", *OF_DIFFERENCE]].tolist()
    assert found == [apart + x for x in (1.0, 1.0, 4.0, 0.1, 9.0)]
    assert table.loc["baseline", ["difference", *OF_DIFFERENCE]].isna().all()
