"""Measures alone: they are what they are with all rows, and what was not kept is said."""

import pytest

import sim
from sim.experiment import StorageError
from sim.experiment.usage import UsageError

SCENARIO = "scenarios/six-cases.toml"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Results by what was kept."""
    short = sim.load(SCENARIO).with_overrides({"run_length": "4 days"})

    def run(keep):
        out = tmp_path_factory.mktemp("kept")
        return sim.run(
            short, arms=["on network"], replications=2, keep=keep, out=out, progress=False
        )

    return {keep: run(keep) for keep in ("rows", "counts")}


def test_what_is_kept_changes_no_measure(ran):
    assert ran["counts"].measures.equals(ran["rows"].measures)


def test_what_was_not_kept_is_said(ran):
    with pytest.raises(StorageError, match="recipients were not kept"):
        _ = ran["counts"].recipients


def test_no_figure_is_drawn_of_rows_that_are_not_there(ran):
    assert "refusals" in ran["rows"].figures
    assert "refusals" not in ran["counts"].figures
    assert "rates" in ran["counts"].figures


@pytest.mark.parametrize(
    ("keep", "says"), [("row", "did you mean 'rows'"), ("place=hotel", "unknown keep")]
)
def test_a_wrong_word_is_said(keep, says):
    with pytest.raises(UsageError, match=says):
        sim.run(SCENARIO, keep=keep, progress=False)
