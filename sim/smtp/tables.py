"""Lookup tables: what a server looks up by an address, a name or a domain.

A table is immutable and knows nothing of files: whoever reads a configuration hands in rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from typing import Any, ClassVar, NamedTuple

from sim.smtp.clients import Network


class TableError(LookupError):
    """A table that cannot be looked up: a file is missing, or its kind is not supported."""


@dataclass(frozen=True)
class Table:
    """A mapping from text to text; *fixed* tables are also asked for parts of a key."""

    content: Any
    fixed: ClassVar[bool] = True
    """Whether keys stand in it as they are, so that a domain or ``user@`` may be one."""

    def get(self, key: str) -> str | None:
        """The value of *key*; raises TableError where the table cannot be read."""
        raise NotImplementedError

    def values(self) -> Iterable[str]:
        """All values that a look-up may give, before anything is put into them."""
        return ()


class Keyed(Table):
    """Keys in lower case and their values: hash, texthash, inline, or accounts of a system."""

    content: Mapping[str, str]

    def get(self, key: str) -> str | None:
        """The value of *key*, whatever its case."""
        return self.content.get(key.lower())

    def values(self) -> Iterable[str]:
        """The values of all rows."""
        return self.content.values()


class Static(Table):
    """The same value for every key."""

    content: str

    def get(self, _key: str) -> str | None:
        """The value."""
        return self.content

    def values(self) -> Iterable[str]:
        """The one value."""
        return (self.content,)


class Unreadable(Table):
    """A table that cannot be looked up, for the reason that it holds."""

    content: str

    def get(self, _key: str) -> str | None:
        """Raise TableError."""
        raise TableError(self.content)


class Ordered(Table):
    """Rows in order, each of conditions and a value; only whole keys are looked up."""

    fixed = False

    def values(self) -> Iterable[str]:
        """The values of all rows."""
        return (value for _, value in self.content)


class Cidr(Ordered):
    """A row's conditions are networks, and whether to be in each."""

    content: tuple[tuple[tuple[tuple[Network, bool], ...], str], ...]

    def get(self, key: str) -> str | None:
        """The value of the first row whose networks hold the address *key*."""
        try:
            address = ip_address(key)
        except ValueError:
            return None
        for conditions, value in self.content:
            if all(
                (address.version == network.version and address in network) == positive
                for network, positive in conditions
            ):
                return value
        return None


class Pattern(Ordered):
    """A row's conditions are patterns, and whether to match each.

    ``$1``, ``${1}`` and ``$(1)`` in a value are the groups of the last match.
    """

    content: tuple[tuple[tuple[tuple[re.Pattern[str], bool], ...], str], ...]

    def get(self, key: str) -> str | None:
        """The value of the first row whose patterns match *key*."""
        for conditions, value in self.content:
            match = None
            for pattern, positive in conditions:
                match = pattern.search(key)
                if (match is not None) != positive:
                    break
            else:
                return re.sub(_GROUP, partial(_group, match), value)
        return None


_GROUP = r"\$(?:(\d)|\{(\d+)\}|\((\d+)\)|(\$))"


def _group(match: re.Match[str] | None, place: re.Match[str]) -> str:
    """What stands for a place such as ``$1`` after *match*."""
    if place[4]:
        return "$"
    group = int(place[1] or place[2] or place[3])
    return (match[group] or "") if match is not None and group <= match.re.groups else ""


class Maps(NamedTuple):
    """Tables that are asked one after the other, as a parameter ``..._maps`` names them."""

    tables: tuple[Table, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables)

    def find(self, key: str, *, part: bool = False) -> str | None:
        """The first value of *key*; a *part* of an address is asked of fixed tables only."""
        for table in self.tables:
            if part and not table.fixed:
                continue
            value = table.get(key)
            if value is not None:
                return value
        return None
