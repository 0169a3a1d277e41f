"""What a server's section says of the way of mail, from end to end: explained, and in a run."""

import tomllib
from pathlib import Path

import pytest

from sim.path.journey import Servers
from sim.path.query import query
from sim.scenario import loads

CASES = Path(__file__).parents[1] / "cases"
TEXT = tomllib.loads((CASES / "outbound-pool.toml").read_text())["scenario"]
PLAIN = TEXT.replace("outbound_addresses", "#")


def scenario(changes=None, text=PLAIN):
    return loads(text).with_overrides(changes or {})


def journey(changes, to="bob@adatum.com", place="home", text=PLAIN):
    made = scenario(changes, text)
    asked = query(made, "travellers-1", place, to, "as is")
    return Servers(made, "as is").journey(asked.attempt)


def way(changes, **asked):
    found = journey(changes, **asked)
    return [hop.server for hop in found.hops], found.outcome


SMARTHOST = {"servers.proseware-smtp.relayhost": "adatum-smtp"}
BLOCK = {"networks.proseware.blocks_port_25_of_servers": True}
LOGIN = {
    "servers.proseware-smtp.relayhost_login": "proseware@adatum.com",
    "servers.adatum-smtp.port_587": True,
}


@pytest.mark.parametrize(
    ("changes", "servers", "outcome"),
    [
        ({}, ["proseware-smtp", "adatum-mx"], "delivered"),
        (SMARTHOST, ["proseware-smtp", "adatum-smtp"], "delivered"),
        (BLOCK, ["proseware-smtp", "adatum-mx"], "bounced"),
        (BLOCK | SMARTHOST, ["proseware-smtp", "adatum-smtp"], "bounced"),
        (BLOCK | SMARTHOST | LOGIN, ["proseware-smtp", "adatum-smtp"], "delivered"),
    ],
)
def test_a_smarthost_is_the_way_round_a_block_of_port_25(changes, servers, outcome):
    assert way(changes) == (servers, outcome)


def test_a_server_logs_in_at_its_smarthost_and_relays_there():
    to = "someone@proseware.com"
    keys = SMARTHOST | {"servers.proseware-smtp.domains": ["post.proseware.com"]}
    assert way(keys, to=to)[1] == "bounced"
    hops, outcome = way(keys | LOGIN, to=to)
    assert (hops, outcome) == (["proseware-smtp", "adatum-smtp", "proseware-mx"], "delivered")


def test_mail_for_a_backup_goes_on_to_the_primary():
    changes = {"servers.proseware-mx.relay_domains": ["adatum.com"]}
    made = scenario(changes)
    assert made.names().mx("adatum.com") == ("adatum-mx", "proseware-mx")
    found = Servers(made, "as is").next_answer("proseware-mx", journey(changes).hops[0].facts)
    assert found.server == "adatum-mx"


def test_a_server_is_no_relayhost_of_its_own():
    own = {"servers.proseware-smtp.relayhost": "proseware-smtp"}
    assert way(own) == way({})


@pytest.mark.parametrize("key", ["relayhost", "sender_dependent_relayhosts"])
def test_a_relayhost_is_another_server(key):
    value = {"relayhost": "nobody", "sender_dependent_relayhosts": {"@a.example": "nobody"}}[key]
    with pytest.raises(ValueError, match=key):
        scenario({f"servers.proseware-smtp.{key}": value})


def test_nobody_is_given_an_address_that_a_server_sends_from():
    pool = ["198.51.100.1"]
    assert (
        scenario().guest("proseware")
        == scenario({"servers.proseware-smtp.outbound_addresses": pool}).guest("proseware") - 1
    )
