"""Tables as files have them: lines of keys, networks or patterns, each with its value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import NamedTuple, TypeVar

from sim.config.lines import Line, braced, logical, split
from sim.smtp import patterns
from sim.smtp.tables import Cidr, Keyed, Pattern, Static, Table

Test = TypeVar("Test")
"""What a key is held against."""
Reader = Callable[[str], tuple[tuple[Test, bool], str]]
"""Reads the condition at the start of a line, whether it is to hold, and the value."""


class Fault(NamedTuple):
    """A line that Postfix leaves out, with a warning."""

    number: int
    text: str
    reason: str


class Contents(NamedTuple):
    """A table, and the lines of its text that were left out."""

    table: Table
    faults: tuple[Fault, ...] = ()


def contents(kind: str, text: str, file: str, *, aliases: bool = False) -> Contents:
    """The table of *kind* that *text* holds; *aliases*: in the format of aliases(5)."""
    faults: list[Fault] = []
    lines = list(logical(text, file))
    if kind == "cidr":
        return Contents(Cidr(tuple(_rows(lines, _network, faults))), tuple(faults))
    if kind in patterns.KINDS:
        return Contents(Pattern(tuple(_rows(lines, _pattern(kind), faults))), tuple(faults))
    keys: dict[str, str] = {}
    for line in lines:
        key, value = _alias(line.text) if aliases else _pair(line.text)
        if not value:
            faults.append(Fault(line.number, line.text, "no value: the line is left out"))
        elif keys.setdefault(key.lower(), value) != value:
            faults.append(Fault(line.number, line.text, "a key for the second time"))
    return Contents(Keyed(keys), tuple(faults))


def inline(kind: str, body: str, name: str) -> Contents:
    """The table that stands in main.cf itself, as ``inline:{ key = value, ... }``."""
    entries = [braced(word) or word for word in split(body)]
    if kind == "static":
        return Contents(Static(body))
    if kind != "inline":
        return contents(kind, "\n".join(entries), name)
    pairs = [entry.partition("=") for entry in entries]
    return Contents(Keyed({key.strip().lower(): value.strip() for key, _, value in pairs}))


def _pair(text: str) -> tuple[str, str]:
    """Key and value of a line; a key with spaces stands in quotes."""
    if text.startswith('"'):
        key, _, value = text[1:].partition('"')
    else:
        key, _, value = text.replace("\t", " ").partition(" ")
    return key, value.strip()


def _alias(text: str) -> tuple[str, str]:
    """Name and targets of a line of aliases(5)."""
    key, _, value = text.partition(":")
    return key.strip().strip('"'), value.strip()


def _rows(
    lines: list[Line], reader: Reader[Test], faults: list[Fault]
) -> Iterator[tuple[tuple[tuple[Test, bool], ...], str]]:
    """The rows of a table of networks or patterns; ``if`` and ``endif`` put conditions before."""
    outer: list[tuple[Test, bool]] = []
    for line in lines:
        word, _, rest = line.text.partition(" ")
        try:
            if word.lower() == "endif":
                outer.pop()
            elif word.lower() == "if":
                outer.append(reader(rest.strip())[0])
            else:
                condition, value = reader(line.text)
                yield (*outer, condition), value
        except IndexError:
            faults.append(Fault(line.number, line.text, "endif without if"))
        except ValueError as error:
            faults.append(Fault(line.number, line.text, f"{error}: the line is left out"))


def _network(text: str) -> tuple[tuple[IPv4Network | IPv6Network, bool], str]:
    positive = not text.startswith("!")
    word, value = _pair(text.lstrip("! "))
    return (ip_network(word.strip("[]").replace("]/", "/")), positive), value


def _pattern(kind: str) -> Reader[re.Pattern[str]]:
    def reader(text: str) -> tuple[tuple[re.Pattern[str], bool], str]:
        condition = patterns.condition(text, kind)
        return (condition.pattern, condition.positive), condition.rest

    return reader
