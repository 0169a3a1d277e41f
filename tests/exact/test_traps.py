"""The two traps: what their scenarios expect, and what explain and diff make of them."""

import pytest

from sim.exact import expectations
from sim.exact.diff import diff
from sim.exact.explanation import explain
from sim.scenario import load


@pytest.mark.parametrize("name", ["travellers-trap", "identity-check"])
def test_what_the_file_expects_comes_true(scenarios, name):
    scenario = load(scenarios / f"{name}.toml")
    assert len(scenario.expect) >= 5
    assert list(expectations.faults(scenario)) == []
    assert scenario.year is not None


def test_switching_to_the_hotels_server_helps_until_it_checks_identity(scenarios):
    scenario = load(scenarios / "travellers-trap.toml")
    question = ("travellers", "hotel", "bob@adatum.com")
    before = explain(scenario, *question, "no check")
    assert next(a for a in before.advice if a.helps).changes[0].key == "switch_server"
    after = explain(scenario, *question, "hotel checks identity")
    pairs = ["+".join(c.key for c in a.changes) for a in after.advice if a.helps and a.by == "user"]
    assert "switch_server" not in pairs
    trapped = explain(scenario, *question, "hotel checks identity", server="hotel")
    assert trapped.error_box.number == "0x800CCC78"
    assert trapped.hops[0].verdict.rule == "reject_sender_not_local"
    assert next(a for a in trapped.advice if a.helps).changes[0].key == "change_sender"


def test_the_check_of_a_hotel_costs_nobody_at_another_server(scenarios):
    scenario = load(scenarios / "travellers-trap.toml")
    found = diff(scenario, "no check", "hotel checks identity")
    assert {change.before.server for change in found.changes} == {"hotel-smtp"}


def test_a_check_on_the_mx_refuses_the_worlds_mail(scenarios):
    scenario = load(scenarios / "identity-check.toml")
    arm = "proseware checks on its one machine"
    found = explain(scenario, "everybody-2", "home", "bob@proseware.com", arm)
    assert found.query.party.network == "adatum"
    assert (found.outcome, found.hops[-1].server) == ("bounced", "proseware")
    assert found.error_box is None  # the user's own server said 250
    cost = [c.before.who for c in diff(scenario, "no check", arm).changes if c.mark == "cost"]
    assert cost == ["another server"]


def test_the_same_check_on_the_submission_server_does_not(scenarios):
    scenario = load(scenarios / "identity-check.toml")
    found = diff(scenario, "no check", "adatum checks on its submission server")
    assert "cost" not in {change.mark for change in found.changes}
    assert "mixed" in {change.mark for change in found.changes}
