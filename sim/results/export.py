"""Stored tables as CSV, for a spreadsheet or any other program: one part after the other."""

from __future__ import annotations

from pathlib import Path

from sim.experiment import frames, storage
from sim.experiment.usage import one_of
from sim.measure.spreadsheet import csv
from sim.records.measures import COSTS
from sim.results.results import open_results
from sim.results.sweep import open_sweep


def export(root: Path, table: str, folder: Path | None = None) -> Path:
    """Write all rows of a *table* that results or a sweep in *root* hold to TABLE.csv; its path.

    In *folder*, or beside the other tables of the results. Columns are those of the table (units:
    `sim.records.rows`, MEASURES.md), of a sweep also what each point changes. Raises
    UsageError for no such table, StorageError where it was not kept.
    """
    one_of("table", table, storage.TABLES)
    manifest = storage.read_manifest(root)
    arms = list(manifest["arms"])
    tasks = sorted(storage.finished(root), key=lambda t: (t.point, arms.index(t.arm), t[1]))
    if not tasks:
        raise storage.StorageError(f"{root}: no run is finished there")
    if not storage.part(root, table, tasks[0]).exists():
        keep = manifest["keep"]
        raise storage.OtherResultsError(f"{root}: {table} were not kept (keep = {keep!r})")
    sweep = open_sweep(root) if "points" in manifest else None

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            for number, task in enumerate(tasks):
                rows = frames.read(root, table, [task])
                rows = rows if sweep is None else sweep.with_keys(rows)
                file.write(csv(rows, header=not number))
            if table == "measures" and sweep is None:  # worked out of all replications together
                rows = open_results(root).measures
                file.write(csv(rows[rows["measure"].isin(COSTS)], header=False))

    path = (root / storage.TABLES_OF_PAGE if folder is None else folder) / f"{table}.csv"
    with storage.explained(path.parent):
        storage.atomically(path, write)
    return path
