"""What clients are called: said of a network, seen by policies, explained and in the run."""

import pytest

import sim
from sim.exact.explanation import explain
from sim.scenario import loads
from sim.world import simulate

SHORT = {"run_length": "2 days", "policy_starts": "0 s", "transient": "0 s"}

UNKNOWN = """
"servers.*-smtp.client" = ["reject_unknown_client_hostname"]
"networks.hotel.reverse_names" = "{}"
"""
REVERSE = UNKNOWN.replace("unknown_client", "unknown_reverse_client")


TABLE = """
"servers.*-smtp.client" = ["check_client_access(bad)"]
"servers.*-smtp.tables" = { bad = { "hotel.example" = "REJECT guests write elsewhere" } }
"""


def with_arm(text, keys):
    return sim.loads(f"{text}\n[arms.new]\n{keys}").model


@pytest.fixture(scope="module")
def six_cases(request):
    return (request.config.rootpath / "scenarios" / "six-cases.toml").read_text()


REFUSED = {
    ("matching", UNKNOWN): False,
    ("mismatched", UNKNOWN): True,
    ("none", UNKNOWN): True,
    ("mismatched", REVERSE): False,
    ("none", REVERSE): True,
}


@pytest.mark.parametrize(("case", "refused"), REFUSED.items())
def test_an_unknown_name_is_refused_wherever_one_looks(six_cases, case, refused):
    naming, arm = case
    scenario = with_arm(six_cases, arm.format(naming))
    rule = next(word for word in arm.split('"') if word.startswith("reject"))
    (group, *_) = scenario.users
    told = explain(scenario, group, "hotel", "bob@proseware.com", "new").hops[0].verdict
    assert (told.rule == rule) == refused
    for batch in (True, False):
        run = simulate(scenario.with_overrides(SHORT), "new", 0, batch=batch)
        attempts = run.frames()["attempts"]
        there = attempts[(attempts["place"] == "hotel") & (attempts["hop"] == "submission")]
        assert len(there)
        assert (there["rule"] == rule).any() == refused


def test_a_table_may_name_hosts(six_cases):
    scenario = with_arm(six_cases, TABLE)
    (group, *_) = scenario.users
    told = [explain(scenario, group, p, "bob@proseware.com", "new") for p in ("hotel", "home")]
    assert [one.hops[0].verdict.accepted for one in told] == [False, True]


def test_servers_are_called_by_their_host_names(six_cases):
    scenario = loads(six_cases)
    zone = scenario.names().zone
    name = "proseware-smtp"
    address = int(scenario.servers[name].address)
    assert zone.client(address).name == scenario.hostname(name)
    assert zone.numbers(scenario.hostname(name)) == [address]
    assert zone.exchangers("adatum.com").records == (scenario.hostname("adatum-mx"),)
