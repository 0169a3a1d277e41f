"""Controls beside matrix and rates: what they change, and what is shown without widgets."""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import sim
from sim.exact.matrix import matrix
from sim.experiment.quick import recipients
from sim.lab import panel
from sim.lab.panel import PEOPLE, SHORT

LAB = Path(__file__).with_name("lab.toml")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown():
    return panel(sim.load(LAB))


def rate(shown, state, kind, measure):
    table = shown.rates(state)
    return float(table[(table["class"] == kind) & (table["measure"] == measure)]["mean"].iloc[0])


def test_it_begins_as_the_scenario_is_written(shown):
    assert shown.start.arm == shown.model.baseline
    assert shown.scenario(shown.start) == shown.model
    assert shown.matrix(shown.start).records() == sim.load(LAB).matrix(arm="open").records()


def test_travellers_roam_and_whoever_is_at_home_does_not(shown):
    assert "travellers" in shown.roamers
    users = shown.model.users
    away = sum(users[name].count for name in shown.roamers)
    assert shown.start.roaming == pytest.approx(
        away / sum(u.count for u in users.values()), abs=0.01
    )


def test_every_arm_can_be_chosen_and_its_matrix_is_that_of_the_arm(shown):
    server = shown.servers[1]
    for arm in shown.model.arms:
        state = replace(shown.start, arm=arm, server=server)
        assert shown.matrix(state).records() == matrix(shown.model, server, arm).records()


def test_the_rates_are_those_of_the_arm_itself(shown):
    for arm in ("open", "network"):
        alone = sim.run(
            shown.model.with_overrides(SHORT), arms=[arm], replications=1, progress=False
        ).measures
        alone = alone[(alone["by"] == "all") & (alone["phase"] == "after")]
        mean = alone.set_index(["class", "measure"])["value"]
        for key in (("honest", "first_refusal_rate"), ("spam", "spam_per_mailbox_day")):
            assert rate(shown, replace(shown.start, arm=arm), *key) == mean[key]


def test_spam_falls_where_an_arm_closes_every_relay():
    closing = panel(sim.load(ROOT / "scenarios" / "six-cases.toml"))
    spam = [
        rate(closing, replace(closing.start, arm=arm), "spam", "spam_per_mailbox_day")
        for arm in ("open trust", "on network")
    ]
    assert spam[1] < 0.7 * spam[0]


def test_who_roams_is_a_share_of_all_people(shown):
    state = replace(shown.start, roaming=0.8)
    users = shown.scenario(state).users
    total = sum(u.count for u in users.values())
    assert total == pytest.approx(sum(u.count for u in shown.model.users.values()), abs=2)
    assert sum(users[name].count for name in shown.roamers) / total == pytest.approx(0.8, abs=0.05)


def test_where_all_roam_they_stay_at_home_for_so_much_more():
    shown = panel(sim.load(ROOT / "scenarios" / "six-cases.toml"))
    assert shown.start.roaming == 1.0
    users = shown.scenario(replace(shown.start, roaming=0.5)).users["travellers"]
    assert users.places == pytest.approx({"home": 0.8, "hotel": 0.15, "kiosk": 0.05})
    assert users.office_hours == pytest.approx(
        {"home": 0.35, "work": 0.5, "hotel": 0.1, "kiosk": 0.05}
    )
    assert users.count == shown.model.users["travellers"].count
    closed = replace(shown.start, arm="on network")
    refused = [
        rate(shown, replace(closed, roaming=share), "honest", "first_refusal_rate")
        for share in (1.0, 0.1)
    ]
    assert refused[1] < refused[0]


