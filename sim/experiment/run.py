"""An experiment: every arm under every replication, stored as it goes, resumed where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from sim.experiment import storage
from sim.experiment.execution import DEFAULT, Execution
from sim.experiment.manifest import Manifest, identity
from sim.experiment.precision import until_precise
from sim.experiment.progress import progress as progress_bar
from sim.experiment.storage import Task
from sim.experiment.stored import Stored
from sim.experiment.tasks import Done, Job
from sim.experiment.usage import UsageError, at_least, one_of
from sim.experiment.workers import run_tasks
from sim.scenario import Scenario

MOST_REPLICATIONS = 32_767
"""What the column ``replication`` holds (int16)."""
MANIFEST_EVERY = 10.0
"""Seconds between two writings of the manifest while tasks finish: it grows with them, and all
that a kill can take from it is how long the last of them took."""


def table_of_runs(
    arms: Sequence[str], replications: int, done: set[Task] | None = None
) -> list[Task]:
    """The tasks still to do: replication by replication, so that arms share their workload."""
    every = (Task(arm, r) for r in range(replications) for arm in arms)
    return [task for task in every if task not in (done or set())]


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
    if scenario.precision is None or replications is not None:
        return _run(scenario, out, chosen, count, execution)
    batches = chain(
        [execution], repeat(replace(execution, force=False))
    )  # the first alone clears the folder
    stored, precise = until_precise(
        scenario.precision, count, lambda n: _run(scenario, out, chosen, n, next(batches))
    )
    stored.manifest["precision"] = {**precise.as_dict(), "summary": str(precise)}
    write_manifest(out, stored.manifest)
    return stored


def _run(
    scenario: Scenario, out: Path, arms: list[str], replications: int, execution: Execution
) -> Stored:
    old = storage.claim(out, identity(scenario, keep=execution.keep), force=execution.force)
    manifest = Manifest(scenario, execution, old)
    manifest.extend(arms, replications)
    todo = table_of_runs(arms, replications, storage.finished(out))
    perform_all(
        Job(scenario, out, execution.keep, batch=execution.batch), todo, manifest, execution
    )
    return Stored(out, manifest.data, arms, replications)


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


def perform_all(job: Job, todo: list[Task], manifest: Manifest, execution: Execution) -> None:
    """Perform the tasks *todo* and note each in the manifest, whatever ends it."""
    storage.write_text(job.root / storage.SCENARIO, job.scenario.resolved())
    write_manifest(job.root, manifest.data)
    last_write = time.monotonic()
    with progress_bar(len(todo), visible=execution.progress) as advance:

        def report(done: Done) -> None:
            nonlocal last_write
            manifest.note(done)
            advance()
            if time.monotonic() - last_write > MANIFEST_EVERY:
                write_manifest(job.root, manifest.data)
                last_write = time.monotonic()

        try:
            run_tasks(job, todo, report, workers=execution.workers, executor=execution.executor)
            manifest.data["complete"] = True
        finally:
            write_manifest(job.root, manifest.data)


def write_manifest(root: Path, data: dict[str, Any]) -> None:
    """Write the manifest of *root*, whole or not at all."""
    storage.write_text(root / storage.MANIFEST, json.dumps(data, indent=1) + "\n")
