"""The parts of many replications joined: of an arm, one file for each table.

Only counts are joined: a thousand replications leave some thousand small files otherwise. A kill
at any step leaves what the same command goes on from: the joined file is renamed into its place,
then the log says at once that all runs of the arm are in it, then their own parts are removed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sim.experiment import journal, parts, storage
from sim.experiment.coding import coding
from sim.experiment.execution import COUNTS
from sim.experiment.journal import Done, Runs
from sim.experiment.manifest import Manifest

MANY = 100
"""Replications of an arm from which its parts are joined; chosen: fewer are no burden."""


def join(root: Path, manifest: Manifest, runs: Runs) -> Runs:
    """Join the parts of each arm that is complete and has many; all runs of the folder.

    The folder is held (`sim.experiment.locking`).
    """
    if manifest.keep != COUNTS or manifest.points is not None or not storage.PARQUET:
        return runs
    for arm, planned in manifest.planned.items():
        of_arm = [run for run in runs.values() if run.task.arm == arm]
        if planned >= MANY and len(of_arm) == planned:
            with storage.explained(root):
                runs = _joined(root, sorted(of_arm, key=lambda run: run.task), runs)
    return runs


def _joined(root: Path, of_arm: list[Done], runs: Runs) -> Runs:
    """All runs of the folder, when the parts of an arm are joined."""
    number, runs = len(of_arm), {**runs}
    if any(run.joined != number for run in of_arm):
        checks = {table: _join(root, table, of_arm) for table in of_arm[0].parts}
        for run in of_arm:
            parts_of = {t: check._replace(rows=run.parts[t].rows) for t, check in checks.items()}
            runs[run.task] = replace(run, joined=number, parts=parts_of)
        journal.rewrite(root, runs.values())
    for table in of_arm[0].parts:
        file = storage.part(root, table, of_arm[0].task, number)
        for pattern in storage.OWN_PARTS:
            for path in file.parent.glob(pattern):
                if path != file:
                    path.unlink()
    return runs


def _join(root: Path, table: str, of_arm: list[Done]) -> parts.Check:
    """Write the joined parts of one table; the check of their file."""
    path = storage.part(root, table, of_arm[0].task, len(of_arm))
    sources = [partial(_opened, root, table, run) for run in of_arm]
    storage.atomically(path, lambda file: coding.join(sources, file))
    return parts.check_of_file(path)


@contextmanager
def _opened(root: Path, table: str, run: Done) -> Iterator[tuple[Any, int | None]]:
    with parts.opened(root, table, run) as file:
        yield file, run.group
