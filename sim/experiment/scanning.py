"""A stored table as one data set that is read as it is asked for: results larger than memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from sim.experiment import parts, storage
from sim.experiment.journal import Done


def scan(root: Path, table: str, runs: Iterable[Done]) -> Any:
    """The parts of *runs* as a `pyarrow.dataset.Dataset`, with the arm as a column.

    Each part is held against its checksum now, as far as `sim.experiment.parts.opened` does, and
    the pages of large ones when they are read.
    """
    selection = [run for run in runs if table in run.parts]
    if not selection:
        raise storage.StorageError(f"{root}: no {table} are stored there")
    groups: dict[Path, list[Done]] = {}
    for run in selection:
        groups.setdefault(parts.path_of(root, table, run), []).append(run)
    schemas = []
    for run, *_ in groups.values():
        with parts.opened(root, table, run) as file:
            schemas.append(file.schema_arrow.remove_metadata())
    arms = list(dict.fromkeys(run.task.arm for run in selection))
    arm = pa.field("arm", pa.dictionary(pa.int32(), pa.string()))
    schema = pa.unify_schemas(schemas)
    options = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
    every = ds.dataset(
        [str(path) for path in groups],
        schema=schema.insert(int("point" in schema.names), arm),
        format=ds.ParquetFileFormat(default_fragment_scan_options=options),
        partitioning=ds.partitioning(
            pa.schema([arm]), flavor="hive", dictionaries={"arm": pa.array(arms)}
        ),
        partition_base_dir=str(root / table),
    )
    if all(runs[0].joined in (0, len(runs)) for runs in groups.values()):
        return every
    replications = {run.task.replication for run in selection}  # fewer than are joined
    return every.filter(ds.field("replication").isin(sorted(replications)))
