"""The next server: the MX of the domain and what it sees; and open relays."""

import pytest

from sim.path.facts import facts
from sim.path.route import is_open, next_hop
from sim.scenario.servers import Server
from sim.smtp import Policy
from sim.smtp.clients import number
from sim.smtp.restrictions import Restriction
from sim.topology.names import Names

NAMES = Names({"adatum.com": ["mx1", "mx2"]})
SOURCE = "198.51.100.25"
POLICY = Policy("smtp.proseware.com", address=number(SOURCE), domains=frozenset({"proseware.com"}))


def server(**keys):
    return Server(role="submission", network="n", address=SOURCE, **keys)


def following(seen, name="smtp", **keys):
    servers = {"mx1": server(), "mx2": server(port_587=True), "smtp": server()}
    servers[name] = server(**keys)
    return next_hop(servers, name, POLICY, seen, NAMES, lambda _: ("list",))


def test_the_preferred_mx_is_asked_from_the_address_of_the_server():
    seen = facts(7, "ann@proseware.com", "bob@Adatum.com", names=NAMES.zone, spam=True)
    hop = following(seen)
    assert hop.server == "mx1"
    assert (hop.facts.client, hop.facts.listed, hop.facts.spam) == (number(SOURCE), ("list",), True)
    assert (hop.facts.reverse_path, hop.facts.forward_path) == (
        "ann@proseware.com",
        "bob@Adatum.com",
    )


def test_no_server_takes_mail_for_a_domain_without_mx():
    assert following(facts(7, None, "bob@contoso.com")) is None


def test_a_backup_passes_on_to_the_servers_before_itself_only():
    seen = facts(7, "ann@proseware.com", "bob@adatum.com")
    assert following(seen, name="mx2").server == "mx1"
    assert following(seen, name="mx1") is None


def test_a_relayhost_gets_all_mail_with_the_login_that_it_asks_for():
    seen = facts(7, "ann@proseware.com", "bob@nowhere.example")
    hop = following(seen, relayhost="mx2")
    assert (hop.server, hop.facts.login, hop.port) == ("mx2", None, 25)
    hop = following(seen, relayhost="mx2", relayhost_login="proseware")
    assert (hop.facts.login, hop.port) == ("proseware", 587)


@pytest.mark.parametrize(
    ("sender", "server"), [("ann@proseware.com", "mx1"), ("x@b.example", "mx2"), (None, "mx2")]
)
def test_a_relayhost_may_depend_on_the_sender(sender, server):
    by_sender = {"@proseware.com": "mx1"}
    hop = following(
        facts(7, sender, "bob@adatum.com"), relayhost="mx2", sender_dependent_relayhosts=by_sender
    )
    assert hop.server == server


def test_a_pool_sends_from_its_addresses_in_turn():
    pool = ["198.51.100.120", "198.51.100.121"]
    hop = following(facts(7, None, "bob@adatum.com"), outbound_addresses=pool)
    assert hop.facts.client == number(pool[0])
    assert server(outbound_addresses=pool).source(3) == number(pool[1])


RELAY = {"permit": True, "reject": False}


@pytest.mark.parametrize(("word", "open_"), RELAY.items(), ids=RELAY)
def test_an_open_relay_relays_for_a_stranger(word, open_):
    assert is_open(Policy("mx.example", relay=(Restriction(word),))) == open_
