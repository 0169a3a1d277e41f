"""Many replications to one line: means, pairs, analytic values in their places."""

import numpy as np
import pandas as pd
import pytest
from synthetic_frames import week

from sim.measure.counters import measure_run
from sim.measure.exposure import Exposure
from sim.measure.summary import COMPARISON, SUMMARY, compare, everything, summarise

OVER = Exposure(7 * 86400.0, policy_starts=86400.0, transient=2 * 86400.0, mailboxes=50)
ARMS = {"open": 0.05, "closed": 0.4}


@pytest.fixture(scope="module")
def measures() -> pd.DataFrame:
    parts = [
        measure_run(week(9, arm=arm, replication=r, refused=refused), OVER)
        for arm, refused in ARMS.items()
        for r in range(5)
    ]
    return pd.concat(parts, ignore_index=True)


def cell(table, arm="closed", class_="honest", measure="delivery_rate"):
    chosen = (table["class"] == class_) & (table["measure"] == measure)
    if "arm" in table:
        chosen &= table["arm"] == arm
    return table[chosen].iloc[0]


def test_columns_as_promised(measures):
    assert tuple(summarise(measures).columns) == SUMMARY
    assert tuple(compare(measures, "open", "closed").columns) == COMPARISON
    assert "key" in summarise(measures, by="place").columns


def test_the_mean_is_over_replications(measures):
    rows = measures[
        (measures["measure"] == "delivery_rate")
        & (measures["class"] == "honest")
        & (measures["arm"] == "closed")
        & (measures["by"] == "all")
        & (measures["phase"] == "after")
    ]
    row = cell(summarise(measures))
    # the quotient of the means, not the mean of the quotients
    whole = rows["numerator"].sum() / rows["denominator"].sum()
    assert row["mean"] == pytest.approx(whole)
    assert row["mean"] != pytest.approx(rows["value"].mean())
    assert row["replications"] == 5
    assert row["low"] < row["mean"] < row["high"]


def test_one_replication_has_a_mean_and_no_interval(measures):
    row = cell(summarise(measures[measures["replication"] == 0]))
    assert np.isfinite(row["mean"])
    assert np.isnan([row["low"], row["high"]]).all()


@pytest.mark.parametrize(
    "measure", ["settings_per_delivered", "calls_per_delivered", "lost_per_day", "refusal_rate"]
)
def test_what_never_happened_may_happen_yet(measures, measure):
    never = measures.assign(numerator=0.0, value=0.0)
    row = cell(summarise(never), measure=measure)
    assert row["mean"] == row["low"] == 0.0
    assert row["high"] > 0.0


def test_static_stands_beside_its_own_cell_alone(measures):
    analytic = pd.DataFrame(
        [("closed", "honest", "delivery_rate", "all", "", 0.6)],
        columns=["arm", "class", "measure", "by", "key", "analytic"],
    )
    table = summarise(measures, analytic)
    assert cell(table)["analytic"] == 0.6
    assert table["analytic"].notna().sum() == 1
    assert summarise(measures, analytic, phase="steady")["analytic"].isna().all()


def test_a_difference_is_b_less_a_in_pairs(measures):
    row = cell(compare(measures, "open", "closed"))
    assert row["difference"] == pytest.approx(row["b"] - row["a"])
    assert row["difference"] < 0
    back = cell(compare(measures, "closed", "open"))
    assert (back["low"], back["high"]) == pytest.approx((-row["high"], -row["low"]))


def test_pairs_are_matched_by_replication_not_by_order(measures):
    shuffled = measures.sample(frac=1.0, random_state=3)
    on = ["class", "measure"]
    first = compare(measures, "open", "closed").sort_values(on, ignore_index=True)
    second = compare(shuffled, "open", "closed").sort_values(on, ignore_index=True)
    pd.testing.assert_frame_equal(first, second)


def test_a_pair_that_lacks_a_side_is_left_out(measures):
    lost = measures[~((measures["arm"] == "closed") & (measures["replication"] == 2))]
    assert cell(compare(lost, "open", "closed"))["replications"] == 4


def test_an_unknown_arm_is_an_error(measures):
    with pytest.raises(KeyError, match="ajar"):
        compare(measures, "open", "ajar")


def test_a_key_that_says_nothing_is_left_out(measures):
    causes = summarise(measures, by="cause")
    assert set(causes["key"]) == {"relaying"}
    routes = everything(measures)
    routes = routes[(routes["by"] == "route") & (routes["measure"] == "spam_per_mailbox_day")]
    assert set(routes["key"]) == {"open_relay"}
