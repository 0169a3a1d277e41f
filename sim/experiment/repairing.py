"""What is missing of results, or was changed, made again as it was."""

from __future__ import annotations

from pathlib import Path

from sim.experiment import locking, storage
from sim.experiment.claiming import whole
from sim.experiment.execution import Execution
from sim.experiment.manifest import differences, new_manifest, read_manifest
from sim.experiment.run import perform_all
from sim.experiment.stored import points_of, promised, scenario_of
from sim.experiment.tasks import Job
from sim.scenario.implied import is_followed


def repair(root: Path, *, workers: int = 1, progress: bool = False) -> int:
    """Run again what is not in *root* as it was written, and what was not run yet; how many runs.

    Raises OtherResultsError where this version would not make the same rows, or what is stored of
    the scenario does not say how.
    """
    with locking.exclusive(root):
        manifest = read_manifest(root)
        scenario = scenario_of(root, manifest)
        points = [] if manifest.points is None else points_of(root, manifest)
        execution = Execution(manifest.keep, workers, progress=progress, quick=manifest.quick)
        if words := differences(manifest, new_manifest(scenario, execution, manifest.points)):
            raise storage.OtherResultsError(
                f"{root} holds results of another {', '.join(words)}: what is missing cannot be "
                "made again here; run the same command again with --force"
            )
        done = whole(root)
        todo = [task for task in promised(manifest, len(points)) if task not in done]
        followed = sorted({key for point in points for key in point if is_followed(key)})
        if todo and followed:
            raise storage.OtherResultsError(
                f"{root}: points change {', '.join(followed)}, from which other keys follow: run "
                "the command that wrote them again"
            )
        if todo:
            perform_all(Job(scenario, root, manifest.keep, points), todo, manifest, execution)
    return len(todo)
