"""Assumptions without a source: at which points they are tried, and what flips the order."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment.ensemble import MOST_POINTS, ensemble_of
from sim.measure import structures
from sim.results.structures import NOT_TRIED
from sim.scenario.factors import alternatives

SMALL = Path(__file__).with_name("small.toml").read_text()
MESSAGES, LEARNING = "users.travellers.messages", "users.*.learning"


def scenario(declared: str) -> sim.Scenario:
    return sim.loads(f"{SMALL}\n{declared}")


DECLARED = f"""[structures]
"{LEARNING}" = ["person", "message", "none"]
"spammers.bulk.adaptive" = [true, false]
[ranges]
"{MESSAGES}" = ["1 / day", "8 / day"]
"""


def test_what_is_stated_is_no_alternative():
    assert alternatives(scenario(DECLARED).model) == {
        LEARNING: ["message", "none"],
        "spammers.bulk.adaptive": [False],
        MESSAGES: ["1 / day", "8 / day"],
    }


def test_each_alternative_alone_then_combinations_far_apart():
    chosen = ensemble_of(scenario(DECLARED).model, 24)
    assert (len(chosen.points), chosen.replications, chosen.untried) == (MOST_POINTS, 2, [])
    assert [len(point) for point in chosen.points[:5]] == [1] * 5
    together = chosen.points[5:]
    assert len(together[0]) == 3  # the furthest from all alone
    assert len({repr(sorted(point.items())) for point in together}) == 7


@pytest.mark.parametrize(("replications", "points"), [(1, 1), (3, 1), (4, 2), (10, 5), (100, 12)])
def test_they_take_no_longer_than_the_run(replications, points):
    chosen = ensemble_of(scenario(DECLARED).model, replications)
    assert len(chosen.points) == points
    assert len(chosen.points) * chosen.replications <= max(replications, 2)
    assert len(chosen.untried) == max(5 - points, 0)


def test_nothing_declared_is_nothing_tried(tmp_path):
    assert ensemble_of(sim.loads(SMALL).model).points == []
    results = sim.run(sim.loads(SMALL), out=tmp_path, replications=1, progress=False)
    assert results.structures is None
    assert results.on_structure() == ""


WRONG = {
    'users.travelers.count" = [1]': "travelers",
    'users.travellers.learning" = ["nobody"]': "nobody",
    'seed.x" = [1]': "seed.x",
}


@pytest.mark.parametrize(("line", "named"), WRONG.items(), ids=WRONG)
def test_what_cannot_be_is_a_fault(line, named):
    with pytest.raises(sim.ScenarioError, match=named):
        alternatives(scenario(f'[structures]\n"{line}').model)


@pytest.mark.parametrize("line", ['"title" = ["x"]', '"a.b.c" = []'])
def test_what_changes_no_row_or_has_no_value_is_a_fault(line):
    with pytest.raises(sim.ScenarioError):
        scenario(f"[structures]\n{line}")


@pytest.mark.parametrize("ends", ["[2, 1]", "[1, 2, 3]", "[1]"])
def test_a_range_has_a_least_and_a_most(ends):
    with pytest.raises(sim.ScenarioError, match="least, most"):
        scenario(f'[ranges]\n"users.travellers.count" = {ends}')


@pytest.mark.parametrize(
    "line", ["hourly = [1, 2]", f"hourly = {[0.0] * 24}", "weekend_activity = -1"]
)
def test_a_week_that_cannot_be_is_a_fault(line):
    with pytest.raises(sim.ScenarioError, match=r"hourly|weekend_activity"):
        sim.loads(f"{line}\n{SMALL}")


def test_they_change_no_row():
    assert scenario(DECLARED).hash() == sim.loads(SMALL).hash()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A run with alternatives at two points."""
    out = tmp_path_factory.mktemp("structured")
    return sim.run(scenario(DECLARED), out=out, replications=4, progress=False)


def test_a_run_tries_them_and_says_what_follows(results):
    tried = results.structures
    assert tried.points == [{LEARNING: "message"}, {"spammers.bulk.adaptive": False}]
    assert "2 alternatives alone: the order of policies holds by honest" in tried.sentences()
    untried = f"Not tried, for want of time: 2 values of {MESSAGES}, 1 value of {LEARNING}."
    assert tried.sentences().endswith(untried)
    band = tried.band().set_index(["arm", "quantity"])
    lost = band.loc[("on network", "honest recipients lost")]
    assert lost.band_low <= lost["mean"] <= lost.band_high
    assert lost.band_low < lost.band_high
    assert tried.as_data()["untried"]


def test_the_same_run_again_runs_nothing_and_another_replaces_them(results):
    made = results.path / "structures" / "manifest.json"
    before = made.stat().st_size, sorted((results.path / "structures").rglob("*.parquet"))
    again = sim.run(scenario(DECLARED), out=results.path, replications=4, progress=False)
    assert (again.structures.points, before[1]) == (
        results.structures.points, sorted((results.path / "structures").rglob("*.parquet"))
    )  # fmt: skip
    assert sim.open_results(results.path).on_structure() == results.on_structure()


def test_without_them_the_decision_says_that_they_were_not_tried(tmp_path):
    left = sim.run(
        scenario(DECLARED), out=tmp_path, replications=1, progress=False, structures=False
    )
    assert left.structures is None
    assert left.on_structure() == NOT_TRIED


def measures(values, point=None):
    """Measures of two arms, by replication."""
    rows = [
        {"arm": arm, "class": "honest", "measure": "lost_per_day", "by": "all", "phase": "after",
         "replication": r, "value": value, "numerator": 100 * value, "denominator": 100.0}
        for arm, of_arm in values.items() for r, value in enumerate(of_arm)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return table if point is None else table.assign(point=point)


def test_a_flip_is_of_two_that_were_surely_apart_and_are_otherwise_in_every_replication():
    own = measures({"a": [1.0, 1.1, 0.9, 1.0], "b": [2.0, 2.1, 2.2, 1.9]})
    points = pd.concat([
        measures({"a": [1.0, 1.0], "b": [0.5, 1.5]}, 0),  # not in both
        measures({"a": [3.0, 3.0], "b": [2.0, 2.5]}, 1),
    ])  # fmt: skip
    (name, _) = structures.ORDERED
    wide = structures._wide(points, name)
    assert [*structures._flips(name, own, wide, ["a", "b"])] == [structures.Flip(name, "a", "b", 1)]
    unsure = measures({"a": [1.0, 3.0, 0.9, 1.0], "b": [2.0, 1.1, 2.2, 1.9]})
    assert not [*structures._flips(name, unsure, wide, ["a", "b"])]
