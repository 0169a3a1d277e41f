"""The short form of a scenario is short whatever its size, and keeps what a draft asks for."""

from pathlib import Path

import pytest

from sim.experiment.drafting import ROWS, shortened
from sim.experiment.plan import recipients
from sim.scenario import load

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FILES = sorted(path.name for path in SCENARIOS.glob("*.toml"))
DAY = 86400.0


@pytest.mark.parametrize("name", FILES)
def test_no_draft_holds_more_mail_than_a_few_seconds_allow(name):
    draft = shortened(load(SCENARIOS / name))
    held = sum(recipients(draft.scenario)) * len(draft.scenario.arms) * draft.replications
    assert draft.replications <= 3
    if draft.scale < 1.0:  # no smaller than it must be
        assert 0.9 * ROWS < held <= 1.05 * ROWS
    else:
        assert held <= ROWS


def test_people_mailboxes_and_spam_shrink_alike():
    full = load(SCENARIOS / "adoption-1998-2002.toml")
    draft = shortened(full)
    small, scale = draft.scenario, draft.scale
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
    draft = shortened(scenario)
    assert draft.scale == 1.0
    assert draft.scenario.users == scenario.users
