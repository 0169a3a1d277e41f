"""Importing a main.cf: its policies, what becomes of each line, and what cannot be read."""

from __future__ import annotations

import json
import time
import tomllib
from itertools import islice

import postfix_replay
import pytest

import sim
from sim.config import ConfigError, Status, import_postfix
from sim.config.cells import Cells
from sim.config.exporting import export_server
from sim.smtp import Facts, Names, clients, decide

BASE = """compatibility_level = 3.6
myhostname = mail.proseware.com
mydestination = proseware.com
local_recipient_maps = hash:/etc/postfix/users
mynetworks = 198.51.100.0/25
"""
USERS = {"/etc/postfix/users": "amy@proseware.com x\nbob@proseware.com x\n"}
STRANGER = clients.number("203.0.113.20")

# counted in 38 public main.cf files: restriction, lines
COUNTED = {
    "permit_mynetworks": 73,
    "permit_sasl_authenticated": 71,
    "reject_rbl_client zen.rbl.example": 35,
    "reject_unauth_destination": 33,
    "reject_unauth_pipelining": 24,
    "reject_unknown_sender_domain": 21,
    "permit": 16,
    "reject_unknown_recipient_domain": 15,
    "reject_non_fqdn_sender": 15,
    "reject_non_fqdn_recipient": 13,
    "defer_unauth_destination": 11,
    "reject_non_fqdn_helo_hostname": 11,
    "reject_invalid_helo_hostname": 10,
    "check_policy_service inet:127.0.0.1:10023": 9,
    "reject_invalid_hostname": 7,
    "reject_rhsbl_sender dbl.rbl.example": 7,
    "reject_sender_login_mismatch": 6,
    "reject_unknown_helo_hostname": 6,
    "reject": 5,
    "reject_authenticated_sender_login_mismatch": 5,
    "check_recipient_access hash:/etc/postfix/access": 4,
    "check_sender_access hash:/etc/postfix/access": 4,
    "reject_rhsbl_client dbl.rbl.example": 4,
    "reject_unknown_client_hostname": 3,
    "reject_unknown_reverse_client_hostname": 3,
    "check_client_access hash:/etc/postfix/access": 3,
    "reject_rhsbl_reverse_client dbl.rbl.example": 3,
    "warn_if_reject reject_rbl_client zen.rbl.example": 3,
    "reject_unlisted_sender": 3,
    "reject_unlisted_recipient": 3,
    "permit_tls_all_clientcerts": 2,
    "permit_auth_destination": 2,
    "reject_non_fqdn_hostname": 2,
    "reject_unverified_recipient": 2,
    "reject_plaintext_session": 1,
    "reject_multi_recipient_bounce": 1,
    "sleep 2": 1,
    "reject_rhsbl_helo dbl.rbl.example": 1,
    "check_helo_access hash:/etc/postfix/access": 1,
    "check_recipient_mx_access hash:/etc/postfix/access": 1,
    "reject_unknown_address": 1,
}


def code(imported, sender="x@contoso.com", to="amy@proseware.com", port=25, **facts):
    """What a port answers to a stranger."""
    return decide(imported.policies[port], Facts(STRANGER, sender, to, **facts)).code


def test_the_line_of_most_real_files_takes_own_mail_and_relays_for_nobody():
    text = BASE + (
        "smtpd_sasl_auth_enable = yes\n"
        "smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated\n"
        "  reject_unauth_destination\n"
    )
    imported = import_postfix(text, tables=USERS)
    assert code(imported) == 250
    assert code(imported, to="nosuch@proseware.com") == 550
    assert code(imported, to="bob@adatum.com") == 554
    assert code(imported, to="bob@adatum.com", login="amy") == 250


def test_ports_have_what_master_cf_says():
    master = (
        "smtp inet n - y - - smtpd\n"
        "submission inet n - y - - smtpd\n"
        "  -o smtpd_sasl_auth_enable=yes\n"
        "  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject\n"
    )
    imported = import_postfix(BASE, master=master, tables=USERS)
    assert set(imported.policies) == {25, 587}
    assert code(imported) == 250
    assert code(imported, port=587) == 554
    assert code(imported, port=587, login="amy", to="bob@adatum.com") == 250
    assert import_postfix(BASE, tables=USERS).policies.keys() == {25}


@pytest.mark.parametrize(
    ("level", "style", "trusted"),
    [
        ("0", "", "192.0.2.77"),
        ("2", "", "192.0.2.25"),
        ("3.6", "subnet", "192.0.2.77"),
        ("3.6", "class", "192.0.2.200"),
    ],
)
def test_networks_that_nobody_states_follow_from_the_machine(level, style, trusted):
    text = f"compatibility_level = {level}\nmyhostname = mail.proseware.com\n"
    text += f"mynetworks_style = {style}\n" if style else ""
    text += "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"
    (policy,) = import_postfix(text, addresses=["192.0.2.25/25"]).policies.values()

    def relays(address):
        return decide(policy, Facts(clients.number(address), None, "x@contoso.com")).accepted

    assert relays(trusted)
    assert relays("192.0.2.77") == (level == "0" or style in ("subnet", "class"))
    assert relays("192.0.2.200") == (style == "class")


