"""Tasks on the cores of this machine: each lane is one process that performs a task at a time."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import ProcessPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sim.experiment.journal import Done
from sim.experiment.storage import Task
from sim.experiment.tasks import Job, Report, report_finished

_job: Job | None = None
"""The job of this worker process."""


def start_worker(pickled: bytes) -> None:
    """Prepare a worker process: the job arrives once."""
    begin_with_parent()
    global _job
    _job = pickle.loads(pickled)


def begin_with_parent() -> None:
    """Prepare a process that works for its parent: Ctrl-C is the parent's business."""
    atexit.register(os._exit, 0)  # what is held need not be taken apart, which takes 0.1 s
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed takes its workers with it: none is left to write."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def perform_here(task: Task) -> Done:
    """Perform *task* of the job that the worker was started with."""
    if _job is None:
        raise RuntimeError("start_worker has not run in this process")
    return _job.perform(task)


class Replications:
    """Tasks still to hand out: a worker goes on with its replication while there is more of it.

    The arms of a replication share what is drawn for it, which a worker then draws once.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.waiting: dict[tuple[int, int], deque[Task]] = {}
        for task in tasks:
            self.waiting.setdefault(self._of(task), deque()).append(task)
        self.begun: set[tuple[int, int]] = set()

    def _of(self, task: Task) -> tuple[int, int]:
        return task.point, task.replication

    def next(self, last: Task | None) -> Task | None:
        """The next task for a worker that did *last*.

        Of the same replication; else of one that nobody has begun; else of that with the
        most left.
        """
        if not self.waiting:
            return None
        chosen = None if last is None or self._of(last) not in self.waiting else self._of(last)
        if chosen is None:
            chosen = next((r for r in self.waiting if r not in self.begun), None)
        if chosen is None:
            chosen = max(self.waiting, key=lambda r: len(self.waiting[r]))
        self.begun.add(chosen)
        task = self.waiting[chosen].popleft()
        if not self.waiting[chosen]:
            del self.waiting[chosen]
        return task


def in_lanes(job: Job, tasks: Sequence[Task], report: Report, lanes: int) -> None:
    """Perform *tasks* in *lanes* processes; *report* is called with each as it ends."""
    # spawn, not fork: the same on every system, and safe beside a progress bar's thread
    context = multiprocessing.get_context("spawn")
    pickled = pickle.dumps(job)
    pools = [
        ProcessPoolExecutor(1, context, initializer=start_worker, initargs=(pickled,))
        for _ in range(lanes)
    ]
    todo = Replications(tasks)
    under_way: dict[Future[Done], ProcessPoolExecutor] = {}
    reader = threading.Thread(target=import_module, args=("pandas",))

    def give(lane: ProcessPoolExecutor, last: Task | None) -> None:
        if (task := todo.next(last)) is not None:
            under_way[lane.submit(perform_here, task)] = lane

    try:
        with main_left_alone(), deaf():
            for lane in pools:
                give(lane, None)
        reader.start()  # what reads the results is there when they are
        while under_way:
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                lane = under_way.pop(future)
                finished = future.result()
                give(lane, finished.task)
                report(finished)
    finally:
        for lane in pools:
            lane.shutdown(wait=True, cancel_futures=True)
        if reader.ident:  # to end amid an import is no clean end
            reader.join()
        report_finished(under_way, report)


@contextmanager
def deaf() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, from their first moment: it is the parent's."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows: `start_worker` does what can be done
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def main_left_alone() -> Iterator[None]:
    """Keep new processes from importing the caller's script again.

    A spawned process imports ``__main__`` so that what it defines can be unpickled. Our
    tasks live in this package, and a script without ``if __name__ == "__main__"`` would run
    a second time there; so its path is out of sight while the processes start.
    """
    main: Any = sys.modules["__main__"]
    hidden = {name: main.__dict__[name] for name in ("__file__", "__spec__") if name in vars(main)}
    main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__dict__.update(hidden)
