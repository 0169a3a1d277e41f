"""One task: simulate an arm in one replication, balance the books, measure, store the parts.

Everything a worker process needs is an argument, so a task runs in any process, or on
another machine that sees the same folder.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.experiment import storage
from sim.experiment.keeping import kept
from sim.experiment.storage import Task

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.world.rows import Run

Changes = Mapping[str, Any] | None


class Done(NamedTuple):
    """What a finished task tells: how long it took (s), what the kernel did, rows made."""

    task: Task
    seconds: float
    events: int
    rows: int
    simulating: float


_scenario: Scenario | None = None


def start_worker(pickled: bytes) -> None:
    """Prepare a worker process: the scenario arrives once, Ctrl-C is the parent's business."""
    import atexit
    import pickle
    import signal
    import threading

    atexit.register(os._exit, 0)  # what is held need not be taken apart, which takes 0.1 s
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    global _scenario
    gc.disable()  # what is imported is never garbage: a tenth of the start went on looking for it
    _scenario = pickle.loads(pickled)
    import sim.world  # noqa: F401

    gc.freeze()
    gc.enable()


def _end_with_parent() -> None:
    """A parent that is killed takes its workers with it: none is left to write."""
    import multiprocessing  # here, as in `workers`: a browser has none

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def perform_here(task: Task, root: Path, keep: str, changes: Changes = None) -> Done:
    """As *perform*, with the scenario that the worker was started with."""
    if _scenario is None:
        raise RuntimeError("start_worker has not run in this process")
    return perform(_scenario, task, root, keep, changes)


def perform(scenario: Scenario, task: Task, root: Path, keep: str, changes: Changes = None) -> Done:
    """Run one task and store its parts; raises ConservationError or StorageError.

    *changes* are those of a sweep's point.
    """
    from sim.measure import coded, conservation
    from sim.measure.exposure import exposure
    from sim.measure.tallies import measured
    from sim.world.rows import TABLES

    began = time.perf_counter()
    if changes:
        scenario = _changed(scenario, json.dumps(changes, sort_keys=True))
    ready = time.perf_counter()
    run = _simulated(scenario, task)
    simulated = time.perf_counter()
    frames = coded.of_run(run, TABLES)
    conservation.check(frames, run.wishes, run.planned, run.lost)
    frames["measures"] = measured(frames, exposure(scenario))
    rows = len(frames["recipients"])
    storage.store(root, task, kept(frames, keep))
    ended = time.perf_counter()
    return Done(task, ended - began, run.events, rows, simulated - ready)


def _simulated(scenario: Scenario, task: Task) -> Run:
    """The rows of one run, of whose world nothing is left.

    A world is full of circles: the collector finds them once they are old, some worlds later.
    """
    from sim.world import simulate

    run = simulate(scenario, task.arm, task.replication)
    gc.collect(1)  # what is older was there before
    return run


@lru_cache(maxsize=2)
def _changed(scenario: Scenario, changes: str) -> Scenario:
    return scenario.with_overrides(json.loads(changes))
