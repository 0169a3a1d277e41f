"""A folder of results: parts written whole or not at all, and a manifest that says of what.

    DIR/recipients/arm=ARM/replication-N.parquet    (attempts, servers, calendar, measures
                                                    likewise)
    DIR/manifest.json  DIR/scenario.toml  DIR/summary.csv  DIR/figures/  DIR/tables/
    DIR/report.html

In a sweep a part is ``point-P-replication-N.parquet``, and the points are in DIR/points.json.

The partitions are Hive's (names percent-encoded), so pandas, polars and DuckDB read a table
as one; replication and point are columns. A folder for each of them would take as long to make
as many a part. A part is written under another name and renamed; ``measures`` comes last, so a task
that has it is complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from sim.experiment import parquet

if TYPE_CHECKING:
    from sim.measure.columnar import Frames

TABLES = ("recipients", "attempts", "servers", "calendar", "measures")
OF_MESSAGES = ("recipients", "attempts")
"""The tables with rows of every message."""
LAST = "measures"
OF_TASK = ("point", "replication")
MANIFEST = "manifest.json"
SCENARIO = "scenario.toml"
SUMMARY = "summary.csv"
FIGURES = "figures"
TABLES_OF_PAGE = "tables"
PAGE = "report.html"
POINTS = "points.json"
DIFFERENCES, BAND, TORNADO = OF_SWEEP = ("differences.csv", "band.csv", "tornado.csv")
SWEEP = "sweep"
"""Where a sweep of the same scenario lies, a folder of results within: not part of these."""
STRUCTURES = "structures"
"""Likewise the same runs with what is only assumed otherwise."""
OWN_FILES = (
    *TABLES, MANIFEST, SCENARIO, SUMMARY, FIGURES, TABLES_OF_PAGE, PAGE, POINTS, *OF_SWEEP
)  # fmt: skip
FORMAT = 2
"""Number of this layout; results of another are refused."""


_NAME = re.compile(r"(?:point-(\d+)-)?replication-(\d+)\.parquet")


class Task(NamedTuple):
    """One run: an arm in one replication, and at a point (from 0) where there is a sweep."""

    arm: str
    replication: int
    point: int = -1


class StorageError(Exception):
    """Results that cannot be written, read or added to; the message says what to do.

    Exception
     └── StorageError
          └── OtherResultsError    the folder holds something else
    """


class OtherResultsError(StorageError):
    """The folder holds results of another scenario, version or seed, or no results at all."""


def part(root: Path, table: str, task: Task) -> Path:
    """The file of one task's part of a table."""
    point = "" if task.point < 0 else f"point-{task.point}-"
    name = f"{point}replication-{task.replication}.parquet"
    return root / table / f"arm={quote(task.arm, safe='')}" / name


def store(root: Path, task: Task, frames: Frames) -> None:
    """Write one task's tables, each atomically, the measures last."""
    with explained(root):
        # one after the other, then to the disk: each is quicker beside its like
        parts = {name: parquet.part(frames[name], task.point) for name in TABLES if name in frames}
        for name, octets in parts.items():
            # to wait for the disk five times a run costs more than all else here
            atomically(part(root, name, task), partial(Path.write_bytes, data=octets), flush=False)


def finished(root: Path) -> set[Task]:
    """The tasks that are complete in a folder."""
    return {
        Task(unquote(path.parent.name.removeprefix("arm=")), int(at[2]), int(at[1] or -1))
        for path in root.glob(f"{LAST}/arm=*/*.parquet")
        if (at := _NAME.fullmatch(path.name))
    }


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
    at all. `claim` finds such parts, and their tasks are run again.
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


def read_manifest(root: Path) -> dict[str, Any]:
    """The manifest of a folder of results."""
    try:
        manifest = json.loads((root / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise OtherResultsError(f"{root}: no results there (no {MANIFEST})") from None
    except NotADirectoryError:
        raise OtherResultsError(
            f"{root} is a file; expected a folder of results, as mailsim run writes"
        ) from None
    except OSError as error:
        raise StorageError(f"cannot read results from {root}: {error.strerror}") from error
    except ValueError as error:
        raise OtherResultsError(f"{root / MANIFEST}: not a manifest ({error})") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise OtherResultsError(f"{root}: results of another format; make them again")
    return manifest


def claim(root: Path, identity: Mapping[str, Any], *, force: bool = False) -> dict[str, Any] | None:
    """Make sure that *root* may take results of *identity*; with *force*, clear others.

    Return the manifest of the results that are there already, if any. Raises OtherResultsError
    when the folder holds anything else: results are never mixed. Only files and folders of this
    layout are ever removed.
    """
    before = None
    with explained(root):
        if root.exists() and not root.is_dir():
            raise OtherResultsError(f"{root} is a file; choose another --out")
        if root.is_dir() and any(path.name not in (SWEEP, STRUCTURES) for path in root.iterdir()):
            if not (root / MANIFEST).exists():
                raise OtherResultsError(
                    f"{root} is not empty and holds no results; choose another --out"
                )
            if force:
                clear(root)
            else:
                before = _same(root, identity)
        root.mkdir(parents=True, exist_ok=True)
        for stale in (*root.rglob(".*.tmp"), *_incomplete(root)):
            stale.unlink(missing_ok=True)
    return before


def _incomplete(root: Path) -> Iterator[Path]:
    """The last parts of tasks of which a power cut left some part less than whole."""
    for task in finished(root):
        parts = [path for table in TABLES if (path := part(root, table, task)).exists()]
        if not all(_whole(path) for path in parts):
            yield part(root, LAST, task)


def _whole(path: Path) -> bool:
    """Whether a Parquet file has its end: sizes reach the disk after the data (ordered mode)."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 4, 0))
        return file.read() == b"PAR1"


def _same(root: Path, identity: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of *root*; raises OtherResultsError unless it is of *identity*."""
    manifest = read_manifest(root)
    differs = [key for key, value in identity.items() if manifest.get(key) != value]
    if differs:
        differences = ", ".join(key.replace("_", " ") for key in differs)
        raise OtherResultsError(
            f"{root} holds results of another {differences}; they are never mixed: "
            "choose another --out, or --force to replace them"
        )
    return manifest


def clear(root: Path) -> None:
    """Remove what this layout puts into a folder, and nothing else."""
    for name in OWN_FILES:
        path = root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
