"""A rule that reads a fact which no scenario supplies is a fault, not a rule that never fires."""

import pytest

from sim.scenario import ScenarioError, load

SCENARIO = "scenarios/six-cases.toml"


@pytest.mark.parametrize("rule", ["limit_connection_rate(10 / min)"])
def test_a_rule_without_its_fact_is_a_fault(rule):
    with pytest.raises(ScenarioError, match="which no scenario supplies"):
        load(SCENARIO).with_overrides({"servers.*.client": [rule]})
