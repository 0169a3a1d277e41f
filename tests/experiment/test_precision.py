"""As many replications as the asked width needs, and what was reached is said."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import sim
from sim.experiment import UsageError
from sim.experiment.precision import FIRST, more
from sim.scenario import ScenarioError

SMALL = Path(__file__).with_name("small.toml")


def small(precision: str):
    return sim.loads(SMALL.read_text().replace("seed ", f"precision = {precision}\nseed ", 1))


@pytest.mark.parametrize(
    ("count", "width", "after"),
    [(10, 0.014, 20), (10, 0.011, 13), (10, 0.1, 20), (10, 0.0100001, 11), (10, math.inf, 20)],
    ids=["twice", "a few", "at most double", "at least one", "nothing known yet"],
)
def test_how_many_more(count, width, after):
    assert more(count, width, 0.01) == after


def test_it_runs_until_the_interval_is_narrow_enough(tmp_path):
    scenario = small('{ measure = "delivery_rate", half_width = 0.02, most = 60 }')
    results = sim.run(scenario, out=tmp_path, progress=False, keep="counts")
    state = results.manifest["precision"]
    table = results.summary().set_index(["class", "measure"]).loc[("honest", "delivery_rate")]
    assert 5 < results.replications < 60
    assert state["enough"]
    assert state["summary"].endswith(
        "reached; an interval that tells when to stop covers 92 to 95 %."
    )
    assert state["reached"] == pytest.approx(((table["high"] - table["low"]) / 2).max())
    assert state["reached"] <= 0.02
    assert sim.open_results(tmp_path).manifest["precision"] == state
    # a stated number of replications is that number
    assert sim.run(scenario, replications=1, progress=False).replications == 1


@pytest.mark.parametrize("needed", [8, 15, 60])
def test_to_stop_when_it_is_narrow_costs_no_more_cover_than_is_said(needed):
    rng = np.random.default_rng(3)
    asked = stats.t.ppf(0.975, needed - 1) / needed**0.5  # of values that spread by 1
    covered = 0
    for values in rng.normal(0.0, 1.0, (2000, 1000)):
        count = FIRST
        while (width := half(values[:count])) > asked:
            count = more(count, width, asked)
        covered += abs(values[:count].mean()) <= width
    assert stats.binomtest(covered, 2000, 0.92, alternative="less").pvalue > 0.001
    assert stats.binomtest(covered, 2000, 0.95, alternative="greater").pvalue > 0.001


def half(values) -> float:
    n = len(values)
    return stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / n**0.5


def test_the_maximum_is_kept_and_said():
    scenario = small('{ measure = "delivery_rate", half_width = 0.0001, most = 6 }')
    results = sim.run(scenario, progress=False)
    assert results.replications == 6
    assert not results.manifest["precision"]["enough"]
    assert "not reached with at most 6" in results.manifest["precision"]["summary"]


def test_an_unknown_measure_is_a_wrong_call():
    with pytest.raises(UsageError, match="did you mean 'delivery_rate'"):
        sim.run(small('{ measure = "delivery_rat", half_width = 0.1 }'), progress=False)


def test_a_width_of_nought_is_a_fault():
    with pytest.raises(ScenarioError, match="half_width"):
        small('{ measure = "delivery_rate", half_width = 0.0 }')
