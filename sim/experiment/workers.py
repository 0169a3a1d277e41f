"""Many tasks on the cores at hand, or on a cluster: the same parts whoever performs them.

A task depends on nothing but its arguments, and its part has a place of its own, so neither
the order in which workers finish matters, nor whether a task was begun twice.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    as_completed,
    wait,
)
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.experiment.journal import Done
from sim.experiment.quick import recipients
from sim.experiment.storage import Task
from sim.experiment.tasks import Job, Report, report_finished

if TYPE_CHECKING:
    from sim.scenario import Scenario

DASK = "_client"
"""Where the executor of a client of dask.distributed has that client."""

FEW, LITTLE = 2, 50_000
"""Tasks, and their rows of mail together, that this process performs in about the time that
another takes to start: measured."""
AHEAD = 2
"""Pieces of work for each that is performed at once: chosen, so that none waits long at the end."""


class WorkerDied(RuntimeError):  # noqa: N818 (what happened, said as it is)
    """A worker process ended without a word, as when memory runs out."""


def run_tasks(
    job: Job,
    tasks: Sequence[Task],
    report: Report,
    *,
    workers: int = 1,
    executor: Executor | None = None,
) -> None:
    """Perform *tasks* of *job*; *report* is called with each as it ends.

    By *executor* if one is given, else in this process or in *workers* of its own, where there
    can be any. On Ctrl-C or a failure, tasks not yet begun are dropped and those under way are
    finished and reported before the exception goes on.
    """
    with _deaths_explained():
        if executor is not None:
            _by(executor, job, tasks, report)
        elif (lanes := _lanes(job, tasks, workers)) <= 1:
            for task in tasks:
                report(job.perform(task))
        else:
            from sim.experiment.lanes import in_lanes  # a browser has no processes

            in_lanes(job, tasks, report, lanes)


def _lanes(job: Job, tasks: Sequence[Task], workers: int) -> int:
    return 1 if brief(job.scenario, len(tasks)) else min(processes(workers), len(tasks))


def brief(scenario: Scenario, tasks: int) -> bool:
    """Whether so many *tasks* of *scenario* are done sooner here than other processes start."""
    return tasks <= FEW and tasks * sum(recipients(scenario)) <= LITTLE


def processes(workers: int) -> int:
    """How many processes may work: *workers*, or one where Python can start none (a browser)."""
    try:
        import_module("multiprocessing.synchronize")
    except ImportError:
        return 1
    return workers


@contextmanager
def _deaths_explained() -> Iterator[None]:
    try:
        yield
    except BrokenExecutor as error:
        raise WorkerDied(
            "a worker process died (out of memory?); what was finished is stored: "
            "run the same command again, perhaps with fewer --workers"
        ) from error
    except Exception as error:
        if not (isinstance(error, CancelledError) or _of_cluster(error)):
            raise
        raise WorkerDied(
            f"the cluster was lost ({_reason(error)}); what was finished is stored: run the same "
            "command again when there is one"
        ) from error


def _of_cluster(error: BaseException) -> bool:
    """Whether Dask raised *error* itself, as when a task took several workers with it."""
    return type(error).__module__.partition(".")[0] in ("dask", "distributed")


def _reason(error: BaseException) -> str:
    """The first line of an error, or what it means that a task was cancelled by nobody here."""
    return str(error).partition("\n")[0] or "its scheduler ended, or cannot be reached"


def _by(executor: Executor, job: Job, tasks: Sequence[Task], report: Report) -> None:
    """By an executor of the caller's, such as that of a cluster whose machines see the folder."""
    shared = _shared(executor, pickle.dumps(job))
    futures: dict[Future[list[Done]], None] = {}

    def report_each(finished: Sequence[Done]) -> None:
        for done in finished:
            report(done)

    try:
        for batch in batches(tasks, _at_once(executor)):
            futures[executor.submit(perform_pickled, shared, batch)] = None
        for future in as_completed(list(futures)):
            del futures[future]
            report_each(future.result())
    finally:
        rest = [future for future in futures if not future.cancel()]
        wait(rest)
        report_finished(rest, report_each)


def _shared(executor: Executor, pickled: bytes) -> Any:
    """What each task gets of what all share: on a Dask cluster a result of one task, so that it
    goes to each machine once, and is made again where the machine that has it is lost."""
    client = getattr(executor, DASK, None)
    return pickled if client is None else client.submit(bytes, pickled, pure=False)


def batches(tasks: Sequence[Task], at_once: int) -> Iterator[list[Task]]:
    """The *tasks* of each replication, which share what is drawn for it, together; apart where
    there would not be `AHEAD` times as many pieces as are performed *at_once*."""
    replications: dict[tuple[int, int], list[Task]] = {}
    for task in tasks:
        replications.setdefault((task.point, task.replication), []).append(task)
    number = max(1, -(-AHEAD * at_once // max(1, len(replications))))
    for together in replications.values():
        size = -(-len(together) // number)
        yield from (together[start : start + size] for start in range(0, len(together), size))


def _at_once(executor: Executor) -> int:
    """How many tasks an executor performs at once, where it tells; else 1."""
    client = getattr(executor, DASK, None)
    if client is not None:
        return sum(client.nthreads().values())
    return int(getattr(executor, "_max_workers", 1))


def perform_pickled(pickled: bytes, tasks: Sequence[Task]) -> list[Done]:
    """Perform *tasks* of a pickled job, which each process unpickles once."""
    job = _unpickled(pickled)
    return [job.perform(task) for task in tasks]


@lru_cache(maxsize=2)
def _unpickled(pickled: bytes) -> Job:
    job: Job = pickle.loads(pickled)
    return job
