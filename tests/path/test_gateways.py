"""A server behind a container gateway, a proxy or inbound NAT: strangers look like neighbours."""

import pytest

import sim
from sim.exact.explanation import explain
from sim.exact.findings import warnings
from sim.smtp.clients import number
from sim.topology.gateways import Gateways
from sim.world import simulate

SHORT = {"run_length": "2 days", "policy_starts": "0 s", "transient": "0 s"}
TRUSTED = '"servers.proseware-smtp.trusted_networks" = ["172.22.1.0/24"]'
SEEN = '"servers.proseware-smtp.seen_as" = { "0.0.0.0/0" = "172.22.1.1" }'
CLOSED = '"servers.*-smtp.relay" = "on_network"'
ARMS = f"""
[arms.bare]
{CLOSED}
{TRUSTED}
[arms.gateway]
{CLOSED}
{TRUSTED}
{SEEN}
"""


@pytest.fixture(scope="module")
def scenario(request):
    text = (request.config.rootpath / "scenarios" / "six-cases.toml").read_text()
    return sim.loads(text + ARMS).model.with_overrides(SHORT)


@pytest.mark.parametrize(("arm", "relays"), [("bare", False), ("gateway", True)])
def test_whoever_is_seen_as_the_gateway_relays(scenario, arm, relays):
    (group, *_) = scenario.users
    told = explain(scenario, group, "hotel", "bob@adatum.com", arm, account="home").hops[0]
    assert told.verdict.accepted == relays
    assert (told.facts.client == number("172.22.1.1")) == relays
    attempts = simulate(scenario, arm, 0).frames()["attempts"]
    there = attempts[(attempts["place"] == "hotel") & (attempts["server"] == "proseware-smtp")]
    assert len(there)
    assert (there["rule"] == "permit_mynetworks").any() == relays


def test_check_warns_of_a_gateway_that_may_relay(scenario):
    found = [w for w in warnings(scenario) if w.finding.kind == "trusted_gateway"]
    assert [(w.servers, w.arms) for w in found] == [(("proseware-smtp",), ("gateway",))]
    assert "0.0.0.0/0 are seen as 172.22.1.1" in str(found[0])


def test_the_smallest_network_around_a_client_counts():
    gateways = Gateways({"0.0.0.0/0": "172.22.1.1", "192.0.2.0/24": "192.0.2.1"})
    seen = [gateways.visible_address(number(a)) for a in ("203.0.113.5", "192.0.2.9")]
    assert seen == [number("172.22.1.1"), number("192.0.2.1")]
    assert Gateways({}).visible_address(7) == 7
