"""The next server: the MX of the domain and what it sees; and open relays."""

import pytest

from sim.path.facts import facts
from sim.path.route import is_open, next_hop
from sim.smtp import Policy
from sim.smtp.restrictions import Restriction
from sim.topology.names import Names

NAMES = Names({"adatum.com": ["mx1", "mx2"]})
POLICY = Policy("smtp.proseware.com", address=25, domains=frozenset({"proseware.com"}))


def test_the_preferred_mx_is_asked_from_the_address_of_the_server():
    seen = facts(7, "ann@proseware.com", "bob@Adatum.com", names=NAMES.zone, spam=True)
    hop = next_hop(POLICY, seen, NAMES, ("list",))
    assert hop.server == "mx1"
    assert (hop.facts.client, hop.facts.listed, hop.facts.spam) == (25, ("list",), True)
    assert (hop.facts.reverse_path, hop.facts.forward_path) == (
        "ann@proseware.com",
        "bob@Adatum.com",
    )


def test_no_server_takes_mail_for_a_domain_without_mx():
    assert next_hop(POLICY, facts(7, None, "bob@contoso.com"), NAMES, ()) is None


RELAY = {"permit": True, "reject": False}


@pytest.mark.parametrize(("word", "open_"), RELAY.items(), ids=RELAY)
def test_an_open_relay_relays_for_a_stranger(word, open_):
    assert is_open(Policy("mx.example", relay=(Restriction(word),))) == open_
