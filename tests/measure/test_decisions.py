"""The decision table: what each arm costs and takes, against counts made by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic_frames import frames

from sim.measure.costs import CELL, joined
from sim.measure.counters import measure_run
from sim.measure.decisions import EXCHANGE, decision, ranked
from sim.measure.exposure import Exposure
from sim.records.measures import LONG_RUN
from sim.results.cells import decision_cells

DAY = 86400.0
OVER = Exposure(run_length=3 * DAY, policy_starts=DAY, transient=DAY, mailboxes=10)
AFTER = {"written_at": 2.5 * DAY, "ended_at": 2.5 * DAY + 60.0}
SPAM = {"class": "spam", "route": "open_relay", "place": ""}
LOST = {"fate": "refused", "cause": "relaying", "first_cause": "relaying", "calls": 1}


def run(arm: str, replication: int, spam: int, lost: int) -> pd.DataFrame:
    rows = [AFTER | {"message": n} | (LOST if n < lost else {}) for n in range(20)]
    rows += [AFTER | SPAM | {"message": 20 + n} for n in range(spam)]
    both = {"arm": arm, "replication": replication}
    measures = measure_run(frames([row | both for row in rows], servers=[both]), OVER)
    costs = [(name, lost, 2.0, lost / 2.0) for name in LONG_RUN] + [("settling_time", 7, 1, 7)]
    columns = ["measure", "numerator", "denominator", "value"]
    return joined(measures, pd.DataFrame(costs, columns=columns).assign(**both, **CELL))


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    parts = []
    for r, more in enumerate([0, 1, 2, 1, 0, 2, 1]):
        parts += [run("open", r, 40 + 2 * more, 1), run("closed", r, 10, 3 + more)]
    table = decision(pd.concat(parts, ignore_index=True), "open", ["open", "closed"])
    return table.set_index(["arm", "quantity"])


def test_spam_removed_per_honest_recipient_lost(told):
    # per run 30 + 2 m deliveries less, and 2 + m losses more; m is 1 on average
    row = told.loc["closed", EXCHANGE]
    assert row["mean"] == pytest.approx(32.0 / 3.0)
    assert row["low"] < row["mean"] < row["high"]
    assert ("open", EXCHANGE) not in told.index


def test_long_run_rates_are_compared_in_pairs(told):
    assert told.loc["open", "calls to the help desk"]["mean"] == pytest.approx(1 / 2)  # two days
    row = told.loc["closed", "honest recipients lost"]
    assert row["mean"] == pytest.approx(4 / 2)
    assert row["difference"] == pytest.approx(3 / 2)


def test_an_arm_that_has_not_settled_is_marked_and_has_no_exchange():
    parts = [run(arm, r, 10, 1) for r in range(4) for arm in ("open", "closed")]
    measures = pd.concat(parts, ignore_index=True)
    costs = measures["measure"].isin([*LONG_RUN, "settling_time"]) & (measures["arm"] == "closed")
    measures.loc[costs, ["numerator", "value"]] = np.nan
    table = decision(measures, "open", ["open", "closed"]).set_index(["arm", "quantity"])
    assert table["settled"].groupby(level="arm").all().to_dict() == {"open": True, "closed": False}
    assert np.isnan(table.loc[("closed", "honest recipients lost"), "mean"])
    assert np.isnan(table.loc[("closed", EXCHANGE), "mean"])
    cells = decision_cells(table.reset_index())
    assert cells["closed", "honest recipients lost"].mean == "not settled"
    assert cells["closed", EXCHANGE].mean == "–"


def test_the_base_is_not_compared_with_itself(told):
    assert np.isnan(told.loc["open", "spam per mailbox and day"]["difference"])
    row = told.loc["closed", "spam per mailbox and day"]
    assert row["difference"] == pytest.approx(-32 / 20)
    assert row["difference_low"] < row["difference"] < row["difference_high"]


def test_an_exchange_with_nobody_hurt_has_no_interval():
    parts = [run("open", r, 40 + r, 1) for r in range(4)]
    parts += [run("kind", r, 10, 1 + (r % 2) - (r // 2)) for r in range(4)]
    table = decision(pd.concat(parts, ignore_index=True), "open", ["kind"])
    row = table.set_index("quantity").loc[EXCHANGE]
    assert np.isnan(row["low"])


def test_a_difference_matters_where_it_is_surely_larger_than_the_smallest_effect():
    parts = []
    for r, more in enumerate([0, 1, 2, 1, 0, 2, 1]):
        parts += [run("open", r, 40 + 2 * more, 1), run("closed", r, 10, 3 + more)]
        parts += [run("half", r, 30 + more, 1)]
    arms = ["open", "closed", "half"]
    measures = pd.concat(parts, ignore_index=True)

    def marked(**interest: float) -> set[tuple[str, str]]:
        table = decision(measures, "open", arms, interest=interest)
        chosen = table[table["matters"]]
        return set(zip(chosen["arm"], chosen["quantity"], strict=True))

    spam = "spam per mailbox and day"
    assert marked() == set()  # nothing is marked unless a scenario says what matters
    assert marked(spam_per_mailbox_day=0.2) == {("closed", spam), ("half", spam)}
    assert marked(spam_per_mailbox_day=1.0) == {("closed", spam)}
    assert marked(spam_per_mailbox_day=1.6) == set()  # the mean itself
    row = decision(measures, "open", arms).set_index(["arm", "quantity"]).loc["closed", spam]
    alone, both = (row[f"{w}_high"] - row[f"{w}_low"] for w in ("difference", "together"))
    # two arms at once: each at 97.5 %
    assert both / alone == pytest.approx(stats.t.ppf(1 - 0.0125, 6) / stats.t.ppf(0.975, 6))


def test_the_arms_are_ranked_by_a_quantity():
    parts = [run("open", r, 40, 1) for r in range(6)]
    parts += [run("closed", r, 10, 9 + r % 2) for r in range(6)]
    table = ranked(
        pd.concat(parts, ignore_index=True), "honest recipients lost", ["closed", "open"]
    )
    assert table["arm"].tolist() == ["open", "closed"]
    assert table["may_be_best"].tolist() == [True, False]
