"""Which policies may be the best, against cases worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from sim.measure.intervals import Sample
from sim.measure.ranking import ranking
from sim.records.measures import RATIO

RNG = np.random.default_rng(2)
SHARED, NOISE = RNG.normal(0.0, 5.0, 10), RNG.normal(0.0, 0.1, (3, 10))


def samples(*means: float) -> dict[str, Sample]:
    """Arms with these means, whose replications go up and down together."""
    return {
        name: Sample.of((mean + SHARED + noise)[None, :])
        for name, mean, noise in zip("abc", means, NOISE, strict=False)
    }


def test_one_that_is_surely_the_best_is_no_worse_than_any():
    table = ranking(RATIO, samples(3.0, 1.0, 2.0)).set_index("arm")
    assert table.index[0] == "b"
    assert table["may_be_best"].to_dict() == {"b": True, "c": False, "a": False}
    assert table.loc["b", "worse_at_most"] == 0.0
    assert 0.9 < table.loc["c", "worse_at_most"] < 1.3


def test_what_cannot_be_told_apart_may_each_be_the_best():
    table = ranking(RATIO, samples(1.0, 1.02, 5.0), effect=0.01).set_index("arm")
    assert table["may_be_best"].to_dict() == {"a": True, "b": True, "c": False}
    assert (table.loc[["a", "b"], "worse_at_most"] < 0.3).all()
    assert (table.loc[["a", "b"], "needed"] > 100).all()


def test_two_arms_are_compared_by_one_bound_on_either_side():
    two = samples(1.0, 1.05)
    table = ranking(RATIO, two).set_index("arm")
    apart = (two["b"].value - two["a"].value)[0]
    bound = apart.mean() + stats.t.ppf(0.95, 9) * stats.sem(apart)
    assert table.loc["b", "worse_at_most"] == pytest.approx(max(bound, 0.0))


def test_one_arm_is_the_best():
    table = ranking(RATIO, samples(1.0))
    assert table["may_be_best"].all()
    assert (table["worse_at_most"] == 0.0).all()


def test_an_arm_without_a_value_may_be_anything():
    arms = samples(1.0, 2.0) | {"c": Sample.of(np.full((1, 10), np.nan))}
    table = ranking(RATIO, arms, effect=0.1).set_index("arm")
    assert table["may_be_best"].to_dict() == {"a": True, "b": False, "c": True}
    assert np.isnan(table.loc["a", "worse_at_most"])
    assert np.isnan(table.loc["c", "needed"])
