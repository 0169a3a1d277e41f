"""Many tasks on the cores at hand, or on a cluster: the same parts whoever performs them.

A task depends on nothing but its arguments, and its part has a place of its own, so neither
the order in which workers finish matters, nor whether a task was begun twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    as_completed,
    wait,
)
from contextlib import contextmanager
from importlib import import_module

from sim.experiment.journal import Done
from sim.experiment.storage import Task
from sim.experiment.tasks import Job, Report, report_finished


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
        elif (lanes := min(processes(workers), len(tasks))) <= 1:
            for task in tasks:
                report(job.perform(task))
        else:
            from sim.experiment.lanes import in_lanes  # a browser has no processes

            in_lanes(job, tasks, report, lanes)


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


def _by(executor: Executor, job: Job, tasks: Sequence[Task], report: Report) -> None:
    """By an executor of the caller's, such as that of a cluster whose machines see the folder."""
    futures: dict[Future[Done], None] = {}
    try:
        for task in tasks:
            futures[executor.submit(job.perform, task)] = None
        for future in as_completed(list(futures)):
            del futures[future]
            report(future.result())
    finally:
        rest = [future for future in futures if not future.cancel()]
        wait(rest)
        report_finished(rest, report)
