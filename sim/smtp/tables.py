"""Lookup tables: what a server looks up by an address, a name or a domain.

A table is immutable and knows nothing of files: whoever reads a configuration hands in rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import AddressValueError, ip_address

from sim.smtp.clients import Network


class TableError(LookupError):
    """A table that cannot be looked up: a file is missing, or its kind is not supported."""


@dataclass(frozen=True)
class Table:
    """A mapping from text to text; *fixed* tables are also asked for parts of a key."""

    @property
    def fixed(self) -> bool:
        """Whether keys stand in it as they are, so that a domain or ``user@`` may be one."""
        return True

    def get(self, key: str) -> str | None:
        """The value of *key*; raises TableError where the table cannot be read."""
        raise NotImplementedError

    def values(self) -> Iterator[str]:
        """All values that a look-up may give, before anything is put into them."""
        raise NotImplementedError


@dataclass(frozen=True)
class Keyed(Table):
    """Keys in lower case and their values: hash, texthash, inline, or accounts of a system."""

    rows: Mapping[str, str]

    def get(self, key: str) -> str | None:
        """The value of *key*, whatever its case."""
        return self.rows.get(key.lower())

    def values(self) -> Iterator[str]:
        """The values of all rows."""
        return iter(self.rows.values())


@dataclass(frozen=True)
class Static(Table):
    """The same value for every key."""

    value: str

    def get(self, _key: str) -> str | None:
        """The value."""
        return self.value

    def values(self) -> Iterator[str]:
        """The one value."""
        yield self.value


@dataclass(frozen=True)
class Unreadable(Table):
    """A table that cannot be looked up, for that *reason*."""

    reason: str

    def get(self, _key: str) -> str | None:
        """Raise TableError."""
        raise TableError(self.reason)

    def values(self) -> Iterator[str]:
        """Nothing."""
        return iter(())


@dataclass(frozen=True)
class Cidr(Table):
    """Networks in order; a row is its conditions, each a network and whether to be in it."""

    rows: tuple[tuple[tuple[tuple[Network, bool], ...], str], ...]

    @property
    def fixed(self) -> bool:
        """No: only whole addresses are looked up."""
        return False

    def get(self, key: str) -> str | None:
        """The value of the first row whose networks hold the address *key*."""
        try:
            address = ip_address(key)
        except (ValueError, AddressValueError):
            return None
        for conditions, value in self.rows:
            if all(
                (address.version == network.version and address in network) == wanted
                for network, wanted in conditions
            ):
                return value
        return None

    def values(self) -> Iterator[str]:
        """The values of all rows."""
        return (value for _, value in self.rows)


_GROUP = re.compile(r"\$(?:(\d)|\{(\d+)\}|\((\d+)\)|(\$))")


@dataclass(frozen=True)
class Pattern(Table):
    """Patterns in order; a row is its conditions, each a pattern and whether to match it.

    ``$1``, ``${1}`` and ``$(1)`` in a value are the groups of the last match.
    """

    rows: tuple[tuple[tuple[tuple[re.Pattern[str], bool], ...], str], ...]

    @property
    def fixed(self) -> bool:
        """No: only whole keys are looked up."""
        return False

    def get(self, key: str) -> str | None:
        """The value of the first row whose patterns match *key*."""
        for conditions, value in self.rows:
            match = None
            for pattern, wanted in conditions:
                match = pattern.search(key)
                if (match is not None) != wanted:
                    break
            else:
                return _GROUP.sub(partial(_group, match), value)
        return None

    def values(self) -> Iterator[str]:
        """The values of all rows."""
        return (value for _, value in self.rows)


def _group(match: re.Match[str] | None, place: re.Match[str]) -> str:
    """What stands for a place such as ``$1`` after *match*."""
    if place[4]:
        return "$"
    group = int(place[1] or place[2] or place[3])
    return (match[group] or "") if match is not None and group <= match.re.groups else ""


@dataclass(frozen=True)
class Maps:
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
