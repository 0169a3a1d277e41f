"""One message explained: the walk, the dialogue, the error box, the header; all one decision."""

import itertools
import json

import pytest

from sim.exact.error_box import REPLIES, STAGES, box
from sim.exact.explanation import explain
from sim.exact.received import FORGED_RELAY
from sim.smtp import decide

HOTEL = {"user": "travellers", "place": "hotel"}
BOB = "bob@adatum.com"

OUTCOMES = {
    # what happens                            arm, more                      outcome, servers
    "open trust": ("open", {}, "delivered", ["proseware-smtp", "adatum-mx"]),
    "situation 6": ("network", {}, "refused", ["proseware-smtp"]),
    "situation 5": ("network", {"to": "amy@proseware.com"}, "delivered", ["proseware-smtp"]),
    "AUTH": ("AUTH", {"auth": True}, "delivered", ["proseware-smtp", "adatum-mx"]),
    "AUTH that is not offered": ("network", {"auth": True}, "refused", ["proseware-smtp"]),
    "a VPN": ("network", {"vpn": True}, "delivered", ["proseware-smtp", "adatum-mx"]),
    "POP first": ("POP", {"pop": True}, "delivered", ["proseware-smtp", "adatum-mx"]),
    "the hotel's server": (
        "network",
        {"server": "hotel"},
        "delivered",
        ["hotel-smtp", "adatum-mx"],
    ),
    "a POP login at home says nothing to it": (
        "POP",
        {"server": "phone", "pop": True},
        "refused",
        ["phone-smtp"],
    ),
    "the trap": ("identity", {"server": "hotel"}, "refused", ["hotel-smtp"]),
    "the hotel's server after the trap": (
        "identity",
        {"server": "hotel", "sender": "guest@hotel.example"},
        "delivered",
        ["hotel-smtp", "adatum-mx"],
    ),
    "refused further on": (
        "identity-on-mx",
        {"place": "home"},
        "bounced",
        ["proseware-smtp", "adatum-mx"],
    ),
    "no such domain": ("open", {"to": "bob@contoso.com"}, "bounced", ["proseware-smtp"]),
    "silently dropped": ("filter", {}, "discarded", ["proseware-smtp"]),
    "a filter that is seldom wrong lets it pass": (
        "careful-filter",
        {},
        "delivered",
        ["proseware-smtp", "adatum-mx"],
    ),
    "but not always": ("careful-filter", {"caught": True}, "discarded", ["proseware-smtp"]),
    "greylisted further on": (
        "greylist",
        {"place": "home"},
        "queued",
        ["proseware-smtp", "adatum-mx"],
    ),
    "port 25 blocked": ("open", {"place": "kiosk"}, "unreachable", ["proseware-smtp"]),
    "the work account at work": (
        "network",
        {"place": "work", "account": "work"},
        "delivered",
        ["phone-smtp", "adatum-mx"],
    ),
    "the work account in the hotel": ("network", {"account": "work"}, "refused", ["phone-smtp"]),
    "web mail goes from the ISP's own machine": (
        "network",
        {"user": "web-mail", "to": "amy@proseware.com"},
        "delivered",
        ["adatum-smtp", "proseware-mx"],
    ),
    "a route through a relay is followed": (
        "postfix",
        {"place": "home", "to": "bob%adatum.com@proseware.com"},
        "bounced",  # adatum-mx checks identity in this arm
        ["proseware-smtp", "adatum-mx"],
    ),
}


