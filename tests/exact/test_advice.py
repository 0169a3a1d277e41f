"""Advice: what would get a message through, in order of effort, each verified, with its abuse."""

import tomllib
from pathlib import Path

import pytest

from sim.exact.changes import CHANGES
from sim.exact.explanation import explain
from sim.exact.situations import WHO
from sim.scenario import loads

BOB = "bob@adatum.com"

ALL_BUT_AUTH = ["list_address", "offer_pop_first", "local_senders", "open"]
ALL = ["list_address", "offer_pop_first", "offer_auth", "local_senders", "open"]

ADVICE = {
    # the message that fails: arm, more, what helps by the user, what helps by the ISP
    "situation 6": ("network", {}, ["switch_server", "dial_in"], ALL),
    "AUTH is offered": ("AUTH", {}, ["auth", "switch_server", "dial_in"], ALL_BUT_AUTH),
    "POP first is offered": (
        "POP",
        {},
        ["pop_first", "switch_server", "dial_in"],
        ["list_address", "offer_auth", "local_senders", "open"],
    ),
    "a work account on the road": (
        "network",
        {"account": "work"},
        ["switch_server", "dial_in"],
        ALL,
    ),
    "the hotel's server checks identity": (
        "identity",
        {"server": "hotel"},
        ["change_sender", "dial_in"],
        ["drop_rule"],
    ),
    "two changes together, where none helps alone": (
        "identity",
        {"place": "airport", "sender": "terri@contoso.com"},
        ["change_sender+dial_in"],
        [],
    ),
    "two changes, one of them another server": (
        "identity",
        {"sender": "terri@contoso.com"},
        ["switch_server+change_sender", "change_sender+dial_in"],
        [],
    ),
    "greylisted": (
        "greylist",
        {"to": "amy@proseware.com"},
        ["again", "switch_server", "dial_in"],
        ["list_address", "offer_pop_first", "offer_auth", "drop_rule", "open"],
    ),
    "silently dropped": ("filter", {}, [], ["drop_rule"]),
    "the MX refuses": ("identity-on-mx", {"place": "home"}, [], ["drop_rule"]),
    "port 25 is blocked": ("open", {"place": "kiosk"}, ["dial_in"], ["offer_587"]),
    "nothing is wrong": ("open", {}, [], []),
    "web mail": ("network", {"user": "web-mail", "sender": "terri@contoso.com"}, [], []),
}


def asked(scenario, arm, more):
    return explain(
        scenario, **{"user": "travellers", "place": "hotel", "to": BOB, "arm": arm, **more}
    )


def keys(found, by):
    helping = [advice for advice in found.advice if advice.helps and advice.by == by]
    return ["+".join(change.key for change in advice.changes) for advice in helping]


@pytest.mark.parametrize(("arm", "more", "user", "isp"), ADVICE.values(), ids=ADVICE)
def test_what_helps_in_order_of_effort(scenario, arm, more, user, isp):
    found = asked(scenario, arm, more)
    assert keys(found, "user") == user
    assert keys(found, "ISP") == isp


def test_those_who_log_in_may_pass_before_a_blocklist():
    case = Path(__file__).parents[1] / "cases" / "explain-listed-range.toml"
    found = explain(
        loads(tomllib.loads(case.read_text())["scenario"]), "travellers", "hotel", BOB, "as is"
    )
    assert "log_in_first" in keys(found, "ISP")
    (advice,) = [a for a in found.advice if a.changes[0].key == "log_in_first"]
    assert advice.admits == ()
    assert "reject_rbl_client" in advice.words


def test_order_is_the_published_one(scenario):
    published = [change.key for change in CHANGES]
    for arm, more, _, _ in ADVICE.values():
        alone = [a.changes[0].key for a in asked(scenario, arm, more).advice if len(a.changes) == 1]
        assert alone == sorted(alone, key=published.index)


FOLLOWED = {
    # advice: the same message as a user who follows it sends it
    "auth": ("AUTH", {"auth": True}),
    "pop_first": ("POP", {"pop": True}),
    "switch_server": ("network", {"server": "hotel"}),
    "dial_in": ("network", {"place": "proseware"}),
    "change_sender": ("identity", {"server": "hotel", "sender": "x@hotel.example"}),
}


@pytest.mark.parametrize("key", FOLLOWED)
def test_advice_that_is_followed_helps(scenario, key):
    arm, more = FOLLOWED[key]
    assert asked(scenario, arm, more).outcome == "delivered"


ADMITS = {
    # arm, change: who can relay then
    ("network", "switch_server"): (),
    ("network", "list_address"): ("sharer",),  # everybody behind the hotel's address
    ("network", "offer_pop_first"): ("sharer",),
    ("network", "offer_auth"): ("thief",),
    ("network", "local_senders"): ("forger",),
    ("network", "open"): ("stranger",),
    ("POP", "pop_first"): ("sharer",),
    ("AUTH", "auth"): (),  # who has a password could use it before
}


@pytest.mark.parametrize(("arm", "key"), ADMITS, ids=list(map(" ".join, ADMITS)))
def test_which_abuse_a_change_lets_in(scenario, arm, key):
    found = asked(scenario, arm, {})
    (advice,) = [a for a in found.advice if [c.key for c in a.changes] == [key]]
    assert advice.admits == ADMITS[arm, key]
    assert set(advice.admits) <= set(WHO)


def test_a_listed_address_that_nobody_else_gets_lets_nobody_in(scenario):
    found = asked(scenario, "network", {"user": "remote-office", "place": "work"})
    (advice,) = [a for a in found.advice if a.changes[0].key == "list_address"]
    assert advice.helps
    assert advice.admits == ()
    assert "192.0.2.65" in advice.words


def test_what_does_not_help_says_who_refused_and_why(scenario):
    found = asked(scenario, "identity-on-mx", {"place": "home"})
    (advice,) = [a for a in found.advice if a.changes[0].key == "open"]
    assert not advice.helps
    assert advice.admits == ()
    assert advice.answer.startswith("adatum-mx: reject_sender_not_local: 550 5.7.1")


def test_nothing_is_advised_where_nobody_refused(scenario):
    found = asked(scenario, "open", {"to": "bob@contoso.com"})  # which has no server
    assert found.outcome == "bounced"
    assert found.advice == ()


def test_words_of_a_change_name_what_is_meant(scenario):
    (advice,) = [
        a for a in asked(scenario, "network", {}).advice if a.changes[0].key == "switch_server"
    ]
    assert advice.words == "send through the server of the present connection, smtp.hotel.example"
