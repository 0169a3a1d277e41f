"""Policies as native configurations: what goes out to Postfix comes back with the same verdicts."""

from __future__ import annotations

import itertools
from ipaddress import ip_network

import pytest

from sim.config import ConfigError, import_postfix
from sim.config.cells import Cells
from sim.config.exporting import MAKES, export_config
from sim.smtp import Policy, clients, decide, presets
from sim.smtp.restrictions import parse

WORDS = [word for word in presets.TABLE if word not in presets.ALONE]
PRESETS = [
    *presets.ALONE,
    *("+".join(c) for n in range(1, len(WORDS) + 1) for c in itertools.combinations(WORDS, n)),
]
RANGES = ("203.0.113.200/32", "192.0.2.128/28")
LISTS = {
    "sender check": {"sender": ["reject_sender_not_local"]},
    "login owns": {"sender": ["reject_sender_login_mismatch"]},
    "by sender": {"relay": ["permit_sender_local", "reject_unauth_destination"]},
    "submission": {"client": ["reject_unauthenticated"]},
    "helo": {"helo": ["reject_non_fqdn_helo_hostname", "reject_invalid_helo_hostname"]},
    "names": {"sender": ["reject_non_fqdn_sender", "reject_unknown_sender_domain"]},
    "data": {"data": ["reject_unauth_pipelining"]},
    "defer": {"relay": ["permit_mynetworks", "defer_unauth_destination"]},
    "warn": {"client": ["warn_if_reject(reject_unknown_client_hostname)"]},
}


def policy(preset="on_network+auth", **lists):
    """A policy of the network's own provider."""
    stated = {
        "relay": presets.relay(preset, ranges=RANGES),
        "recipient": (parse("reject_unlisted_recipient"),),
        **{stage: tuple(map(parse, texts)) for stage, texts in lists.items()},
    }
    return Policy(
        hostname="mail.proseware.com",
        address=clients.number("198.51.100.25"),
        domains=frozenset({"proseware.com"}),
        mailboxes=frozenset({"amy@proseware.com", "bob@proseware.com"}),
        networks=(ip_network("198.51.100.0/25"),),
        login_owns={"amy": frozenset({"amy@proseware.com"})},
        auth_offered=True,
        flavour="postfix",
        **stated,
    )


def imported(exported):
    """What the importer makes of an export."""
    files = dict(exported.files)
    return import_postfix(files.pop("main.cf"), tables=files, addresses=["198.51.100.25/25"])


@pytest.mark.parametrize("preset", PRESETS)
def test_the_export_for_postfix_decides_every_cell_alike(preset):
    _check_alike(policy(preset))


@pytest.mark.parametrize("name", LISTS)
def test_so_do_other_lists(name):
    _check_alike(policy(**LISTS[name]))


def _check_alike(stated):
    back = imported(export_config(stated, "postfix"))
    assert not back.policies[25].fatal
    cells = Cells(back.configuration)
    for cell, _, question in cells.questions():
        facts = cells.facts(*question)
        here, there = decide(stated, facts), decide(back.policies[25], facts)
        assert (here.code, here.reply.text) == (there.code, there.reply.text), cell


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_goes_out_to_all(preset, make):
    exported = export_config(policy(preset), make)
    assert all(isinstance(text, str) for text in exported.files.values())
    lacks_pop = make == "opensmtpd" and "pop_first" in preset
    assert lacks_pop == any("has no POP" in text for text in exported.not_expressed)


def test_what_cannot_be_expressed_is_said():
    stated = policy(
        client=["greylist(5 min)"],
        content=["reject_outbound_spam(0.9, 0.01)"],
        sender=["permit_all_of(permit_mynetworks, permit_sender_local)"],
    )
    for make in MAKES:
        notes = " ".join(export_config(stated, make).not_expressed)
        assert "reject_outbound_spam" in notes, make
        assert "permit_all_of" in notes, make
        assert "greylist" in notes, make


def test_limits_become_parameters():
    main_cf = export_config(policy(client=["limit_client_rate(100 / hour)"]), "postfix").files[
        "main.cf"
    ]
    assert "smtpd_client_message_rate_limit = 100\n" in main_cf
    assert "anvil_rate_time_unit = 3600s\n" in main_cf


def test_an_unknown_server_is_an_error():
    with pytest.raises(ConfigError, match="postfix, exim"):
        export_config(policy(), "courier")


SUBMISSION = {"client": ["reject_unauthenticated"], "relay": ["permit_sasl_authenticated"]}
PORTS = {
    "default": (587, SUBMISSION),
    "TLS from the start": (465, SUBMISSION),
    "its own lists": (587, {"sender": ["reject_non_fqdn_sender"], "relay": ["permit_mynetworks"]}),
}


@pytest.mark.parametrize(("number", "lists"), PORTS.values(), ids=PORTS)
def test_a_port_goes_out_to_postfix_and_comes_back_alike(number, lists):
    stated = {25: policy("on_network"), number: policy("closed", **lists)}
    exported = export_config(stated[25], "postfix", {number: stated[number]})
    files = dict(exported.files)
    main, master = files.pop("main.cf"), files.pop("master.cf")
    back = import_postfix(main, master=master, tables=files, addresses=["198.51.100.25/25"])
    assert set(back.policies) == {25, number}
    assert ("smtpd_tls_wrappermode" in master) == (number == 465)
    for cell, _, question in Cells(back.configuration).questions():
        facts = Cells(back.configuration).facts(*question)
        here, there = decide(stated[cell.port], facts), decide(back.policies[cell.port], facts)
        assert here.code == there.code, cell


@pytest.mark.parametrize("make", MAKES)
def test_a_port_with_lists_of_its_own_is_said_where_it_cannot_be_written(make):
    other = policy("closed", sender=["reject_non_fqdn_sender"])
    notes = export_config(policy(), make, {587: other}).not_expressed
    assert any(note.startswith("port 587") for note in notes) == (make != "postfix")
