"""From a server's keys to its policy."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from small import SMALL

from sim.scenario import loads
from sim.smtp import Facts, decide


def policy(keys="", arm="open trust", server="proseware-smtp", **rest):
    text = SMALL.replace("sessions = 3", f"sessions = 3\n{keys}")
    return loads(text).arm(arm).policy(server, **rest)


def test_a_policy_knows_its_server():
    made = policy()
    assert made.hostname == "smtp.proseware.com"
    assert made.address == int(IPv4Address("198.51.100.126"))
    assert made.domains == {"proseware.com"}
    assert made.networks == (IPv4Network("198.51.100.0/25"),)


ORDERED = ["permit_mynetworks", "reject_unauth_destination"]
RELAYS = {
    "open": ("open", ["permit"]),
    "preset": ("on_network", ["permit_mynetworks", "reject_unauth_destination"]),
    "list": (ORDERED, ORDERED),
}


@pytest.mark.parametrize(("relay", "names"), RELAYS.values(), ids=RELAYS)
def test_relay_list(relay, names):
    made = policy(f"relay = {relay!r}")
    assert [restriction.name for restriction in made.relay] == names


def test_the_window_of_pop_first_is_the_servers():
    made = policy('relay = "pop_first"\npop_window = "5 min"')
    assert made.relay[0].args == (300.0,)


OFFERS = {
    "nothing reads a login": ('relay = "on_network"', False),
    "the relay list reads one": ('relay = "auth"', True),
    "inside another restriction": (
        'relay = ["permit_all_of(permit_mynetworks, permit_sasl_authenticated)"]', True),
    "the client list reads one": ('client = ["reject_unauthenticated"]', True),
    "said so": ('auth_offered = true', True),
    "said not": ('relay = "auth"\nauth_offered = false', False),
}  # fmt: skip


@pytest.mark.parametrize(("keys", "offered"), OFFERS.values(), ids=OFFERS)
def test_auth_is_offered_where_a_login_is_read(keys, offered):
    assert policy(keys).auth_offered is offered


def test_ranges_of_the_preset_are_the_servers():
    made = policy('relay = "address_range"\nclient_ranges = ["192.0.2.77"]')
    facts = Facts(int(IPv4Address("192.0.2.77")), "a@proseware.com", "b@adatum.com")
    assert decide(made, facts).accepted
    assert not decide(made, facts._replace(client=facts.client + 1)).accepted


def test_trusted_networks_replace_those_of_the_network():
    made = policy('trusted_networks = ["192.0.2.0/25"]\nrelay = "on_network"')
    facts = Facts(int(IPv4Address("192.0.2.1")), "a@proseware.com", "b@adatum.com")
    assert decide(made, facts).accepted
    assert not decide(policy(arm="on network"), facts).accepted


def test_mailboxes_and_logins_are_handed_on():
    made = policy(
        'recipient = ["reject_unlisted_recipient"]',
        mailboxes={"ann@proseware.com"},
        login_owns={"ann": frozenset({"ann@proseware.com"})},
    )
    facts = Facts(1, "a@adatum.com", "ann@proseware.com")
    assert decide(made, facts).accepted
    assert decide(made, facts._replace(forward_path="bob@proseware.com")).code == 550
    assert made.owners == {"ann@proseware.com": frozenset({"ann"})}


def test_an_arm_has_its_own_policy():
    away = Facts(int(IPv4Address("192.0.2.130")), "a@proseware.com", "b@adatum.com")
    assert decide(policy(), away).kind == "accept_relay"
    assert decide(policy(arm="on network"), away).kind == "reject_relay"
