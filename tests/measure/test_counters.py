"""Rows to measures: each numerator and denominator, counted by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from synthetic_frames import frames, week

from sim.measure.counters import measure_run
from sim.measure.exposure import Exposure

DAY = 86400.0
OVER = Exposure(run_length=4 * DAY, policy_starts=DAY, transient=DAY, mailboxes=10)
STEADY = {"written_at": 2.5 * DAY, "ended_at": 2.5 * DAY + 60.0}
REFUSED = {
    "fate": "refused",
    "cause": "relaying",
    "first_cause": "relaying",
    "believed": False,
}
IN_TRANSIT = {"fate": "in_transit", "ended_at": float("nan")}
WARM = {"phase": "warm-up", "written_at": 100.0}
SPAM = {"class": "spam", "route": "open_relay", "place": ""}

HONEST = [
    {"message": 0},
    {"message": 0, "recipient": 2},
    {"message": 1, "place": "hotel", **REFUSED, "attempts": 3, "calls": 1},
    {"message": 2, "place": "hotel", "first_cause": "relaying", "remedy": "switch_server",
     "attempts": 2, "changes": 1},
    {"message": 3, **IN_TRANSIT},
    {"message": 4, "fate": "discarded", "cause": "content"},
    {"message": 5, "fate": "bounced", "cause": "unknown_recipient", "believed": False},
    {"message": 6, "fate": "gave_up", "cause": "busy", "first_cause": "busy", "believed": False},
    {"message": 7, **REFUSED, **WARM},
]  # fmt: skip
SPAMMED = [
    {"message": 10, **SPAM},
    {"message": 10, "recipient": 2, **SPAM},
    {"message": 11, **SPAM, "route": "direct"},
    {"message": 12, **SPAM, "recipient": -1, "fate": "refused", "cause": "unknown_recipient"},
]


def measured(rows=None, servers=None, attempts=None, over=OVER) -> pd.Series:
    rows = HONEST + SPAMMED if rows is None else rows
    table = measure_run(frames([STEADY | row for row in rows], attempts, servers), over)
    on = ["phase", "class", "by", "key", "measure"]
    return table.astype(dict.fromkeys(on, object)).set_index(on)


EXPECTED = {
    # measure                    class    by       key            numerator  denominator
    "delivered": ("delivery_rate", "honest", "all", "", 3, 8),
    "delivered from the hotel": ("delivery_rate", "honest", "place", "hotel", 1, 2),
    "delivered after switching": ("delivery_rate", "honest", "remedy", "switch_server", 1, 1),
    "refused at first": ("first_refusal_rate", "honest", "all", "", 3, 8),
    "refused at first for relaying": ("first_refusal_rate", "honest", "cause", "relaying", 2, 8),
    "refused at first as busy": ("first_refusal_rate", "honest", "cause", "busy", 1, 8),
    "refused for good": ("refusal_rate", "honest", "all", "", 1, 8),
    "gave up": ("gave_up_rate", "honest", "all", "", 1, 8),
    "silently lost": ("silent_loss_rate", "honest", "all", "", 1, 8),
    "bounced": ("bounce_rate", "honest", "all", "", 1, 8),
    "in transit": ("in_transit_rate", "honest", "all", "", 1, 8),
    "believed, though discarded": ("believed_rate", "honest", "all", "", 5, 8),
    "lost, not in transit": ("lost_per_day", "honest", "all", "", 4, 3),
    "lost, as a share": ("lost_rate", "honest", "all", "", 4, 8),
    "lost by cause": ("lost_per_day", "honest", "cause", "content", 1, 3),
    "lost on the third day": ("lost_per_day", "honest", "day", "2", 4, 1),
    "spam a mailbox and day": ("spam_per_mailbox_day", "spam", "all", "", 3, 30),
    "spam by open relays": ("spam_per_mailbox_day", "spam", "route", "open_relay", 2, 30),
    "spam by a route unused": ("spam_per_mailbox_day", "spam", "route", "own_account", 0, 30),
    "attempts, once a message": ("attempts_per_delivered", "honest", "all", "", 10, 2),
    "changed settings": ("settings_per_delivered", "honest", "all", "", 1, 2),
    "calls": ("calls_per_delivered", "honest", "all", "", 1, 2),
}


@pytest.mark.parametrize(
    ("name", "class_", "by", "key", "top", "below"), EXPECTED.values(), ids=EXPECTED
)
def test_counted_by_hand(name, class_, by, key, top, below):
    row = measured().loc[("after", class_, by, key, name)]
    assert (row["numerator"], row["denominator"]) == (top, below)
    assert row["value"] == pytest.approx(top / below)


def asked(message, permission, **settings):
    return {"message": message, "permission": permission} | settings


SUBMITTED = [
    asked(0, "own_window"),
    asked(0, "inherited_window", attempt=2),
    asked(1, "missed_listing", server="other"),
    asked(1, "missed_listing", attempt=2),
    asked(2, "others_listing"),
    asked(3, ""),
    asked(7, "shared_window"),  # in the warm-up
    asked(10, "stolen_login"),
]
PERMITTED = {
    # measure                       class    by            key                 numerator
    "others' permissions": ("false_acceptances", "honest", "all", "", 2),
    "a window": ("false_acceptances", "honest", "permission", "inherited_window", 1),
    "a list": ("false_acceptances", "honest", "permission", "others_listing", 1),
    "none of one's own": ("false_acceptances", "honest", "permission", "own_window", 0),
    "a spammer's": ("false_acceptances", "spam", "permission", "stolen_login", 1),
    "where somebody was": ("false_acceptances", "honest", "place", "hotel", 1),
    "missed, at each attempt": ("false_refusals", "honest", "all", "", 2),
    "missed by one server": ("false_refusals", "honest", "server", "other", 1),
    "missed by no spammer": ("false_refusals", "spam", "all", "", 0),
}


@pytest.mark.parametrize(("name", "class_", "by", "key", "top"), PERMITTED.values(), ids=PERMITTED)
def test_permissions_counted_by_hand(name, class_, by, key, top):
    row = measured(attempts=SUBMITTED).loc[("after", class_, by, key, f"{name}_per_day")]
    assert (row["numerator"], row["denominator"]) == (top, 3)


def test_permissions_by_day_know_the_warm_up():
    table = measured(attempts=SUBMITTED)
    by_day = [
        table.loc[(phase, "honest", "day", str(day), "false_acceptances_per_day"), "numerator"]
        for phase, day in (("warm-up", 0), ("after", 2))
    ]
    assert by_day == [1, 2]


def test_only_rows_written_after_the_policy_count():
    table = measured([{**REFUSED, **WARM}, {}])
    assert table.loc[("after", "honest", "all", "", "refusal_rate"), "denominator"] == 1


def test_after_is_transient_and_steady():
    early = {"phase": "transient", "written_at": 1.5 * DAY}
    table = measured([{"message": 0, **early}, {"message": 1}, {"message": 2}])
    for phase, count in (("transient", 1), ("steady", 2), ("after", 3)):
        assert table.loc[(phase, "honest", "all", "", "delivery_rate"), "denominator"] == count


def test_the_warm_up_is_there_by_day_alone():
    table = measured([{**REFUSED, **WARM}, {}]).reset_index()
    assert set(table.loc[table["phase"] == "warm-up", "by"]) == {"day"}


def test_nought_by_nought_is_undefined():
    table = measured([{}])
    row = table.loc[("after", "spam", "all", "", "delivery_rate")]
    assert row["denominator"] == 0
    assert np.isnan(row["value"])


RELAYED = [
    {"at": 2.5 * DAY, "relayed": 5},
    {"at": 2.5 * DAY, "relayed": 2, "abuse": "strangers", "message": 1},
    {"at": 3.5 * DAY, "relayed": 1, "abuse": "stolen_logins", "message": 1},
    {"at": 100.0, "relayed": 9, "abuse": "strangers", "message": 1},
    {"at": 2.5 * DAY, "relayed": 4, "abuse": "strangers", "message": 1, "server": "adatum-smtp"},
    {"at": 2.5 * DAY, "relayed": 0, "server": "adatum-mx"},
]


@pytest.mark.parametrize(
    ("by", "key", "left", "relayed"),
    [
        ("all", "", 3, 8), ("server", "adatum-smtp", 4, 4), ("abuse", "strangers", 2, 8),
        ("abuse", "stolen_logins", 1, 8),
    ],
)  # fmt: skip
def test_spam_that_left_the_servers_that_arms_change(by, key, left, relayed):
    over = replace(OVER, changed=frozenset({"proseware-smtp"}))
    table = measured([{}, {"message": 1, **SPAM}], attempts=RELAYED, over=over)
    row = table.loc[("after", "spam", by, key, "spam_abuse_rate")]
    assert (row["numerator"], row["denominator"]) == (left, relayed)
    row = table.loc[("after", "spam", by, key, "spam_left_per_day")]
    assert (row["numerator"], row["denominator"]) == (left, 3)


@pytest.mark.parametrize(("by", "key", "left"), [("day", "3", 1), ("route", "open_relay", 7)])
def test_spam_that_left_by_day_and_route_where_no_arm_changes_a_server(by, key, left):
    table = measured([{}, {"message": 1, **SPAM}], attempts=RELAYED)
    assert table.loc[("after", "spam", by, key, "spam_left_per_day"), "numerator"] == left


def test_a_server_that_relays_nothing_has_no_spam_abuse_rate():
    table = measured([{}], attempts=[{"relayed": 0, "server": "adatum-mx"}])
    assert ("after", "spam", "server", "adatum-mx", "spam_abuse_rate") not in table.index


def test_servers_together_are_a_quotient_of_sums():
    busy = {"server": "adatum-smtp", "sessions": 1, "busy": 43200.0, "span": 86400.0}
    row = measured([{}], servers=[{}, busy]).loc[("after", "server", "all", "", "utilisation")]
    assert row["value"] == pytest.approx((100.0 + 43200.0) / (5 * 86400.0))


@pytest.mark.parametrize(("name", "q"), [("median", 0.5), ("p90", 0.9), ("p99", 0.99)])
def test_delays_are_numpy_s_quantiles_of_the_delivered(name, q):
    delays = [5.0, 1.0, 40.0, 2.0, 3.0, 300.0, 7.0]
    rows = [{"message": i, "ended_at": 2.5 * DAY + d} for i, d in enumerate(delays)]
    table = measured([*rows, {"message": 9, **REFUSED, "ended_at": 4 * DAY}])
    row = table.loc[("after", "honest", "all", "", f"delay_{name}")]
    assert row["value"] == pytest.approx(np.quantile(delays, q))
    assert row["denominator"] == len(delays)


def test_delays_of_two_places_are_not_mixed():
    rows = [{"message": i, "ended_at": 2.5 * DAY + 10.0} for i in range(5)]
    rows += [{"message": 9, "place": "hotel", "ended_at": 2.5 * DAY + 1000.0}]
    table = measured(rows)["value"]
    assert table["after", "honest", "place", "home", "delay_p99"] == pytest.approx(10.0)
    assert table["after", "honest", "place", "hotel", "delay_median"] == pytest.approx(1000.0)


@pytest.mark.parametrize("by", ["place", "group", "server", "route", "remedy", "day", "cause"])
def test_the_parts_make_up_the_whole(by):
    table = measure_run(
        week(5), Exposure(7 * DAY, policy_starts=DAY, transient=2 * DAY, mailboxes=50)
    )
    table = table[(table["phase"] == "after") & (table["class"] == "honest")]
    for name in ("first_refusal_rate", "lost_per_day"):
        chosen = table[table["measure"] == name]
        whole = chosen.loc[chosen["by"] == "all", "numerator"].item()
        assert whole > 0
        assert chosen.loc[chosen["by"] == by, "numerator"].sum() == whole


def test_the_days_of_a_phase_are_its_length():
    over = Exposure(run_length=3.75 * DAY, policy_starts=1.25 * DAY, transient=DAY, mailboxes=1)
    assert over.by_day.sum(axis=1).tolist() == pytest.approx([1.25, 1.0, 1.5])
    assert over.by_day[1:].sum(axis=0).tolist() == pytest.approx([0.0, 0.75, 1.0, 0.75])
    assert over.lengths.tolist() == pytest.approx([1.25, 1.0, 1.5])


def test_a_run_without_a_steady_state_has_no_row_of_it():
    over = Exposure(run_length=4 * DAY, policy_starts=DAY, transient=9 * DAY, mailboxes=1)
    rows = frames([STEADY | {"phase": "transient"}], servers=[{"phase": "transient"}])
    assert set(measure_run(rows, over)["phase"]) == {"after", "transient", "warm-up"}
