"""Sweeps: points of every mode, tidy results, resumed, and what they show."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.cli import render as terminal
from sim.experiment import UsageError, storage, sweeping
from sim.experiment.storage import OtherResultsError
from sim.measure.intervals import Sample
from sim.measure.pairs import paired
from sim.measure.sweeps import BreakEven, break_even
from sim.records.measures import RATE
from sim.results.sweep import open_sweep, sweep
from sim.scenario import ScenarioError
from sim.scenario.sweeping import Sweep, ends_and_corners, ranges

SMALL = Path(__file__).with_name("small.toml")
COUNT, MAIL = "users.travellers.count", "users.travellers.messages"

MODES = {
    "grid": (
        {"over": {"a.b.c": [1, 2], "d.e.f": [3, 4]}},
        [{"a.b.c": a, "d.e.f": d} for a in (1, 2) for d in (3, 4)],
    ),
    "paired": (
        {"over": {"a.b.c": [1, 2], "d.e.f": [3, 4]}},
        [{"a.b.c": 1, "d.e.f": 3}, {"a.b.c": 2, "d.e.f": 4}],
    ),
    "list": ({"points": [{"a.b.c": 1}, {"d.e.f": 2}]}, [{"a.b.c": 1}, {"d.e.f": 2}]),
}


@pytest.mark.parametrize("mode", MODES)
def test_points(mode):
    given, points = MODES[mode]
    made = Sweep.model_validate({"mode": mode, **given})
    assert made.all() == points
    assert made.size() == len(points)


def test_ranges_hold_each_end_alone_and_all_corners():
    assert len(ends_and_corners({"a": [1, 2], "b": [3, 4]})) == 1 + 4 + 4
    assert ends_and_corners({}) == []


@pytest.mark.parametrize("ends", [["30 min", "2 h"], [{"a": 2}, {"a": 1}], [True, False]])
def test_ends_that_are_no_numbers_of_one_unit_stand_as_they_are(ends):
    assert ends_and_corners(ranges({"a.b.c": ends})) == [{}, *({"a.b.c": end} for end in ends)]


@pytest.mark.parametrize(
    "values", [{"a": [1, 2, 3]}, {"a": [2, 1]}, {"a": ["20 / day", "3 / day"]}, {"seed": [1, 2, 3]}]
)
def test_what_is_no_range_is_a_fault(values):
    with pytest.raises(ValueError, match="least, most"):
        ranges(values)


def test_more_ranges_than_have_few_corners_are_for_sensitivity(tmp_path):
    many = "".join(f'"users.travellers.{key}" = [0.1, 0.2]\n' for key in SHARES)
    with pytest.raises(UsageError, match="at most 8 ranges, got 9; mailsim sensitivity"):
        sweep(sim.loads(f"{SMALL.read_text()}[ranges]\n{many}"), out=tmp_path)


SHARES = (
    "to_same_isp", "auth", "port_587", "wrong_password", "pop_before_sending", "work_account",
    "wrong_separate_password", "when_refused.wait", "when_refused.give_up",
)  # fmt: skip


WRONG = {
    "no values": {"over": {"seed": []}},
    "nothing": {},
    "a list without points": {"mode": "list", "over": {"seed": [1]}},
    "pairs of two lengths": {"mode": "paired", "over": {"a": [1], "b": [1, 2]}},
    "ranges, which are keys of their own": {"mode": "ranges", "over": {"a": [1, 2]}},
    "too many": {"over": {str(n): [1, 2, 3, 4] for n in range(8)}},
    "no such mode": {"mode": "gird", "over": {"a": [1]}},
    "what is of all points": {"over": {"replications": [2, 3]}},
    "what is of all points, in a list": {"mode": "list", "points": [{"precision.most": 3}]},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_sweep_is_a_fault_of_the_file(wrong):
    import json

    text = SMALL.read_text()
    inline = json.dumps(wrong).replace('": ', '" = ')
    with pytest.raises(ScenarioError, match="sweep"):
        sim.loads(text.replace("seed ", f"sweep = {inline}\nseed ", 1))


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    points = [{COUNT: n} for n in (5, 10, 20)]
    return sweep(SMALL, points, out=tmp_path_factory.mktemp("s"), replications=2, progress=False)


def test_a_point_gives_what_the_scenario_so_changed_gives(swept):
    scenario = sim.load(SMALL).with_overrides({COUNT: 10})
    alone = sim.run(scenario, replications=2, progress=False).summary().drop(columns="analytic")
    point = swept.summary()
    point = point[point[COUNT] == 10].drop(columns=["point", COUNT]).reset_index(drop=True)
    pd.testing.assert_frame_equal(point, alone)


def test_points_are_summarised_some_at_a_time(swept, monkeypatch):
    whole = swept.summary(), swept.compare()
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    again = open_sweep(swept.path)
    pd.testing.assert_frame_equal(again.summary(), whole[0], check_exact=True)
    pd.testing.assert_frame_equal(again.compare(), whole[1], check_exact=True)
    read = [table["point"].unique().tolist() for table in again._stored.measures({"by": "all"})]
    assert read == [[0, 1], [2]]


def test_a_point_that_lacks_an_arm_has_no_difference(swept, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(swept.path, copy)
    for point, arm in ((1, "on network"), (2, "open trust")):
        for replication in range(2):
            storage.part(copy, "measures", storage.Task(arm, replication, point)).unlink()
    left = open_sweep(copy, partial=True)
    assert left.shortfall == "4 of 6 replications of 'open trust', 'on network'"
    assert left.compare()["point"].unique().tolist() == [0]
    assert left.summary().groupby("point")["arm"].nunique().tolist() == [2, 1, 1]


def test_tidy_tables_say_the_point_and_its_values(swept):
    assert list(swept.summary().columns[:3]) == ["point", COUNT, "arm"]
    assert swept.compare()["arm"].unique().tolist() == ["on network"]
    lost = swept.band().set_index(["arm", "measure"]).loc[("on network", "lost_per_day")]
    assert lost["reach_low"] < lost["band_low"] < lost["band_high"] < lost["reach_high"]
    apart = swept.compare().query("arm == 'on network' and measure == 'lost_per_day'")
    assert lost["difference_reach_high"] == apart["high"].max()
    assert len(swept.figure().axes[0].lines) == len(swept.arms)
    assert (swept.save() / "figures" / "lost_per_day.svg").is_file()
    assert "mean" in (swept.save() / "summary.csv").read_text().splitlines()[0]
    written = pd.read_csv(swept.path / "differences.csv")
    assert list(written.columns[:3]) == ["point", COUNT, "arm"]
    assert written["difference"].to_numpy() == pytest.approx(
        swept.compare()["difference"].to_numpy(), nan_ok=True
    )


def test_a_sweep_goes_on_where_it_stopped_with_two_workers(swept, tmp_path, monkeypatch):
    first = sweep(SMALL, swept.points, out=tmp_path, replications=1, progress=False)
    assert len(first.summary())
    rest = sweep(SMALL, swept.points, out=tmp_path, replications=2, workers=2, progress=False)
    pd.testing.assert_frame_equal(rest.summary(), swept.summary())
    pd.testing.assert_frame_equal(open_sweep(tmp_path).compare(), swept.compare())


def test_other_points_are_not_mixed_in(swept):
    with pytest.raises(OtherResultsError, match="another points"):
        sweep(SMALL, [{COUNT: 5}], out=swept.path, replications=2, progress=False)


def test_a_wrong_point_is_told_before_anything_runs(tmp_path):
    points = [{COUNT: 5}, {"users.travelers.count": 5}]
    with pytest.raises(ScenarioError, match="travellers"):
        sweep(SMALL, points, out=tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


def test_what_would_be_left_aside_at_a_point_is_told_before_anything_runs(tmp_path):
    with pytest.raises(UsageError, match="cannot be swept: replications, baseline"):
        sweep(
            SMALL, [{"replications": 5, COUNT: 5}, {"baseline": "on network"}], out=tmp_path / "out"
        )
    assert not (tmp_path / "out").exists()


def test_ranges_give_a_tornado_with_the_widest_first(tmp_path):
    text = SMALL.read_text()
    more = f'[ranges]\n"{COUNT}" = [4, 40]\n"{MAIL}" = ["3 / day", '
    scenario = sim.loads(text + more + '"5 / day"]\n')
    made = sweep(scenario, out=tmp_path, replications=1, progress=False)
    found = made.tornado()
    lost = found[(found["arm"] == "on network") & (found["measure"] == "lost_per_day")]
    assert lost["key"].tolist() == [COUNT, MAIL]
    assert lost["least"].tolist() == ["4", '"3 / day"']
    assert (lost["swing"] > 0).all()
    assert lost["change_low"].isna().all()  # one replication
    means = made.summary().set_index(["arm", "measure"])["mean"].loc[("on network", "lost_per_day")]
    assert set(lost["band_low"]) == {means.min()}  # the corners reach further than each alone
    assert set(lost["band_high"]) == {means.max()}
    assert lost["reach_low"].isna().all()
    assert (made.save() / "tornado.csv").is_file()
    assert len(pd.read_csv(made.path / "band.csv")) == len(made.band())
    assert (made.path / "figures" / "tornado-lost_per_day.svg").is_file()


def test_what_an_unknown_changes_has_its_paired_interval(tmp_path):
    text = SMALL.read_text() + f'[ranges]\n"{COUNT}" = [4, 40]\n'
    made = sweep(sim.loads(text), out=tmp_path, replications=3, progress=False)
    row = made.tornado().set_index(["arm", "class", "measure"]).loc[
        ("on network", "honest", "lost_per_day")
    ]  # fmt: skip
    by_point = {}
    for point in (1, 2):
        ends = sim.loads(text).with_overrides(made.points[point])
        run = sim.run(ends, arms=["on network"], replications=3, progress=False).measures
        mine = run[(run["by"] == "all") & (run["phase"] == "after") & (run["class"] == "honest")]
        mine = mine[mine["measure"] == "lost_per_day"]
        by_point[point] = Sample(*(mine[name].to_numpy()[None, :] for name in Sample._fields))
    apart = paired(RATE, by_point[1], by_point[2])
    assert row["change"] == pytest.approx((by_point[2].value - by_point[1].value).mean())
    assert row["change_low"] == pytest.approx(apart.low[0])
    assert row["change_high"] == pytest.approx(apart.high[0])
    assert row["change_low"] < row["change"] < row["change_high"]


def test_break_even_lies_where_the_lines_cross():
    found = break_even(
        [1.0, 2.0, 4.0], np.array([-3.0, -1.0, 1.0]), np.array([-4.0, -2.0, 0.0]),
        np.array([-2.0, 0.0, 2.0]),
    )  # fmt: skip
    assert (found.at, found.low, found.high, found.ahead) == (3.0, 2.0, 4.0, -1)
    never = break_even([1.0, 2.0], *(np.array([y, y]) for y in (2.0, 1.0, 3.0)))
    assert (never.at, never.low, never.high, never.ahead) == (None, None, None, 1)


def test_break_even_of_a_sweep(swept):
    found = swept.break_even("open trust", "on network", "spam", "spam_per_mailbox_day")
    assert found.ahead == -1
    with pytest.raises(UsageError, match="did you mean"):
        swept.break_even("open trust", "on netwrok", "spam", "spam_per_mailbox_day")


def test_the_difference_of_two_arms_is_drawn_with_zero(swept):
    pair = ("on network", "open trust")  # neither way round is the baseline's alone
    figure = swept.figure("honest", "lost_per_day", pair=pair)
    (axes,) = figure.axes
    lines = {line.get_gid(): line for line in axes.lines}
    assert set(lines) == {"zero", "open trust less on network"}
    told = swept.compare(*pair).query("measure == 'lost_per_day'").sort_values(COUNT)
    assert list(lines["open trust less on network"].get_ydata()) == list(told["difference"])
    assert (told["difference"] < 0).all()
    assert axes.get_ylabel().startswith("difference in")
    made = swept.save("honest", "lost_per_day", pair) / "figures" / "difference-lost_per_day.svg"
    assert made.is_file()


def test_break_even_along_values_that_are_no_numbers(tmp_path):
    key = "users.travellers.places"
    points = [{key: {"home": 1 - away, "hotel": away}} for away in (0.05, 0.5)]
    found = sweep(SMALL, points, out=tmp_path, replications=1, progress=False)
    assert len(found.figure().axes[0].lines) == 2
    assert (found.save() / "summary.csv").is_file()
    flips = found.break_even("open trust", "on network", "honest", "lost_per_day")
    assert flips.names == ("{ home = 0.95, hotel = 0.05 }", "{ home = 0.5, hotel = 0.5 }")
    told = BreakEven(0.4, None, None, -1, flips.names)
    said = f"'a' is above with {key} = {flips.names[0]}, below with {flips.names[1]}"
    assert terminal.flips_at(told, key, "a", "b") == f"{said}."
    unsure = BreakEven(0.4, 0.1, 1.0, -1, flips.names)
    assert terminal.flips_at(unsure, key, "a", "b") == f"{said}; not surely with {flips.names[1]}."


def test_break_even_of_ranges_is_along_each_unknown_by_what_is_stated(tmp_path):
    places = "users.travellers.places"
    ends = "[{ home = 0.9, hotel = 0.1 }, { home = 0.5, hotel = 0.5 }]"
    text = f'[ranges]\n"{COUNT}" = [5, 40]\n"{places}" = {ends}\n'
    found = sweep(sim.loads(SMALL.read_text() + text), out=tmp_path, replications=2, progress=False)
    arms, lost = ("open trust", "on network"), ("honest", "lost_per_day")
    assert found._along(COUNT) == {1: 5, 0: 20, 2: 40}  # 20 is what the file states
    assert found.break_even(*arms, *lost, COUNT).ahead == 1
    by_place = found.break_even(*arms, *lost, places)
    assert by_place.names[1] == "{ home = 0.6, hotel = 0.4 }"
    differences = found.compare().query("measure == 'lost_per_day' and arm == 'on network'")
    at = differences.set_index("point")["difference"]
    assert at[3] < at[0] < at[4]  # so they stand in this order
    for wrong in (None, "users.travelers.count"):
        with pytest.raises(UsageError, match="unknown key"):
            found.break_even(*arms, *lost, wrong)


def test_a_sweep_is_no_result_of_one_scenario(swept):
    with pytest.raises(OtherResultsError, match="results of a sweep, not of one scenario"):
        sim.open_results(swept.path)


def test_keys_that_follow_from_the_first_are_no_axis_of_their_own(tmp_path):
    points = [{COUNT: 5, MAIL: "3 / day"}, {COUNT: 10, MAIL: "4 / day"}]
    pairs = sweep(SMALL, points, out=tmp_path / "pairs", replications=1, progress=False)
    assert pairs.free == [COUNT]
    (legend,) = pairs.figure().legends
    assert f"With it change: {MAIL}." in legend.get_title().get_text()
    assert pairs.break_even("open trust", "on network", "honest", "lost_per_day").ahead == 1


def test_what_one_arm_changes_can_be_swept(tmp_path):
    key = "arms.on network.servers.*-smtp.relay"
    text = (
        SMALL.read_text() + f'[sweep.over]\narms."on network"."{key[16:]}" = ["open", "closed"]\n'
    )
    found = sweep(sim.loads(text), out=tmp_path, replications=1, progress=False)
    assert found.points == [{key: "open"}, {key: "closed"}]
    table = found.summary().set_index(["measure", "arm", key])["mean"].loc["lost_per_day"]
    assert table["on network", "closed"] > table["on network", "open"]
    assert table["open trust", "closed"] == table["open trust", "open"]
