"""Whether all that was promised is in a folder of results, and as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from sim.experiment import frames, journal, storage
from sim.experiment.claiming import faults
from sim.experiment.manifest import code_digest, read_manifest
from sim.experiment.stored import gaps, points_of, scenario_of
from sim.measure.counters import columns_of_measures
from sim.measure.exposure import exposure
from sim.records.rows import TABLES
from sim.scenario import Scenario


class Verified(NamedTuple):
    """What a folder holds, and all that is wrong with it, in words."""

    root: Path
    runs: int
    planned: int
    parts: int
    recounted: bool
    """Whether the measures were counted again from the rows."""
    faults: list[str]

    def __str__(self) -> str:
        """One line of what is there, or one for each fault."""
        if self.faults:
            return "\n".join(f"{self.root}: {fault}" for fault in self.faults)
        number = f"{self.runs} of {self.planned}" if self.runs < self.planned else str(self.runs)
        counted = "; the measures are those of the rows" if self.recounted else ""
        return f"{self.root}: {number} runs, {self.parts} parts, all as they were written{counted}"


def verify(root: Path) -> Iterator[Verified]:
    """Read all of the results in *root*, and of those within, and hold it against what was written.

    Where rows of mail were kept, and the version is the same, measures are counted again from them.
    """
    yield _verified(root)
    for name in (storage.STRUCTURES, storage.SWEEP):
        if (root / name / storage.MANIFEST).exists():
            yield _verified(root / name)


def _verified(root: Path) -> Verified:
    manifest = read_manifest(root)
    points = [] if manifest.points is None else points_of(root, manifest)
    scenario, log = scenario_of(root, manifest), journal.read(root)
    wrong = [*gaps(root, manifest, len(points), log)]
    recounted = manifest.keep == "rows" and manifest.code == code_digest()
    for task, run in log.runs.items():
        changed = [fault for fault in faults(root, run) if fault]
        wrong += [fault for fault in changed if fault not in wrong]
        if recounted and not changed:
            at = scenario.with_overrides(points[task.point]) if points else scenario
            wrong += _disagreement(root, run, at)
    planned = sum(manifest.planned.values()) * max(len(points), 1)
    parts = sum(len(run.parts) for run in log.runs.values())
    return Verified(root, len(log.runs), planned, parts, recounted, wrong)


def _disagreement(root: Path, run: journal.Done, scenario: Scenario) -> Iterator[str]:
    """What the measures of a run say other than its rows, in words."""
    tables = {name: frames.read(root, name, [run]) for name in TABLES}
    stored = frames.read(root, "measures", [run])
    counted = columns_of_measures(tables, exposure(scenario)).frame()
    if not _alike(stored, counted):
        path = storage.part(root, "measures", run.task).relative_to(root).as_posix()
        yield f"{path} is not what its rows give; run the same command again with --force"


def _alike(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether two tables say the same in the columns that both have."""
    names = [name for name in one.columns if name in other.columns and name != "arm"]
    words = {name: str for name in names if str(one[name].dtype) == "category"}
    return one[names].astype(words).equals(other[names].astype(words))
