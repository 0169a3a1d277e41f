"""An experiment: every arm under every replication, stored as it goes, resumed where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import keeping, storage
from sim.experiment.manifest import Manifest, identity
from sim.experiment.progress import progress as progress_bar
from sim.experiment.storage import Task
from sim.experiment.tasks import Done
from sim.experiment.usage import UsageError, at_least, one_of
from sim.experiment.workers import Points, run_tasks

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from sim.scenario import Scenario

MOST_REPLICATIONS = 32_767
"""What the column ``replication`` holds (int16)."""
MOST_WORKERS = 1_024
MANIFEST_EVERY = 10.0
"""Seconds between two writings of the manifest while tasks finish: it grows with them, and all
that a kill can take from it is how long the last of them took."""


@dataclass(frozen=True)
class Stored:
    """Results in a folder: what they are of, and how to read them."""

    root: Path
    manifest: dict[str, Any]
    arms: list[str]
    replications: int

    @property
    def tasks(self) -> list[Task]:
        """The tasks of these results, arm by arm, those that are finished."""
        done = storage.finished(self.root)
        every = (Task(arm, r) for arm in self.arms for r in range(self.replications))
        return [task for task in every if task in done]

    def table(self, name: str, columns: Collection[str] | None = None) -> pd.DataFrame:
        """All rows of one table, arm by arm, replication by replication.

        Of *columns*, if given, those that are stored.
        """
        if name in keeping.OF_MESSAGES and not keeping.whole(self.manifest):
            raise storage.OtherResultsError(
                f"{self.root}: {name} were not kept (keep = 'counts'); run again with keep='rows'"
            )
        return storage.read(self.root, name, self.tasks, columns)

    def scenario(self) -> Scenario:
        """The scenario that these are results of."""
        from sim.scenario import loads

        path = self.root / storage.SCENARIO
        with storage.explained(self.root, reading=True):
            text = path.read_text("utf-8")
        return loads(text, name=str(path))


def table_of_runs(
    arms: Sequence[str], replications: int, done: set[Task] | None = None
) -> list[Task]:
    """The tasks still to do: replication by replication, so that arms share their wishes."""
    every = (Task(arm, r) for r in range(replications) for arm in arms)
    return [task for task in every if task not in (done or set())]


def run(
    scenario: Scenario,
    *,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    out: Path,
    keep: str = "rows",
    progress: bool = False,
    force: bool = False,
    quick: float = 0.0,
) -> Stored:
    """Run what is missing of the experiment in *out* and return what is there.

    An *executor* performs the tasks instead of *workers*; its machines must see *out*. Where the
    scenario states a precision and *replications* are not given, there are as many as it needs.

    Raises UsageError for a wrong call, StorageError when the folder cannot be used,
    ConservationError when the books of a run do not balance. After KeyboardInterrupt what
    is finished stays, and the same call goes on from there.
    """
    chosen, count = wanted(scenario, arms, replications, workers, keep)

    def perform(count: int) -> Stored:
        return _run(
            scenario, chosen, count, out, workers=workers, executor=executor, keep=keep,
            progress=progress, force=force and not claimed, quick=quick,
        )  # fmt: skip

    claimed = False
    if scenario.precision is None or replications is not None:
        return perform(count)
    from sim.experiment.precision import until_precise

    def again(count: int) -> Stored:
        nonlocal claimed
        stored = perform(count)
        claimed = True
        return stored

    stored, reached = until_precise(scenario.precision, count, again)
    stored.manifest["precision"] = {**reached.as_dict(), "told": str(reached)}
    _write_manifest(out, stored.manifest)
    return stored


def _run(
    scenario: Scenario,
    arms: list[str],
    replications: int,
    out: Path,
    *,
    workers: int,
    executor: Executor | None,
    keep: str,
    progress: bool,
    force: bool,
    quick: float,
) -> Stored:
    storage.claim(out, identity(scenario, keep=keep), force=force)
    old = storage.read_manifest(out) if (out / storage.MANIFEST).exists() else None
    manifest = Manifest(scenario, keep=keep, workers=workers, quick=quick, before=old)
    manifest.extend(arms, replications, old)
    todo = table_of_runs(arms, replications, storage.finished(out))
    perform_all(
        scenario, todo, out, manifest, keep=keep, workers=workers, executor=executor,
        progress=progress,
    )  # fmt: skip
    return Stored(out, manifest.data, arms, replications)


def wanted(
    scenario: Scenario,
    arms: Sequence[str] | None,
    replications: int | None,
    workers: int,
    keep: str,
) -> tuple[list[str], int]:
    """The arms and the number of replications that are asked for; raises UsageError."""
    chosen = list(arms) if arms is not None else list(scenario.arms)
    count = scenario.replications if replications is None else replications
    _check(chosen, list(scenario.arms), count, workers, keep)
    return chosen, count


def perform_all(
    scenario: Scenario,
    todo: list[Task],
    out: Path,
    manifest: Manifest,
    *,
    keep: str,
    workers: int,
    executor: Executor | None,
    progress: bool,
    points: Points = (),
) -> None:
    """Perform the tasks *todo*, telling the manifest of each, whatever ends it."""
    storage.write_text(out / storage.SCENARIO, scenario.resolved())
    _write(out, manifest)
    written = time.monotonic()
    with progress_bar(len(todo), shown=progress) as advance:

        def done(finished: Done) -> None:
            nonlocal written
            manifest.note(finished)
            advance()
            if time.monotonic() - written > MANIFEST_EVERY:
                _write(out, manifest)
                written = time.monotonic()

        try:
            run_tasks(
                scenario, todo, out, keep=keep, workers=workers, done=done, executor=executor,
                points=points,
            )  # fmt: skip
            manifest.data["complete"] = True
        finally:
            _write(out, manifest)


def open_stored(root: Path) -> Stored:
    """Results that an earlier run stored, finished or not."""
    manifest = storage.read_manifest(root)
    if "points" in manifest:
        raise storage.OtherResultsError(
            f"{root}: results of a sweep, not of one scenario; sim.open_sweep reads them"
        )
    return Stored(root, manifest, list(manifest["arms"]), int(manifest["replications"]))


def _check(arms: list[str], known: list[str], count: int, workers: int, keep: str) -> None:
    for arm in arms:
        one_of("arm", arm, known)
    if not arms or len(set(arms)) != len(arms):
        raise UsageError("arms: expected at least one, none twice")
    at_least("replications", count, 1, MOST_REPLICATIONS)
    at_least("workers", workers, 1, MOST_WORKERS)
    one_of("keep", keep, keeping.WORDS)


def _write(root: Path, manifest: Manifest) -> None:
    _write_manifest(root, manifest.data)


def _write_manifest(root: Path, data: dict[str, Any]) -> None:
    storage.write_text(root / storage.MANIFEST, json.dumps(data, indent=1) + "\n")
