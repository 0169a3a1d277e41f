"""An experiment: the same rows from any number of workers, resumed where it stopped."""

import gc
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim import experiment
from sim.experiment import UsageError, journal, parts
from sim.experiment.lanes import Replications
from sim.experiment.storage import OtherResultsError, StorageError, Task
from sim.experiment.tasks import Job
from sim.world.run import World

SMALL = Path(__file__).with_name("small.toml")
ROOT = Path(sim.__file__).resolve().parent.parent
EVERY = {Task(arm, r) for arm in ("open trust", "on network") for r in range(3)}


@pytest.fixture(scope="module")
def small():
    return sim.load(SMALL)


@pytest.fixture(scope="module")
def alone(small, tmp_path_factory):
    """The small experiment, by one worker."""
    return sim.run(small, out=tmp_path_factory.mktemp("alone"), progress=False)


@pytest.fixture
def counted(monkeypatch):
    """The tasks that are performed, in order."""
    performed = []
    perform = Job.perform

    def counting(job, task):
        performed.append(task)
        return perform(job, task)

    monkeypatch.setattr(Job, "perform", counting)
    return performed


def same(a, b):
    for name in ("recipients", "attempts", "servers", "measures"):
        pd.testing.assert_frame_equal(getattr(a, name), getattr(b, name))


def test_two_workers_give_the_rows_of_one_in_the_same_order(small, alone, tmp_path):
    same(alone, sim.run(small, out=tmp_path, workers=2, progress=False))


