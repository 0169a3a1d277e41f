"""Sensitivity to declared unknowns: indices with known answers, regions, regret, the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import sim
from sim.cli.app import app
from sim.measure import sensitivity as measured
from sim.results.sensitivity import declared
from sim.scenario import factors

SMALL = Path(__file__).with_name("small.toml").read_text()
DECLARED = """
[ranges]
"users.travellers.messages" = ["1 / day", "8 / day"]
"users.travellers.to_same_isp" = [0.1, 0.5]
[structures]
"users.*.learning" = ["message", "none"]
"""
NAMES = ["a", "b", "c"]


# ---- values of factors


@pytest.mark.parametrize(
    ("least", "most", "middle"),
    [
        (1, 4, 2),
        (0.1, 0.5, 0.3),
        ("1 / day", "4 / day", "2.5 / day"),
        ({"home": 0.9, "hotel": 0.1}, {"home": 0.5, "work": 0.5},
         {"home": 0.7, "hotel": 0.05, "work": 0.25}),
    ],
)  # fmt: skip
def test_what_lies_between(least, most, middle):
    found = factors.ranged("key", least, most)
    assert found.continuous
    assert found.at(0.5) == pytest.approx(middle) if not isinstance(middle, str) else middle
    assert found.at(0.0) == least or isinstance(least, dict)


@pytest.mark.parametrize("ends", [(True, False), ("open", "closed"), ("1 min", "2 h")])
def test_what_has_nothing_between_has_two_levels(ends):
    found = factors.ranged("key", *ends)
    assert [found.at(place) for place in (0.0, 0.49, 0.51, 1.0)] == [
        ends[0], ends[0], ends[1], ends[1]
    ]  # fmt: skip


def test_structures_have_what_is_stated_among_their_levels():
    found = {one.key: one for one in declared(sim.loads(SMALL + DECLARED).model)}
    assert found["users.*.learning"].values == (factors.OWN, "message", "none")
    assert factors.point([found["users.*.learning"]], [0.1]) == {}
    assert factors.point([found["users.*.learning"]], [0.9]) == {"users.*.learning": "none"}


# ---- indices


def answer(places):
    """Ishigami's kind of function: a alone makes 80 % of the variance, b 20 %, c nothing."""
    return 2.0 * places[:, 0] + places[:, 1]


@pytest.mark.parametrize("method", measured.METHODS)
def test_the_order_of_influences_is_found(method):
    places = measured.design(method, NAMES, 64)
    table = measured.indices(method, NAMES, places, answer(places)).set_index("key")
    assert table["effect"]["a"] > table["effect"]["b"] > abs(table["effect"]["c"]) - 0.05
    assert (table["low"] <= table["effect"]).all()


def test_sobol_gives_the_shares_of_the_variance():
    places = measured.design("sobol", NAMES, 256)
    table = measured.indices("sobol", NAMES, places, answer(places)).set_index("key")
    assert table["effect"].to_numpy() == pytest.approx([0.8, 0.2, 0.0], abs=0.03)
    assert table["second"].to_numpy() == pytest.approx([0.8, 0.2, 0.0], abs=0.05)


def test_morris_gives_the_effects():
    places = measured.design("morris", NAMES, 8)
    table = measured.indices("morris", NAMES, places, answer(places)).set_index("key")
    assert table["effect"].to_numpy() == pytest.approx([2.0, 1.0, 0.0], abs=1e-9)


def test_a_design_is_the_same_whenever_it_is_asked_for():
    assert (measured.design("lhs", NAMES, 9) == measured.design("lhs", NAMES, 9)).all()


@pytest.mark.parametrize(("value", "expected"), [(1.0, 0.0), (np.nan, np.nan)])
def test_what_never_changes_has_no_influence_and_what_is_undefined_none(value, expected):
    places = measured.design("sobol", NAMES, 4)
    table = measured.indices("sobol", NAMES, places, np.full(len(places), value))
    np.testing.assert_array_equal(table["effect"], [expected] * 3)


