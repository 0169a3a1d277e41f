"""The trace of mail that is carried on by an alias, and of a server that sends from a pool."""

from pathlib import Path

import pytest

import sim
from sim.figures.life import _exchanges

LAB = Path(__file__).parents[1] / "lab" / "lab.toml"
POOL = ["198.51.100.50", "198.51.100.51"]
CHANGES = {
    "users.travellers.count": 4,
    "servers.proseware-smtp.outbound_addresses": POOL,
    "servers.adatum-*.aliases": {"@adatum.com": "travellers-1@proseware.com"},
    "servers.adatum-*.sender_rewriting": True,
}


@pytest.fixture(scope="module")
def results():
    scenario = sim.load(LAB).with_overrides(CHANGES)
    return sim.run(scenario, arms=["open"], replications=1, progress=False, keep="rows")


@pytest.fixture(scope="module")
def forwarded(results):
    where = {"domain": "adatum.com", "server": "proseware-mx", "class": "honest", "same_isp": False}
    return results.trace(arm="open", **where)


def test_each_attempt_is_by_the_server_that_had_it(forwarded):
    holders = [(attempt.holder, attempt.server) for attempt in forwarded.attempts]
    assert holders[1:] == [("proseware-smtp", "adatum-mx"), ("adatum-mx", "proseware-mx")]
    assert [one.client for one in _exchanges(forwarded.rows)][1:] == [one for one, _ in holders[1:]]
    assert "queue of proseware-smtp" in {wait.place for wait in forwarded.queues}


def test_a_server_saw_what_the_forwarder_showed(forwarded):
    first, second, third = (session.facts for session in forwarded.sessions)
    assert first.reverse_path == second.reverse_path
    assert second.forward_path.endswith("@adatum.com")
    assert third.forward_path == "travellers-1@proseware.com"
    assert third.reverse_path.startswith("SRS0=")
