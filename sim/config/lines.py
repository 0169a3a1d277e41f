"""Logical lines of main.cf, master.cf and tables: comments away, continuation lines joined."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sim.config.errors import ConfigError

MAX_BYTES = 10_000_000
MAX_LINES = 200_000
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd]")


class Part(NamedTuple):
    """One line of the file, without the white space around it."""

    number: int
    text: str


class Line(NamedTuple):
    """A logical line: its first physical line and those that continue it."""

    parts: tuple[Part, ...]

    @property
    def number(self) -> int:
        """Number of its first line in the file."""
        return self.parts[0].number

    @property
    def text(self) -> str:
        """The whole of it on one line."""
        return " ".join(part.text for part in self.parts)


def logical(text: str, file: str) -> Iterator[Line]:
    """The logical lines of *text*; a line that begins with white space continues the last one.

    Comments and blank lines do not end a logical line, as in Postfix.
    """
    check(text, file)
    parts: list[Part] = []
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not line[0].isspace() and parts:
            yield Line(tuple(parts))
            parts = []
        parts.append(Part(number, stripped))
    if parts:
        yield Line(tuple(parts))


def check(text: str, file: str) -> None:
    """Refuse what is no configuration: too long, or no text."""
    if len(text) > MAX_BYTES:
        raise ConfigError(f"{file}: longer than {MAX_BYTES // 1_000_000} MB")
    if text.count("\n") > MAX_LINES:
        raise ConfigError(f"{file}: more than {MAX_LINES} lines")
    if match := CONTROL.search(text):
        number = text.count("\n", 0, match.start()) + 1
        raise ConfigError(f"{file}, line {number}: not text (character {ord(match[0])})")


def split(text: str, separators: str = ", \t\r\n") -> list[str]:
    """Words of a list; ``{ ... }`` is one word, as Postfix reads restriction lists."""
    if "{" not in text:
        return text.translate(dict.fromkeys(map(ord, separators), " ")).split()
    words, word, depth = [], "", 0
    for part in re.split(f"([{{}}]|[{separators}]+)", text):
        if not depth and part and part[0] in separators:
            words += [word] if word else []
            word = ""
            continue
        depth = max(depth + (part == "{") - (part == "}"), 0)
        word += part
    return words + ([word] if word else [])


def braced(word: str) -> str | None:
    """What stands between the braces of *word*; None if it has none around it."""
    return word[1:-1].strip() if word.startswith("{") and word.endswith("}") else None
