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
ASKED = ("mysql", "pgsql", "sqlite", "ldap", "tcp", "socketmap", "memcache")
"""Kinds that ask another program; what it would answer can be handed in as a text of keys."""
OTHER = ("inline", "static", "unix", "fail", "environ", "randmap", "unionmap", "pipemap", "nis")
NAMED = re.compile(rf"!?(?:proxy:)*(({'|'.join((*FILES, *ASKED, *OTHER))}):(.+))", re.DOTALL)
"""Other kinds; `nis` finds nothing where no domain of NIS is set, as on most machines."""
ALL_KNOWN = ("unix:passwd.byname",)
"""Tables of the machine: where nobody hands them in, every key is taken to exist."""


class Absent(Enum):
    """What stands for a table that was not handed in."""

    ERROR = "lookups fail, as in Postfix"
    EMPTY = "it is taken to be empty; lists of recipients to hold everybody"


class Found(NamedTuple):
    """A table of the configuration: what it holds, its faulty lines, and why it is not there."""

    table: Table
    faults: tuple[Fault, ...] = ()
    absent: str = ""


class Tables:
    """The tables of a configuration by name, as `sim.smtp.postfix.policy` takes them."""

    def __init__(self, given: Mapping[str, str], absent: Absent) -> None:
        self._given = given
        self._bases = {PurePosixPath(path).name: text for path, text in given.items()}
        self._absent = absent
        self.found: dict[str, Found] = {}
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
        return {**{name: one.table for name, one in self.found.items()}, **self.files}

    def text(self, path: str) -> str | None:
        """What was handed in for *path*, or for a file of the same name elsewhere."""
        return self._given.get(path, self._bases.get(PurePosixPath(path).name))

    def _file(self, name: str, path: str) -> None:
        text = self.text(path)
        if path not in self.files and text is not None:
            self.files[path] = text
            for line in logical(text, path):
                self.collect(name, line.text)

    def _table(self, parameter: str, full: str, kind: str, where: str) -> None:
        if full in self.found:
            return
        found = self.found[full] = self._read(parameter, full, kind, where)
        if isinstance(found.table, Keyed):
            for value in {value for value in found.table.content.values() if ":" in value}:
                self.collect(parameter, value)

    def _read(self, parameter: str, full: str, kind: str, where: str) -> Found:
        body = braced(where)
        if kind == "static" or body is not None:
            return _found(inline(kind, where if body is None else body, parameter))
        text = self._given.get(full)
        if text is None and kind in FILES:
            text = self.text(where)
        if text is None and kind in ASKED:
            text = self.text(f"{where}.txt")
        if text is None:
            return Found(self._stand_in(parameter, full), (), _reason(full, kind))
        return _found(contents(kind, text, where, aliases=parameter == "alias_maps"))

    def _stand_in(self, parameter: str, full: str) -> Table:
        if full.startswith("nis:"):
            return Keyed({})
        if full in ALL_KNOWN:
            return Static("x")
        if self._absent is Absent.ERROR:
            return Unreadable(f"{full} is unavailable")
        return Static("x") if parameter.endswith(("recipient_maps", "mailbox_maps")) else Keyed({})


def _found(read: Contents) -> Found:
    return Found(read.table, read.faults)


def _reason(full: str, kind: str) -> str:
    if full in ALL_KNOWN:
        return "the accounts of the system were not handed in: every user is taken to exist"
    if kind == "nis":
        return ""
    if kind in ASKED:
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
