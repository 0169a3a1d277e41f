"""A sweep: the experiment again at each of many points, in one folder, resumed where it stopped."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import storage
from sim.experiment.execution import COUNTS, Execution
from sim.experiment.manifest import Manifest, identity
from sim.experiment.run import design, perform_all, table_of_runs
from sim.experiment.storage import Task
from sim.experiment.tasks import Job
from sim.experiment.usage import UsageError
from sim.scenario import loads
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


@dataclass(frozen=True)
class StoredSweep:
    """Results of a sweep in a folder; what is asked for is read some points at a time."""

    root: Path
    manifest: dict[str, Any]
    points: list[Point]
    arms: list[str]
    replications: int

    def measures(self, words: Mapping[str, str]) -> Iterator[pd.DataFrame]:
        """The measures of all points, AT_ONCE of them at a time, with a column ``point``.

        Only rows in which columns hold what *words* says.
        """
        from sim.experiment import frames  # pandas

        done = storage.finished(self.root)
        for first in range(0, len(self.points), AT_ONCE):
            points = range(first, min(first + AT_ONCE, len(self.points)))
            every = product(points, self.arms, range(self.replications))
            tasks = [task for p, arm, r in every if (task := Task(arm, r, p)) in done]
            if tasks:
                yield frames.read(self.root, "measures", tasks, words=words)

    def with_costs(self) -> Iterator[pd.DataFrame]:
        """The measures of all points by ``all`` after the policies start, AT_ONCE of them at a
        time, with what each arm costs (see `sim.measure.costs`)."""
        from sim.experiment.costs import costs_at  # pandas
        from sim.measure.costs import joined

        scenario = loads((self.root / storage.SCENARIO).read_text("utf-8"))
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
) -> StoredSweep:
    """Run what is missing of a sweep in *out*; without *points*, those of the scenario's own.

    Every point is checked before anything runs: raises ScenarioError with the faults of the
    first that is wrong; otherwise as `sim.experiment.run`.
    """
    if points is None:
        points = _own_points(scenario)
        arms = arms or (scenario.sweep.arms if scenario.sweep else None) or None
    if not points:
        raise UsageError("points: expected at least one")
    if wrong := not_swept(key for point in points for key in point):
        raise UsageError(f"points: cannot be swept: {', '.join(dict.fromkeys(wrong))}")
    chosen, count = design(scenario, arms, replications)
    for point in points if not out.exists() else points[:1]:
        if point:
            scenario.with_overrides(point)
    digest = hashlib.sha256(json.dumps(list(points), sort_keys=True).encode()).hexdigest()
    fingerprint = identity(scenario, keep=execution.keep) | {"points": digest}
    manifest = Manifest(scenario, execution, storage.claim(out, fingerprint, force=execution.force))
    manifest.data["points"] = digest
    manifest.extend(chosen, count)
    done = storage.finished(out)
    tasks = product(range(len(points)), table_of_runs(chosen, count))
    todo = [at for point, task in tasks if (at := task._replace(point=point)) not in done]
    storage.write_text(out / storage.POINTS, json.dumps(list(points), indent=1) + "\n")
    perform_all(
        Job(scenario, out, execution.keep, list(points), execution.batch), todo, manifest, execution
    )
    return StoredSweep(out, manifest.data, list(points), chosen, count)


def _own_points(scenario: Scenario) -> list[Point]:
    try:
        points = scenario.sweep_points()
    except ValueError as error:
        raise UsageError(f"[ranges]: {error}; mailsim sensitivity takes more") from None
    if not points:
        raise UsageError("the scenario has no [sweep] and no [ranges], and no points are given")
    return points


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
