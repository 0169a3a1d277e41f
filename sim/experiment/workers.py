"""Many tasks on the cores at hand, or on a cluster: the same parts whoever performs them.

A task depends on nothing but its arguments, and its part has a place of its own, so neither
the order in which workers finish matters, nor whether a task was begun twice.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    as_completed,
    wait,
)
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.storage import Task
from sim.experiment.tasks import Done, perform, perform_here, start_worker

if TYPE_CHECKING:
    from concurrent.futures.process import ProcessPoolExecutor

    from sim.scenario import Scenario

Tell = Callable[[Done], None]


class WorkerDied(RuntimeError):  # noqa: N818 (what happened, said as it is)
    """A worker process ended without a word, as when memory runs out."""


def run_tasks(
    scenario: Scenario,
    tasks: Sequence[Task],
    root: Path,
    *,
    keep: str,
    workers: int,
    done: Tell,
    executor: Executor | None = None,
) -> None:
    """Perform *tasks*; *done* is told of each as it ends.

    By *executor* if one is given, else in this process or in *workers* of its own. On Ctrl-C
    or a failure, tasks not yet begun are dropped and those under way are finished and told
    of before the exception goes on.
    """
    with _told():
        if executor is not None:
            _by(executor, scenario, tasks, root.resolve(), keep, done)
        elif workers == 1 or len(tasks) <= 1:
            for task in tasks:
                done(perform(scenario, task, root, keep))
        else:
            _in_lanes(scenario, tasks, root, keep, min(workers, len(tasks)), done)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenExecutor as error:
        raise WorkerDied(
            "a worker process died (out of memory?); what was finished is stored: "
            "run the same command again, perhaps with fewer --workers"
        ) from error


class Replications:
    """Tasks still to hand out: a worker goes on with its replication while there is more of it.

    The arms of a replication share what is drawn for it, which a worker then draws once.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.left: dict[int, deque[Task]] = {}
        for task in tasks:
            self.left.setdefault(task.replication, deque()).append(task)
        self.begun: set[int] = set()

    def next(self, last: int | None) -> Task | None:
        """The next task for a worker whose last one was of replication *last*.

        Of the same; else of one that nobody has begun; else of that with the most left.
        """
        if not self.left:
            return None
        fresh = (r for r in self.left if r not in self.begun)
        chosen = last if last in self.left else next(fresh, None)
        if chosen is None:
            chosen = max(self.left, key=lambda r: len(self.left[r]))
        self.begun.add(chosen)
        task = self.left[chosen].popleft()
        if not self.left[chosen]:
            del self.left[chosen]
        return task


def _in_lanes(
    scenario: Scenario, tasks: Sequence[Task], root: Path, keep: str, lanes: int, done: Tell
) -> None:
    """Each lane is one process that is given a task at a time."""
    import multiprocessing  # here: one worker needs no processes, and a browser has none
    from concurrent.futures.process import ProcessPoolExecutor

    # spawn, not fork: the same on every system, and safe beside a progress bar's thread
    context = multiprocessing.get_context("spawn")
    pools = [
        ProcessPoolExecutor(1, context, initializer=start_worker, initargs=(scenario,))
        for _ in range(lanes)
    ]
    todo = Replications(tasks)
    under_way: dict[Future[Done], ProcessPoolExecutor] = {}

    def give(lane: ProcessPoolExecutor, last: int | None) -> None:
        if (task := todo.next(last)) is not None:
            under_way[lane.submit(perform_here, task, root, keep)] = lane

    try:
        with _main_left_alone():
            for lane in pools:
                give(lane, None)
        while under_way:
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                lane = under_way.pop(future)
                finished = future.result()
                give(lane, finished.task.replication)
                done(finished)
    finally:
        for lane in pools:
            lane.shutdown(wait=True, cancel_futures=True)
        _tell_of(under_way, done)


def _by(
    executor: Executor,
    scenario: Scenario,
    tasks: Sequence[Task],
    root: Path,
    keep: str,
    done: Tell,
) -> None:
    """By an executor of the caller's, such as that of a cluster whose machines see *root*."""
    futures: dict[Future[Done], None] = {}
    try:
        for task in tasks:
            futures[executor.submit(perform, scenario, task, root, keep)] = None
        for future in as_completed(list(futures)):
            del futures[future]
            done(future.result())
    finally:
        rest = [future for future in futures if not future.cancel()]
        wait(rest)
        _tell_of(rest, done)


def _tell_of(futures: Any, done: Tell) -> None:
    """Tell of those that ended well."""
    for future in futures:
        if future.done() and not future.cancelled() and future.exception() is None:
            done(future.result())


@contextmanager
def _main_left_alone() -> Iterator[None]:
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
