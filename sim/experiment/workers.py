"""Many tasks on the cores at hand, or on a cluster: the same parts whoever performs them.

A task depends on nothing but its arguments, and its part has a place of its own, so neither
the order in which workers finish matters, nor whether a task was begun twice.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from sim.experiment.tasks import Changes, Done, perform, perform_here, start_worker

if TYPE_CHECKING:
    from concurrent.futures.process import ProcessPoolExecutor

    from sim.scenario import Scenario

Tell = Callable[[Done], None]
Points = Sequence[Mapping[str, Any]]


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
    points: Points = (),
) -> None:
    """Perform *tasks*; *done* is told of each as it ends. *points* are those of a sweep.

    By *executor* if one is given, else in this process or in *workers* of its own. On Ctrl-C
    or a failure, tasks not yet begun are dropped and those under way are finished and told
    of before the exception goes on.
    """
    with _told():
        if executor is not None:
            _by(executor, scenario, tasks, root.resolve(), keep, done, points)
        elif workers == 1 or len(tasks) <= 1:
            for task in tasks:
                done(perform(scenario, task, root, keep, _changes(points, task)))
        else:
            _in_lanes(scenario, tasks, root, keep, min(workers, len(tasks)), done, points)


def _changes(points: Points, task: Task) -> Changes:
    return points[task.point] if task.point >= 0 else None


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
        self.left: dict[tuple[int, int], deque[Task]] = {}
        for task in tasks:
            self.left.setdefault(self._of(task), deque()).append(task)
        self.begun: set[tuple[int, int]] = set()

    def _of(self, task: Task) -> tuple[int, int]:
        return task.point, task.replication

    def next(self, last: Task | None) -> Task | None:
        """The next task for a worker that did *last*.

        Of the same replication; else of one that nobody has begun; else of that with the
        most left.
        """
        if not self.left:
            return None
        chosen = None if last is None or self._of(last) not in self.left else self._of(last)
        if chosen is None:
            chosen = next((r for r in self.left if r not in self.begun), None)
        if chosen is None:
            chosen = max(self.left, key=lambda r: len(self.left[r]))
        self.begun.add(chosen)
        task = self.left[chosen].popleft()
        if not self.left[chosen]:
            del self.left[chosen]
        return task


def _in_lanes(
    scenario: Scenario,
    tasks: Sequence[Task],
    root: Path,
    keep: str,
    lanes: int,
    done: Tell,
    points: Points,
) -> None:
    """Each lane is one process that is given a task at a time."""
    import multiprocessing  # here: one worker needs no processes, and a browser has none
    import pickle
    import threading
    from concurrent.futures.process import ProcessPoolExecutor
    from importlib import import_module

    # spawn, not fork: the same on every system, and safe beside a progress bar's thread
    context = multiprocessing.get_context("spawn")
    pickled = pickle.dumps(scenario)
    pools = [
        ProcessPoolExecutor(1, context, initializer=start_worker, initargs=(pickled,))
        for _ in range(lanes)
    ]
    todo = Replications(tasks)
    under_way: dict[Future[Done], ProcessPoolExecutor] = {}
    reader = threading.Thread(target=import_module, args=("pandas",))

    def give(lane: ProcessPoolExecutor, last: Task | None) -> None:
        if (task := todo.next(last)) is not None:
            changes = _changes(points, task)
            under_way[lane.submit(perform_here, task, root, keep, changes)] = lane

    try:
        with _main_left_alone():
            for lane in pools:
                give(lane, None)
        reader.start()  # what reads the results is there when they are
        while under_way:
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                lane = under_way.pop(future)
                finished = future.result()
                give(lane, finished.task)
                done(finished)
    finally:
        for lane in pools:
            lane.shutdown(wait=True, cancel_futures=True)
        if reader.ident:  # to end amid an import is no clean end
            reader.join()
        _tell_of(under_way, done)


def _by(
    executor: Executor,
    scenario: Scenario,
    tasks: Sequence[Task],
    root: Path,
    keep: str,
    done: Tell,
    points: Points,
) -> None:
    """By an executor of the caller's, such as that of a cluster whose machines see *root*."""
    futures: dict[Future[Done], None] = {}
    try:
        for task in tasks:
            changes = _changes(points, task)
            futures[executor.submit(perform, scenario, task, root, keep, changes)] = None
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