def test_the_share_of_chance():
    noise = np.random.default_rng(1).normal(size=(400, 4))
    inputs = np.random.default_rng(2).normal(size=(400, 1))
    assert measured.chance(noise + 2 * inputs) == pytest.approx(0.2, abs=0.03)
    assert measured.chance(noise) == pytest.approx(1.0, abs=0.05)
    assert np.isnan(measured.chance(noise[:, :1]))


# ---- policies


def test_the_best_loses_fewest_of_those_that_leave_about_the_least_spam():
    spam = pd.DataFrame({"open": [10.0, 10.0], "a": [1.0, 1.0], "b": [1.1, 1.5]})
    lost = pd.DataFrame({"open": [0.0, 0.0], "a": [3.0, 3.0], "b": [2.0, 2.0]})
    assert list(measured.best(spam, lost, "open", 0.02)) == ["b", "a"]


def test_regret_is_against_the_least_at_the_same_point():
    table = measured.regrets(pd.DataFrame({"a": [1.0, 5.0], "b": [2.0, 2.0]}))
    assert table.loc["a", ["mean", "most"]].tolist() == [1.5, 3.0]
    assert table.loc["b", ["mean", "most"]].tolist() == [0.5, 1.0]


def test_where_a_policy_fails_is_found():
    places = measured.design("lhs", NAMES, 200)
    fails = (places[:, 0] > 0.6) & (places[:, 2] < 0.5)
    (region,) = measured.regions(NAMES, places, fails)
    assert set(region.bounds) == {"a", "c"}
    assert region.bounds["a"][0] == pytest.approx(0.6, abs=0.05)
    assert region.bounds["c"][1] == pytest.approx(0.5, abs=0.05)
    assert region.not_best == region.points == fails.sum()
    assert measured.regions(NAMES, places, np.ones(200, bool)) == []


# ---- a scenario


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Eight points of a small scenario."""
    out = tmp_path_factory.mktemp("sensitivity")
    return sim.sensitivity(
        sim.loads(SMALL + DECLARED), points=8, out=out, replications=2, progress=False
    )


def test_mail_moves_with_the_messages_written(found):
    table = found.indices().set_index(["measure", "arm", "key"])["effect"]
    assert table["lost_per_day", "on network", "users.travellers.messages"] > 0.5
    assert (found.best() == "on network").all()
    assert "depends most on users.travellers.messages" in found.sentences()
    assert 0 < found.chance().set_index(["measure", "arm"])["chance"].max() <= 1


def test_it_goes_on_where_it_stopped(found):
    parts = {path: path.stat().st_mtime_ns for path in found.path.rglob("measures/**/*.parquet")}
    assert parts
    again = sim.sensitivity(
        sim.loads(SMALL + DECLARED), points=8, out=found.path, replications=2, progress=False
    )
    assert {path: path.stat().st_mtime_ns for path in parts} == parts
    assert again.sentences() == found.sentences()


def test_conditions_are_in_the_words_of_the_file(found):
    assert found.bound("users.travellers.to_same_isp", 0.5, 1.0) == (
        "users.travellers.to_same_isp is above 0.3"
    )
    assert found.bound("users.*.learning", 0.5, 1.0) == (
        'users.*.learning is "message" or "none"'
    )  # the middle level lies on both sides


def test_nothing_declared_is_wrong_use(tmp_path):
    with pytest.raises(ValueError, match="declares no unknowns"):
        sim.sensitivity(sim.loads(SMALL), out=tmp_path, progress=False)


def test_the_command(tmp_path, found):
    file = tmp_path / "mine.toml"
    file.write_text(SMALL + DECLARED)
    arguments = ["sensitivity", str(file), "--points", "8", "--out", str(found.path)]
    done = CliRunner().invoke(app, arguments, terminal_width=80)
    assert done.exit_code == 0, done.output
    assert "regret of" in done.stdout
    assert max(map(len, done.stdout.replace(str(found.path), "").splitlines())) <= 100
    data = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert data["points"] == 8
    assert data["unknowns"]["users.*.learning"] == "as stated | message | none"
    for name in ("indices.csv", "places.csv", "regrets.csv", "figures/lhs-lost_per_day.svg"):
        assert (found.path / name).is_file()
