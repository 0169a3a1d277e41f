"""The audit: who may relay, what is wrong, and changes that mend it."""

from __future__ import annotations

import time

import pytest

from sim.config import import_postfix
from sim.config.audit import Audit, difference
from sim.config.findings import NO_SERVICE, OPEN, REFUSES, TRAP
from sim.config.reading import Absent
from sim.smtp import Names

BASE = """compatibility_level = 3.6
myhostname = mail.proseware.com
mydestination = proseware.com
mynetworks = 127.0.0.0/8 198.51.100.0/25
smtpd_sasl_auth_enable = yes
"""
GOOD = "smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, "
GOOD += "reject_unauth_destination\n"


LISTS_BEFORE_LOGIN = {
    "blocklist": "smtpd_client_restrictions = permit_mynetworks, reject_rbl_client dul.example\n",
    "blocklist in a class": "smtpd_restriction_classes = ask\nask = reject_rbl_client dul.example\n"
    "smtpd_client_restrictions = ask\n",
    "permit behind": "smtpd_recipient_restrictions = reject_rbl_client dul.example=127.0.0.10, "
    "reject_non_fqdn_sender, permit_sasl_authenticated\n",
    "in the last list": "smtpd_recipient_restrictions = reject_rbl_client dul.example, "
    "reject_non_fqdn_sender\n",
    "too early": "smtpd_delay_reject = no\n"
    "smtpd_client_restrictions = permit_sasl_authenticated, reject_rbl_client dul.example\n",
}


def audit(text, master="", names=None, **tables):
    """The audit of a main.cf."""
    files = {f"/etc/postfix/{name}": rows for name, rows in tables.items()}
    imported = import_postfix(
        BASE + text,
        master=master,
        tables=files,
        addresses=["198.51.100.25/25"],
        absent=Absent.EMPTY,
    )
    return Audit(imported, names)


def test_the_usual_configuration_is_restricted():
    found = audit(GOOD)
    assert (found.verdict, found.status, found.findings) == ("restricted", 0, [])
    told = {(client, bool(login)): o.does for _, client, login, o in found.relayers()}
    assert told["a stranger", False] == "refuses"
    assert told["a stranger", True] == "relays"
    assert told["a client in 198.51.100.0/25", False] == "relays"


@pytest.mark.parametrize(
    ("text", "tables", "client", "rule"),
    [
        (
            "smtpd_relay_restrictions = check_client_access static:OK, reject\n",
            {},
            "",
            "check_client_access",
        ),
        (
            "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = permit_mynetworks, "
            "check_helo_access hash:/etc/postfix/helo, reject_unauth_destination\n",
            {"helo": "friendly.example OK\n"},
            "HELO friendly.example",
            "check_helo_access",
        ),
        (
            "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = "
            "check_sender_access hash:/etc/postfix/ours, reject_unauth_destination\n",
            {"ours": "proseware.com OK\n"},
            "",
            "check_sender_access",
        ),
        ("mynetworks = 0.0.0.0/0\n" + GOOD, {}, "", "permit_mynetworks"),
        ("relay_domains = static:all\n" + GOOD, {}, "", ""),
    ],
    ids=["everybody OK", "helo", "sender", "everybody", "every domain"],
)
def test_an_open_relay_is_found_with_the_line_and_a_change_that_closes_it(
    text, tables, client, rule
):
    found = audit(text, **tables)
    assert (found.verdict, found.status) == (OPEN, 1)
    first = found.findings[0]
    assert client in first.example
    assert rule in first.line
    assert "main.cf line" in first.line
    if rule and rule != "permit_mynetworks":
        assert first.change is not None
        closed = first.change.apply(found.imported.configuration)
        assert Audit(type(found.imported)(closed)).verdict == "restricted"


def test_own_mail_that_is_refused_is_found():
    found = audit("smtpd_relay_restrictions = permit_sasl_authenticated, reject\n")
    assert found.verdict == REFUSES
    assert found.findings[0].change.value.endswith("reject_unauth_destination")