def test_every_line_is_accounted_for():
    text = (
        "# a comment\n\nmyhostname = mail.proseware.com\nsmtpd_banner = x\nsmtpd_banner = y\n"
        "milter_default_action = accept\nsmtpd_milters = inet:127.0.0.1:8891\n"
        "smtp_tls_loglevel = 1\nmy_own = permit_mynetworks,\n   reject\nno_parameter = 1\n"
        "smtpd_recipient_restrictions = $my_own, permit\n    reject_unauth_destination,\n"
        "  check_sender_access mysql:/etc/postfix/sql.cf\nnonsense without equals\n"
    )
    report = import_postfix(text).report
    lines = {n for n, line in enumerate(text.split("\n"), 1) if line.strip() and line[0] != "#"}
    assert {entry.line for entry in report} == lines
    told = {entry.text: (entry.line, entry.status) for entry in report}
    assert told["smtpd_banner = x"] == (4, Status.NO_EFFECT)
    assert told["smtpd_milters = inet:127.0.0.1:8891"] == (7, Status.NOT_MODELLED)
    assert told["smtp_tls_loglevel = 1"] == (8, Status.NO_EFFECT)
    assert told["permit_mynetworks"] == (9, Status.UNDERSTOOD)
    assert told["no_parameter = 1"] == (11, Status.NO_EFFECT)
    assert told["reject_unauth_destination"] == (13, Status.NO_EFFECT)
    assert told["nonsense without equals"] == (15, Status.NOT_MODELLED)


def test_a_table_of_sql_is_asked_for_and_can_be_handed_in():
    name = "mysql:/etc/postfix/sql.cf"
    text = BASE + f"smtpd_sender_restrictions = check_sender_access {name}\n"
    without = import_postfix(text, tables=USERS)
    (entry,) = [e for e in without.report if e.text.startswith("check_sender_access")]
    assert entry.status == Status.NOT_MODELLED
    assert "hand in" in entry.meaning
    assert code(without) == 451
    answered = import_postfix(text, tables={**USERS, name: "contoso.com REJECT\n"})
    assert code(answered) == 554
    (entry,) = [e for e in answered.report if e.text.startswith("check_sender_access")]
    assert entry.status == Status.UNDERSTOOD


def test_a_policy_service_is_named_and_acts_by_its_answers():
    name = "inet:127.0.0.1:10023"
    text = BASE + f"smtpd_recipient_restrictions = check_policy_service {name}\n"
    without = import_postfix(text, tables=USERS)
    assert [e.status for e in without.report if "check_policy" in e.text] == [Status.NOT_MODELLED]
    assert code(without) == 250
    rows = json.dumps([[{"sender": "x@contoso.com"}, "REJECT"]])
    answered = import_postfix(text, tables={**USERS, name: rows})
    assert [e.status for e in answered.report if "check_policy" in e.text] == [Status.UNDERSTOOD]
    assert code(answered) == 554
    with pytest.raises(ConfigError, match="attribute"):
        import_postfix(text, tables={**USERS, name: "[1]"})


def test_the_restrictions_of_real_files_are_understood():
    tables = {**USERS, "/etc/postfix/access": "x OK\n"}
    understood = 0
    for text, count in COUNTED.items():
        imported = import_postfix(BASE + f"smtpd_client_restrictions = {text}\n", tables=tables)
        *_, entry = imported.report
        assert entry.text == text
        understood += count * (entry.status == Status.UNDERSTOOD)
    assert understood >= 0.95 * sum(COUNTED.values())


