"""Results in a folder: what they are of, and how to read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import storage
from sim.experiment.execution import COUNTS
from sim.experiment.storage import Task
from sim.scenario import Scenario, loads

if TYPE_CHECKING:
    import pandas as pd


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
        if name in storage.OF_MESSAGES and self.manifest["keep"] == COUNTS:
            raise storage.OtherResultsError(
                f"{self.root}: {name} were not kept (keep = {COUNTS!r}); run again with keep='rows'"
            )
        from sim.experiment import frames  # pandas: half a second, beside the workers

        return frames.read(self.root, name, self.tasks, columns)

    def scenario(self) -> Scenario:
        """The scenario that these are results of."""
        path = self.root / storage.SCENARIO
        with storage.explained(self.root, reading=True):
            text = path.read_text("utf-8")
        return loads(text, name=str(path))


def open_stored(root: Path) -> Stored:
    """Results that an earlier run stored, finished or not."""
    manifest = storage.read_manifest(root)
    if "points" in manifest:
        raise storage.OtherResultsError(
            f"{root}: results of a sweep, not of one scenario; sim.open_sweep reads them"
        )
    return Stored(root, manifest, list(manifest["arms"]), int(manifest["replications"]))
