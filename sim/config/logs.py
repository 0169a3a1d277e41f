"""Log files as lines: plain or compressed, in the order of time, no line longer than a log has."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from sim.config.errors import ConfigError

LONGEST = 1 << 16
"""Octets of a line; syslog cuts at 8 kB or before."""
PEEKED = 50
"""Lines of a file that are looked at for its first date."""
BUFFER = 1 << 18
UNPACK: Mapping[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda stream: gzip.GzipFile(fileobj=stream),
    b"BZh": lambda stream: bz2.BZ2File(stream),
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x28\xb5\x2f\xfd": lambda stream: _zstandard(stream),
}
"""How to read what begins so."""
LONGEST_MAGIC = max(map(len, UNPACK))
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun",
          b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")  # fmt: skip
REMEMBERED = 10_000
"""Hours whose dates are remembered at a time."""


class Line(NamedTuple):
    """A line without its end, and where it stands."""

    file: str
    number: int
    text: bytes


class Calendar:
    """The day and hour of a line: ``Nov 28 10:00:01`` or ``2026-11-28T10:00:01``.

    The former says no year: it is the last such day that is not after tomorrow.
    """

    def __init__(self, today: date) -> None:
        self.today = today
        self._known: dict[bytes, tuple[int, int] | None] = {}

    def hour(self, line: bytes) -> tuple[int, int] | None:
        """Ordinal of the day, and hour, at which a line was written; None: it does not say."""
        text = line[:13] if line[:1].isdigit() else line[:9]
        if text not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[text] = self._read(text)
        return self._known[text]

    def _read(self, text: bytes) -> tuple[int, int] | None:
        try:
            if text[:1].isdigit():
                return date.fromisoformat(text[:10].decode()).toordinal(), int(text[11:13])
            month, day = MONTHS.index(text[:3]) + 1, int(text[4:6])
            late = (month, day) > (self.today.month, self.today.day + 1)
            return date(self.today.year - late, month, day).toordinal(), int(text[7:9])
        except ValueError:
            return None


def lines(names: Iterable[str], calendar: Calendar) -> Iterator[Line]:
    """The lines of all files, the oldest file first; ``-`` is standard input.

    Raises ConfigError for a file that cannot be read, or is no text.
    """
    for name in sorted(names, key=lambda name: _first_hour(name, calendar)):
        yield from _lines(name)


def _first_hour(name: str, calendar: Calendar) -> tuple[int, int]:
    """When a file begins; what says no date comes last, and standard input is not looked at."""
    with closing(_lines(name)) as first:
        peeked = [] if name == "-" else [line.text for line in islice(first, PEEKED)]
    dated = filter(None, map(calendar.hour, peeked))
    return next(dated, (date.max.toordinal(), 0))


def _zstandard(stream: IO[bytes]) -> Any:
    import pyarrow  # to load it takes longer than most logs

    return pyarrow.CompressedInputStream(stream, "zstd")


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    """A file, unpacked if its first octets say that it is packed."""
    with ExitStack() as opened:
        stream: Any = sys.stdin.buffer
        if name != "-":
            stream = opened.enter_context(Path(name).open("rb", BUFFER))
        start = stream.peek(LONGEST_MAGIC)
        unpack = next((UNPACK[magic] for magic in UNPACK if start.startswith(magic)), None)
        if unpack is not None:
            stream = opened.enter_context(io.BufferedReader(unpack(stream), BUFFER))
        yield stream


def _lines(name: str) -> Generator[Line, None, None]:
    number = 0
    try:
        with _opened(name) as stream:
            while text := stream.readline(LONGEST):
                number += 1
                if len(text) == LONGEST:
                    raise ConfigError(f"{name}:{number}: a line of more than {LONGEST} octets")
                yield Line(name, number, text.rstrip(b"\r\n"))
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or f"cannot be unpacked: {error}"
        raise ConfigError(f"{name}: after line {number}: {reason}") from None
