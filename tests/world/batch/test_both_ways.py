"""The accelerator changes no row: every message as an event, or most of them worked out before."""

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.experiment.quick import shortened
from sim.records.rows import TABLES
from sim.scenario import load
from sim.world.run import simulate

ROOT = Path(__file__).parents[3]
READY = sorted((ROOT / "scenarios").glob("*.toml"))
EVERYTHING = ROOT / "tests" / "benchmarks" / "everything.toml"
SHORT = {"six-cases", "pop-window", "silent-discard", "identity-check", "servers-in-trouble"}
ROUNDING = 1e-5  # s: moments are added up in another order

PHASES = [
    {
        "when": "27 days",
        "networks.hotel.blocks_port_25": True,
        "servers.*-smtp.client": ["limit_client_rate(9 / hour)"],
        "users.travellers.when_refused": {"switch_server": 1.0},
    },
    {
        "when": "22 days",
        "servers.*-smtp.relay": "on_network+auth",
        "servers.*-smtp.port_587": True,
        "users.travellers.port_587": 0.5,
        "users.commuters.auth": 0.2,
    },
    {
        "when": "31 days",
        "networks.hotel.blocks_port_25": False,
        "servers.*-smtp.relay": "on_network+pop_first",
        "users.travellers.pop_before_sending": 0.5,
        "users.travellers.port_587": 0.0,
    },
]
SHORTER = {"run_length": "12 days", "policy_starts": "4 days", "transient": "1 day"}
CASES = {
    # what changes on the way           scenario               arm                  keys
    "policies, while mail is on its way": (
        "open-vs-restricted",
        "on network + AUTH",
        {
            "networks.hotel.links": {"carrier-b": "6 h"},
            "networks.phone.links": {"backbone": "3 h"},
            "users.travellers.auth": 1.0,
        },
    ),
    "changes at moments": (
        "open-vs-restricted",
        "on network",
        {
            "networks.hotel.links": {"carrier-b": "6 h"},
            "networks.phone.links": {"backbone": "3 h"},
            "users.commuters.auth": 0.5,
            "arms.on network.at": PHASES,
        },
    ),
    "a VPN, and access by another than the account's": (
        "open-vs-restricted",
        "on network + POP first",
        {
            "users.travellers.vpn": 0.5,
            "users.commuters.home": "adatum",
            "arms.on network + POP first.at": [{"when": "20 days", "users.commuters.vpn": 0.3}],
        },
    ),
    "servers with few sessions": (
        "open-vs-restricted",
        "on network",
        {"servers.*.sessions": 1, "servers.*.connection_queue": 0},
    ),
    "links that fail under long sessions": (
        "servers-in-trouble",
        "a bad week",
        {"servers.*.service_time": "4 h", "servers.*.sessions": 1000},
    ),
    "servers that count": (
        "open-vs-restricted",
        "on network",
        {
            **SHORTER,
            "servers.*-mx.client": ["limit_client_rate(2 / hour)", "limit_connections(2)"],
            "servers.*-smtp.client": ["limit_client_rate(2 / hour)"],
            "servers.*.service_time": "20 min",
            "servers.*.sessions": 100,
        },
    ),
    "greylists, which put off what is submitted, too": (
        "open-vs-restricted",
        "open trust",
        {
            **SHORTER,
            "servers.*.recipient": ["greylist(5 min, all)"],
            "servers.*-mx.client": ["limit_connections(2)"],
            "servers.proseware-mx.relay_domains": ["adatum.com"],
            "servers.*.temporary_failure": 0.2,
            "servers.*.retry": ["2 min", "1 h"],
            "servers.*.delay_warning": "2 h",
            "servers.*.queue_lifetime": "4 h",
            "users.*.recipients": 2,
            "users.travellers.pop_poll": "2 min",
            "users.travellers.patience": "10 min",
        },
    ),
    "greylists, while links fail": (
        "servers-in-trouble",
        "a bad week",
        {
            "servers.*-mx.recipient": ["greylist(5 min)"],
            "servers.*.temporary_failure": 0.2,
            "users.*.patience": "25 min",
        },
    ),
    "lists of people, rules about owners, servers that are down": (
        "six-cases",
        "on network + address range",
        {
            "servers.*-smtp.sender": ["reject_authenticated_sender_login_mismatch"],
            "servers.*-smtp.listed_users": ["travellers"],
            "servers.*-smtp.listing_update": "12 h",
            "servers.*-smtp.down": [["1 day", "1.2 days"], ["2 days", "3.1 days"]],
            "servers.*-mx.down": [["4.4 days", "4.6 days"], ["5.5 days", "5.6 days"]],
            "servers.*.service_time": "20 min",
            "servers.*.sessions": 100,
            "users.*.auth": 0.3,
            "users.*.messages": "8 / day",
        },
    ),
    "looks for mail before sending": (
        "open-vs-restricted",
        "on network + POP first",
        {
            "users.*.pop_before_sending": 0.5,
            "users.*.turnover": "0.01 / day",
            "networks.hotel.shared_address": True,
            "servers.*.pop_window": "10 min",
            "arms.on network + POP first.at": [
                {"when": "30 days", "users.travellers.pop_before_sending": 0.2}
            ],
        },
    ),
    "filters": (
        "open-vs-restricted",
        "on network + POP first",
        {
            "servers.*.content": ["reject_outbound_spam(0.5, 0.02)"],
            "servers.proseware-smtp.content": ["discard_outbound_spam(0.5, 0.05)"],
        },
    ),
    "newcomers": (
        "open-vs-restricted",
        "on network + AUTH",
        {
            "users.*.learning": "person",
            "users.*.turnover": "0.2 / day",
            "users.commuters.auth": 0.5,
            "users.commuters.wrong_password": 0.5,
        },
    ),
    "logins on a port of their own, before and after": (
        "open-vs-restricted",
        "on network + AUTH",
        {"servers.*-smtp.port_587": True, "users.commuters.port_587": 0.5},
    ),
    "nobody learns": ("open-vs-restricted", "on network + POP first", {"users.*.learning": "none"}),
    "lists": ("blocklist-collateral", "everybody asks", {}),
    "relayhosts": (
        "six-cases",
        "on network",
        {
            "servers.proseware-smtp.relayhost": "adatum-smtp",
            "servers.phone-smtp.relayhost": "proseware-mx",
            "servers.proseware-mx.relay": "open",
            "servers.adatum-smtp.relay": ["permit_sasl_authenticated", "reject"],
            "servers.adatum-smtp.port_587": True,
            "servers.proseware-smtp.relayhost_login": "proseware",
        },
    ),
    "pools of addresses": (
        "six-cases",
        "on network",
        {
            "servers.proseware-smtp.outbound_addresses": ["198.51.100.90", "198.51.100.91"],
            "servers.adatum-mx.recipient": ["greylist(5 min)"],
            "servers.phone-mx.client": ["limit_client_rate(2 / hour)"],
        },
    ),
    "gateways": (
        "six-cases",
        "on network",
        {
            "servers.*.seen_as": {"0.0.0.0/0": "198.51.100.2"},
            "servers.phone-mx.client": ["limit_connections(1)", "limit_client_rate(9 / hour)"],
        },
    ),
    "names in HELO": (
        "six-cases",
        "on network",
        {
            "servers.*-mx.helo": ["check_helo_access(names)"],
            "servers.*-mx.tables": {"names": {"smtp.adatum.com": "REJECT", "user-pc": "REJECT"}},
        },
    ),
    "aliases": (
        "six-cases",
        "on network",
        {
            "servers.adatum-*.aliases": {"@adatum.com": "travellers-1@proseware.com"},
            "servers.proseware-*.aliases": {
                "travellers-2@proseware.com": "travellers-3@thephone-company.com"
            },
            "servers.adatum-*.sender_rewriting": True,
        },
    ),
    "tables that name users": (
        "six-cases",
        "on network",
        {
            "servers.*.sender": ["check_sender_access(users)"],
            "servers.*.recipient": ["check_recipient_access(users)"],
            "servers.*.tables": {"users": {"travellers-1@": "REJECT", "travellers-3@": "450 x"}},
        },
    ),
}


