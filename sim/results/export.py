"""Stored tables as CSV, for a spreadsheet or any other program: one part after the other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pandas as pd

from sim.experiment import locking, storage
from sim.experiment.manifest import read_manifest
from sim.measure.spreadsheet import csv
from sim.records.measures import COSTS
from sim.records.usage import one_of
from sim.results.results import Results, open_results
from sim.results.sweep import Sweep, open_sweep


def export(
    root: Path, table: str, folder: Path | None = None, *, partial: bool = False
) -> tuple[Path, str]:
    """Write all rows of a *table* that results or a sweep in *root* hold to TABLE.csv.

    In *folder*, or beside the other tables of the results. Columns are those of the table (units:
    `sim.records.rows`, MEASURES.md), of a sweep also what each point changes. Returns the path and
    of which arms there are fewer replications than there are to be. Raises UsageError for no such
    table, StorageError where it was not kept, and where something is missing or was changed,
    unless it is to be *partial*.
    """
    one_of("table", table, storage.TABLES)
    swept = read_manifest(root).points is not None
    stored = open_sweep(root, partial=partial) if swept else open_results(root, partial=partial)

    tables = _rows(stored, table)

    def write(temporary: Path) -> None:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            for number, rows in enumerate(tables):
                file.write(csv(stored.marked(rows), header=not number))

    path = (root / storage.TABLES_OF_PAGE if folder is None else folder) / f"{table}.csv"
    with locking.exclusive(root if folder is None else folder), storage.explained(path.parent):
        storage.atomically(path, write)
    return path, stored.shortfall


def _rows(stored: Results | Sweep, table: str) -> Iterator[pd.DataFrame]:
    """The rows, run by run."""
    if not isinstance(stored, Results):
        return map(stored.with_keys, stored.by_run(table))
    if table != "measures":
        return stored.by_run(table)
    return chain(stored.by_run(table), _costs(stored))


def _costs(stored: Results) -> Iterator[pd.DataFrame]:
    """The measures that are worked out of all replications together."""
    rows = stored.measures
    yield rows[rows["measure"].isin(COSTS)]
