"""What results and sweeps have in common: a folder, and what its manifest says."""

from __future__ import annotations

from sim.experiment import Stored
from sim.experiment.sweeping import StoredSweep


class Folder:
    """A folder of results: its *path*, *manifest* (versions, seed, scenario hash, command and
    durations), *arms* in the order of the scenario, the *baseline* that the others are compared
    with (the first arm if the scenario's was not run), and whether it was a *quick* run."""

    def __init__(self, stored: Stored | StoredSweep, baseline: str = "") -> None:
        self.path, self.manifest = stored.root, stored.manifest
        self.arms = list(stored.arms)
        name = baseline or str(self.manifest["baseline"])
        self.baseline = name if name in self.arms else self.arms[0]
        self.quick = bool(self.manifest.get("quick", False))
