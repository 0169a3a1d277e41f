"""What a file leaves out and the rest of it implies."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from small import SMALL, tree

from sim.records.words import Route
from sim.scenario import ScenarioError, loads

SCENARIO = loads(SMALL)


def test_quantities_are_in_si_units():
    assert SCENARIO.run_length == 7 * 86400.0
    assert SCENARIO.networks["proseware"].lease == 1800.0
    assert SCENARIO.networks["proseware"].links["core"].latency == pytest.approx(0.012)
    assert SCENARIO.networks["hotel"].links["core"].bits_per_second == 64e3
    assert SCENARIO.users["travellers"].messages == pytest.approx(2 / 86400)


def test_a_domain_makes_two_servers():
    assert list(SCENARIO.servers) == [
        "proseware-smtp", "proseware-mx", "adatum-smtp", "adatum-mx", "phone-smtp", "phone-mx",
    ]  # fmt: skip
    smtp, mx = SCENARIO.servers["proseware-smtp"], SCENARIO.servers["proseware-mx"]
    assert (smtp.role, mx.role) == ("submission", "mx")
    assert smtp.domains == mx.domains == ("proseware.com",)
    assert smtp.trusted_networks == (IPv4Network("198.51.100.0/25"),)


def test_servers_take_addresses_from_the_top_and_guests_from_below():
    assert SCENARIO.servers["proseware-smtp"].address == IPv4Address("198.51.100.126")
    assert SCENARIO.servers["proseware-mx"].address == IPv4Address("198.51.100.125")
    pool = SCENARIO.pool("proseware")
    assert str(IPv4Address(pool.leasable[0])) == "198.51.100.1"
    assert str(IPv4Address(pool.leasable[-1])) == "198.51.100.124"
    assert SCENARIO.guest("proseware") == pool.leasable[0]


def test_an_address_already_taken_is_left_out():
    changed = tree()
    changed["servers"] = {"proseware-mx": {"address": "198.51.100.126"}}
    scenario = loads(as_json(changed))
    assert scenario.servers["proseware-smtp"].address == IPv4Address("198.51.100.125")


def test_defaults_hold_for_a_role_and_a_server_says_otherwise():
    changed = tree()
    changed["servers"] = {"adatum-smtp": {"sessions": 9}}
    servers = loads(as_json(changed)).servers
    assert [servers[n].sessions for n in ("proseware-smtp", "adatum-smtp", "adatum-mx")] == [
        3,
        9,
        4,
    ]


def test_one_machine_for_both_replaces_the_two_that_a_domain_makes():
    changed = tree()
    changed["servers"] = {"mail": {"role": "both", "network": "adatum"}}
    scenario = loads(as_json(changed))
    assert [n for n, s in scenario.servers.items() if s.network == "adatum"] == ["mail"]
    assert scenario.servers["mail"].domains == ("adatum.com",)
    assert scenario.submission_server("adatum") == "mail"
    assert scenario.names().mx("adatum.com") == ("mail",)


def test_places_left_out_are_as_the_others():
    users = SCENARIO.users["travellers"]
    assert users.shares("office_hours") == users.shares("weekend") == users.shares("evening")
    assert users.all_places == ("home", "hotel")
    assert (users.line("home"), users.line("hotel")) == ("dial-up", "lan")


def test_who_states_no_volume_wishes_what_the_largest_capacity_carries():
    bulk = SCENARIO.spammers["bulk"]
    assert bulk.demand == pytest.approx(600 / 86400)
    stated = bulk.model_copy(update={"capacity": {Route.OPEN_RELAY: 2.0, Route.DIRECT: 1.0}})
    assert [stated.rate(route) for route in stated.capacity] == [2.0, 1.0]
    fewer = stated.model_copy(update={"volume": 1.5})
    assert [fewer.rate(route) for route in stated.capacity] == [1.5, 1.0]


def test_what_a_relay_carries_is_shared_by_a_group_and_grows_with_relays():
    bulk = SCENARIO.spammers["bulk"]
    capacity = {Route.OPEN_RELAY: 2.0, Route.HIJACKED_HOST: 2.0, Route.DIRECT: 2.0}
    changes = {"capacity": capacity, "capacity_per": "relay", "count": 4, "volume": 100.0}
    by_relay = bulk.model_copy(update=changes)
    assert by_relay.rate(Route.OPEN_RELAY, 10) == 2.0 * 10 / 4
    assert by_relay.rate(Route.HIJACKED_HOST, 10) == 2.0 * 10  # hosts are each spammer's own
    one = by_relay.model_copy(update={"count": 1, "connections": 1000, "line": "lan"})
    assert one.rate(Route.OPEN_RELAY, 100) == 100.0  # no more than it wants to reach


def test_who_takes_mail_and_how_far_it_is():
    assert SCENARIO.names().mx("adatum.com") == ("adatum-mx",)
    assert SCENARIO.routes().latency("proseware", "hotel") == pytest.approx(0.042)
    assert SCENARIO.routes().path("proseware", "hotel") == ["proseware", "core", "hotel"]
    assert SCENARIO.graph().nodes["hotel"] == {"kind": "venue", "domain": None}


def test_the_first_arm_is_the_base_unless_the_file_says_otherwise():
    assert SCENARIO.baseline == "open trust"


def test_a_pool_without_servers_and_reserved_addresses():
    changed = tree()
    changed["networks"]["proseware"]["reserved"] = ["198.51.100.0/26"]
    assert str(IPv4Address(loads(as_json(changed)).guest("proseware"))) == "198.51.100.64"


def test_a_small_pool_is_a_busy_signal_not_a_fault():
    changed = tree()
    changed["networks"]["proseware"]["prefixes"] = ["198.51.100.0/30"]
    scenario = loads(as_json(changed))
    assert scenario.guest("proseware") is None
    assert scenario.pool("proseware").take("x", 0, 10) is None


def test_a_scenario_does_not_change():
    with pytest.raises(ValueError, match="frozen"):
        SCENARIO.seed = 2


def test_no_server_without_a_free_address():
    changed = tree()
    changed["networks"]["proseware"]["prefixes"] = ["198.51.100.0/32"]
    with pytest.raises(ScenarioError, match="'proseware' has none free"):
        loads(as_json(changed))


def as_json(changed):
    import json

    return json.dumps(changed)