def test_a_section_for_a_scenario_has_the_lists():
    text = BASE + "smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n"
    server = tomllib.loads(import_postfix(text, tables=USERS).section)["servers"]["mail"]
    assert server["domains"] == ["proseware.com"]
    assert server["relay"] == ["permit_mynetworks", "reject_unauth_destination"]
    assert server["trusted_networks"] == ["198.51.100.0/25"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mynetworks = $mynetworks\n", "itself"),
        ("smtpd_delay_reject = perhaps\n", "yes or no"),
        ("mydestination = ${\n", "closing"),
        ("\x00\x01\x02", "not text"),
        ("hello world\n" * 50, "name = value"),
        ("a = " + "x" * 10_000_001, "10 MB"),
        ("a = " + "b, " * 400_000, "1 MB"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(text, words):
    began = time.monotonic()
    with pytest.raises(ConfigError, match=words) as caught:
        import_postfix(text)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 5


def test_large_values_and_hostile_patterns_end_soon():
    began = time.monotonic()
    text = BASE + "smtpd_sender_restrictions = check_sender_access pcre:/x\n"
    text += "virtual_alias_domains = " + "a.example, " * 90_000 + "\n"
    imported = import_postfix(text, tables={**USERS, "/x": "/^(a+)+$/ REJECT\n/^(.*)*x/ OK\n"})
    assert code(imported, sender="a" * 60 + "@contoso.com") == 250
    assert [e.line for e in imported.report if e.file == "pcre:/x"] == [1, 2]
    assert time.monotonic() - began < 5


SCENARIO = """
title = "An imported server"
run_length = "6 days"
policy_starts = "1 day"
transient = "1 day"
[networks.isp]
kind = "isp"
domain = "isp.example"
prefixes = ["198.51.100.0/25"]
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/28"]
links = { isp = "30 ms" }
[users.people]
count = 10
accounts = { isp = 1.0 }
places = { home = 0.5, hotel = 0.5 }
[arms."as it is"]
"""


def test_a_section_stands_in_a_scenario():
    text = """
    myhostname = mail.isp.example
    mydestination = isp.example, localhost
    mynetworks = 198.51.100.0/25 [2001:db8:1::]/64
    smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
    smtpd_recipient_restrictions = reject_unauth_pipelining, check_sender_access pcre:/senders,
     reject_rbl_client bl.rbl.example=127.0.0.2
    """
    text = "\n".join(line[4:] for line in text.splitlines())
    tables = {"/senders": "/^Eve@/ REJECT\n", "/etc/aliases": ""}
    section = import_postfix(text, tables=tables).section
    assert '[blocklists."bl.rbl.example"]' in section
    scenario = sim.loads(SCENARIO + placed(section))
    policy = scenario.policy("mail")
    seen = Facts(clients.number("192.0.2.129"), "eve@contoso.com", "bob@isp.example")
    assert decide(policy, seen).rule == "check_sender_access"
    assert decide(policy, seen._replace(reverse_path="amy@contoso.com")).accepted
    own = seen._replace(client=clients.number("2001:db8:1::7"), forward_path="x@adatum.com")
    assert decide(policy, own._replace(reverse_path="amy@contoso.com")).relayed


def placed(section):
    """The section of a server that stands in the network of the scenario."""
    return section.replace("[servers.mail]", '[servers.mail]\nnetwork = "isp"\n' + ADDRESS)


ADDRESS = 'address = "198.51.100.25"'
SOME = 5
"""One cell of so many is asked in each policy: neighbours are alike."""


@pytest.mark.parametrize("name", postfix_replay.recorded()["policies"])
def test_every_recorded_policy_loads_as_a_scenario_goes_out_again_and_decides_alike(name):
    policy = postfix_replay.recorded()["policies"][name]
    imported = recorded(policy)
    assert sim.loads(imported.scenario).model.servers["mail"].relay is not None
    model = sim.loads(SCENARIO + placed(imported.section)).model
    here = {25: model.policy("mail"), **model.submission_policies("mail")}
    back = again(export_server(model, "mail", "postfix").files, policy)
    cells = Cells(imported.configuration, Names.of(postfix_replay.recorded()["dns"]))
    for cell, port, question in islice(cells.questions(), len(name) % SOME, None, SOME):
        facts = cells.facts(*question)
        verdicts = [
            decide(p, facts) for p in (port.policy, here[cell.port], back.policies[cell.port])
        ]
        assert len({(v.code, v.relayed, v.discarded, v.rule) for v in verdicts}) == 1, cell


def recorded(policy):
    """What the importer makes of a recorded policy, with all that was handed to Postfix."""
    master = "smtp inet n - y - - smtpd\n"
    if policy.get("submission") is not None:
        options = "".join(f"\n  -o {{ {option} }}" for option in policy["submission"])
        master += postfix_replay.SUBMISSION + options
    main_cf = postfix_replay.whole_main_cf(policy["main_cf"])
    return again({"main.cf": main_cf, "master.cf": master, **policy["tables"]}, policy)


def again(files, policy):
    """What the importer makes of *files*, with what was asked of the machine of *policy*."""
    users = postfix_replay.recorded()["system_users"]
    services = {n: json.dumps(rows) for n, rows in policy.get("policy_service", {}).items()}
    tables = {name: text for name, text in files.items() if name not in ("main.cf", "master.cf")}
    passwd = {"unix:passwd.byname": "".join(f"{user} x\n" for user in users)}
    return import_postfix(
        files["main.cf"],
        master=files.get("master.cf", ""),
        tables={**tables, **services, **passwd},
        addresses=["198.51.100.25/25", "2001:db8:1::25/64"],
    )
