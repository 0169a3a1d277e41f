"""The tables that a configuration names, found among those that were handed in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import PurePosixPath
from typing import NamedTuple

from sim.config.errors import ConfigError
from sim.config.lines import braced, logical, split
from sim.config.tables import Contents, Fault, contents, inline
from sim.smtp.tables import Keyed, Static, Table, Unreadable

FILES = ("hash", "texthash", "lmdb", "btree", "cdb", "dbm", "sdbm", "cidr", "regexp", "pcre")
"""Kinds that stand in a file of text."""
LOOKUP_SERVERS = ("mysql", "pgsql", "sqlite", "ldap", "tcp", "socketmap", "memcache")
"""Kinds that ask another program; what it would answer can be handed in as a text of keys."""
OTHER = ("inline", "static", "unix", "fail", "environ", "randmap", "unionmap", "pipemap", "nis")
NAMED = re.compile(
    rf"!?(?:proxy:)*(({'|'.join((*FILES, *LOOKUP_SERVERS, *OTHER))}):(.+))", re.DOTALL
)
"""Other kinds; `nis` finds nothing where no domain of NIS is set, as on most machines."""
ALL_KNOWN = ("unix:passwd.byname",)
"""Tables of the machine: where nobody hands them in, every key is taken to exist."""


class Absent(Enum):
    """What stands for a table that was not handed in."""

    ERROR = "lookups fail, as in Postfix"
    EMPTY = "it is taken to be empty; lists of recipients to hold everybody"


class ReadTable(NamedTuple):
    """A table of the configuration: what it holds, its faulty lines, and why it is not there."""

    table: Table
    faults: tuple[Fault, ...] = ()
    absent: str = ""


class Tables:
    """The tables of a configuration by name, as `sim.smtp.postfix.policy` takes them."""

    def __init__(self, texts: Mapping[str, str], absent: Absent) -> None:
        self._texts = texts
        self._bases = {PurePosixPath(path).name: text for path, text in texts.items()}
        self._absent = absent
        self.read: dict[str, ReadTable] = {}
        self.files: dict[str, str] = {}

    def collect(self, name: str, value: str) -> None:
        """Find all that the *value* of parameter *name* refers to, and what those refer to."""
        for word in _words(value) if ":" in value or "/" in value else ():
            if named := NAMED.fullmatch(word):
                self._table(name, *named.groups())
            elif word.lstrip("!").startswith("/"):
                self._file(name, word.lstrip("!"))

    def by_name(self) -> dict[str, Table | str]:
        """All of them."""
        return {**{name: one.table for name, one in self.read.items()}, **self.files}

    def text(self, path: str) -> str | None:
        """What was handed in for *path*, or for a file of the same name elsewhere."""
        return self._texts.get(path, self._bases.get(PurePosixPath(path).name))

    def _file(self, name: str, path: str) -> None:
        text = self.text(path)
        if path not in self.files and text is not None:
            self.files[path] = text
            for line in logical(text, path):
                self.collect(name, line.text)

    def _table(self, parameter: str, full: str, kind: str, location: str) -> None:
        if full in self.read:
            return
        table = self.read[full] = self._read(parameter, full, kind, location)
        if isinstance(table.table, Keyed):
            for value in {value for value in table.table.content.values() if ":" in value}:
                self.collect(parameter, value)

    def _read(self, parameter: str, full: str, kind: str, location: str) -> ReadTable:
        body = braced(location)
        if kind == "static" or body is not None:
            return _as_read(inline(kind, location if body is None else body, parameter))
        text = self._texts.get(full)
        if text is None and kind in FILES:
            text = self.text(location)
        if text is None and kind in LOOKUP_SERVERS:
            text = self.text(f"{location}.txt")
        if text is None:
            return ReadTable(self._stand_in(parameter, full), (), _reason(full, kind))
        return _as_read(contents(kind, text, location, aliases=parameter == "alias_maps"))

    def _stand_in(self, parameter: str, full: str) -> Table:
        if full.startswith("nis:"):
            return Keyed({})
        if full in ALL_KNOWN:
            return Static("x")
        if self._absent is Absent.ERROR:
            return Unreadable(f"{full} is unavailable")
        return Static("x") if parameter.endswith(("recipient_maps", "mailbox_maps")) else Keyed({})


def _as_read(read: Contents) -> ReadTable:
    return ReadTable(read.table, read.faults)


def _reason(full: str, kind: str) -> str:
    if full in ALL_KNOWN:
        return "the accounts of the system were not handed in: every user is taken to exist"
    if kind == "nis":
        return ""
    if kind in LOOKUP_SERVERS:
        return f"{kind} is not asked: hand in what it would answer, as lines of key and value"
    return "not handed in" if kind in FILES else f"{kind} tables are not modelled"


def _words(value: str) -> Iterator[str]:
    """The words of *value*, with those inside braces that begin no table."""
    for word in split(value):
        inner = braced(word)
        if inner is None:
            yield word
        else:
            yield from _words(inner)


def service(text: str, name: str) -> list[list[object]]:
    """The answers of a policy service, handed in as JSON: `[[{attribute: value}, answer], ...]`."""
    import json

    try:
        rows = json.loads(text)
        return [[dict(row[0]), str(row[1])] for row in rows]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise ConfigError(f"{name}: [[{{attribute: value}}, answer], ...] expected") from None
