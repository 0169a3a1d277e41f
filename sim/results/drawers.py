"""Processes that draw beside this one: they have imported what draws when there are results."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def drawers(number: int) -> Iterator[Executor]:
    """*number* new processes, which get ready while other work is done here."""
    import multiprocessing  # a browser has no processes
    from concurrent.futures import ProcessPoolExecutor

    from sim.experiment import lanes

    # a new interpreter: a fork of one whose libraries have threads may stand still
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(number, context, initializer=get_ready)
    with lanes.main_left_alone(), lanes.deaf():
        for _ in range(number):
            pool.submit(int)  # starts a process
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def get_ready() -> None:
    """Prepare a process that draws."""
    from sim.experiment import lanes

    lanes.begin_with_parent()
    import_module("sim.results.publish")
