"""What a notebook shows of a scenario and of results: the essentials, and nothing unescaped."""

import pytest

import sim

STRANGE = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def scenario():
    changes = {"title": STRANGE, "question": STRANGE, "run_length": "30 h"}
    return sim.load("tests/lab/lab.toml").with_overrides(changes)


def test_a_scenario_shows_what_it_holds_and_the_matrix_of_its_base(scenario):
    html = scenario._repr_html_()
    assert "people" in html
    assert "“open” at proseware-smtp" in html
    assert "<img" not in html
    assert "&lt;img" in html


def test_results_show_what_was_run_and_the_decision(scenario, tmp_path):
    results = sim.run(scenario, arms=["open"], replications=1, out=tmp_path, progress=False)
    html = results._repr_html_()
    assert "1 of 1 runs" in html
    assert "honest mail delivered" in html
    assert html.count("<tr>") <= 20  # what can be read at a glance
    assert "<img" not in html


def test_a_spammer_needs_no_place_to_be_explained():
    scenario = sim.load("scenarios/six-cases.toml")
    said = scenario.explain(user="stranger", to="bob@adatum.com", arm="on network", auth=False)
    assert "stranger" in str(said)
