"""How a run begins in a folder: what is there is its own, or is refused, or is removed.

Every step leaves a folder that the same command can go on from: the manifest comes first, takes
the place of another, and is never away in between.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from sim.experiment import journal, locking, parts, storage
from sim.experiment.journal import Runs
from sim.experiment.manifest import Manifest, differences, read_manifest
from sim.experiment.storage import OtherResultsError

BESIDE = (storage.SWEEP, storage.CALIBRATION, storage.STRUCTURES, locking.NAME)
"""What may lie in a folder before there are results in it."""


def claim(root: Path, expected: Manifest, *, force: bool = False) -> tuple[Manifest, Runs]:
    """The manifest that *root* has for results as *expected*, or that; and what is finished there.

    With *force*, others are removed. Raises OtherResultsError when the folder holds anything else:
    results are never mixed. Only files and folders of this layout are ever removed. The folder is
    held (`sim.experiment.locking`).
    """
    with storage.explained(root):
        if not (root / storage.MANIFEST).exists():
            if any(path.name not in BESIDE for path in root.iterdir()):
                raise OtherResultsError(
                    f"{root} is not empty and holds no results; choose another --out"
                )
            return expected, {}
        if force:
            clear(root)
            return expected, {}
        return _same(root, expected), whole(root)


def _same(root: Path, expected: Manifest) -> Manifest:
    """The manifest of *root*; raises OtherResultsError unless its results are as *expected*."""
    existing = read_manifest(root)
    if words := differences(existing, expected):
        raise OtherResultsError(
            f"{root} holds results of another {', '.join(words)}; they are never mixed: "
            "choose another --out, or --force to replace them"
        )
    return existing.model_copy(
        update={
            key: getattr(expected, key) for key in ("command", "workers", "python", "libraries")
        }
    )


def whole(root: Path) -> Runs:
    """The finished runs of which every octet is as it was written; others are to run again."""
    log = journal.read(root)
    runs = {task: run for task, run in log.runs.items() if not any(faults(root, run))}
    if len(runs) < len(log.runs) or log.damaged or log.cut_off:
        journal.rewrite(root, runs.values())
    return runs


def faults(root: Path, run: journal.Done) -> Iterator[str]:
    """What is wrong with each part of a run, in words; "" where it is as it was written."""
    return (parts.fault(root, table, run) for table in run.parts)


def clear(root: Path) -> None:
    """Remove what this layout puts into a folder, and nothing else, but not yet the manifest."""
    for name in storage.OWN_FILES[:-1]:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
