"""A sweep: the experiment again at each of many points, in one folder, resumed where it stopped."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import locking, storage
from sim.experiment.claiming import claim
from sim.experiment.execution import COUNTS, Execution
from sim.experiment.manifest import new_manifest, points_text, read_manifest
from sim.experiment.run import design, perform_all, table_of_runs
from sim.experiment.storage import Task
from sim.experiment.stored import Folder, finished, points_of
from sim.experiment.tasks import Job
from sim.records.usage import UsageError
from sim.scenario.sweeping import not_swept

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario
    from sim.scenario.sweeping import Point


MEASURES_ALONE = Execution(keep=COUNTS)
"""How a sweep is performed by default."""
AT_ONCE = 100
"""Points whose measures are read at a time: enough that what a table costs by itself, whatever
its length, counts little; chosen."""


WHOLE = {"by": "all", "phase": "after"}
"""The measures that the tables of a sweep are of."""
DAILY = {"by": "day", "phase": "after", "class": "honest"}
"""Those by day that costs follow from."""


@dataclass(frozen=True, kw_only=True)
class StoredSweep(Folder):
    """Results of a sweep in a folder; what is asked for is read some points at a time."""

    points: list[Point]

    @cached_property
    def tasks(self) -> list[Task]:
        """The runs of this sweep that are finished, point by point."""
        every = product(range(len(self.points)), self.arms, range(self.replications))
        return [task for point, arm, r in every if (task := Task(arm, r, point)) in self.runs]

    @property
    def shortfall(self) -> str:
        """Of which arms there are fewer runs than there are to be, all points together."""
        return self.short_of(self.replications * len(self.points), self.tasks)

    def measures(self, words: Mapping[str, str]) -> Iterator[pd.DataFrame]:
        """The measures of all points, AT_ONCE of them at a time, with a column ``point``.

        Only rows in which columns hold what *words* says.
        """
        for first in range(0, len(self.points), AT_ONCE):
            tasks = [task for task in self.tasks if first <= task.point < first + AT_ONCE]
            if tasks:
                yield self.rows("measures", tasks, words=words)

    def with_costs(self) -> Iterator[pd.DataFrame]:
        """The measures of all points by ``all`` after the policies start, AT_ONCE of them at a
        time, with what each arm costs (see `sim.measure.costs`)."""
        from sim.experiment.costs import costs_at  # pandas
        from sim.measure.costs import joined

        scenario = self.scenario()
        baseline = str(self.manifest["baseline"])
        for whole, daily in zip(self.measures(WHOLE), self.measures(DAILY), strict=True):
            yield joined(whole, costs_at(scenario, self.points, daily, baseline))

    def baseline_value(self, key: str) -> Any:
        """What the scenario itself says of a key by its dotted name; None of several, or none."""
        with storage.explained(self.root, reading=True):
            value: Any = tomllib.loads((self.root / storage.SCENARIO).read_text("utf-8"))
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def keys(self) -> list[str]:
        """Every key that some point changes, in the order in which they are met."""
        return list(dict.fromkeys(key for point in self.points for key in point))


def sweep(
    scenario: Scenario,
    out: Path,
    points: Sequence[Point] | None = None,
    *,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    execution: Execution = MEASURES_ALONE,
    untried: list[Point] | None = None,
) -> StoredSweep:
    """Run what is missing of a sweep in *out*; without *points*, those of the scenario's own.

    Every point is checked before anything runs: raises ScenarioError with the faults of the
    first that is wrong; otherwise as `sim.experiment.run`. The manifest says what was
    left *untried*.
    """
    if points is None:
        points = _own_points(scenario)
        arms = arms or (scenario.sweep.arms if scenario.sweep else None) or None
    if not points:
        raise UsageError("points: expected at least one")
    if wrong := not_swept(key for point in points for key in point):
        raise UsageError(f"points: cannot be swept: {', '.join(dict.fromkeys(wrong))}")
    chosen, count = design(scenario, arms, replications)
    for point in points if not (out / storage.MANIFEST).exists() else points[:1]:
        if point:
            scenario.with_overrides(point)
    job = Job(scenario, out, execution.keep, list(points), execution.batch)
    digest = storage.digest(points_text(points))
    with locking.exclusive(out):
        expected = new_manifest(scenario, execution, digest)
        manifest, done = claim(out, expected, force=execution.force)
        manifest.untried = untried
        manifest.extend(chosen, count)
        tasks = product(range(len(points)), table_of_runs(chosen, count))
        todo = [at for point, task in tasks if (at := task._replace(point=point)) not in done]
        runs = perform_all(job, todo, manifest, execution)
    return StoredSweep(
        root=out,
        manifest=manifest.data(),
        points=list(points),
        arms=chosen,
        replications=count,
        runs=runs,
    )


def _own_points(scenario: Scenario) -> list[Point]:
    try:
        points = scenario.sweep_points()
    except ValueError as error:
        raise UsageError(f"[ranges]: {error}; mailsim sensitivity takes more") from None
    if not points:
        raise UsageError("the scenario has no [sweep] and no [ranges], and no points are given")
    return points


def open_sweep(root: Path, *, partial: bool = False) -> StoredSweep:
    """A sweep that was stored earlier, all of it, or as far as it came.

    Raises DamagedError where something is missing or was changed; if *partial*, goes on without it.
    """
    manifest = read_manifest(root)
    if manifest.points is None:
        raise storage.OtherResultsError(f"{root}: results of one scenario, not of a sweep")
    points = points_of(root, manifest)
    runs = finished(root, manifest, len(points), partial=partial)
    arms = {task.arm for task in runs}
    return StoredSweep(
        root=root,
        manifest=manifest.data(),
        points=points,
        arms=[arm for arm in manifest.arms if arm in arms],
        replications=manifest.replications,
        runs=runs,
        partial=partial,
        absent=tuple(arm for arm in manifest.arms if arm not in arms),
    )