@pytest.mark.parametrize(("arm", "more", "outcome", "servers"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(scenario, arm, more, outcome, servers):
    found = explain(scenario, **{**HOTEL, "to": BOB, "arm": arm, **more})
    assert (found.outcome, [hop.server for hop in found.hops]) == (outcome, servers)


ARMS = (
    "open", "network", "AUTH", "POP", "identity", "identity-on-mx", "submission-only", "filter",
    "refusing-filter", "greylist", "postfix",
)  # fmt: skip
ASKED = [
    dict(arm=arm, place=place, to=to, auth=auth, pop=auth, sender=sender, server=at)  # noqa: C408
    for arm, place, to, auth, sender, at in itertools.product(
        ARMS,
        ("home", "hotel"),
        (BOB, "amy@proseware.com", "bob%adatum.com@proseware.com"),
        (False, True),
        (None, "<>", "terri@contoso.com"),
        (None, "hotel"),
    )
]


def test_dialogue_and_decision_are_one(scenario):
    """Every dialogue ends as `decide` says: the same command, the same reply."""
    for asked in ASKED:
        found = explain(scenario, "travellers", **asked)
        reached = [hop for hop in found.hops if hop.verdict is not None]
        assert len(reached) == len(found.dialogues), asked
        for hop, dialogue in zip(reached, found.dialogues, strict=True):
            verdict = decide(hop.policy, hop.facts)
            if verdict.accepted:
                assert dialogue.refused_at == "", asked
                assert dialogue.code == 250, asked
            else:
                # the reply to the message is the second of DATA (RFC 5321 section 4.1.1.4)
                at = "DATA" if dialogue.refused_at == "message" else dialogue.refused_at
                assert at == verdict.command, asked
                assert "\n".join(dialogue.reply) == str(verdict.reply), asked


def test_an_address_in_quotes_is_spoken_as_it_was_written(scenario):
    found = explain(scenario, "travellers", "home", '"a b"@adatum.com', "open")
    for dialogue in found.dialogues:
        assert 'C: RCPT TO:<"a b"@adatum.com>' in [f"{t.speaker}: {t.text}" for t in dialogue.turns]


def test_dialogue_reads_like_smtp(scenario):
    found = explain(scenario, "travellers", "hotel", BOB, "AUTH", auth=True)
    said = [f"{turn.speaker}: {turn.text}" for turn in found.dialogues[0].turns]
    assert said[0] == "S: 220 smtp.proseware.com ESMTP"
    assert "C: AUTH PLAIN AHRyYXZlbGxlcnMtMUBwcm9zZXdhcmUuY29tAHBhc3N3b3Jk" in said
    assert said.index("C: MAIL FROM:<travellers-1@proseware.com>") < said.index(
        f"C: RCPT TO:<{BOB}>"
    )
    assert said[-2] == "C: QUIT"


def test_walk_says_what_was_compared(scenario):
    walk = explain(scenario, "travellers", "hotel", BOB, "POP").as_dict()["hops"][0]["walk"]
    assert [(step["rule"], step["opinion"]) for step in walk] == [
        ("permit_mynetworks", "-"),
        ("permit_pop_before_smtp(30 min)", "-"),
        ("reject_unauth_destination", "refuse"),
    ]
    assert walk[0]["compared"] == "client 192.0.2.129, own networks 198.51.100.0/26"


# ---- the error box

FIELDS = [
    "Subject",
    "Account",
    "Server",
    "Protocol",
    "Server Response",
    "Port",
    "Secure (SSL)",
    "Server Error",
    "Error Number",
]


def test_error_box_has_the_fields_of_the_source_in_its_order(scenario):
    shown = explain(scenario, "travellers", "hotel", BOB, "network").error_box
    assert shown.words == (
        "The message could not be sent because one of the recipients was rejected by the server. "
        "The rejected e-mail address was 'bob@adatum.com'."
    )
    assert shown.fields == (
        ("Subject", "'Greetings'"),
        ("Account", "'proseware.com'"),
        ("Server", "'smtp.proseware.com'"),
        ("Protocol", "SMTP"),
        ("Server Response", "'550 5.7.1 <bob@adatum.com> Relaying denied'"),
        ("Port", "25"),
        ("Secure (SSL)", "No"),
        ("Server Error", "550"),
        ("Error Number", "0x800CCC79"),
    )
    assert [name for name, _ in shown.fields] == FIELDS
    assert str(shown).startswith(f"{shown.words} Subject: 'Greetings', Account: ")


NUMBERS = {
    # where it is refused                   arm, more                                    number
    "a recipient": ("network", {}, "0x800CCC79"),
    "a sender, at MAIL": ("identity", {"server": "hotel"}, "0x800CCC78"),
    "a sender, by a server that says so at RCPT": ("postfix", {"server": "hotel"}, "0x800CCC79"),
    "without a login, at MAIL": ("submission-only", {}, "0x800CCC78"),
    "a recipient, for now": ("greylist", {"to": "amy@proseware.com"}, "0x800CCC79"),
    "the content, with 550": ("refusing-filter", {}, "0x800CCC69"),
    "no connection": ("open", {"place": "kiosk"}, "0x800CCC0E"),
}


@pytest.mark.parametrize(("arm", "more", "number"), NUMBERS.values(), ids=NUMBERS)
def test_error_number_follows_the_stage(scenario, arm, more, number):
    found = explain(scenario, **{**HOTEL, "to": BOB, "arm": arm, **more})
    assert found.error_box.number == number


def test_a_refused_logon_has_a_number_of_its_own():
    common = {"sender": "", "recipient": "", "subject": "", "account": "", "server": ""}
    assert box("AUTH", "535 no", code=535, **common).number == "0x800CCC18"
    assert box("CONNECT", "421 busy", code=421, **common).number == "0x800CCC67"
    assert box("DATA", "599 what", code=599, **common).number == "0x800CCC61"
    assert len({*REPLIES.values(), *(number for _, number in STAGES.values())}) == 18


def test_a_wrong_password(scenario):
    found = explain(scenario, "travellers", "hotel", BOB, "AUTH", wrong_password=True)
    assert found.error_box.number == "0x800CCC18"
    assert found.dialogues[0].refused_at == found.hops[0].verdict.command == "AUTH"
    assert "\n".join(found.dialogues[0].reply) == str(found.hops[0].verdict.reply)
    assert next(a for a in found.advice if a.helps).changes[0].key == "password"
    assert explain(
        scenario, "travellers", "home", BOB, "network", wrong_password=True
    ).journey.arrives


OWNERS = {
    # who logs in, and shows which sender: outcome where a login must own the sender
    "the account's own": ({"auth": True}, "delivered"),
    "a colleague's": ({"auth": True, "sender": "user@proseware.com"}, "refused"),
    "another one": ({"auth": True, "sender": "terri@contoso.com"}, "refused"),
    "its own, without a login": ({}, "refused"),
}


@pytest.mark.parametrize(("more", "outcome"), OWNERS.values(), ids=OWNERS)
def test_a_login_owns_its_address(scenario, more, outcome):
    found = explain(scenario, "travellers", "home", BOB, "owners", **more)
    assert found.outcome == outcome
    assert outcome == "delivered" or found.hops[0].verdict.rule == "reject_sender_login_mismatch"


@pytest.mark.parametrize(
    ("arm", "more"), [("open", {}), ("filter", {}), ("identity-on-mx", {"place": "home"})]
)
def test_no_box_where_the_mail_program_saw_250(scenario, arm, more):
    found = explain(scenario, **{**HOTEL, "to": BOB, "arm": arm, **more})
    assert found.error_box is None
    assert found.as_dict()["error_box"] is None


# ---- the header


def test_received_lines_have_the_newest_on_top(scenario):
    found = explain(scenario, "travellers", "home", BOB, "network")
    by = [(header.text.split(":")[0], header.by) for header in found.received]
    assert by[:3] == [
        ("Return-Path", "adatum-mx"),
        ("Received", "adatum-mx"),
        ("Received", "proseware-smtp"),
    ]
    assert not any(header.forged for header in found.received)
    oldest = found.received[2].text
    assert oldest.startswith(
        "Received: from travellers-1-pc ([198.51.100.1]) by smtp.proseware.com"
    )
    assert "Tue, 01 Jun 1999 10:00:02 +0000" in oldest


def test_a_login_stands_in_the_received_line(scenario):
    found = explain(scenario, "travellers", "hotel", BOB, "AUTH", auth=True)
    assert " with ESMTPA\n" in found.received[2].text  # RFC 3848
    assert " with ESMTP\n" in found.received[1].text


def test_what_a_spammer_wrote_is_marked_as_forged(scenario):
    found = explain(scenario, "bulk", None, "bob@proseware.com", "open", server="proseware")
    forged = [header.text for header in found.received if header.forged]
    assert [text.split(" ")[0] for text in forged] == ["Return-Path:", "Received:", "From:"]
    assert FORGED_RELAY[1] in forged[1]
    true = [h for h in found.received if h.by and h.text.startswith("Received")]
    assert "198.51.100.124" in true[-1].text  # where it really came from
    assert true[-1].claim == "mail.contoso.com"


def test_a_sender_address_that_is_not_the_accounts_is_marked(scenario):
    found = explain(scenario, "travellers", "home", BOB, "network", sender="terri@contoso.com")
    assert {h.text.split(":")[0] for h in found.received if h.forged} == {"Return-Path", "From"}


def test_what_was_never_taken_has_no_header(scenario):
    assert explain(scenario, "travellers", "hotel", BOB, "network").received == ()


def test_a_spammer_goes_straight_to_the_mx(scenario):
    found = explain(scenario, "bulk", None, "bob@proseware.com", "network")
    assert [hop.server for hop in found.hops] == ["proseware-mx"]
    assert found.error_box is None
    assert found.advice == ()


# ---- the same object, shown three ways


@pytest.mark.parametrize("arm", ["open", "network", "identity", "filter"])
def test_text_html_and_json_tell_the_same(scenario, arm):
    found = explain(scenario, "travellers", "hotel", BOB, arm)
    told = json.loads(json.dumps(found.as_dict()))
    text, html = found.text(), found._repr_html_()
    for hop in told["hops"]:
        assert hop["rule"] in text
        assert hop["rule"] in html
    assert told["outcome"] == found.outcome
    assert (told["error_box"] is not None) == ("Error Number" in text) == ("Error Number" in html)


def test_nothing_from_strangers_becomes_markup(scenario):
    sender = '"<script>[red]x[/red]</script>"@contoso.com'
    found = explain(scenario, "travellers", "home", "bob@adatum.com", "identity", sender=sender)
    html, text = found._repr_html_(), found.text(200)
    assert "<script" not in html
    assert "&lt;script&gt;[red]x[/red]&lt;/script&gt;" in html
    assert "<script>[red]x[/red]</script>" in text