def test_a_server_that_postfix_would_not_run_is_found():
    found = audit("smtpd_relay_restrictions = permit\n")
    assert (found.verdict, found.status) == (NO_SERVICE, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mynetworks = 127.0.0.0/8 172.16.0.0/12\n" + GOOD, "gateway"),
        (
            GOOD + "smtpd_sender_restrictions = permit_sasl_authenticated, "
            "reject_sender_login_mismatch\n",
            "never reached",
        ),
        (
            "smtpd_relay_restrictions =\n"
            "smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n",
            "no relay list",
        ),
        (
            "smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = "
            "check_client_access hash:/etc/postfix/c, reject_unauth_destination\n",
            "before the rule against relaying",
        ),
        *((GOOD + text, "before the login") for text in LISTS_BEFORE_LOGIN.values()),
    ],
    ids=["gateway", "early permit", "no relay list", "table first", *LISTS_BEFORE_LOGIN],
)
def test_traps_are_named_with_a_checked_change(text, words):
    found = audit(text, c="x.example DUNNO\n")
    (trap,) = [one for one in found.findings if words in one.text]
    assert trap.kind == TRAP
    assert trap.change is not None
    after = Audit(type(found.imported)(trap.change.apply(found.imported.configuration)))
    assert not [one for one in after.findings if one.text == trap.text]


def test_a_blocklist_is_no_trap_where_logins_pass_before_it_or_at_another_port():
    list_first = LISTS_BEFORE_LOGIN["blocklist"]
    master = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n"
    spared = (
        "smtpd_client_restrictions = permit_sasl_authenticated, reject_rbl_client dul.example\n"
    )
    assert audit(GOOD + spared).findings == []
    assert audit(GOOD + list_first, master + "  -o smtpd_client_restrictions=\n").findings == []
    assert audit(GOOD + list_first, master).findings


def test_the_difference_of_two_configurations_is_every_cell_that_changes():
    old, new = audit(GOOD), audit("mynetworks = 127.0.0.0/8\n" + GOOD)
    changes = difference(old, new)
    assert {change.cell.client for change in changes} == {"a client in 198.51.100.0/25"}
    assert all(change.old.does == "relays" for change in changes)
    assert difference(old, audit(GOOD)) == []


def test_what_is_assumed_is_said_with_what_hangs_on_it():
    without = audit(GOOD + "smtpd_sender_restrictions = reject_unknown_sender_domain\n")
    (assumed,) = [text for text in without.assumed if "resolves" in text]
    assert "answers hang on it" in assumed
    told = audit(GOOD, names=Names.of({"a": {}}))
    assert not [text for text in told.assumed if "resolves" in text]
    absent = audit(GOOD + "smtpd_client_restrictions = check_client_access hash:/x\n")
    assert any("hash:/x" in text and "defers (451)" in text for text in absent.assumed)


def test_ports_are_asked_apart():
    master = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd\n"
    master += (
        "  -o smtpd_relay_restrictions=permit\n  -o smtpd_recipient_restrictions=permit,reject\n"
    )
    found = audit(GOOD, master=master)
    assert {cell.port for cell in found.cells.outcomes} == {25, 587}


def test_sessions_on_port_465_have_tls():
    master = "smtp inet n - y - - smtpd\nsmtps inet n - y - - smtpd\n"
    found = audit(GOOD + "smtpd_client_restrictions = reject_plaintext_session\n", master)
    by_port = {port: o.does for port, client, login, o in found.relayers() if login}
    assert by_port == {25: "defers", 465: "relays"}


def test_an_audit_ends_soon_and_is_plain_data():
    began = time.process_time()
    data = audit(GOOD).as_data()
    assert time.process_time() - began < 2
    assert data["verdict"] == "restricted"
    assert {"port", "client", "login", "sender", "recipient", "does", "code"} <= set(
        data["cells"][0]
    )
