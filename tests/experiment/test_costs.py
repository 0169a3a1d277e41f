"""What a change of policy costs does not depend on how long it is looked at, and adds up."""

from pathlib import Path

import pytest

import sim
from sim.records.measures import COSTS, LONG_RUN, ONE_OFF

SMALL = Path(__file__).with_name("settling.toml")
MAIN = Path(__file__).parents[2] / "scenarios" / "open-vs-restricted.toml"
LONGEST = 4


def costs(scenario, out, **options):
    """By arm and measure: mean, low, high and replications."""
    results = sim.run(scenario, out=out, keep="counts", progress=False, **options)
    table = results.summary()
    chosen = table[(table["class"] == "honest") & table["measure"].isin(COSTS)]
    return chosen.set_index(["arm", "measure"])[["mean", "low", "high"]]


def at_lengths(scenario, out, times, **options):
    """The costs at each multiple of the scenario's length after the policy starts."""
    model = scenario.model
    after = model.run_length - model.policy_starts
    lengths = [(model.policy_starts + n * after) / 86400.0 for n in times]
    return [
        costs(scenario.with_overrides({"run_length": f"{days:g} days"}), out / str(days), **options)
        for days in lengths
    ]


def check(found, measures, *, half):
    """Each cost that is surely not 0 changes by a tenth at most, and is known to *half*."""
    first, *others = found
    compared = 0
    for (arm, measure), row in first.iterrows():
        resolved = row["low"] > 0.0 and row["mean"] > 0.0
        if measure not in measures or not resolved:
            continue
        assert (row["high"] - row["low"]) / 2 <= half * row["mean"], (arm, measure)
        for other in others:
            assert other.loc[(arm, measure), "mean"] == pytest.approx(row["mean"], rel=0.1), (
                arm,
                measure,
            )
            compared += 1
    return compared


@pytest.fixture(scope="module")
def stays(tmp_path_factory):
    """The costs where nobody leaves, at the scenario's own length."""
    return costs(sim.load(SMALL), tmp_path_factory.mktemp("stays"))


def test_costs_do_not_depend_on_the_length_of_the_run(stays, tmp_path):
    assert stays.loc[("closed", "settling_time"), "mean"] <= 21
    twice = at_lengths(sim.load(SMALL), tmp_path, (2,))
    measures = ("one_off_lost", "one_off_refused", "long_run_lost_per_day")
    assert check([stays, *twice], measures, half=0.15) == 3


ARMS = ("as surveyed", "on network", "on network + AUTH", "on network + POP first",
        "on network + address range")  # fmt: skip
"""Those of the main scenario that cost something and settle within its length."""


@pytest.mark.slow
def test_costs_of_the_main_scenario_do_not_depend_on_the_length_of_the_run(tmp_path):
    """Each is known to 15 % and changes by a tenth at most; or by the smallest effect of interest,
    where that is more: what is nearly nothing is known in no other way."""
    scenario = sim.load(MAIN)
    first, *others = at_lengths(scenario, tmp_path, (1, 2, LONGEST), workers=2, arms=ARMS)
    names = first.index.get_level_values("measure")
    first = first[names.isin([*ONE_OFF, *LONG_RUN])]
    assert first["mean"].notna().all(), "an arm has not settled"
    smallest = [scenario.model.interest[name] for _, name in first.index]
    half = ((first["high"] - first["low"]) / 2).fillna(0.0)  # the baseline costs nothing once
    wide = half > (0.15 * first["mean"].abs()).clip(lower=smallest)
    assert not wide.any(), half[wide]
    for table in others:
        apart = (table["mean"].reindex(first.index) - first["mean"]).abs()
        moved = ~(apart <= (0.1 * first["mean"].abs()).clip(lower=smallest))
        assert not moved.any(), apart[moved]


def test_the_long_run_is_what_newcomers_pay_and_those_who_never_learn_lose(stays, tmp_path):
    """Arrivals a day × the one-off cost of a newcomer + what those who never learn lose."""
    turnover, affected = 0.01, 250
    comes = sim.load(SMALL).with_overrides({"users.*.turnover": f"{turnover} / day"})
    goes = costs(comes, tmp_path)
    of_all = stays.loc[("closed", "one_off_lost"), "mean"] * affected
    never = stays.loc[("closed", "long_run_lost_per_day"), "mean"]
    row = goes.loc[("closed", "long_run_lost_per_day")]
    assert row["low"] > 1.1 * never > 0.0
    assert row["mean"] == pytest.approx(turnover * of_all + never, rel=0.1)
