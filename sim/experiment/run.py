"""An experiment: every arm under every replication, stored as it goes, resumed where it stopped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

from sim.experiment import joining, journal, locking, parts, storage
from sim.experiment.claiming import claim
from sim.experiment.execution import DEFAULT, Execution
from sim.experiment.journal import Done, Journal, Runs
from sim.experiment.manifest import (
    MOST_REPLICATIONS,
    Manifest,
    new_manifest,
    points_text,
    read_manifest,
)
from sim.experiment.precision import until_precise
from sim.experiment.progress import progress as progress_bar
from sim.experiment.storage import Task
from sim.experiment.stored import Stored, promised
from sim.experiment.tasks import Job
from sim.experiment.workers import run_tasks
from sim.records.usage import UsageError, at_least, one_of
from sim.scenario import Scenario


def table_of_runs(
    arms: Sequence[str], replications: int, done: Runs | set[Task] | None = None
) -> list[Task]:
    """The tasks still to do: replication by replication, so that arms share their workload."""
    every = (Task(arm, r) for r in range(replications) for arm in arms)
    return [task for task in every if task not in (done or ())]


def run(
    scenario: Scenario,
    out: Path,
    *,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    execution: Execution = DEFAULT,
) -> Stored:
    """Run what is missing of the experiment in *out* and return what is there.

    Where the scenario states a precision and *replications* are not given, there are as many as
    it needs.

    Raises UsageError for a wrong call, StorageError when the folder cannot be used,
    ConservationError when the books of a run do not balance. After KeyboardInterrupt what
    is finished stays, and the same call goes on from there.
    """
    chosen, count = design(scenario, arms, replications)
    with locking.exclusive(out):
        return _run_held(scenario, out, chosen, count, replications is not None, execution)


def _run_held(
    scenario: Scenario, out: Path, arms: list[str], count: int, counted: bool, execution: Execution
) -> Stored:
    if scenario.precision is None or counted:
        return _run(scenario, out, arms, count, execution)
    batches = chain(
        [execution], repeat(replace(execution, force=False))
    )  # the first alone clears the folder
    stored, precise = until_precise(
        scenario.precision, count, lambda n: _run(scenario, out, arms, n, next(batches))
    )
    manifest = read_manifest(out)
    manifest.precision = {**precise.as_dict(), "summary": str(precise)}
    manifest.write(out)
    return replace(stored, manifest=manifest.data())


def _run(
    scenario: Scenario, out: Path, arms: list[str], replications: int, execution: Execution
) -> Stored:
    manifest, done = claim(out, new_manifest(scenario, execution), force=execution.force)
    manifest.extend(arms, replications)
    todo = table_of_runs(arms, replications, done)
    job = Job(scenario, out, execution.keep, batch=execution.batch)
    runs = perform_all(job, todo, manifest, execution)
    return Stored(
        root=out, manifest=manifest.data(), arms=arms, replications=replications, runs=runs
    )


def design(
    scenario: Scenario, arms: Sequence[str] | None, replications: int | None
) -> tuple[list[str], int]:
    """The arms and the number of replications that are asked for; raises UsageError."""
    chosen = list(arms) if arms is not None else list(scenario.arms)
    count = scenario.replications if replications is None else replications
    for arm in chosen:
        one_of("arm", arm, scenario.arms)
    if not chosen or len(set(chosen)) != len(chosen):
        raise UsageError("arms: expected at least one, none twice")
    return chosen, at_least("replications", count, 1, MOST_REPLICATIONS)


def perform_all(job: Job, todo: list[Task], manifest: Manifest, execution: Execution) -> Runs:
    """Perform the tasks *todo* in a folder that is held, and return all runs that it then has.

    The manifest comes first, and says at the end whether all is there that was planned.
    """
    start = time.perf_counter()
    text = job.scenario.resolved()
    manifest.scenario = storage.digest(text)
    manifest.write(job.root)
    storage.write_text(job.root / storage.SCENARIO, text)
    if job.points:
        storage.write_text(job.root / storage.POINTS, points_text(job.points))
    with (
        Journal(job.root) as log,
        progress_bar(len(todo), visible=execution.progress) as advance,
    ):

        def report(done: Done) -> None:
            log.add(done)
            advance()

        run_tasks(job, todo, report, workers=execution.workers, executor=execution.executor)
        log.still_there()
    runs = journal.read(job.root).runs
    if any(parts.missing(job.root, runs.values())):
        raise parts.vanished(job.root)
    runs = joining.join(job.root, manifest, runs)
    manifest.seconds = round(manifest.seconds + time.perf_counter() - start, 3)
    manifest.complete = all(task in runs for task in promised(manifest, len(job.points)))
    manifest.write(job.root)
    return runs
