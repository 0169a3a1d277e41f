"""A folder of results: whole parts or none, never mixed, and readable as one table."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim.experiment import claiming, frames, journal, locking, parts, storage
from sim.experiment.journal import Done, Journal
from sim.experiment.manifest import Manifest, read_manifest
from sim.experiment.storage import OtherResultsError, StorageError, Task

IDENTITY = {
    "scenario_hash": "a", "seed": 1, "version": "0", "code": "c", "keep": "rows", "title": "t",
    "baseline": "open", "libraries": {"numpy": "1", "simpy": "4", "pandas": "2"},
}  # fmt: skip
WANTED = Manifest(**IDENTITY)
ODD = "50 % + A/B? é, \"x\" = 'y'".replace("/", "|")


def table(values, arm="open", replication=0) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame(
        {
            "arm": pd.Categorical([arm] * len(values)),
            "replication": np.full(len(values), replication, np.int16),
            "fate": pd.Categorical(values),
            "ended_at": np.arange(len(values), dtype=np.float64),
        }
    )
    return {"recipients": frame, "measures": frame}


def manifest(root: Path, **changes) -> None:
    Manifest(**(IDENTITY | changes)).write(root)


def store(root: Path, task: Task, tables: dict[str, pd.DataFrame]) -> Done:
    """Store a task as a run does: in a folder with a manifest, and with a line in the log."""
    if not (root / "manifest.json").exists():
        manifest(root)
    run = Done(task, 0.1, 1, 1, 0.1, parts.store(root, task, tables))
    with Journal(root) as log:
        log.add(run)
    return run


def claim(root: Path, *, force: bool = False):
    with locking.exclusive(root):
        return claiming.claim(root, WANTED, force=force)[1]


def finished(root: Path) -> set[Task]:
    return set(journal.read(root).runs)


def test_a_part_comes_back_as_it_went(tmp_path):
    task = Task(ODD, 12)
    stored = table(["delivered", "refused", "delivered"], task.arm, task.replication)
    run = store(tmp_path, task, stored)
    assert finished(tmp_path) == {task}
    assert not list(tmp_path.rglob("*.tmp"))
    pd.testing.assert_frame_equal(frames.read(tmp_path, "recipients", [run]), stored["recipients"])


def test_a_part_of_a_sweep_says_its_point(tmp_path):
    tasks = [Task(ODD, 1, 12), Task(ODD, 1, 2)]
    runs = [store(tmp_path, task, table(["x"], *task[:2])) for task in tasks]
    assert finished(tmp_path) == set(tasks)
    assert frames.read(tmp_path, "recipients", runs)["point"].tolist() == [12, 2]
    found = pd.read_parquet(tmp_path / "recipients")
    assert sorted(found["point"]) == [2, 12]
    assert found["point"].dtype == np.int32


def test_parts_stand_in_the_order_asked_for_with_one_set_of_categories(tmp_path):
    tasks = [Task("b", 10), Task("b", 2), Task("a", 2)]
    runs = [
        store(tmp_path, task, table([f"fate {number}"], *task[:2]))
        for number, task in enumerate(tasks)
    ]
    found = frames.read(tmp_path, "recipients", runs)
    assert found["fate"].tolist() == ["fate 0", "fate 1", "fate 2"]
    assert found["arm"].tolist() == ["b", "b", "a"]
    assert found["replication"].dtype == np.int16
    assert isinstance(found["fate"].dtype, pd.CategoricalDtype)


def test_pandas_reads_the_folder_as_one_table(tmp_path):
    for task in (Task(ODD, 0), Task("open trust", 1)):
        store(tmp_path, task, table(["delivered", "refused"], *task[:2]))
    found = pd.read_parquet(tmp_path / "recipients")
    assert set(found["arm"]) == {ODD, "open trust"}
    assert found.groupby("arm", observed=True).size().tolist() == [2, 2]
    assert sorted(set(found["replication"])) == [0, 1]
    assert found["replication"].dtype == np.int16


def test_a_task_is_finished_only_with_its_line(tmp_path):
    manifest(tmp_path)
    parts.store(tmp_path, Task("open", 0), table(["x"]))
    assert finished(tmp_path) == set()


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    target = tmp_path / "file"
    storage.write_text(target, "old")

    def half(temporary: Path) -> None:
        temporary.write_text("ne")
        raise OSError(28, "No space left on device")

    full = pytest.raises(StorageError, match=r"cannot write results to .*No space left")
    with full, storage.explained(tmp_path):
        storage.atomically(target, half)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_is_no_part_and_is_swept(tmp_path):
    manifest(tmp_path)
    store(tmp_path, Task("open", 0), table(["x"]))
    part = storage.part(tmp_path, "recipients", Task("open", 1))
    stale = part.with_name(f".{part.name}.77.tmp")
    stale.write_bytes(b"half")
    assert len(pd.read_parquet(tmp_path / "recipients")) == 1
    claim(tmp_path)
    assert not stale.exists()


def test_a_task_whose_part_a_power_cut_left_empty_is_run_again(tmp_path):
    manifest(tmp_path)
    for replication in (0, 1):
        store(tmp_path, Task("open", replication), table(["x"], "open", replication))
    storage.part(tmp_path, "recipients", Task("open", 1)).write_bytes(b"")
    claim(tmp_path)
    assert finished(tmp_path) == {Task("open", 0)}


def test_parts_with_and_without_gaps_are_one_table(tmp_path):
    tasks = [Task("open", 0), Task("open", 1)]
    words = zip(tasks, ("x", None), strict=True)
    runs = [store(tmp_path, task, table([word, "y"], *task[:2])) for task, word in words]
    found = frames.read(tmp_path, "recipients", runs)["fate"]
    assert found.isna().tolist() == [False, False, True, False]
    assert len(pd.read_parquet(tmp_path / "recipients")) == 4


def test_parts_with_few_and_with_many_words_are_one_table(tmp_path):
    tasks = [Task("open", 0), Task("open", 1)]
    runs = [
        store(tmp_path, task, table([str(i) for i in range(count)], *task[:2]))
        for task, count in zip(tasks, (3, 300), strict=True)
    ]
    found = frames.read(tmp_path, "recipients", runs)["fate"]
    assert found.tolist() == pd.read_parquet(tmp_path / "recipients")["fate"].tolist()
    assert found.tolist() == [str(i) for count in (3, 300) for i in range(count)]


def test_the_same_results_may_be_gone_on_with(tmp_path):
    manifest(tmp_path)
    claim(tmp_path)


@pytest.mark.parametrize(
    ("key", "other"),
    [("scenario_hash", "b"), ("seed", 2), ("version", "1"), ("code", "d"), ("keep", "counts")],
)
def test_other_results_are_refused(tmp_path, key, other):
    manifest(tmp_path, **{key: other})
    with pytest.raises(OtherResultsError, match=f"another {key.replace('_', ' ')}; .*--force"):
        claim(tmp_path)


def test_results_of_another_library_version_are_refused_where_rows_depend_on_it(tmp_path):
    manifest(tmp_path, libraries={"numpy": "1", "simpy": "4", "pandas": "3"})
    claim(tmp_path)
    manifest(tmp_path, libraries={"numpy": "2", "simpy": "4", "pandas": "2"})
    with pytest.raises(OtherResultsError, match=r"another numpy \(2, here 1\); .*--force"):
        claim(tmp_path)


def test_force_replaces_results_and_nothing_else(tmp_path):
    manifest(tmp_path, seed=2)
    store(tmp_path, Task("open", 0), table(["x"]))
    (tmp_path / "notes.txt").write_text("mine")
    claim(tmp_path, force=True)
    # the manifest stays until the next takes its place: a kill leaves what --force goes on with
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "notes.txt"]


def test_a_sweep_beside_is_no_obstacle(tmp_path):
    (tmp_path / storage.SWEEP).mkdir()
    claim(tmp_path)


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_something_else_is_left_alone(tmp_path, force):
    (tmp_path / "figures").mkdir()
    with pytest.raises(OtherResultsError, match="holds no results"):
        claim(tmp_path, force=force)
    assert (tmp_path / "figures").is_dir()


def test_a_file_instead_of_a_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OtherResultsError, match="is a file"):
        claim(tmp_path / "out")


REFUSALS = {
    # what refuses: the number that the system gives, and the word in the message
    "a read-only folder": (errno.EACCES, "Permission denied"),
    "a read-only file system": (errno.EROFS, "Read-only file system"),
    "a full disk": (errno.ENOSPC, "No space left on device"),
    "a used-up quota": (errno.EDQUOT, "quota exceeded"),
}


@pytest.mark.parametrize("call", ["mkdir", "open", "replace"])
@pytest.mark.parametrize(("number", "word"), REFUSALS.values(), ids=REFUSALS)
def test_what_the_system_refuses_is_one_clear_error(tmp_path, monkeypatch, number, word, call):
    def refuses(*_, **__):
        raise OSError(number, os.strerror(number))

    manifest(tmp_path / "out")
    if call == "mkdir":
        monkeypatch.setattr(Path, "mkdir", refuses)
    else:
        where, name = (Path, "open") if call == "open" else (os, "replace")
        monkeypatch.setattr(where, name, refuses)
    with pytest.raises(StorageError, match=rf"cannot write results to .*{word}"):
        parts.store(tmp_path / "out", Task("open", 0), table(["x"]))
    monkeypatch.undo()
    assert finished(tmp_path / "out") == set()
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such mode there")
def test_a_folder_that_really_is_read_only_is_one_clear_error(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    code = (
        "import os\nfrom pathlib import Path\nfrom sim.experiment import locking, storage\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"  # root may write anywhere
        "try: locking.exclusive(Path('locked/out')).__enter__()\n"
        "except storage.StorageError as error: print(error)\n"
    )
    tmp_path.chmod(0o755)
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.stdout == "cannot write results to locked/out: Permission denied\n", said.stderr


def test_a_folder_below_a_file_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write results to .*Not a directory"):
        claim(tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("text", "message"),
    [(None, "no results there"), ("{", "not a manifest"), ('{"format": 0}', "another format")],
    ids=["no manifest", "a broken manifest", "another format"],
)
def test_a_folder_without_a_good_manifest_is_not_opened(tmp_path, text, message):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(StorageError, match=message):
        read_manifest(tmp_path)
