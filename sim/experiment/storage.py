"""A folder of results: where each file lies in it, and the one way in which files are written.

    DIR/manifest.json               of what these are results, and how many runs there are to be
    DIR/parts.log                   a line for each finished run: its parts, and their checksums
    DIR/recipients/arm=ARM/replication-N.parquet    (attempts, servers, calendar, measures
                                                    likewise)
    DIR/scenario.toml  DIR/summary.csv  DIR/figures/  DIR/tables/  DIR/report.html

In a sweep a part is ``point-P-replication-N.parquet``, and the points are in DIR/points.json. Of
an arm with many replications, of which counts alone are kept, the parts of a table are joined in
the end (`sim.experiment.joining`): ``all-N.parquet``, a row group for each of N.

The partitions are Hive's (names percent-encoded), so pandas, polars and DuckDB read a table
as one; replication and point are columns. A folder for each of them would take as long to make
as many a part. A run is finished when its line stands in parts.log, which is after its parts.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from sim.records.files import DECISION as DECISION
from sim.records.files import LOG as LOG
from sim.records.files import MANIFEST as MANIFEST
from sim.records.files import SCENARIO as SCENARIO
from sim.records.files import STRUCTURES as STRUCTURES
from sim.records.files import TABLES as TABLES
from sim.records.libraries import MissingLibraryError

PARQUET = find_spec("pyarrow") is not None
"""Whether parts are Parquet files; without PyArrow (a browser) nothing is kept."""
OF_MESSAGES = ("recipients", "attempts")
"""The tables with rows of every message."""
OF_TASK = ("point", "replication")
OWN_PARTS = "replication-*.parquet", "all-*.parquet"
"""What parts and joined parts of an arm are called, where there is no sweep."""
SUMMARY = "summary.csv"
FIGURES = "figures"
TABLES_OF_PAGE = "tables"
PAGE = "report.html"
POINTS = "points.json"
DIFFERENCES, BAND, TORNADO = OF_SWEEP = ("differences.csv", "band.csv", "tornado.csv")
SWEEP = "sweep"
"""Where a sweep of the same scenario lies, a folder of results within: not part of these."""
CALIBRATION = "calibration"
"""Likewise a calibration of it."""
FOLDERS = (FIGURES, TABLES_OF_PAGE, *TABLES)
OWN_FILES = (PAGE, SUMMARY, DECISION, *OF_SWEEP, *FOLDERS, LOG, POINTS, SCENARIO, MANIFEST)
"""All that is ever written here, in the order in which it may be removed: the manifest says what
the rest is, so it goes last."""
FORMAT: Final = 3
"""Number of this layout; results of another are refused."""
MOST_OCTETS = 2**28
"""Of a file that is read whole: more than any that is written here."""


class Task(NamedTuple):
    """One run: an arm in one replication, and at a point (from 0) where there is a sweep."""

    arm: str
    replication: int
    point: int = -1


class StorageError(Exception):
    """Results that cannot be written, read or added to; the message says what to do.

    Exception
     └── StorageError
          ├── OtherResultsError    the folder holds something else
          ├── DamagedError         something of these results is missing, or was changed
          └── InUseError           somebody else writes there
    """


class OtherResultsError(StorageError):
    """The folder holds results of another scenario, version or seed, or no results at all."""


class InUseError(StorageError):
    """Somebody else writes into the folder; the message says who."""


class DamagedError(StorageError):
    """Something that was stored is missing, or is not as it was written."""

    def __init__(self, root: Path, fault: str) -> None:
        super().__init__(root, fault)
        self.root, self.fault = root, fault

    def __str__(self) -> str:
        return (
            f"{self.root}: {self.fault}; 'mailsim verify {shlex.quote(str(self.root))} --repair' "
            "makes it again, --partial goes on without it"
        )


def need_parquet() -> None:
    """Raise MissingLibraryError where results can be neither kept nor opened."""
    if not PARQUET:
        raise MissingLibraryError(
            "results are stored as Parquet files, which needs pyarrow: pip install pyarrow; "
            "without a folder to store them in they are kept for as long as Python runs"
        )


def part(root: Path, table: str, task: Task, joined: int = 0) -> Path:
    """The file of one task's part of a table; where so many parts are *joined*, that of all."""
    if joined:
        return root / table / _of_arm(task) / f"all-{joined}.parquet"
    point = "" if task.point < 0 else f"point-{task.point}-"
    name = f"{point}replication-{task.replication}.{'parquet' if PARQUET else 'npz'}"
    return root / table / _of_arm(task) / name


def _of_arm(task: Task) -> str:
    return f"arm={quote(task.arm, safe='')}"


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with explained(path.parent):
        atomically(path, lambda temporary: temporary.write_bytes(data))


def atomically(path: Path, write: Callable[[Path], object], *, flush: bool = True) -> None:
    """Write under another name, rename: *path* is old or new, never half, whoever is killed.

    A power cut is another matter: what was not flushed to the disk may come back empty or not
    at all. Checksums show that, and such runs are made again.
    """
    if not path.parent.is_dir():  # to look takes less than to make what is there
        path.parent.mkdir(parents=True, exist_ok=True)
    # a leading dot and another ending: no reader of Parquet folders takes it for a part
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        if flush:
            _flush(temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def octets(path: Path, most: int = MOST_OCTETS) -> bytes:
    """What a file holds, of which no more than *most* octets are read.

    Raises OSError, also for what is no file: a pipe without a writer would never end.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(0, f"more than {most:,} octets")
    return data


def digest(text: str) -> str:
    """What shows whether a text was changed."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


class explained:  # noqa: N801 (reads as a verb in a with statement)
    """Turn the system's refusals (read-only, disk full, missing) into one clear error."""

    def __init__(self, root: Path, *, reading: bool = False) -> None:
        self.prefix = "cannot read results from" if reading else "cannot write results to"
        self.root = root

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise StorageError for an OSError."""
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise StorageError(f"{self.prefix} {self.root}: {reason}") from error
