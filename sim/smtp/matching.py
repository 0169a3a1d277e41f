"""Lists of domains and of networks, with exceptions and tables, as Postfix reads them.

In such a list the first pattern that matches decides; ``!`` before a pattern makes it an
exception. A table matches where it has a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_network

from sim.smtp import clients
from sim.smtp.clients import Network, Range
from sim.smtp.tables import Cidr, Keyed, Table, Unreadable

_PART = re.compile(r"[\s,]+|[{}]|[^\s,{}]+")
MAX_DEPTH = 10
"""Files of patterns within files of patterns."""


def words(text: str) -> list[str]:
    """The words of a list, which spaces and commas outside braces separate."""
    items, word, depth = [], "", 0
    for part in _PART.findall(text):
        depth = max(depth + (part == "{") - (part == "}"), 0)
        if depth or part.strip(" ,\t\r\n"):
            word += part
        elif word:
            items.append(word)
            word = ""
    return [*items, word] if word else items


def _items(
    text: str, tables: Mapping[str, Table | str], sign: bool = True, depth: int = 0
) -> Iterator[tuple[bool, str | Table]]:
    """The patterns of *text*: whether to match, and a text in lower case or a table."""
    for word in words(text):
        pattern = word.lstrip("!")
        positive = sign != ((len(word) - len(pattern)) % 2 == 1)
        if pattern[:1] == "/":
            content = tables.get(pattern)
            if isinstance(content, str) and depth < MAX_DEPTH:
                lines = (line for line in content.splitlines() if line[:1] != "#")
                yield from _items("\n".join(lines), tables, positive, depth + 1)
            else:
                yield positive, Unreadable(f"open file {pattern}")
        elif ":" in pattern and pattern[:1] != "[":
            yield positive, lookup_table(pattern, tables)
        else:
            yield positive, pattern.lower()


def lookup_table(name: str, tables: Mapping[str, Table | str]) -> Table:
    """The table of that *name*, or one that cannot be read."""
    table = tables.get(name.removeprefix("proxy:"))
    return table if isinstance(table, Table) else Unreadable(f"open {name}")


@dataclass(frozen=True)
class Domains:
    """A list of domains; with *parents*, subdomains of one belong to it.

    With *string*, a text is compared as it is and no parent of it is looked up.
    """

    items: tuple[tuple[bool, str | Table], ...]
    parents: bool = False
    string: bool = False

    @classmethod
    def of(
        cls,
        text: str,
        tables: Mapping[str, Table | str],
        *,
        parents: bool = False,
        string: bool = False,
    ) -> Domains:
        """The list that a parameter such as ``relay_domains`` states."""
        return cls(tuple(_items(text, tables)), parents, string)

    @cached_property
    def names(self) -> frozenset[str]:
        """The domains that it names outright."""
        return frozenset(
            item for positive, item in self.items if positive and isinstance(item, str)
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, domain: object) -> bool:
        """Whether *domain* belongs to it; raises TableError where a table cannot be read."""
        name = str(domain).lower()
        for positive, item in self.items:
            if self._match(name, item):
                return positive
        return False

    def _match(self, name: str, item: str | Table) -> bool:
        if isinstance(item, str):
            if name == item:
                return True
            suffix = item if item[:1] == "." else f".{item}" if self.parents else "\n"
            return not self.string and name.endswith(suffix) and name != suffix
        if item.get(name) is not None:
            return True
        return (
            not self.string
            and item.fixed
            and any(item.get(part) is not None for part in parts_of(name, self.parents))
        )


def parts_of(name: str, parents: bool) -> Iterator[str]:
    """The parents of *name*: ``b.c`` and ``c`` of ``a.b.c``, or ``.b.c`` and ``.c``."""
    start = name.find(".", 1)
    while start >= 0:
        yield name[start + 1 :] if parents else name[start:]
        start = name.find(".", start + 1)


@dataclass(frozen=True)
class Networks:
    """A list of networks, host names and tables."""

    items: tuple[tuple[bool, Range | str | Table], ...] = ()
    parents: bool = False

    @classmethod
    def of(cls, networks: Iterable[Network | str]) -> Networks:
        """A list of networks without exceptions."""
        return cls(tuple((True, Range.of(network)) for network in networks))

    @classmethod
    def parse(
        cls, text: str, tables: Mapping[str, Table | str], *, parents: bool = False
    ) -> Networks:
        """The list that a parameter such as ``mynetworks`` states."""
        items = (
            (positive, item if isinstance(item, Table) else _network(item))
            for positive, item in _items(text, tables)
        )
        return cls(tuple(items), parents)

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """The ranges that it compares addresses with."""
        return tuple(item for _, item in self.items if isinstance(item, Range))

    @cached_property
    def plain(self) -> bool:
        """Whether it is ranges only, without exceptions."""
        return all(positive and isinstance(item, Range) for positive, item in self.items)

    def __iter__(self) -> Iterator[Range]:
        return iter(self.ranges)

    def __len__(self) -> int:
        return len(self.items)

    def holds(self, client: int, name: Callable[[], str]) -> bool:
        """Whether the address *client*, called *name*, is in it; TableError as for `Domains`."""
        for positive, item in self.items:
            if isinstance(item, Range):
                if item.first <= client <= item.last:
                    return positive
            elif isinstance(item, str):
                if Domains(((True, item),), self.parents)._match(name().lower(), item):
                    return positive
            elif (
                Domains((), self.parents)._match(name().lower(), item)
                or item.get(clients.text(client)) is not None
            ):
                return positive
        return False


def networks_in(table: Table) -> Iterator[Range]:
    """The client addresses that *table* names: networks, or the first octets of addresses."""
    if isinstance(table, Cidr):
        yield from (
            Range.of(network) for conditions, _ in table.content for network, _ in conditions
        )
    if not isinstance(table, Keyed):
        return
    for key in table.content:
        octets = key.split(".")
        if all(octet.isdigit() for octet in octets) and len(octets) <= 4:
            padded = ".".join((*octets, *["0"] * (4 - len(octets))))
            item = _network(f"{padded}/{8 * len(octets)}")
        else:
            item = _network(key)
        if isinstance(item, Range):
            yield item


def _network(text: str) -> Range | str:
    """*text* as a range of addresses, or as the name that it is."""
    bare = text.replace("[", "").replace("]", "")
    try:
        network = ip_network(bare, strict=False)
    except ValueError:
        return text
    if network.version == 6 and bare[:7] == "::ffff:" and network.prefixlen >= 96:
        return Range.of(f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}")
    return Range.of(network)


def is_below(domain: str, parents: Collection[str]) -> bool:
    """Whether *domain* is a subdomain of one of *parents*."""
    _, dot, parent = domain.partition(".")
    while dot:
        if parent in parents:
            return True
        _, dot, parent = parent.partition(".")
    return False
