"""The lines on which the keys of a scenario file stand, for messages about them.

No library of TOML or JSON for Python keeps them. The text has been parsed before, so its grammar is
known to hold, and only what is needed to follow its keys is read: strings, brackets and separators.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from sim.scenario.trees import Path

Lines = dict[Path, int]
"""The line, from 1, of each key, by its path."""

_TOKEN = re.compile(
    r"""(?P<skip>[ \t\r\ufeff]+|\#[^\n]*)
      |(?P<newline>\n)
      |(?P<text>\"{3}(?:\\.|[^\\])*?\"{3}(?!\") | '{3}.*?'{3}(?!')
        | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
      |(?P<mark>[\[\]{}=,:.])
      |(?P<bare>[^\s\[\]{}=,:.\#"']+)""",
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of the text, its kind, and the line on which it begins."""

    text: str
    kind: str
    line: int


_END = Token("", "end", 0)


def lines(text: str) -> Lines:
    """Return the line of each key of a TOML or JSON text that has been parsed."""
    reader = _Reader(text)
    if text.lstrip("\ufeff \t\r\n")[:1] == "{":
        reader.value(())
    else:
        reader.document()
    return reader.lines


def _tokens(text: str) -> Iterator[Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "skip":
            yield Token(match[0], str(match.lastgroup), line)
        line += match[0].count("\n")


def _unquoted(token: Token) -> str:
    if token.kind != "text":
        return token.text
    try:
        return str(json.loads(token.text))
    except ValueError:
        return str(tomllib.loads(f"key = {token.text}")["key"])


class _Reader:
    """Follows the keys of a text, and notes the line of each."""

    def __init__(self, text: str) -> None:
        self.tokens = [*_tokens(text)]
        self.at = 0
        self.lines: Lines = {}
        self.entries: dict[Path, int] = {}  # entries so far of each array of tables

    def peek(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else _END

    def document(self) -> None:
        """Read a document of TOML: headings, and the keys below each."""
        table: Path = ()
        while (token := self.peek()).kind != "end":
            if token.kind == "newline":
                self.take()
            elif token.text == "[":
                table = self.heading()
            else:
                self.pair(table)

    def heading(self) -> Path:
        """Read ``[a.b]`` or ``[[a.b]]``, and return the path of the table that it opens."""
        brackets = self.brackets("[")
        path: Path = ()
        for part, line in self.key():
            path = (*self.entry(path), part)
            self.lines.setdefault(path, line)
        self.brackets("]")
        if len(brackets) > 1:
            self.entries[path] = self.entries.get(path, 0) + 1
            self.lines[self.entry(path)] = brackets[0].line
        return self.entry(path)

    def entry(self, path: Path) -> Path:
        """The last entry of the array of tables at *path*, or *path* itself."""
        return (*path, self.entries[path] - 1) if path in self.entries else path

    def brackets(self, mark: str) -> list[Token]:
        first = self.take()
        return [first, self.take()] if self.peek().text == mark else [first]

    def key(self) -> list[tuple[str, int]]:
        """Read a dotted key: its parts, each with its line."""
        parts: list[tuple[str, int]] = []
        while (token := self.peek()).kind in ("bare", "text"):
            self.take()
            parts.append((_unquoted(token), token.line))
            if self.peek().text == ".":
                self.take()
        return parts

    def pair(self, table: Path) -> None:
        """Read a key and its value."""
        path = table
        for part, line in self.key():
            path = (*path, part)
            self.lines.setdefault(path, line)
        self.take()  # the separator; whatever else it is, it is passed over
        self.value(path)

    def value(self, path: Path) -> None:
        """Read a value, of which a list or a table holds more keys."""
        token = self.peek()
        if token.text == "{":
            self.inside("}", lambda _: self.pair(path))
        elif token.text == "[":
            self.inside("]", lambda index: self.item((*path, index)))
        elif token.kind == "text":
            self.take()
        else:
            while (token := self.peek()).kind in ("bare", "mark") and token.text not in ",]}":
                self.take()

    def item(self, path: Path) -> None:
        self.lines[path] = self.peek().line
        self.value(path)

    def inside(self, end: str, read: Callable[[int], None]) -> None:
        """Read what stands in brackets, one after the other, until the *end*."""
        self.take()
        index = 0
        while (token := self.peek()).text != end and token.kind != "end":
            if token.kind == "newline" or token.text == ",":
                self.take()
            else:
                read(index)
                index += 1
        self.take()


class Place(NamedTuple):
    """A file, and a line in it; None: of no line in particular."""

    file: str
    line: int | None = None


@dataclass(frozen=True)
class Places:
    """Where what a scenario says is written, in a file and all that it extends, itself first."""

    texts: tuple[tuple[str, str], ...]
    """Name and text of each file."""
    changed: frozenset[Path] = frozenset()
    """Paths whose value was changed since, and stands in no file."""

    @property
    def file(self) -> str:
        """The name of the file that is not extended."""
        return self.texts[0][0]

    @cached_property
    def _lines(self) -> list[tuple[str, Lines]]:
        return [(name, lines(text)) for name, text in self.texts]

    def of(self, path: Path) -> Place:
        """Where the value at *path* stands, or else the table in which it would stand."""
        if any(path[:length] in self.changed for length in range(1, len(path) + 1)):
            return Place(self.file)
        candidates = [(_known(path, of_file), name, of_file) for name, of_file in self._lines]
        known, name, of_file = max(candidates, key=lambda one: len(one[0]))
        enough = len(known) >= min(2, len(path)) and known
        return Place(name, of_file[known] if enough else None)

    def after(self, changed: Iterable[Path]) -> Places:
        """The same where the values at these paths were changed."""
        return replace(self, changed=self.changed | frozenset(changed))


def _known(path: Path, of_file: Lines) -> Path:
    """The longest beginning of *path* that the file has; its last part may be written as tables."""
    for length in range(len(path), 0, -1):
        *before, last = path[:length]
        for candidate in ((*before, last), (*before, *str(last).split("."))):
            if candidate in of_file:
                return candidate
    return ()