def in_order(frame):
    """Rows in an order that does not depend on which of two things of one moment came first."""
    keys = [
        name for name in ("message", "recipient", "attempt", "hop", "server", "at") if name in frame
    ]
    return frame.sort_values(keys, kind="stable").reset_index(drop=True)


def compare(scenario, arm):
    """Run *arm* both ways, and compare every column of every table."""
    fast, slow = (simulate(scenario, arm, 0, batch=batch).frames() for batch in (True, False))
    for table in TABLES:
        a, b = in_order(fast[table]), in_order(slow[table])
        assert len(a) == len(b) > 0 or table == "calendar"
        for name in a:
            if a[name].dtype.kind == "f":
                assert np.allclose(a[name], b[name], rtol=1e-6, atol=ROUNDING, equal_nan=True)
            else:
                assert (a[name].astype(str) == b[name].astype(str)).all(), (table, name)


def small(path, keys):
    """The scenario with at most thirty people in a group."""
    scenario = load(path)
    counts = {f"users.{n}.count": min(u.count, 30) for n, u in scenario.users.items()}
    return scenario.with_overrides(counts | keys)


@pytest.mark.parametrize(("scenario", "arm", "keys"), CASES.values(), ids=CASES)
def test_what_happens_on_the_way_happens_both_ways(scenario, arm, keys):
    compare(small(ROOT / "scenarios" / f"{scenario}.toml", keys), arm)


@pytest.mark.parametrize("path", [p for p in READY if p.stem in SHORT], ids=lambda p: p.stem)
def test_rows_are_the_same_both_ways(path):
    scenario = shortened(load(path)).scenario
    compare(scenario, list(scenario.arms)[-1])


@pytest.mark.slow
@pytest.mark.parametrize("path", READY, ids=lambda p: p.stem)
def test_rows_of_every_arm_are_the_same_both_ways(path):
    scenario = load(path)
    for arm in scenario.arms:
        compare(scenario, arm)


@pytest.mark.slow
def test_rows_are_the_same_both_ways_with_every_feature_on():
    compare(small(EVERYTHING, {}), "everything")


def test_a_run_does_without_the_accelerator_on_request(monkeypatch):
    path = ROOT / "scenarios" / "six-cases.toml"
    scenario = shortened(load(path)).scenario
    expected = sim.run(scenario, replications=1, progress=False).recipients

    def absent(*_, **__):
        raise AssertionError("it was not to be used")

    monkeypatch.setattr("sim.world.run.Accelerator", absent)
    found = sim.run(scenario, replications=1, progress=False, batch=False).recipients
    assert len(found) == len(expected)
    assert (found["fate"] == expected["fate"]).all()
