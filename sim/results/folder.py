"""What results and sweeps have in common: a folder, and what its manifest says."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar

import pandas as pd

from sim.experiment import Stored, storage
from sim.experiment.sweeping import StoredSweep
from sim.records.usage import one_of

StoredType = TypeVar("StoredType", bound=Stored | StoredSweep)
"""What is read: results, or a sweep."""


class Folder(Generic[StoredType]):
    """A folder of results: its *path*, *manifest* (versions, seed, scenario hash, command and
    durations), *arms* in the order of the scenario, the *baseline* that the others are compared
    with (the first arm if the scenario's was not run), whether it was a *quick* run, and the
    *shortfall*: of which arms there are fewer replications than there are to be, in words."""

    def __init__(self, stored: StoredType, baseline: str = "") -> None:
        self._stored = stored
        self.path, self.manifest = stored.root, stored.manifest
        self.arms = list(stored.arms)
        name = baseline or str(self.manifest["baseline"])
        self.baseline = name if name in self.arms else self.arms[0]
        self.quick = bool(self.manifest["quick"])
        self.shortfall = stored.shortfall
        self.partial = stored.partial

    def scan(self, table: str) -> Any:
        """A stored table as a `pyarrow.dataset.Dataset`: columns as they are asked for.

        For results that are larger than memory, and for DuckDB and polars. *table*: recipients,
        attempts, servers, calendar or measures (as they are counted in each run).
        """
        storage.need_parquet()
        from sim.experiment import scanning  # pyarrow's data sets: a tenth of a second

        one_of("table", table, storage.TABLES)
        self._stored.require(table)
        return scanning.scan(
            self.path, table, [self._stored.runs[task] for task in self._stored.tasks]
        )

    def noted(self, text: str) -> str:
        """A sentence or caption, with the shortfall behind it, if there is one."""
        return f"{text} [Partial: {self.shortfall}.]" if self.shortfall else text

    def marked(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table for a file: where something is missing, each row says what."""
        return table.assign(partial=f"Partial: {self.shortfall}.") if self.shortfall else table

    def by_run(self, table: str) -> Iterator[pd.DataFrame]:
        """The rows of a stored table, run by run; raises OtherResultsError if it was not kept."""
        self._stored.require(table)
        return (self._stored.rows(table, [task]) for task in self._stored.tasks)


@contextmanager
def kept_in(out: str | PathLike[str] | None) -> Iterator[Path]:
    """The folder *out*; without it, a temporary one, which is removed if what is done fails."""
    if out is not None:
        storage.need_parquet()
        yield Path(out)
        return
    folder = Path(tempfile.mkdtemp(prefix="mailsim-"))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def kept_as_long(holder: object, folder: Path, out: str | PathLike[str] | None) -> None:
    """Remove *folder* when nobody has *holder* any more, unless it is *out*."""
    if out is None:
        weakref.finalize(holder, shutil.rmtree, folder, ignore_errors=True)
