"""What stops a run or takes its folder away: a clear end, and the same command goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sim
from sim.experiment import journal, locking, storage
from sim.experiment.journal import Journal
from sim.experiment.storage import InUseError, StorageError

ROOT = Path(sim.__file__).resolve().parent.parent
SMALL = Path(__file__).with_name("small.toml")
REPLICATIONS = 12

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of Unix")


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    out = tmp_path_factory.mktemp("alone") / "out"
    return sim.run(SMALL, out=out, replications=REPLICATIONS, progress=False).path


def begun(*words: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *words],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"MPLBACKEND": "agg", "COLUMNS": "200"},
    )


def command(out: Path) -> tuple[str, ...]:
    number = str(REPLICATIONS)
    return ("run", str(SMALL), "--out", str(out), "--workers", "2", "--replications", number)


def until(condition, running: subprocess.Popen) -> None:
    waited = time.monotonic() + 120
    while not condition():
        assert running.poll() is None, running.stderr.read()
        assert time.monotonic() < waited
        time.sleep(0.02)


def at_work(out: Path) -> subprocess.Popen:
    """A run of which some runs are finished, but not all."""
    running = begun(*command(out))
    until(lambda: len(journal.read(out).runs) > 1, running)
    return running


def workers(pid: int) -> list[int]:
    """Processes of the run *pid* that simulate."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


ENDS = {
    # what is done to a run: its exit status, and what it says
    "Ctrl-C": (lambda run: os.killpg(run.pid, signal.SIGINT), 130, "Interrupted. What is finished"),
    "SIGINT to the parent": (lambda run: run.send_signal(signal.SIGINT), 130, "Interrupted. What"),
    "SIGTERM": (lambda run: run.terminate(), -signal.SIGTERM, ""),
    "a worker killed": (
        lambda run: os.kill(workers(run.pid)[0], signal.SIGKILL), 1, "a worker process died",
    ),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_run_keeps_what_is_finished(alone, tmp_path, end):
    stop, status, words = ENDS[end]
    out = tmp_path / "out"
    running = at_work(out)
    stop(running)
    _, said = running.communicate(timeout=120)
    assert running.returncode == status, said
    assert words in said
    assert "Traceback" not in said
    kept = journal.read(out).runs
    assert 2 <= len(kept) < 2 * REPLICATIONS
    if status != -signal.SIGTERM:
        assert sim.open_results(out).shortfall
    found = sim.run(SMALL, out=out, replications=REPLICATIONS, progress=False)
    assert not found.shortfall
    assert not [*out.rglob("*.tmp"), *out.rglob(locking.NAME)]
    for path in alone.rglob("*.parquet"):
        assert path.read_bytes() == (out / path.relative_to(alone)).read_bytes()


def test_a_folder_that_vanishes_ends_the_run(tmp_path):
    out = tmp_path / "out"
    running = at_work(out)
    while out.exists():
        shutil.rmtree(out, ignore_errors=True)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 1, said
    assert f"{out} was removed or replaced while results were written to it" in said
    assert "Traceback" not in said
    assert not (out / "manifest.json").exists()


def test_a_second_run_is_told_who_is_there(tmp_path):
    out = tmp_path / "out"
    running = at_work(out)
    try:
        with pytest.raises(InUseError, match=rf"in use by process {running.pid} on .*run .*small"):
            sim.run(SMALL, out=out, replications=REPLICATIONS, progress=False)
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
    with locking.exclusive(out):
        pass  # the system took the lock away from who was killed


def test_a_report_that_is_interrupted_is_drawn_again(alone, tmp_path):
    out = Path(shutil.copytree(alone, tmp_path / "out"))
    running = begun("report", str(out), "--workers", "2")
    until(lambda: list(out.glob("figures/*.svg")), running)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert "Traceback" not in said
    sim.open_results(out).save(figures=["rates"])
    assert not [*out.rglob("*.tmp"), *out.rglob(locking.NAME)]
    assert re.search("</html>", (out / "report.html").read_text("utf-8"))


def test_a_full_disk_under_the_log_is_one_clear_error(alone, tmp_path, monkeypatch):
    out = Path(shutil.copytree(alone, tmp_path / "out"))
    run = next(iter(journal.read(out).runs.values()))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
    with pytest.raises(StorageError, match="the disk is full"), Journal(out) as log:
        log.add(run)
    monkeypatch.undo()
    assert journal.read(out).cut_off
    sim.run(SMALL, out=out, replications=REPLICATIONS, progress=False)
    assert not journal.read(out).cut_off


def test_a_folder_that_was_replaced_takes_no_more_lines(alone, tmp_path):
    out = Path(shutil.copytree(alone, tmp_path / "out"))
    run = next(iter(journal.read(out).runs.values()))
    with Journal(out) as log:
        out.rename(tmp_path / "moved")
        shutil.copytree(alone, out)
        with pytest.raises(StorageError, match="removed or replaced"):
            log.add(run)
    assert (out / storage.LOG).read_bytes() == (alone / storage.LOG).read_bytes()
