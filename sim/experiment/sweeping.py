"""A sweep: the experiment again at each of many points, in one folder, resumed where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import storage
from sim.experiment.manifest import Manifest, identity
from sim.experiment.run import perform_all, table_of_runs, wanted
from sim.experiment.storage import Task
from sim.experiment.usage import UsageError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import pandas as pd

    from sim.scenario import Scenario
    from sim.scenario.sweeping import Point


@dataclass(frozen=True)
class StoredSweep:
    """Results of a sweep in a folder; what is asked for is read point by point."""

    root: Path
    manifest: dict[str, Any]
    points: list[Point]
    arms: list[str]
    replications: int

    def measures(self) -> Iterator[tuple[int, pd.DataFrame]]:
        """The measures of each point that has any; one point is held at a time."""
        done = storage.finished(self.root)
        for point in range(len(self.points)):
            tasks = [
                task
                for task in (Task(a, r, point) for a in self.arms for r in range(self.replications))
                if task in done
            ]
            if tasks:
                yield point, storage.read(self.root, "measures", tasks).drop(columns="point")

    def keys(self) -> list[str]:
        """Every key that some point changes, in the order in which they are met."""
        return list(dict.fromkeys(key for point in self.points for key in point))

    def told(self, point: int) -> dict[str, Any]:
        """The columns that say which point a row is of; None: as in the scenario."""
        changed = self.points[point]
        return {"point": point, **{key: changed.get(key) for key in self.keys()}}


def sweep(
    scenario: Scenario,
    points: Sequence[Point] | None = None,
    *,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    workers: int = 1,
    executor: Executor | None = None,
    out: Path,
    keep: str = "counts",
    progress: bool = False,
    force: bool = False,
) -> StoredSweep:
    """Run what is missing of a sweep in *out*; without *points*, those of the scenario's own.

    Every point is checked before anything runs: raises ScenarioError with the faults of the
    first that is wrong; otherwise as `sim.experiment.run`.
    """
    if points is None:
        if scenario.sweep is None:
            raise UsageError("the scenario has no [sweep], and no points are given")
        points = scenario.sweep.all()
        arms = arms or scenario.sweep.arms or None
    if not points:
        raise UsageError("points: expected at least one")
    chosen, count = wanted(scenario, arms, replications, workers, keep)
    for point in points if not out.exists() else points[:1]:
        if point:
            scenario.with_overrides(point)
    told = json.dumps(list(points), indent=1)
    digest = hashlib.sha256(json.dumps(list(points), sort_keys=True).encode()).hexdigest()
    this = identity(scenario, keep=keep) | {"points": digest}
    storage.claim(out, this, force=force)
    old = storage.read_manifest(out) if (out / storage.MANIFEST).exists() else None
    manifest = Manifest(scenario, keep=keep, workers=workers, draft=False, before=old)
    manifest.data["points"] = digest
    manifest.extend(chosen, count, old)
    done = storage.finished(out)
    todo = [
        task
        for point in range(len(points))
        for task in (t._replace(point=point) for t in table_of_runs(chosen, count))
        if task not in done
    ]
    storage.write_text(out / storage.POINTS, told + "\n")
    perform_all(
        scenario, todo, out, manifest, keep=keep, workers=workers, executor=executor,
        progress=progress, points=list(points),
    )  # fmt: skip
    return StoredSweep(out, manifest.data, list(points), chosen, count)


def open_sweep(root: Path) -> StoredSweep:
    """A sweep that was stored earlier, finished or not."""
    manifest = storage.read_manifest(root)
    if "points" not in manifest:
        raise storage.OtherResultsError(f"{root}: results of one scenario, not of a sweep")
    with storage.explained(root, reading=True):
        points = json.loads((root / storage.POINTS).read_text("utf-8"))
    return StoredSweep(
        root, manifest, points, list(manifest["arms"]), int(manifest["replications"])
    )
