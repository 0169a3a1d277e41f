"""A submission server that processes no domain itself: all that its customers write goes on."""

import pytest

from sim.exact.expectations import faults
from sim.exact.explanation import explain
from sim.experiment.expected import analytic
from sim.scenario import loads
from sim.world import simulate

SMART_HOST = """
title = "A smart host"
run_length = "2 days"
policy_starts = "0 s"
transient = "0 s"
expect = [{ place = "home", to = "bob@proseware.com", verdict = "accept_relay", code = 250 }]
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
[servers.proseware-smtp]
role = "submission"
network = "proseware"
domains = []
[users.people]
count = 20
accounts = { proseware = 1.0 }
[arms.closed]
"servers.*.relay" = "on_network"
"""


@pytest.fixture(scope="module")
def smart_host():
    return loads(SMART_HOST)


def test_its_customers_have_accounts_in_the_domain_of_the_network(smart_host):
    run = simulate(smart_host, "closed", 0)
    assert run.categories["recipients"]["domain"] == ["proseware.com"]


def test_it_passes_all_mail_on_to_the_server_of_that_domain(smart_host):
    frames = simulate(smart_host, "closed", 0).frames()
    assert set(frames["recipients"]["fate"]) <= {"delivered", "in_transit"}
    relayed = frames["attempts"][frames["attempts"]["hop"] == "relay"]
    assert set(relayed["server"]) == {"proseware-mx"}


def test_explain_expectations_and_the_analytic_expectation_know_it(smart_host):
    assert not [*faults(smart_host)]
    explanation = explain(smart_host, "people", "home", "bob@proseware.com", "closed")
    assert [hop.server for hop in explanation.hops] == ["proseware-smtp", "proseware-mx"]
    rows = analytic(smart_host, ["closed"]).set_index(["class", "measure", "by"])["analytic"]
    assert rows["honest", "delivery_rate", "all"] == pytest.approx(1.0)
