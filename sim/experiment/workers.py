"""Many tasks on the cores at hand: the same parts whatever the number of workers.

A task depends on nothing but its arguments, and its part has a place of its own, so the
order in which workers finish does not matter.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment.storage import Task
from sim.experiment.tasks import Done, perform, perform_here, start_worker

if TYPE_CHECKING:
    from sim.scenario import Scenario


class WorkerDied(RuntimeError):  # noqa: N818 (what happened, said as it is)
    """A worker process ended without a word, as when memory runs out."""


def run_tasks(
    scenario: Scenario,
    tasks: Sequence[Task],
    root: Path,
    *,
    keep: str,
    workers: int,
    done: Callable[[Done], None],
) -> None:
    """Perform *tasks*; *done* is told of each as it ends.

    On Ctrl-C or a failure, tasks not yet begun are dropped and those under way are
    finished and told of before the exception goes on.
    """
    if workers == 1 or len(tasks) <= 1:
        for task in tasks:
            done(perform(scenario, task, root, keep))
    else:
        _in_pool(scenario, tasks, root, keep, workers, done)


def _in_pool(
    scenario: Scenario,
    tasks: Sequence[Task],
    root: Path,
    keep: str,
    workers: int,
    done: Callable[[Done], None],
) -> None:
    # spawn, not fork: the same on every system, and safe beside a progress bar's thread
    pool = ProcessPoolExecutor(
        max_workers=min(workers, len(tasks)),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker,
        initargs=(scenario,),
    )
    futures: list[Future[Done]] = []
    told: set[Future[Done]] = set()
    try:
        with _main_left_alone():
            for task in tasks:
                futures.append(pool.submit(perform_here, task, root, keep))
        for future in as_completed(futures):
            told.add(future)
            done(future.result())
    except BrokenProcessPool as error:
        raise WorkerDied(
            "a worker process died (out of memory?); what was finished is stored: "
            "run the same command again, perhaps with fewer --workers"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for future in futures:
            if future not in told and not future.cancelled() and future.exception() is None:
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
