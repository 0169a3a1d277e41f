"""A forwarder in `explain`: each hop, and what the servers behind it make of the sender."""

import json

import pytest

from sim.exact.explanation import explain
from sim.path.route import MOST_HOPS
from sim.scenario import loads

TEXT = """
title = "A forwarder"
run_length = "2 days"
policy_starts = "0 s"
transient = "0 s"
[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/26"]
links = { core = "1 ms" }
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.64/26"]
links = { core = "1 ms" }
[networks.club]
kind = "isp"
domain = "club.example"
prefixes = ["192.0.2.0/26"]
links = { core = "1 ms" }
mailboxes = 1
[defaults.mx]
relay = "closed"
[defaults.submission]
temporary_failure = 0.0
[servers.club-mx]
role = "mx"
network = "club"
aliases = { "club-box-1@club.example" = "others-1@adatum.com" }
temporary_failure = 0.0
[servers.adatum-mx]
role = "mx"
network = "adatum"
sender = ["check_sender_access(senders)"]
restriction_classes = { from_proseware = "check_client_access cidr:theirs, reject" }
[servers.adatum-mx.tables]
senders = { "proseware.com" = "from_proseware" }
"cidr:theirs" = { "198.51.100.0/26" = "OK" }
[users.people]
count = 2
accounts = { proseware = 1.0 }
[users.others]
count = 2
accounts = { adatum = 1.0 }
[arms.plain]
[arms.rewriting]
"servers.club-mx.sender_rewriting" = true
"""
"""adatum.com takes mail from proseware.com only from its own addresses, as SPF would say."""
MEMBER = "club-box-1@club.example"
LOOP = {
    "servers.adatum-mx.sender": [],
    "servers.adatum-mx.aliases": {"others-1@adatum.com": MEMBER},
}


def told(arm, to=MEMBER, changes=None):
    return explain(loads(TEXT).with_overrides(changes or {}), "people-1", "home", to, arm)


@pytest.mark.parametrize(
    ("arm", "outcome", "code"), [("plain", "bounced", 554), ("rewriting", "delivered", 250)]
)
def test_a_sender_is_judged_by_the_client_that_brings_it(arm, outcome, code):
    answer = told(arm)
    assert [hop.server for hop in answer.hops] == ["proseware-smtp", "club-mx", "adatum-mx"]
    assert (answer.outcome, answer.hops[-1].verdict.code) == (outcome, code)
    assert told(arm, "others-1@adatum.com").outcome == "delivered"


def test_advice_knows_what_a_forwarder_can_do():
    helping = [[change.key for change in one.changes] for one in told("plain").advice if one.helps]
    assert ["rewrite_senders"] in helping
    words = {change.key: one.words for one in told("plain").advice for change in one.changes}
    assert words["rewrite_senders"] == "rewrite senders at the forwarder, mx.club.example (SRS)"
    direct = told("plain", "others-9@adatum.com", {"servers.adatum-mx.client": ["reject"]})
    assert "rewrite_senders" not in {c.key for one in direct.advice for c in one.changes}


def test_each_hop_is_shown():
    answer = told("rewriting")
    text = answer.text()
    assert f"<{MEMBER}>" in text
    assert "goes to <others-1@adatum.com>" in text
    hops = json.loads(json.dumps(answer.as_dict()))["hops"]
    assert [hop["forwarded"] is not None for hop in hops] == [False, True, False]
    sender = hops[1]["forwarded"]["reverse_path"]
    assert sender.startswith("SRS0=")
    assert f"becomes <{sender}>" in text
    assert answer.received[0].text == f"Return-Path: <{sender}>"


def test_further_destinations_are_named():
    two = {"servers.club-mx.aliases": {MEMBER: ["others-1@adatum.com", "others-2@adatum.com"]}}
    assert (
        "and to <others-2@adatum.com>, which is not followed"
        in told("rewriting", changes=two).text()
    )


def test_a_loop_ends():
    answer = told("plain", changes=LOOP)
    assert (answer.outcome, len(answer.hops)) == ("bounced", MOST_HOPS)
    assert "a loop" in answer.text()


def test_a_catch_all_that_stays_is_delivered():
    keeps = {"servers.club-mx.aliases": {"@club.example": MEMBER}}
    answer = told("plain", "anything@club.example", keeps)
    assert (answer.outcome, answer.hops[-1].server) == ("delivered", "club-mx")
