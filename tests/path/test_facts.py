"""What a server sees: made in one place, and the same in every answer."""

import ast
from ipaddress import IPv4Address
from pathlib import Path

import pytest

import sim
from sim.exact.diff import diff
from sim.exact.explanation import explain
from sim.exact.matrix import matrix
from sim.experiment.expected import analytic
from sim.path.facts import State, facts
from sim.scenario.policies import UNSUPPLIED
from sim.smtp import Policy, decide
from sim.smtp.names import Names
from sim.smtp.restrictions import TABLE
from sim.world import simulate

PACKAGE = Path(sim.__file__).parent
ROOT = PACKAGE.parent
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts[0] != "smtp")

SHORT = {"run_length": "2 days", "policy_starts": "0 s", "transient": "0 s"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_facts_are_made_in_one_module(path):
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "func")]
    names = {getattr(call, "id", getattr(call, "attr", "")) for call in calls}
    assert ("Facts" in names) == (path == PACKAGE / "path" / "facts.py")


def test_a_policy_an_address_and_a_table_of_names_are_enough():
    policy = Policy("mx.adatum.com", domains=frozenset({"adatum.com"}))
    names = Names.of({"mx": {"proseware.com": [[10, "mx.proseware.com"]]}})
    seen = facts(int(IPv4Address("192.0.2.1")), "ann@proseware.com", "bob@adatum.com", names=names)
    assert decide(policy, seen).kind == "accept_local"


def rows(scenario, arm, kind):
    found = simulate(scenario.with_overrides(SHORT), arm, 0).frames()["attempts"]
    return found[found["class"] == kind] if "class" in found else found


UNKNOWN = """
"servers.*.sender" = ["reject_unknown_sender_domain"]
"spammers.*.sender_domain" = "{}"
"""


@pytest.fixture(scope="module")
def six_cases():
    return (ROOT / "scenarios" / "six-cases.toml").read_text()


def with_arm(text, keys):
    return sim.loads(f"{text}\n[arms.new]\n{keys}").model


DOMAINS = {"does-not-exist.invalid": True, "bulk.example": False, "contoso.com": False}


@pytest.mark.parametrize(("domain", "refused"), DOMAINS.items(), ids=DOMAINS)
def test_a_sender_domain_that_does_not_resolve_is_refused_wherever_one_looks(
    six_cases, domain, refused
):
    scenario = with_arm(six_cases, UNKNOWN.format(domain))
    rule = "reject_unknown_sender_domain"
    (group,) = scenario.spammers
    told = explain(scenario, group, None, "bob@proseware.com", "new").hops[0].verdict
    assert (told.rule == rule) == refused
    attempts = simulate(scenario.with_overrides(SHORT), "new", 0).frames()["attempts"]
    assert (attempts["rule"] == rule).any() == refused
    table = analytic(scenario, [scenario.baseline, "new"])
    spam = table[(table["class"] == "spam") & (table["by"] == "all")].set_index("arm")["analytic"]
    assert spam[scenario.baseline] > 0.0
    assert (spam["new"] == 0.0) == refused


LISTED = """
"servers.*.client" = ["reject_rbl_client(dial-up)"]
"""


def test_a_list_of_fixed_ranges_is_seen_wherever_one_looks(six_cases):
    text = six_cases.replace(
        "[arms.", '[blocklists.dial-up]\nranges = ["198.51.100.0/25"]\n[arms.', 1
    )
    scenario = with_arm(text, LISTED)
    rule, arms = "reject_rbl_client", (scenario.baseline, "new")
    told = explain(scenario, "travellers", "home", "bob@adatum.com", "new", account="home")
    assert told.hops[0].verdict.rule == rule
    cells = matrix(scenario, "proseware", "new").cells
    assert {c.place for c in cells if c.verdict.rule == rule} == {"home"}
    assert any(change.after.verdict.rule == rule for change in diff(scenario, *arms).changes)
    table = analytic(scenario, ["new"]).set_index(["measure", "by", "key"])["analytic"]
    assert table["first_refusal_rate", "cause", "blocklist"] > 0.1
    attempts = simulate(scenario.with_overrides(SHORT), "new", 0).frames()["attempts"]
    home = attempts[(attempts["place"] == "home") & (attempts["attempt"] == 1)]
    assert (home["rule"] == rule).any()


SUPPLIED = {"client", "reverse_path", "forward_path", "login", "auth_failed", "names"}
SUPPLIED |= {"client_name", "reverse_name", "helo"}  # by the name server
SUPPLIED |= {"encrypted"}  # by the port
FROM_THE_WORLD = {
    *("listed", "pop_age", "open_sessions", "recent", "greylist_age", "spam", "content_draw"),
}
NEVER = {"pipelined", "certificate", "recipients"}
"""Facts that no client of a run brings about: the rules that read them are taken all the same."""


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_what_a_restriction_reads_is_supplied_or_a_fault_of_check(entry):
    """One that reads a fact which nobody fills would stand in a scenario and never do anything."""
    assert {*entry.reads, *entry.state_facts} <= SUPPLIED | FROM_THE_WORLD | UNSUPPLIED | NEVER
    assert State.__annotations__.keys() >= FROM_THE_WORLD
