"""The parts of a run, each a file with what shows whether it is still as it was written.

Where PyArrow is at hand it is a Parquet file (`sim.experiment.parquet`), else one of numpy's
(`sim.experiment.packed`), which is for results that nobody keeps.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

from pydantic import Field

from sim.experiment import storage
from sim.experiment.coding import coding
from sim.experiment.storage import DamagedError, StorageError, Task

if TYPE_CHECKING:
    from sim.measure.columnar import Frames

Number = Annotated[int, Field(ge=0)]


class Check(NamedTuple):
    """What a part must still be: rows, octets, CRC of what is read of it, SHA-256 of all of it."""

    rows: Number
    octets: Number
    crc: Number
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


Checks = Mapping[str, Check]
"""The check of each part of a run, by table."""


class Run(Protocol):
    """A finished run (`sim.experiment.journal.Done`)."""

    @property
    def task(self) -> Task:
        """Which run it is."""

    @property
    def parts(self) -> Checks:
        """The checks of its parts, or of the files of joined ones."""

    @property
    def joined(self) -> int:
        """How many parts are joined in its files."""


def store(root: Path, task: Task, frames: Frames) -> dict[str, Check]:
    """Write one task's tables, each atomically, into a folder that has its manifest."""
    with storage.explained(root):
        _still_there(root)
        # one after the other, then to the disk: each is quicker beside its like
        names = [name for name in storage.TABLES if name in frames]
        parts = {name: coding.part(frames[name], task.point) for name in names}
        for name, octets in parts.items():
            path = storage.part(root, name, task)
            # to wait for the disk five times a run costs more than all else here
            storage.atomically(path, partial(Path.write_bytes, data=octets), flush=False)
    return {name: check_of(octets, len(frames[name])) for name, octets in parts.items()}


def _still_there(root: Path) -> None:
    """Raise StorageError where somebody removed the folder under the run."""
    if not (root / storage.MANIFEST).exists():
        raise vanished(root)


def vanished(root: Path) -> StorageError:
    """The error of a folder that somebody removed, or put another for, under the run."""
    return StorageError(
        f"{root} was removed or replaced while results were written to it; run the command again"
    )


def check_of(octets: Any, rows: int) -> Check:
    """The check of a part with these *octets* and *rows*."""
    crc = coding.crc(coding.in_memory(octets), len(octets))
    return Check(rows, len(octets), crc, hashlib.sha256(octets).hexdigest())


def check_of_file(path: Path) -> Check:
    """The check of a file of joined parts; of *rows* each run knows its own."""
    size = os.stat(path).st_size
    with coding.source(path, size) as source:
        return Check(0, size, coding.crc(source, size), _digest(path))


@contextmanager
def opened(root: Path, table: str, run: Run) -> Iterator[Any]:
    """The file with a part of *run*, of which nothing is read that was changed.

    Raises DamagedError where it is missing, or not as it was written.
    """
    path, check = path_of(root, table, run), run.parts[table]
    with _damage_told(root, path):
        if os.stat(path).st_size != check.octets:
            raise _ChangedError(f"is not of {check.octets} octets")
        source = coding.source(path, check.octets)
        if coding.crc(source, check.octets) != check.crc:
            raise _ChangedError("was changed")
        source.seek(0)
        with source, coding.file(source, check.octets) as file:
            yield file


def path_of(root: Path, table: str, run: Run) -> Path:
    """The file with a part of *run*: its own, or that of joined parts."""
    return storage.part(root, table, run.task, run.joined)


def fault(root: Path, table: str, run: Run) -> str:
    """What is wrong with all of a part, in words; nothing, if it is as it was written."""
    path = path_of(root, table, run)
    try:
        with _damage_told(root, path):
            if _sha256(path, run.joined) != run.parts[table].sha256:
                raise _ChangedError("was changed")
    except DamagedError as error:
        return error.fault
    return ""


def _sha256(path: Path, joined: int) -> str:
    """The digest of a file; of joined parts, of which each run asks, as long as it is the same."""
    state = os.stat(path)
    return _digest_once(path, state.st_ino, state.st_mtime_ns) if joined else _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=1024)
def _digest_once(path: Path, *_: int) -> str:
    return _digest(path)


class _ChangedError(Exception):
    """A part is not as it was written."""


@contextmanager
def _damage_told(root: Path, path: Path) -> Iterator[None]:
    """Turn all that a missing, foreign or changed file does into a DamagedError that names it."""
    name = path.relative_to(root).as_posix()
    try:
        yield
    except _ChangedError as error:
        raise DamagedError(root, f"{name} {error}") from None
    except FileNotFoundError:
        raise DamagedError(root, f"{name} is missing") from None
    except (OSError, *coding.ERRORS) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise DamagedError(root, f"{name} cannot be read ({reason})") from error


def missing(root: Path, runs: Iterable[Run]) -> Iterator[Path]:
    """The parts of *runs* that are not in the folder."""
    names: dict[Path, set[str]] = {}
    for run in runs:
        for table in run.parts:
            path = path_of(root, table, run)
            if path.parent not in names:
                names[path.parent] = _listed(path.parent)
            if path.name not in names[path.parent]:
                yield path


def _listed(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()
