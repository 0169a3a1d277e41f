"""The difference of two arms: every cell whose verdict changes, and what each change means."""

from collections import Counter

import pytest

from sim.exact import situations
from sim.exact.diff import MARKS, changes, diff
from sim.path.journey import Servers


def found(scenario, a, b, server):
    """Who, place, recipient and credentials of each change at one server, with its mark."""
    return {
        (c.before.who, c.before.place, c.before.to, c.before.credentials): c.mark
        for c in diff(scenario, a, b).changes
        if c.before.server == server
    }


def test_whether_anything_changes_is_known_at_the_first_cell_that_does(scenario, monkeypatch):
    asked, ask = [], situations.single_cell

    def counted(*cell):
        asked.append(cell)
        return ask(*cell)

    monkeypatch.setattr(situations, "single_cell", counted)
    every = changes(Servers(scenario, "open"), Servers(scenario, "network"))
    next(every)
    first = len(asked)
    assert 2 * first < len([*every] and asked)


def test_closing_a_relay(scenario):
    changes = found(scenario, "open", "network", "proseware-smtp")
    away = {
        ("customer", p, "elsewhere", c) for p in ("work", "hotel") for c in ("none", "auth", "pop")
    }
    strangers = {
        ("stranger", "outside", "elsewhere", "none"),
        ("forger", "outside", "elsewhere", "none"),
        ("thief", "outside", "elsewhere", "auth"),
        ("sharer", "hotel", "elsewhere", "pop"),
    }
    assert {key for key, mark in changes.items() if mark == "cost"} == away
    assert {key for key, mark in changes.items() if mark == "wanted"} == strangers
    assert set(changes) == away | strangers


def test_offering_pop_first_helps_a_customer_and_whoever_shares_the_address(scenario):
    changes = found(scenario, "network", "POP", "proseware-smtp")
    assert changes == {
        ("customer", "work", "elsewhere", "pop"): "gain",
        ("customer", "hotel", "elsewhere", "pop"): "gain",
        ("sharer", "hotel", "elsewhere", "pop"): "abuse",
    }


def test_offering_auth_helps_a_customer_and_a_thief(scenario):
    changes = found(scenario, "network", "AUTH", "proseware-smtp")
    assert changes["customer", "hotel", "elsewhere", "auth"] == "gain"
    assert changes["thief", "outside", "elsewhere", "auth"] == "abuse"
    assert Counter(changes.values()) == {"gain": 2, "abuse": 1}


def test_a_change_nobody_asked_for(scenario):
    """The check on an MX refuses the world's mail to its own customers."""
    changes = found(scenario, "identity", "identity-on-mx", "proseware-mx")
    assert changes["another server", "outside", "same ISP", "none"] == "cost"
    assert ("a notice", "outside", "same ISP", "none") not in changes


def test_what_nobody_can_tell_apart_is_said_to_be_mixed(scenario):
    changes = found(scenario, "network", "identity", "proseware-smtp")
    assert changes["other sender", "home", "elsewhere", "none"] == "mixed"


def test_another_answer_that_is_no_better(scenario):
    changes = found(scenario, "network", "identity", "proseware-smtp")
    assert changes["stranger", "outside", "elsewhere", "none"] == "other"


def test_a_temporary_refusal_instead_of_a_permanent_one_is_no_better(scenario):
    changes = found(scenario, "network", "deferring", "proseware-smtp")
    assert changes["stranger", "outside", "elsewhere", "none"] == "other"
    assert set(changes.values()) == {"other"}


def test_a_delay_is_a_cost_and_silent_loss_too(scenario):
    delayed = found(scenario, "network", "greylist", "proseware-mx")
    assert delayed["another server", "outside", "same ISP", "none"] == "cost"
    dropped = found(scenario, "open", "filter", "proseware-smtp")
    assert dropped["customer", "home", "same ISP", "none"] == "cost"
    assert dropped["stranger", "outside", "elsewhere", "none"] == "wanted"


def test_a_careful_filter_stops_strangers_who_send_spam_and_lets_customers_pass(scenario):
    changes = found(scenario, "open", "careful-filter", "proseware-smtp")
    assert {key[0] for key in changes} == {"stranger", "forger", "thief", "sharer"}
    assert set(changes.values()) == {"wanted"}


def test_both_deciding_restrictions_are_named(scenario):
    told = diff(scenario, "open", "network").as_dict()
    change = next(
        c for c in told["changes"]
        if (c["server"], c["who"], c["place"]) == ("proseware-smtp", "customer", "hotel")
    )  # fmt: skip
    assert change["before"]["rule"] == "permit"
    assert change["after"]["rule"] == "reject_unauth_destination"
    assert change["after"]["reply"].startswith("550 5.7.1")


@pytest.mark.parametrize("arm", ["open", "network", "POP"])
def test_an_arm_does_not_differ_from_itself(scenario, arm):
    same = diff(scenario, arm, arm)
    assert len(same) == 0
    assert "No verdict changes" in same.text()


@pytest.mark.parametrize(
    ("a", "b"), [("open", "network"), ("network", "AUTH"), ("identity", "POP")]
)
def test_backwards_turns_every_change_round(scenario, a, b):
    turned = {"wanted": "abuse", "abuse": "wanted", "gain": "cost", "cost": "gain"}
    there, back = diff(scenario, a, b), diff(scenario, b, a)
    marks = [turned.get(change.mark, change.mark) for change in there.changes]
    assert marks == [change.mark for change in back.changes]
    assert marks


def test_page_counts_what_it_lists(scenario):
    page = diff(scenario, "open", "network")
    counts = Counter(change.mark for change in page.changes)
    assert set(counts) <= set(MARKS)
    assert (
        f"{len(page)} cells change: {counts['wanted']} wanted, {counts['cost']} cost" in page.text()
    )
    assert len(page.records()) == len(page)
