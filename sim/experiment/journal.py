"""parts.log: a line for each finished run, added when its parts are whole; with their checksums.

A line has a checksum of its own before it. The last may be torn, where the machine went down as
it was written: then its run is not finished. Another that is changed is damage, and is told.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Annotated, NamedTuple, Self

from pydantic import Field, TypeAdapter, ValidationError

from sim.experiment import storage
from sim.experiment.parts import Check, vanished
from sim.experiment.storage import Task


@dataclass(frozen=True, slots=True)
class Done:
    """A finished run: how long it took (s), what the kernel did, rows made, and its parts."""

    task: Task
    seconds: float
    events: int
    rows: int
    """Of recipients."""
    simulating: float
    parts: dict[str, Check]
    """The check of each part that was stored, by table; of joined parts, of their files."""
    joined: Annotated[int, Field(ge=0)] = 0
    """How many replications are in these files, if parts are joined (`sim.experiment.joining`)."""

    @property
    def group(self) -> int | None:
        """Which row group of joined parts is of this run."""
        return self.task.replication if self.joined else None


Runs = dict[Task, Done]
"""Finished runs, in the order in which they finished."""
_LINE = TypeAdapter(Done)
LONGEST = 8
"""Digits of the checksum before a line."""


class Log(NamedTuple):
    """What parts.log says."""

    runs: Runs
    damaged: tuple[int, ...] = ()
    """Numbers (from 1) of lines that are not as they were written."""
    cut_off: bool = False
    """Whether the last line does not end."""


def read(root: Path) -> Log:
    """The finished runs of a folder; none where nothing is finished there."""
    path = root / storage.LOG
    try:
        with storage.explained(path, reading=True):
            text = storage.octets(path)
    except storage.StorageError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return Log({})
        raise
    *lines, rest = text.split(b"\n")
    every = [_run(line) for line in lines]
    runs = {run.task: run for run in every if run is not None}
    return Log(runs, tuple(n for n, run in enumerate(every, 1) if run is None), bool(rest))


def _run(line: bytes) -> Done | None:
    """The run of a line; none where it is not as it was written."""
    check, _, text = line.partition(b" ")
    if check != _checksum(text):
        return None
    try:
        run = _LINE.validate_json(text)
    except (ValidationError, ValueError):
        return None
    return run if run.parts.keys() <= {*storage.TABLES} else None


def _checksum(text: bytes) -> bytes:
    return b"%08x" % zlib.crc32(text)


def _line(run: Done) -> bytes:
    text = _LINE.dump_json(run, exclude_defaults=True)
    return b"%s %s\n" % (_checksum(text), text)


def rewrite(root: Path, runs: Iterable[Done]) -> None:
    """Write all lines again, of *runs* alone."""
    storage.write_bytes(root / storage.LOG, b"".join(map(_line, runs)))


class Journal:
    """parts.log, open to add finished runs to; notices if the folder is removed meanwhile."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with storage.explained(root):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file = os.open(root / storage.LOG, flags, 0o666)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def add(self, run: Done) -> None:
        """Add a finished run; raises StorageError if the folder is no longer there."""
        self.still_there()
        line = _line(run)
        with storage.explained(self.root):
            if os.write(self._file, line) < len(line):
                raise OSError(0, "the disk is full")

    def still_there(self) -> None:
        """Raise StorageError if parts.log is no longer the file that is open here."""
        try:
            unchanged = os.path.samestat(os.fstat(self._file), os.stat(self.root / storage.LOG))
        except OSError:
            unchanged = False
        if not unchanged:
            raise vanished(self.root)