def test_another_interpreter_with_another_hash_seed_gives_the_same_rows(alone, tmp_path):
    # and the script has no "if __name__ == '__main__'": two workers must not run it again
    script = tmp_path / "script.py"
    script.write_text(
        f"import sim\nprint('once')\nsim.run({str(SMALL)!r}, out={str(tmp_path / 'out')!r}, "
        "workers=2, progress=False)\n"
    )
    environment = os.environ | {"PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    said = subprocess.run(
        [sys.executable, str(script)], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout == "once\n"
    same(alone, sim.open_results(tmp_path / "out"))


def test_arms_share_the_honest_mail(alone):
    columns = ["replication", "message", "recipient", "sender", "place", "written_at"]
    rows = alone.recipients[alone.recipients["class"] == "honest"]
    arms = [rows.loc[rows["arm"] == arm, columns].reset_index(drop=True) for arm in alone.arms]
    pd.testing.assert_frame_equal(*arms)


def test_a_finished_experiment_is_not_run_again(small, alone, counted):
    same(alone, sim.run(small, out=alone.path, progress=False))
    assert counted == []


def test_only_what_is_missing_is_run(small, alone, tmp_path, counted):
    first = sim.run(small, out=tmp_path, replications=1, arms=["on network"], progress=False)
    assert first.replications == 1
    rest = sim.run(small, out=tmp_path, progress=False)
    assert counted[0] == Task("on network", 0)
    assert set(counted[1:]) == EVERY - {Task("on network", 0)}
    same(alone, rest)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_what_is_finished_when_it_stops_is_kept(small, alone, tmp_path, monkeypatch, stop):
    store = parts.store
    stored = []

    def stops(root, task, frames):
        if len(stored) == 2:
            raise stop
        stored.append(task)
        return store(root, task, frames)

    monkeypatch.setattr(parts, "store", stops)
    with pytest.raises(stop):
        sim.run(small, out=tmp_path, progress=False)
    monkeypatch.undo()
    half = sim.open_results(tmp_path)
    assert not half.manifest["complete"]
    assert set(journal.read(tmp_path).runs) == set(stored)
    assert len(half.summary())
    same(alone, sim.run(small, out=tmp_path, progress=False))


def test_the_manifest_says_what_made_the_rows(small, alone):
    told = json.loads((alone.path / "manifest.json").read_text())
    assert told["scenario_hash"] == small.hash()
    assert (told["seed"], told["replications"], told["complete"]) == (3, 3, True)
    assert told["arms"] == ["open trust", "on network"]
    assert {"numpy", "simpy", "pandas"} <= set(told["libraries"])
    runs = journal.read(alone.path).runs
    assert set(runs) == EVERY
    assert all(run.seconds > run.simulating > 0 for run in runs.values())


def test_the_stored_scenario_is_the_scenario(small, alone):
    assert sim.open_results(alone.path).scenario.hash() == small.hash()


def test_results_of_another_seed_are_refused(small, alone):
    with pytest.raises(OtherResultsError, match="another scenario hash, seed"):
        sim.run(small, out=alone.path, seed=4, progress=False)


def test_counts_keep_measures_and_no_rows(small, alone, tmp_path):
    counts = sim.run(small, out=tmp_path, keep="counts", progress=False)
    assert not (tmp_path / "recipients").exists()
    pd.testing.assert_frame_equal(counts.summary(), alone.summary())
    with pytest.raises(StorageError, match="not kept"):
        _ = counts.recipients


def test_results_without_a_folder_live_as_long_as_they_are_held(small):
    results = sim.run(small, replications=1, progress=False)
    path = results.path
    assert len(results.recipients)
    del results
    assert not path.exists()


def test_saved_results_open_again(small, tmp_path):
    results = sim.run(small, replications=1, progress=False)
    results.save(tmp_path / "kept", figures=["rates"])
    again = sim.open_results(tmp_path / "kept")
    same(results, again)
    summary = pd.read_csv(tmp_path / "kept" / "summary.csv")
    assert {"mean", "low", "high", "analytic", "by", "key", "phase"} <= set(summary.columns)


WRONG = {
    "an unknown arm": ({"arms": ["on netwrok"]}, "did you mean 'on network'"),
    "no arms": ({"arms": []}, "at least one"),
    "an arm twice": ({"arms": ["on network"] * 2}, "none twice"),
    "no replications": ({"replications": 0}, "replications: expected 1"),
    "no workers": ({"workers": 0}, "workers: expected 1"),
    "what is not kept": ({"keep": "row"}, "did you mean 'rows'"),
}


@pytest.mark.parametrize(("wrong", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_call_says_so_and_writes_nothing(small, tmp_path, wrong, message):
    with pytest.raises(UsageError, match=message):
        sim.run(small, out=tmp_path / "out", progress=False, **wrong)
    assert not (tmp_path / "out").exists()


def test_replications_come_first_so_that_arms_share_their_workload():
    order = experiment.table_of_runs(["a", "b"], 2, {Task("b", 0)})
    assert order == [Task("a", 0), Task("a", 1), Task("b", 1)]


def test_a_worker_goes_on_with_its_replication_and_helps_with_others_at_the_end():
    todo = Replications([Task(arm, r) for r in range(3) for arm in "abc"])
    first, second = todo.next(None), todo.next(None)
    assert (first, second) == (Task("a", 0), Task("a", 1))
    given = [todo.next(Task("-", r)) for r in (0, 1, 0, 0, 2, 1)]
    assert given == [Task("b", 0), Task("b", 1), Task("c", 0), *(Task(a, 2) for a in "ab"),
                     Task("c", 1)]  # fmt: skip
    assert (todo.next(Task("-", 1)), todo.next(None)) == (Task("c", 2), None)  # nobody waits idle


def test_an_executor_of_the_caller_gives_the_same_rows(small, alone, tmp_path):
    with ThreadPoolExecutor(1) as executor:
        same(alone, sim.run(small, out=tmp_path, executor=executor, progress=False))


def test_of_the_world_of_a_finished_run_nothing_is_left(small, tmp_path):
    (tmp_path / "manifest.json").touch()
    gc.collect()
    gc.disable()  # so that the collector does not find it by chance
    try:
        Job(small.model, tmp_path, "counts").perform(Task("on network", 0))
        left = [held for held in gc.get_objects() if isinstance(held, World)]
    finally:
        gc.enable()
    assert left == []
