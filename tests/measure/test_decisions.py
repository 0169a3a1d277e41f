"""The decision table: what each arm costs and takes, against counts made by hand."""

import numpy as np
import pandas as pd
import pytest
from synthetic_frames import frames

from sim.measure.counters import measure_run
from sim.measure.decisions import EXCHANGE, decision
from sim.measure.exposure import Exposure

DAY = 86400.0
OVER = Exposure(run_length=3 * DAY, policy_starts=DAY, transient=DAY, mailboxes=10)
AFTER = {"written_at": 2.5 * DAY, "ended_at": 2.5 * DAY + 60.0}
SPAM = {"class": "spam", "route": "open_relay", "place": ""}
LOST = {"fate": "refused", "cause": "relaying", "first_cause": "relaying", "calls": 1}


def run(arm: str, replication: int, spam: int, lost: int) -> pd.DataFrame:
    rows = [AFTER | {"message": n} | (LOST if n < lost else {}) for n in range(20)]
    rows += [AFTER | SPAM | {"message": 20 + n} for n in range(spam)]
    both = {"arm": arm, "replication": replication}
    return measure_run(frames([row | both for row in rows], servers=[both]), OVER)


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


def test_calls_are_counted_a_day(told):
    assert told.loc["open", "calls to the help desk"]["mean"] == pytest.approx(1 / 2)  # two days
    row = told.loc["closed", "calls to the help desk"]
    assert row["mean"] == pytest.approx(4 / 2)
    assert row["difference"] == pytest.approx(3 / 2)


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
