"""What clients call themselves: said of people and spammers, seen by policies that ask."""

import pytest

import sim
from sim.exact.explanation import explain
from sim.exact.matrix import matrix
from sim.world import simulate

SHORT = {"run_length": "2 days", "policy_starts": "0 s", "transient": "0 s"}
RULE = "reject_non_fqdn_helo_hostname"
ARMS = f"""
[arms.short]
"servers.*.helo" = ["{RULE}"]
[arms.full]
"servers.*.helo" = ["{RULE}"]
"users.*.helo" = "pc.proseware.com"
[arms.table]
"servers.*.helo" = ["check_helo_access(bad)"]
"servers.*.tables" = {{ bad = {{ "mail.bulk.example" = "REJECT no" }} }}
"""


@pytest.fixture(scope="module")
def scenario(request):
    text = (request.config.rootpath / "scenarios" / "six-cases.toml").read_text()
    return sim.loads(text + ARMS).model.with_overrides(SHORT)


@pytest.mark.parametrize(("arm", "refused"), [("short", True), ("full", False)])
def test_a_name_without_a_domain_is_refused_wherever_one_looks(scenario, arm, refused):
    (group, *_) = scenario.users
    told = explain(scenario, group, "home", "bob@adatum.com", arm, account="home")
    assert (told.hops[0].verdict.rule == RULE) == refused
    customers = [c for c in matrix(scenario, "proseware", arm).cells if c.who == "customer"]
    assert all((c.verdict.rule == RULE) == refused for c in customers)
    attempts = simulate(scenario, arm, 0).frames()["attempts"]
    assert (attempts["rule"] == RULE).any() == refused
    assert not (attempts[attempts["hop"] == "relay"]["rule"] == RULE).any()


def test_a_table_may_name_a_spammer(scenario):
    (spammer, *_) = scenario.spammers
    (group, *_) = scenario.users
    asked = (spammer, None), (group, "home")
    rules = [
        explain(scenario, *who, "bob@proseware.com", "table").hops[0].verdict.rule for who in asked
    ]
    assert rules[0] == "check_helo_access"
    assert rules[1] != "check_helo_access"
    attempts = simulate(scenario, "table", 0).frames()["attempts"]
    assert (attempts["rule"] == "check_helo_access").any()
