"""A server's side of one POP3 session (RFC 1939) without input or output: lines in, replies out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

MAX_LINE = 255  # RFC 2449 section 4
CAPABILITIES = ("USER", "TOP", "UIDL", "RESP-CODES", "PIPELINING")


class Item(NamedTuple):
    """A message in the maildrop: its name, which stays the same, and its text."""

    uid: str
    text: Callable[[], bytes]


Open = Callable[[str, str], Sequence[Item] | None]
"""The maildrop of a name and a password; None: they do not belong together."""


class Pop3:
    """One POP3 session: *open_maildrop* checks a login, *remove* takes names of messages that the
    client deleted, when it says QUIT."""

    def __init__(
        self, hostname: str, open_maildrop: Open, remove: Callable[[Sequence[str]], None]
    ) -> None:
        self.hostname, self._open, self._remove = hostname, open_maildrop, remove
        self.closed = False
        self.user: str | None = None
        self.drop: list[Item] | None = None
        self.deleted: set[int] = set()
        self._buffer = bytearray()

    def connect(self) -> bytes:
        """The greeting."""
        return f"+OK {self.hostname} POP3 ready\r\n".encode()

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send."""
        self._buffer += data
        out = bytearray()
        while not self.closed and (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end]).rstrip(b"\r").decode("utf-8", "replace")
            del self._buffer[: end + 1]
            out += self._command(line) + b"\r\n"
        if len(self._buffer) > MAX_LINE:
            self.closed = True
            out += b"-ERR line too long\r\n"
        return bytes(out)

    def _command(self, line: str) -> bytes:
        verb, _, argument = line.partition(" ")
        verb = verb.upper()
        if verb not in (_BEFORE_LOGIN if self.drop is None else _LOGGED_IN):
            return b"-ERR " + (b"log in first" if verb in _LOGGED_IN else b"unknown command")
        answer: bytes = getattr(self, f"_{verb.lower()}")(argument)
        return answer

    # ---- before the login

    def _capa(self, _: str) -> bytes:
        return "\r\n".join(("+OK", *CAPABILITIES, ".")).encode()

    def _quit(self, _: str) -> bytes:
        self.closed = True
        if self.drop is not None:
            self._remove([self.drop[n].uid for n in sorted(self.deleted)])
        return b"+OK bye"

    def _user(self, name: str) -> bytes:
        self.user = name
        return b"+OK"

    def _pass(self, password: str) -> bytes:
        if self.user is None:
            return b"-ERR USER first"
        drop = self._open(self.user, password)
        if drop is None:
            self.user = None
            return b"-ERR [AUTH] invalid name or password"
        self.drop = list(drop)
        return f"+OK {len(self.drop)} messages".encode()

    # ---- after it

    @property
    def _left(self) -> list[int]:
        return [n for n in range(len(self.drop or ())) if n not in self.deleted]

    def _text(self, number: int) -> bytes:
        assert self.drop is not None
        return self.drop[number].text()

    def _number(self, argument: str) -> int | None:
        """The place of a message in the maildrop; None: there is none of that number."""
        first = argument.split(" ")[0]
        number = int(first) - 1 if first.isdigit() and len(first) < 9 else -1
        return number if number in self._left else None

    def _stat(self, _: str) -> bytes:
        left = self._left
        return f"+OK {len(left)} {sum(len(self._text(n)) for n in left)}".encode()

    def _list(self, argument: str) -> bytes:
        return self._listing(argument, lambda n: str(len(self._text(n))))

    def _uidl(self, argument: str) -> bytes:
        assert self.drop is not None
        drop = self.drop
        return self._listing(argument, lambda n: drop[n].uid)

    def _listing(self, argument: str, of: Callable[[int], str]) -> bytes:
        if argument:
            number = self._number(argument)
            return _NONE if number is None else f"+OK {number + 1} {of(number)}".encode()
        return "\r\n".join(("+OK", *(f"{n + 1} {of(n)}" for n in self._left), ".")).encode()

    def _retr(self, argument: str) -> bytes:
        number = self._number(argument)
        return _NONE if number is None else _multiline(self._text(number).split(b"\r\n"))

    def _top(self, argument: str) -> bytes:
        number, lines = self._number(argument), argument.partition(" ")[2]
        if number is None or not lines.isdigit():
            return _NONE
        head, _, body = self._text(number).partition(b"\r\n\r\n")
        return _multiline([*head.split(b"\r\n"), b"", *body.split(b"\r\n")[: int(lines[:9])]])

    def _dele(self, argument: str) -> bytes:
        number = self._number(argument)
        if number is None:
            return _NONE
        self.deleted.add(number)
        return b"+OK deleted"

    def _rset(self, _: str) -> bytes:
        self.deleted.clear()
        return b"+OK"

    def _noop(self, _: str) -> bytes:
        return b"+OK"


_NONE = b"-ERR no such message"
_BEFORE_LOGIN = frozenset({"CAPA", "QUIT", "USER", "PASS"})
_LOGGED_IN = frozenset(
    {"CAPA", "QUIT", "STAT", "LIST", "UIDL", "RETR", "TOP", "DELE", "RSET", "NOOP"}
)


def _multiline(lines: Sequence[bytes]) -> bytes:
    """A multi-line response: a dot hides one at the beginning of a line (RFC 1939 section 3)."""
    stuffed = (b"." + line if line[:1] == b"." else line for line in lines)
    return b"\r\n".join((b"+OK", *stuffed)).removesuffix(b"\r\n") + b"\r\n."
