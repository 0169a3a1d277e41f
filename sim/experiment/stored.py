"""Results in a folder: what they are of, whether all is there that was promised, and the rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import journal, parts, storage
from sim.experiment.claiming import faults
from sim.experiment.execution import COUNTS
from sim.experiment.journal import Log, Runs
from sim.experiment.manifest import MOST_RUNS, Manifest, read_manifest
from sim.experiment.storage import DamagedError, OtherResultsError, StorageError, Task
from sim.scenario import Scenario, loads

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario.sweeping import Point


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What results and sweeps in a folder have in common."""

    root: Path
    manifest: dict[str, Any]
    arms: list[str]
    replications: int
    runs: Runs
    """All finished runs of the folder."""
    partial: bool = False
    """Whether they are what is left of what there was."""
    absent: tuple[str, ...] = ()
    """Arms of which there is no finished run at all."""

    def require(self, table: str) -> None:
        """Raise OtherResultsError for a table that was not kept."""
        if table in storage.OF_MESSAGES and self.manifest["keep"] == COUNTS:
            raise OtherResultsError(
                f"{self.root}: {table} were not kept (keep = {COUNTS!r}); run again with "
                "keep='rows'"
            )

    def rows(
        self,
        table: str,
        tasks: Iterable[Task],
        columns: Collection[str] | None = None,
        words: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """The rows of one table of *tasks*, in their order (see `sim.experiment.frames.read`)."""
        from sim.experiment import frames  # pandas: half a second, beside the workers

        self.require(table)
        return frames.read(self.root, table, [self.runs[task] for task in tasks], columns, words)

    def scenario(self) -> Scenario:
        """The scenario that these are results of."""
        return scenario_of(self.root, Manifest.model_validate(self.manifest))

    def short_of(self, planned: int, tasks: Iterable[Task]) -> str:
        """Of which arms there are fewer *tasks* than *planned*, in words."""
        return shortfall([*self.arms, *self.absent], planned, Counter(task.arm for task in tasks))


@dataclass(frozen=True, kw_only=True)
class Stored(Folder):
    """Results in a folder: what they are of, and how to read them."""

    @cached_property
    def tasks(self) -> list[Task]:
        """The tasks of these results, arm by arm, those that are finished."""
        every = (Task(arm, r) for arm in self.arms for r in range(self.replications))
        return [task for task in every if task in self.runs]

    @property
    def shortfall(self) -> str:
        """Of which arms there are fewer replications than there are to be, in words."""
        return self.short_of(self.replications, self.tasks)

    def table(self, name: str, columns: Collection[str] | None = None) -> pd.DataFrame:
        """All rows of one table, arm by arm, replication by replication.

        Of *columns*, if given, those that are stored.
        """
        return self.rows(name, self.tasks, columns)


def shortfall(arms: Iterable[str], planned: int, counts: Mapping[str, int]) -> str:
    """Of which *arms* fewer than *planned* replications are counted, in words, alike ones together.

    For example: 4 of 6 replications of 'open trust', 'on network'.
    """
    alike: dict[int, list[str]] = {}
    for arm in arms:
        if (number := counts.get(arm, 0)) < planned:
            alike.setdefault(number, []).append(repr(arm))
    return "; ".join(
        f"{number} of {planned} replications of {', '.join(names)}"
        for number, names in alike.items()
    )


def open_stored(root: Path, *, partial: bool = False) -> Stored:
    """Results that an earlier run stored, all of them, or as far as the run came.

    Raises DamagedError where something is missing or was changed; if *partial*, goes on without it.
    """
    storage.need_parquet()
    manifest = read_manifest(root)
    if manifest.points is not None:
        raise OtherResultsError(
            f"{root}: results of a sweep, not of one scenario; sim.open_sweep reads them"
        )
    runs = finished(root, manifest, 0, partial=partial)
    arms = {task.arm for task in runs}
    return Stored(
        root=root,
        manifest=manifest.data(),
        arms=[arm for arm in manifest.arms if arm in arms],
        replications=manifest.replications,
        runs=runs,
        partial=partial,
        absent=tuple(arm for arm in manifest.arms if arm not in arms),
    )


def promised(manifest: Manifest, points: int) -> Iterator[Task]:
    """The runs that a folder is to have; of a sweep, at each of its *points*."""
    places = range(points) if points else (-1,)
    arms = manifest.planned.items()
    return (Task(arm, r, p) for p in places for arm, number in arms for r in range(number))


def finished(root: Path, manifest: Manifest, points: int, *, partial: bool) -> Runs:
    """The runs that are finished in a folder with the manifest *manifest*.

    Raises DamagedError where something that was promised is not there. If *partial*, all of it
    is read once, and what is not as it was written is left out.
    """
    if sum(manifest.planned.values()) * max(points, 1) > MOST_RUNS:
        raise StorageError(f"{root / storage.MANIFEST}: more than {MOST_RUNS:,} runs")
    log = journal.read(root)
    if not partial:
        first, *others = [*gaps(root, manifest, points, log), ""]
        if first:
            more = f", and {len(others) - 1} more are" if len(others) > 1 else ""
            raise DamagedError(root, f"{first}{more}")
    runs = {task: log.runs[task] for task in promised(manifest, points) if task in log.runs}
    if partial:
        runs = {task: run for task, run in runs.items() if not any(faults(root, run))}
    if not runs:
        raise StorageError(f"{root}: no run is finished there; run the same command again")
    return runs


def gaps(root: Path, manifest: Manifest, points: int, log: Log) -> Iterator[str]:
    """What is promised and not there, in words: each with its name."""
    for line in log.damaged:
        yield f"{storage.LOG}, line {line}, was changed"
    unlogged = (task for task in promised(manifest, points) if task not in log.runs)
    lost = (storage.part(root, storage.TABLES[-1], task) for task in unlogged if manifest.complete)
    for path in chain(parts.missing(root, log.runs.values()), lost):
        yield f"{path.relative_to(root).as_posix()} is missing"


def scenario_of(root: Path, manifest: Manifest) -> Scenario:
    """The scenario of the results in a folder, as the manifest says which it is."""
    path = root / storage.SCENARIO
    return loads(_text(path, manifest.scenario), name=str(path))


def points_of(root: Path, manifest: Manifest) -> list[Point]:
    """The points of a sweep, as the manifest says which they are."""
    points: list[Point] = json.loads(_text(root / storage.POINTS, manifest.points or ""))
    return points


def _text(path: Path, digest: str) -> str:
    """What a file of text holds; raises StorageError if it is not as it was written, or not
    there."""
    if not path.exists():
        raise OtherResultsError(
            f"{path.parent}: no {path.name}, without which these results say nothing; the command "
            "that wrote them writes it again"
        )
    with storage.explained(path, reading=True):
        text = storage.octets(path).decode("utf-8", "replace")
    if storage.digest(text) != digest:
        raise StorageError(f"{path}: was changed; the command that wrote it writes it again")
    return text
