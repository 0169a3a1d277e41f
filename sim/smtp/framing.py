"""A stream of bytes is cut into lines.

`Lines` takes only CR LF for an end: a CR or LF by itself makes a line faulty (RFC 5321 section
2.3.8), so that no two servers can disagree about where a line, and with it a message, ends.
`LooseLines` ends a line at any LF, as many servers do. What exceeds the limit is dropped as it
comes: memory stays bounded whatever is sent.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_END = b"\r\n"
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class Line(NamedTuple):
    """One line without its end; *fault* is "", ``bare`` or ``long`` (then *text* is empty)."""

    text: bytes
    fault: str = ""


class Lines:
    """The lines of a stream that arrives in pieces."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._dropping = False

    def feed(self, data: bytes) -> None:
        """Take the bytes that arrived."""
        self._buffer += data

    @property
    def pending(self) -> bool:
        """Whether bytes are waiting."""
        return bool(self._buffer)

    def clear(self) -> None:
        """Forget what has arrived."""
        self._buffer.clear()
        self._dropping = False

    def octets(self, count: int) -> bytes:
        """The next octets as they are, *count* at most."""
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def take(self, limit: int) -> Line | None:
        """The next line of at most *limit* octets with its end; None if it is still to come."""
        end = self._buffer.find(_END)
        if end < 0:
            if len(self._buffer) >= limit:
                self._drop()
            return None
        text = bytes(self._buffer[:end])
        del self._buffer[: end + len(_END)]
        dropped, self._dropping = self._dropping, False
        if dropped or end + len(_END) > limit:
            return Line(b"", "long")
        if _BARE.search(text):
            return Line(b"", "bare")
        return Line(text)

    def _drop(self) -> None:
        """Forget what is there of a line that is too long, but for a CR that may begin its end."""
        tail = self._buffer[-1:] if self._buffer.endswith(b"\r") else b""
        self._buffer = bytearray(tail)
        self._dropping = True


class LooseLines(Lines):
    """Lines that end at an LF; *fault* ``bare`` says that no CR stood before it, and the text
    is kept. What exceeds the limit is cut off."""

    def take(self, limit: int) -> Line | None:
        """The next line, of which at most *limit* octets count."""
        end = self._buffer.find(b"\n")
        if end < 0:
            if len(self._buffer) > 2 * limit:
                del self._buffer[limit + 1 :]
            return None
        text = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return Line(text.rstrip(b"\r")[:limit], "" if text.endswith(b"\r") else "bare")
