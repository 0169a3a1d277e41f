"""One task: simulate an arm in one replication, balance the books, measure, store the parts.

Everything a task needs is in its job, so it runs in any process, or on another machine that
sees the same folder.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sim.experiment import parts
from sim.experiment.execution import ROWS
from sim.experiment.journal import Done
from sim.experiment.storage import OF_MESSAGES, Task
from sim.measure import columnar, conservation
from sim.measure.counters import columns_of_measures
from sim.measure.exposure import exposure
from sim.records.rows import TABLES
from sim.world import simulate

if TYPE_CHECKING:
    from sim.scenario import Scenario


T = TypeVar("T")
Report = Callable[[Done], None]
"""Called with each task as it ends."""


@dataclass(frozen=True, slots=True)
class Job:
    """What all tasks of an experiment share; a task runs in any process that has it."""

    scenario: Scenario
    root: Path
    """The folder of results."""
    keep: str
    """One of `sim.experiment.execution.KEEP`."""
    points: Sequence[Mapping[str, Any]] = ()
    """The overrides of each point of a sweep."""
    batch: bool = True
    """See `sim.experiment.execution.Execution`."""

    def perform(self, task: Task) -> Done:
        """Run one task and store its parts; raises ConservationError or StorageError."""
        start = time.perf_counter()
        scenario = self._at(task.point)
        ready = time.perf_counter()
        run = simulate(scenario, task.arm, task.replication, batch=self.batch)
        gc.collect(1)  # a world is full of circles: nothing is left of it beside the next
        simulated = time.perf_counter()
        frames = columnar.of_run(run, TABLES)
        conservation.check(frames, run.intended, run.workload, run.lost)
        frames["measures"] = columns_of_measures(frames, exposure(scenario))
        rows = len(frames["recipients"])
        stored = [name for name in frames if self.keep == ROWS or name not in OF_MESSAGES]
        checks = parts.store(self.root, task, {name: frames[name] for name in stored})
        end = time.perf_counter()
        return Done(task, end - start, run.events, rows, simulated - ready, checks)

    def _at(self, point: int) -> Scenario:
        """The scenario at a point of a sweep, by its number; -1 is the scenario itself."""
        if point < 0:
            return self.scenario
        return _overridden(self.scenario, json.dumps(self.points[point], sort_keys=True))


@lru_cache(maxsize=2)
def _overridden(scenario: Scenario, overrides: str) -> Scenario:
    return scenario.with_overrides(json.loads(overrides))


def report_finished(futures: Iterable[Future[T]], report: Callable[[T], None]) -> None:
    """Call *report* with the results of those that ended well."""
    for future in futures:
        if future.done() and not future.cancelled() and future.exception() is None:
            report(future.result())
