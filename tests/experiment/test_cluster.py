"""A real cluster on this machine: workers, their nanny and the scheduler are killed, and nothing is
lost or counted twice."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.experiment import journal, workers
from sim.experiment.storage import Task
from sim.experiment.tasks import Job
from sim.experiment.workers import WorkerDied, batches, run_tasks

distributed = pytest.importorskip("distributed")
SMALL = Path(__file__).with_name("small.toml")

# the cluster's own pipes and sockets, when a worker of it is killed
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


def test_a_killed_worker_loses_nothing(tmp_path):
    scenario = sim.load(SMALL).with_overrides({"run_length": "10 days"})
    alone = sim.run(scenario, out=tmp_path / "alone", replications=6, progress=False)
    out = tmp_path / "cluster"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        )
    with cluster, distributed.Client(cluster) as client:
        pids = list(client.run(os.getpid).values())

        def kill_one():
            waited = time.monotonic() + 60
            while len(journal.read(out).runs) < 2 and time.monotonic() < waited:
                time.sleep(0.01)
            os.kill(pids[0], signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        executor = client.get_executor(pure=False)
        found = sim.run(scenario, out=out, replications=6, executor=executor, progress=False)
        killer.join()
    assert found.manifest["complete"]
    assert len(journal.read(out).runs) == 12
    for table in ("recipients", "attempts", "measures"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(alone, table))


# ---- a cluster of processes of their own, as on machines of their own


def started(module, *arguments):
    """A process of the cluster, in a session of its own so that its children end with it."""
    command = [sys.executable, "-m", f"distributed.cli.{module}", *map(str, arguments)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, start_new_session=True, **quiet)


@contextmanager
def processes():
    """The address of a scheduler, and the processes: itself, and two workers with nannies."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    here = ("--host", "127.0.0.1", "--no-dashboard")
    started_here = [started("dask_scheduler", *here, "--port", port)]
    try:
        for _ in range(2):
            started_here.append(started("dask_worker", address, *here, "--nthreads", "1"))
        yield address, started_here
    finally:
        for process in started_here:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def connected(address):
    client = distributed.Client(address, timeout="60 s")
    try:
        client.wait_for_workers(2, timeout=120)
        yield client
    finally:
        client.close(timeout=2)


def once(out, runs, act):
    """Do *act* in a thread of its own when so many *runs* are finished in *out*."""

    def waiting():
        until = time.monotonic() + 120
        while time.monotonic() < until:
            if (out / "parts.log").exists() and len(journal.read(out).runs) >= runs:
                break
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=waiting)
    thread.start()
    return thread


POINTS = {"users.travellers.count": [5, 9, 12]}
LENGTH = {"run_length": "8 days"}


def same(found, alone):
    for name in ("recipients", "measures"):
        tables = [pd.concat(list(one.by_run(name)), ignore_index=True) for one in (found, alone)]
        pd.testing.assert_frame_equal(*tables)


@pytest.mark.slow
def test_a_sweep_that_loses_a_worker_and_a_nanny_is_that_of_an_undisturbed_run(tmp_path):
    scenario = sim.load(SMALL).with_overrides(LENGTH)
    how = {"replications": 3, "progress": False, "keep": "rows"}
    alone = sim.sweep(scenario, POINTS, out=tmp_path / "alone", **how)
    out = tmp_path / "cluster"
    with processes() as (address, (_, nanny, other)), connected(address) as client:
        pids = client.run(os.getpid, nanny=False)
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(other.pid)], capture_output=True, text=True
        )
        worker = next(pid for pid in pids.values() if str(pid) in children.stdout.split())
        killers = [
            once(out, 2, lambda: os.kill(worker, signal.SIGKILL)),
            once(out, 5, lambda: os.kill(nanny.pid, signal.SIGKILL)),
        ]
        executor = client.get_executor(pure=False)
        found = sim.sweep(scenario, POINTS, out=out, executor=executor, **how)
        for killer in killers:
            killer.join()
        nanny.wait(10)
    assert found.manifest["complete"]
    assert len(journal.read(out).runs) == 2 * 3 * 3
    same(found, alone)


@pytest.mark.slow
def test_a_run_that_loses_the_scheduler_ends_in_one_line_and_goes_on_by_the_same_command(tmp_path):
    out, scenario = tmp_path / "cluster", tmp_path / "small.toml"
    scenario.write_text(SMALL.read_text("utf-8"), "utf-8")
    command = [sys.executable, "-m", "sim", "run", str(scenario), "--out", str(out)]
    command += ["--replications", "8", "--set", "run_length=8 days"]
    with processes() as (address, (scheduler, *_)):
        with connected(address):
            pass
        killer = once(out, 3, lambda: os.killpg(scheduler.pid, signal.SIGKILL))
        ended = subprocess.run([*command, "--dask", address], capture_output=True, text=True)
        killer.join()
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = [text for text in ended.stderr.splitlines() if not text.startswith("\r")]
    assert line.startswith("the cluster was lost")
    assert 3 <= len(journal.read(out).runs) < 16
    again = subprocess.run([*command, "--workers", "1"], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    alone = sim.run(
        sim.load(SMALL).with_overrides(LENGTH), replications=8, progress=False,
        out=tmp_path / "alone",
    )  # fmt: skip
    same(sim.open_results(out), alone)


# ---- what is handed out


def test_the_arms_of_a_replication_go_together_as_long_as_all_have_enough_to_do():
    tasks = [Task(arm, r) for r in range(6) for arm in "abcd"]
    assert [len(batch) for batch in batches(tasks, 1)] == [4] * 6
    assert [len(batch) for batch in batches(tasks, 3)] == [4] * 6
    assert [len(batch) for batch in batches(tasks, 6)] == [2] * 12
    assert [len(batch) for batch in batches(tasks, 100)] == [1] * 24
    assert [task for batch in batches(tasks, 6) for task in batch] == tasks
    assert all(len({task.replication for task in batch}) == 1 for batch in batches(tasks, 1))
    assert [*batches([], 4)] == []


def test_a_process_unpickles_what_all_tasks_share_once(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(pickle, "loads", lambda octets: calls.append(octets) or Performing())
    monkeypatch.setattr(pickle, "dumps", lambda _: b"of this test")
    tasks = [Task("a", r) for r in range(20)]
    reported = []
    with ThreadPoolExecutor(1) as executor:
        run_tasks(Job(None, tmp_path, "rows"), tasks, reported.append, executor=executor)
    assert (reported, len(calls)) == (tasks, 1)


class Performing:
    """A job that performs nothing."""

    def perform(self, task):
        return task


class LostError(Exception):
    """An error of the cluster's own."""


LostError.__module__ = "distributed.scheduler"


@pytest.mark.parametrize("error", [CancelledError(), LostError("three workers died")])
def test_what_a_cluster_raises_itself_is_said_in_a_line(error, tmp_path, monkeypatch):
    def lost(*_):
        raise error

    monkeypatch.setattr(workers, "perform_pickled", lost)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(WorkerDied, match=r"^the cluster was lost \((its scheduler|three workers)"),
    ):
        run_tasks(Job(None, tmp_path, "rows"), [Task("a", 0)], print, executor=executor)
