"""What is kept of a run changes no measure, and what cannot be meant is refused."""

import pytest

import sim
from sim.experiment import StorageError
from sim.experiment.execution import Execution
from sim.experiment.manifest import CODE
from sim.records.usage import UsageError

SCENARIO = "scenarios/six-cases.toml"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Results by what was kept."""
    short = sim.load(SCENARIO).with_overrides({"run_length": "4 days"})

    def run(keep):
        out = tmp_path_factory.mktemp("kept")
        return sim.run(short, arms="on network", replications=2, keep=keep, out=out, progress=False)

    return {keep: run(keep) for keep in ("rows", "counts")}


def test_what_is_kept_changes_no_measure(results):
    assert results["counts"].measures.equals(results["rows"].measures)


def test_rows_that_were_not_kept_are_no_empty_table(results):
    with pytest.raises(StorageError, match="recipients were not kept"):
        results["counts"].recipients  # noqa: B018


@pytest.mark.parametrize(
    "wrong", [{"keep": "row"}, {"keep": "place=hotel"}, {"workers": 0}, {"workers": 2000}]
)
def test_an_execution_that_cannot_be_meant_is_refused(wrong):
    with pytest.raises(UsageError):
        Execution(**wrong)


def test_the_digest_of_the_code_is_of_parts_that_exist():
    from pathlib import Path

    package = Path(sim.__file__).parent
    assert [name for name in CODE if not (package / name).exists()] == []