@pytest.mark.parametrize("name", ["six-cases", "open-vs-restricted"])
def test_a_moved_control_asks_for_one_short_run(name, monkeypatch):
    """Why it takes less than a second: one arm, once, of no more than some thousand rows."""
    runs, run = [], sim.run

    def told(scenario, **how):
        runs.append((sum(recipients(scenario)), how["arms"], how["replications"]))
        return run(scenario, **how)

    monkeypatch.setattr(sim, "run", told)
    shown = panel(sim.load(ROOT / "scenarios" / f"{name}.toml"))
    shown.picture(shown.start)
    runs.clear()
    shown.picture(replace(shown.start, arm="on network", spam=2.0, roaming=0.3))
    assert [(len(arms), replications) for _, arms, replications in runs] == [(1, 1)]
    assert 100 < runs[0][0] < 25_000


def test_spam_goes_out_so_many_times_faster(shown):
    changed = shown.scenario(replace(shown.start, spam=2.5)).spammers
    for name, spammers in shown.model.spammers.items():
        for route in spammers.routes:
            assert changed[name].rate(route) == pytest.approx(2.5 * spammers.rate(route))


def test_rates_follow_the_controls(shown):
    closed = replace(shown.start, arm="network")
    assert rate(shown, shown.start, "honest", "first_refusal_rate") == 0.0
    assert rate(shown, closed, "honest", "first_refusal_rate") > 0.0
    more = replace(shown.start, spam=3.0)
    spam = "spam", "spam_per_mailbox_day"
    assert rate(shown, more, *spam) > 1.5 * rate(shown, shown.start, *spam)


def test_a_short_run_is_short_and_run_once(shown):
    big = panel(sim.load(LAB).with_overrides({"users.travellers.count": 400}))
    counts = big._counts(big.start.roaming, PEOPLE).values()
    assert sum(counts) <= PEOPLE + len(counts)
    assert shown.rates(shown.start) is shown.rates(shown.start)


def test_the_figure_holds_what_was_and_what_is(shown):
    figure = shown.figure(replace(shown.start, arm="network"))
    said = {t.get_text() for axes in figure.axes for t in axes.get_yticklabels()}
    assert {"as written", "now"} <= said


def test_moving_a_control_changes_matrix_and_figure(shown):
    made = shown.widget()
    controls, table, said, figure = made.children
    arm, server, *_ = controls.children
    before = table.value, figure.value
    arm.value = "network"
    assert table.value != before[0]
    assert figure.value != before[1]
    assert "<img alt=" in figure.value
    assert "data:image/svg+xml;base64," in figure.value
    server.value = shown.servers[1]
    assert shown.servers[1] in table.value
    assert "intervals" in said.value


def test_the_matrix_is_drawn_at_once_and_what_takes_longer_says_so(shown):
    """In a notebook the rates come after what the cell shows; their line says that they run."""

    async def cell():
        _, table, said, figure = shown.widget().children
        first = table.value, said.value, figure.value
        await asyncio.sleep(0)
        return first, (said.value, figure.value)

    (table, busy, nothing), (note, figure) = asyncio.run(cell())
    assert "<table>" in table
    assert 'role="status"' in busy
    assert nothing == ""
    assert "intervals" in note
    assert "<img alt=" in figure


def test_a_matrix_takes_less_than_half_a_second(shown):
    shown.matrix(shown.start)._repr_html_()  # what is imported once
    for name in ("six-cases", "open-vs-restricted"):
        large = panel(sim.load(name))
        start = time.process_time()
        for arm in large.model.arms:
            large.matrix(replace(large.start, arm=arm))._repr_html_()
        assert (time.process_time() - start) / len(large.model.arms) < 0.25


def test_every_control_has_a_label(shown):
    controls = shown.widget().children[0].children
    assert len(controls) == 4
    assert all(len(control.description) > 5 for control in controls)


def test_a_notebook_gets_the_controls_and_the_matrix(shown):
    bundle = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<table>" in bundle["text/html"]


def test_without_widgets_it_is_a_picture(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert "<table>" in bundle["text/html"]
    assert "data:image/svg+xml;base64," in bundle["text/html"]


def test_it_prints_its_matrix(shown):
    assert str(shown) == shown.matrix(shown.start).text()
