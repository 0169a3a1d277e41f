"""Policies made of Postfix's own parameters: lists, tables, classes, limits, routes, findings."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.smtp import Facts, Names, Policy, PolicyError, Session, clients, decide, postfix
from sim.smtp.lint import lint
from sim.smtp.restrictions import listed, parse
from sim.smtp.settings import Settings
from sim.smtp.tables import Keyed

STRANGER, INSIDE = (clients.number(a) for a in ("203.0.113.140", "198.51.100.77"))
NAMES = Names.of(
    {
        "a": {"mx.foreign.example": ["203.0.113.250"], "mail.isp.example": ["198.51.100.25"]},
        "mx": {
            "foreign.example": [[10, "mx.foreign.example"]],
            "backup.example": [[10, "mx.foreign.example"], [20, "mail.isp.example"]],
            "self.example": [[10, "mail.isp.example"]],
            "no.example": [[0, "."]],
        },
        "servfail": ["slow.example"],
        "blocklists": {"zen.example": {"203.0.113.140": ["127.0.0.11"]}},
        "blocklist_texts": {"140.113.0.203.zen.example": "ask {zen}"},
    }
)
USERS = {"unix:passwd.byname": Keyed(dict.fromkeys(("alice", "bob", "carol"), "x"))}
BASE = {
    "myhostname": "mail.isp.example",
    "myorigin": "isp.example",
    "mydestination": "isp.example, mail.isp.example, localhost",
    "mynetworks": "127.0.0.0/8 198.51.100.0/25",
    "recipient_delimiter": "+",
    "alias_maps": "hash:/aliases",
    "local_recipient_maps": "proxy:unix:passwd.byname hash:/aliases",
    "smtpd_relay_restrictions": (
        "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination"
    ),
    "smtpd_sasl_auth_enable": "yes",
}
ALIASES = {"hash:/aliases": Keyed({"postmaster": "carol", "team": "bob, kim@foreign.example"})}


def policy(tables=(), services=None, **parameters):
    held = {**USERS, **ALIASES, **{k: Keyed(v) for k, v in dict(tables).items()}}
    stated = {**BASE, **parameters}
    return postfix.policy(stated, held, addresses=("198.51.100.25",), services=services)


def reply(made, client=STRANGER, sender="x@foreign.example", to="bob@isp.example", **more):
    facts = Facts(client, sender, to, names=NAMES, **more)
    return str(decide(made, facts).reply)


def recipients(text, tables=(), **parameters):
    return policy(tables, smtpd_recipient_restrictions=text, **parameters)


ACCESS = {
    # the value in an access table, and the reply that it makes
    "OK": "250 2.1.5 Ok",
    "DUNNO": "250 2.1.5 Ok",
    "12345": "250 2.1.5 Ok",
    "WARN odd": "250 2.1.5 Ok",
    "DISCARD": "250 2.0.0 Message accepted for delivery",
    "REJECT": "554 5.7.1 <x@foreign.example>: Sender address rejected: Access denied",
    "reject go {away}": "554 5.7.1 <x@foreign.example>: Sender address rejected: go {away}",
    "521 5.7.1 no": "521 5.7.1 <x@foreign.example>: Sender address rejected: no",
    "550 5.1.1 who": "550 5.1.7 <x@foreign.example>: Sender address rejected: who",
    "DEFER": "450 4.7.1 <x@foreign.example>: Sender address rejected: Access denied",
    "DEFER_IF_PERMIT x": "450 4.7.1 <x@foreign.example>: Sender address rejected: x",
    "permit_mynetworks, reject": (
        "554 5.7.1 <x@foreign.example>: Sender address rejected: Access denied"
    ),
    "nonsense": "451 4.3.5 Server configuration error",
    "hash:/other": "451 4.3.5 Server configuration error",
}


@pytest.mark.parametrize(("value", "expected"), ACCESS.items())
def test_actions_of_an_access_table(value, expected):
    made = recipients("check_sender_access hash:/s", {"hash:/s": {"foreign.example": value}})
    assert reply(made) == expected


KEYS = {
    # restriction, key that is found for x+y@sub.foreign.example from 203.0.113.140
    "whole": ("check_sender_access", "x+y@sub.foreign.example", True),
    "without tag": ("check_sender_access", "x@sub.foreign.example", True),
    "parent": ("check_sender_access", "foreign.example", True),
    "user": ("check_sender_access", "x+y@", True),
    "user without tag": ("check_sender_access", "x@", True),
    "at domain": ("check_sender_access", "@sub.foreign.example", False),
    "octets": ("check_client_access", "203.0.113", True),
    "unknown name": ("check_client_access", "unknown", True),
    "no HELO": ("check_helo_access", "foreign.example", False),
}


@pytest.mark.parametrize(("name", "key", "found"), KEYS.values(), ids=KEYS)
def test_keys_of_an_access_table(name, key, found):
    made = recipients(f"{name} hash:/t", {"hash:/t": {key: "521 no"}})
    assert reply(made, sender="x+y@sub.foreign.example").startswith("521") is found


def test_null_sender_has_a_key_of_its_own():
    made = recipients("check_sender_access hash:/t", {"hash:/t": {"<>": "REJECT"}})
    assert reply(made, sender=None).startswith("554 5.7.1 <>: Sender address")
    assert reply(made).startswith("250")


def test_permits_and_refusals_of_deferrals():
    table = {"hash:/t": {"foreign.example": "DEFER_IF_REJECT retry"}}
    made = recipients("check_sender_access hash:/t, reject", table)
    assert reply(made) == "450 4.7.1 <x@foreign.example>: Sender address rejected: retry"
    made = recipients("check_sender_access hash:/t", table)
    assert reply(made).startswith("250")
    assert reply(made, to="nobody@isp.example").startswith("450")


def test_classes_and_words_that_nobody_knows():
    made = recipients(
        "staff, reject",
        smtpd_restriction_classes="staff",
        staff="check_client_access hash:/c, permit_mynetworks",
    )
    assert reply(made, INSIDE).startswith("451 4.3.5 <unknown[198.51.100.77]>: Client host")
    assert reply(recipients("permit_mynetworks, permit_mynetwork"), INSIDE).startswith("250")
    assert reply(recipients("permit_mynetwork"), INSIDE).startswith("451 4.3.5 Server")


def test_a_warning_refuses_nobody():
    made = recipients("warn_if_reject reject_rbl_client zen.example, defer")
    assert reply(made).startswith("450 4.3.2")
    assert reply(recipients("warn_if_reject reject")).startswith("250")


def test_blocklists_say_why_and_filters_choose():
    assert reply(recipients("reject_rbl_client zen.example")) == (
        "554 5.7.1 Service unavailable; Client host [203.0.113.140] blocked using zen.example; "
        "ask {zen}"
    )
    assert reply(recipients("reject_rbl_client zen.example=127.0.0.[2..10]")).startswith("250")
    assert reply(recipients("reject_rbl_client zen.example=127.0.0.[2..11]")).startswith("554")


def test_a_policy_service_acts_through_its_answers():
    rows = {"inet:127.0.0.1:10023": [[{"sender": "x@foreign.example"}, "REJECT no"]]}
    made = policy(
        services=rows, smtpd_recipient_restrictions="check_policy_service inet:127.0.0.1:10023"
    )
    assert reply(made).startswith("554 5.7.1 <bob@isp.example>: Recipient address rejected: no")
    assert reply(made, sender="y@foreign.example").startswith("250")


def test_backup_exchanger():
    made = policy(smtpd_relay_restrictions="permit_mx_backup, reject_unauth_destination")
    assert reply(made, to="x@backup.example").startswith("250")
    assert reply(made, to="x@foreign.example").startswith("554")


def test_relay_list_after_the_recipient_list():
    made = recipients("reject", smtpd_relay_restrictions="defer")
    assert reply(made).startswith("450")
    made = recipients(
        "reject",
        smtpd_relay_restrictions="defer",
        smtpd_relay_before_recipient_restrictions="no",
    )
    assert reply(made).startswith("554")


def test_codes_and_softness():
    closed = policy(
        relay_domains_reject_code="451", smtpd_relay_restrictions="defer_unauth_destination"
    )
    assert reply(closed, to="x@foreign.example") == "450 4.7.1 Service unavailable"
    assert reply(policy(soft_bounce="yes"), to="x@foreign.example").startswith("454 4.7.1")


@pytest.mark.parametrize("name", ["reject_unlisted_recipient", "check_recipient_maps"])
def test_old_names(name):
    assert listed(name, "recipient")[0].name == "reject_unlisted_recipient"


def test_a_value_of_the_wrong_type():
    with pytest.raises(PolicyError, match="smtpd_delay_reject"):
        Settings.of({"smtpd_delay_reject": "maybe"})
    assert Settings.of({"anvil_rate_time_unit": "2m"}).anvil_rate_time_unit == 120


def test_smtpd_that_serves_nobody():
    assert "specify at least one" in policy(smtpd_relay_restrictions="permit_mynetworks").fatal
    assert not policy().fatal
    assert policy(smtpd_relay_restrictions="permit, reject").fatal
    assert not policy(smtpd_relay_restrictions="c", smtpd_restriction_classes="c", c="reject").fatal
    assert "bogus" in " ".join(policy(smtpd_helo_restrictions="bogus").warnings)


# ---- sessions


def talk(made, *lines, client=STRANGER, **facts):
    """The replies to each line; bodies and batches are one."""
    session = Session(
        made,
        Facts(client, names=NAMES, **facts),
        login=lambda name, password: password == f"pw-{name.partition('@')[0]}",
    )
    greeting = session.connect().decode().strip()
    answers = [session.receive(f"{line}\r\n".encode()).decode().strip() for line in lines]
    return session, [greeting, *answers]


MAIL = "MAIL FROM:<x@foreign.example>"
BOB = "RCPT TO:<bob@isp.example>"
DIALOGUES = {
    # lines, and the last reply
    "no HELO": ((MAIL,), "250 2.1.0 Ok"),
    "nested": ((MAIL, MAIL), "503 5.5.1 Error: nested MAIL command"),
    "no MAIL": (("DATA",), "503 5.5.1 Error: need RCPT command"),
    "all refused": (
        (MAIL, "RCPT TO:<x@foreign.example>", "DATA"),
        "554 5.5.1 Error: no valid recipients",
    ),
    "no brackets": ((MAIL, "RCPT TO: bob@isp.example"), "250 2.1.5 Ok"),
    "no syntax": (("MAIL x",), "501 5.5.4 Syntax: MAIL FROM:<address>"),
    "bad address": ((MAIL, "RCPT TO:<-bob@isp.example>"), "501 5.1.3 Bad recipient address syntax"),
    "option": (("MAIL FROM:<> XYZ=1",), "555 5.5.4 Unsupported option: XYZ=1"),
    "size": (("MAIL FROM:<> SIZE=99999999999",), "552 5.3.4 Message size exceeds fixed limit"),
    "notify": ((MAIL, f"{BOB} NOTIFY=NEVER"), "250 2.1.5 Ok"),
    "postmaster": ((MAIL, "RCPT TO:<postmaster>"), "250 2.1.5 Ok"),
    "unknown": (("XYZZY",), "500 5.5.2 Error: command not recognized"),
    "http": (("GET / HTTP/1.0",), "221 2.7.0 Error: I can break rules, too. Goodbye."),
    "vrfy": (("VRFY bob",), "252 2.0.0 bob"),
    "vrfy refused": (
        ("VRFY x@foreign.example",),
        "554 5.7.1 <x@foreign.example>: Relay access denied",
    ),
    "etrn": (("ETRN isp.example",), "459 <isp.example>: service unavailable"),
    "login": (("EHLO x", "AUTH PLAIN AGFsaWNlAHB3LWFsaWNl"), "235 2.7.0 Authentication successful"),
    "failed login": (
        ("EHLO x", "AUTH PLAIN AGFsaWNlAHdyb25n"),
        "535 5.7.8 Error: authentication failed: authentication failure",
    ),
}


@pytest.mark.parametrize(("lines", "last"), DIALOGUES.values(), ids=DIALOGUES)
def test_dialogues(lines, last):
    assert talk(policy(), *lines)[1][-1] == last


def test_a_client_refused_at_once_hears_it_as_the_greeting():
    made = policy(smtpd_client_restrictions="reject", smtpd_delay_reject="no")
    answers = talk(made, "EHLO x", "QUIT")[1]
    assert answers == [
        "554 5.7.1 <unknown[203.0.113.140]>: Client host rejected: Access denied",
        "503 5.7.0 Error: access denied for unknown[203.0.113.140]",
        "221 2.0.0 Bye",
    ]


def test_errors_are_counted():
    made = policy(smtpd_hard_error_limit="2")
    unknown = "RCPT TO:<no@isp.example>"
    session, answers = talk(made, MAIL, unknown, unknown, unknown, "QUIT")
    assert answers[-2:] == ["421 4.7.0 mail.isp.example Error: too many errors", ""]
    assert session.closed


def test_limits_spare_own_networks():
    made = policy(
        smtpd_client_message_rate_limit="1",
        smtpd_client_recipient_rate_limit="2",
        smtpd_client_connection_count_limit="1",
    )
    lines = (MAIL, BOB, "RSET", MAIL)
    assert talk(made, *lines)[1][-1] == "450 4.7.1 Error: too much mail from 203.0.113.140"
    assert talk(made, *lines, client=INSIDE)[1][-1] == "250 2.1.0 Ok"
    three = talk(made, MAIL, BOB, BOB, BOB)[1]
    assert three[-1] == "450 4.7.1 Error: too many recipients from 203.0.113.140"
    assert talk(made, open_sessions=1)[1][0].startswith("421 4.7.0 mail.isp.example")
    assert talk(made, open_sessions=1, client=INSIDE)[1][0].startswith("220")


SMUGGLED = "DATA\r\nfirst\n.\nMAIL FROM:<evil@isp.example>\r\nRCPT TO:<bob@isp.example>\r\n."


@pytest.mark.parametrize(("how", "messages"), [("no", 1), ("normalize", 1), ("reject", 0)])
def test_bare_newlines(how, messages):
    made = policy(smtpd_forbid_bare_newline=how, smtpd_forbid_bare_newline_exclusions="")
    session, answers = talk(made, MAIL, BOB, SMUGGLED)
    assert len(session.messages) == messages
    assert ("550 5.5.2" in answers[-1]) == (how == "reject")
    assert (b"evil" in (session.messages or [session])[0].content if messages else True) == (
        how == "normalize" or not messages
    )


def test_facts_are_asked_anew_at_each_command():
    asked = []

    def refresh(facts):
        asked.append(facts.forward_path)
        return facts._replace(listed=("zen.example",) if len(asked) > 3 else ())

    made = recipients("reject_rbl_client zen.example")
    session = Session(made, Facts(STRANGER), refresh=refresh)
    session.connect()
    answers = session.receive(f"{MAIL}\r\n{BOB}\r\n{BOB}\r\n".encode()).decode().split("\r\n")
    assert [line[:3] for line in answers] == ["250", "250", "554", ""]


ROUTES = {
    "bob@isp.example": [("bob@isp.example", "local", None)],
    "postmaster@isp.example": [("postmaster@isp.example", "local", None)],
    "team@isp.example": [
        ("team@isp.example", "local", None),
        ("team@isp.example", "local", None),
        ("team@isp.example", "relay", "mx.foreign.example"),
    ],
    "x@foreign.example": [("x@foreign.example", "relay", "mx.foreign.example")],
    "kim%foreign.example@isp.example": [
        ("kim%foreign.example@isp.example", "relay", "mx.foreign.example")
    ],
    "x@backup.example": [("x@backup.example", "relay", "mx.foreign.example")],
    "x@self.example": [("x@self.example", "none", None)],
    "x@no.example": [("x@no.example", "none", None)],
    "x@slow.example": [("x@slow.example", "none", None)],
    "info@virt.example": [
        ("info@virt.example", "local", None),
        ("info@virt.example", "relay", "mx.foreign.example"),
    ],
    "box@vbox.example": [("box@vbox.example", "virtual", None)],
    "gone@virt.example": [],
}


@pytest.mark.parametrize(("to", "expected"), ROUTES.items(), ids=ROUTES)
def test_where_a_message_goes(to, expected):
    made = policy(
        {"hash:/v": {"info@virt.example": "bob, kim@foreign.example"}},
        virtual_alias_maps="hash:/v",
        virtual_alias_domains="virt.example",
        virtual_mailbox_domains="vbox.example",
    )
    session, _ = talk(made, MAIL, f"RCPT TO:<{to}>", "DATA", "hello\r\n.", client=INSIDE)
    assert [sorted(found, key=str) for found in session.routes] == ([expected] if expected else [])


def test_aliases_that_multiply_come_to_an_end():
    rows = {f"a{i}": f"a{i + 1}, a{i + 1}, b{i}" for i in range(40)}
    made = policy({"hash:/aliases": rows}, local_recipient_maps="")
    session, _ = talk(made, MAIL, "RCPT TO:<a0@isp.example>", "DATA", "hello\r\n.")
    assert 1 <= len(session.routes[0]) <= 4000


def test_smarthost_and_table_of_transports():
    made = policy(
        {"hash:/t": {"work.example": "discard:", "foreign.example": "smtp:[192.0.2.9]"}},
        relayhost="[mx.foreign.example]",
        transport_maps="hash:/t",
    )
    lines = (
        MAIL,
        "RCPT TO:<a@x.example>",
        "RCPT TO:<b@work.example>",
        "RCPT TO:<c@foreign.example>",
    )
    session, _ = talk(made, *lines, "DATA", "hello\r\n.", client=INSIDE)
    assert [route[1:] for route in session.routes[0]] == [
        ("relay", "mx.foreign.example"),
        ("none", None),
        ("relay", "192.0.2.9"),
    ]


@given(st.lists(st.binary(max_size=60) | st.sampled_from(
    [b"EHLO x\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<bob@isp.example>\r\n", b"DATA\r\n", b".\r\n",
     b"AUTH LOGIN\r\n", b"VRFY <\xff\r\n", b"RCPT TO:<@a:\"b@c\r\n", b"BDAT 1 LAST\r\n"]
), max_size=12))  # fmt: skip
def test_any_bytes_are_answered(pieces):
    made = policy(smtpd_forbid_bare_newline="normalize", smtputf8_enable="yes")
    session = Session(made, Facts(STRANGER, names=NAMES), login=lambda _n, _p: False)
    session.connect()
    answer = b"".join(map(session.receive, pieces)).decode()
    assert all(line[:3].isdigit() for line in answer.split("\r\n")[:-1])
    assert all(message.recipients for message in session.messages)
    assert isinstance(session.routes, list)


# ---- findings

PLAIN = Policy("mail.isp.example", domains=frozenset({"isp.example"}), ordered=False)
FINDINGS = {
    # relay list, flavour, kinds of findings
    "closed": (["reject_unauth_destination"], "neutral", []),
    "open": (["permit"], "neutral", ["open_relay"]),
    "nothing": ([], "neutral", ["open_relay"]),
    "nothing, Postfix": ([], "postfix", ["serves_nobody"]),
    "own mail": (["permit_mynetworks", "reject"], "neutral", ["refuses_own_mail"]),
    "after the end": (["reject", "permit"], "neutral", ["refuses_own_mail", "unreachable"]),
    "ignored": (
        ["reject_sender_login_mismatch", "reject_unauth_destination"], "postfix", ["ignored"],
    ),
    "not modelled": (
        ["sleep(1)", "reject_unauth_destination"], "neutral", ["not_modelled"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "flavour", "kinds"), FINDINGS.values(), ids=FINDINGS)
def test_findings(texts, flavour, kinds):
    made = dataclasses.replace(PLAIN, relay=tuple(map(parse, texts)), flavour=flavour)
    found = lint(made)
    assert [one.kind for one in found] == kinds
    for one in found:
        if one.example is not None:
            verdict = decide(made, one.example)
            assert verdict.accepted == (one.kind == "open_relay")


def test_facts_that_nobody_supplies_and_keys_that_never_match():
    made = recipients("check_sender_access hash:/s", {"hash:/s": {"@isp.example": "OK"}})
    assert [one.kind for one in lint(made)] == ["never_matches"]
    missing = [one for one in lint(made, supplied=("client",)) if one.kind == "missing_fact"]
    assert "reverse_path" in missing[-1].text


def test_lists_that_are_asked_at_once_know_no_login_yet():
    relays = {"to": "joe@foreign.example", "login": "alice"}
    lists = {"smtpd_client_restrictions": "permit_sasl_authenticated, reject"}
    assert reply(policy(**lists), **relays).startswith("250")
    assert reply(policy(**lists, smtpd_delay_reject="no"), **relays).startswith("554")
    lists = {"smtpd_sender_restrictions": "permit_sasl_authenticated, reject"}
    assert reply(policy(**lists, smtpd_delay_reject="no"), **relays).startswith("250")
