"""What check warns of, with an example each; none of it is a fault."""

import pytest

import sim
from sim.exact.findings import open_arms, warnings

HEAD = """
title = "small"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
[users.people]
count = 1
accounts = { proseware = 1.0 }
[defaults.submission]
{}
[arms."as is"]
[arms.closed]
"servers.*-smtp.relay" = "closed"
"""
WARNED = {
    "relay = ['permit_auth_destination']": ("open_relay", ("as is",)),
    "relay = 'on_network'\nrecipient = ['reject']": ("refuses_own_mail", ("as is", "closed")),
    "relay = 'on_network'\nclient = ['check_client_access(t)']\n"
    "tables = { t = { 'user@contoso.com' = 'OK' } }": ("never_matches", ("as is", "closed")),
    "relay = 'on_network'\nports = { 587 = { relay = ['permit'] } }": (
        "open_relay", ("as is", "closed")),
    "flavour = 'postfix'\nrelay = ['permit_mynetworks', 'permit']": ("serves_nobody", ("as is",)),
}  # fmt: skip


def found(keys):
    return warnings(sim.loads(HEAD.replace("{}", keys)).model)


@pytest.mark.parametrize(("keys", "expected"), WARNED.items(), ids=[v[0] for v in WARNED.values()])
def test_what_is_doubtful_is_told_with_an_example(keys, expected):
    kind, arms = expected
    told = [w for w in found(keys) if w.finding.kind == kind and w.arms == arms]
    assert told, [w.text for w in found(keys)]
    assert told[0].servers == ("proseware-smtp",)
    if kind in ("open_relay", "refuses_own_mail"):
        assert "RCPT TO:<" in told[0].text


@pytest.mark.parametrize("relay", ["open", "on_network", "on_network+auth", "pop_first"])
def test_what_is_meant_is_not_warned_of(relay):
    assert found(f"relay = '{relay}'") == []


def test_open_arms_are_named_without_alarm():
    scenario = sim.loads(HEAD.replace("{}", "relay = 'open'")).model
    assert open_arms(scenario) == ["as is"]
