"""The short form of a scenario is short whatever its size, and keeps what its file asks for."""

from pathlib import Path

import pytest

from sim.experiment.quick import ROWS, recipients, shortened
from sim.scenario import load

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(path.name for path in SCENARIOS.glob("*.toml"))
DAY = 86400.0


@pytest.mark.parametrize("name", FILES)
def test_no_quick_run_holds_more_mail_than_a_few_seconds_allow(name):
    quick = shortened(load(SCENARIOS / name))
    held = sum(recipients(quick.scenario)) * len(quick.scenario.arms) * quick.replications
    assert quick.replications <= 3
    if quick.scale < 1.0:  # no smaller than it must be
        assert 0.9 * ROWS < held <= 1.05 * ROWS
    else:
        assert held <= ROWS


def test_people_mailboxes_and_spam_shrink_alike():
    full = load(SCENARIOS / "adoption-1998-2002.toml")
    quick = shortened(full)
    small, scale = quick.scenario, quick.scale
    assert scale < 0.2
    assert small.users["at-home"].count == round(scale * full.users["at-home"].count)
    assert small.networks["isp-01"].mailboxes == round(scale * full.networks["isp-01"].mailboxes)
    spammers = full.spammers["bulk"]
    for route in spammers.routes:
        wanted = pytest.approx(scale * spammers.rate(route), rel=1e-4)
        assert small.spammers["bulk"].rate(route) == wanted


def test_time_is_cut_unless_the_scenario_spares_it():
    assert shortened(load(SCENARIOS / "six-cases.toml")).scenario.run_length == 4 * DAY
    calendar = shortened(load(SCENARIOS / "adoption-1998-2002.toml")).scenario
    assert calendar.run_length == 30 * DAY


def test_a_small_scenario_keeps_its_people():
    scenario = load(SCENARIOS / "six-cases.toml")
    quick = shortened(scenario)
    assert quick.scale == 1.0
    assert quick.scenario.users == scenario.users


def test_what_arms_change_at_moments_stays_in_its_phase():
    entries = [
        {"when": "3 days", "servers.*.relay": "open"},
        {"when": "5 days", "servers.*.relay": "closed"},
    ]
    scenario = load(SCENARIOS / "six-cases.toml").with_overrides(
        {
            "policy_starts": "2 days",
            "transient": "2 days",
            "run_length": "8 days",
            "arms.on network.at": entries,
        }
    )
    stages = shortened(scenario).scenario.arm("on network").stages
    assert [stage.begins / DAY for stage in stages] == [0.0, 1.5, 2.5]
