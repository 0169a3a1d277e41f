"""Arguments of restrictions: how each kind is read, checked and written back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple

from sim.smtp import units


class PolicyError(ValueError):
    """A policy that cannot be: what was written, what was expected, what comes nearest."""

    def __init__(self, message: str, *, value: str, expected: str, nearest: str = "") -> None:
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{message}: {value!r}{hint} (expected {expected})")
        self.value = value
        self.expected = expected
        self.nearest = nearest


class Range(NamedTuple):
    """Client addresses from *first* to *last*, both included, as numbers."""

    first: int
    last: int

    @classmethod
    def of(cls, network: IPv4Network | str) -> Range:
        """The addresses of *network*; raises ValueError if the text is not one."""
        network = IPv4Network(network)
        return cls(int(network.network_address), int(network.broadcast_address))

    def __str__(self) -> str:
        prefix = 33 - (self.last - self.first + 1).bit_length()
        return f"{IPv4Address(self.first)}/{prefix}"


class Rate(NamedTuple):
    """*most* in each *window* seconds, written ``100 / hour``."""

    most: float
    window: units.Seconds
    unit: str

    def __str__(self) -> str:
        return f"{self.most:g} / {self.unit}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a restriction: *kind* is a key of `KINDS` or `RESTRICTION`.

    *many*: it takes all the arguments that are left.
    """

    name: str
    kind: str
    optional: bool = False
    many: bool = False


def _share(text: str) -> float:
    value = float(text)
    if not 0.0 <= value <= 1.0:
        raise ValueError("not between 0 and 1")
    return value


def _count(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("not a whole number")
    return float(text)


def _rate(text: str) -> Rate:
    per_second = units.rate(text)
    unit = re.split(r"/|per", text)[-1].strip()
    window = units.TIME[unit]
    return Rate(round(per_second * window, 9), window, unit)


def _duration(text: str) -> float:
    value = units.duration(text)
    if value <= 0.0:
        raise ValueError("not above 0")
    return value


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise ValueError("not a name")
    return text


def _seconds(value: float) -> str:
    for unit in ("days", "h", "min"):
        if value >= units.TIME[unit] and value % units.TIME[unit] == 0:
            return f"{value / units.TIME[unit]:g} {unit}"
    return f"{value:g} s"


RESTRICTION = "restriction"
"""The kind of an argument that is a restriction itself: `restrictions.parse` reads it."""


class Kind(NamedTuple):
    """How one kind of argument is read, what to write, and how it is written back."""

    read: Callable[[str], Any]
    expected: str
    written: Callable[[Any], str] = str


KINDS: dict[str, Kind] = {
    "duration": Kind(_duration, "a duration above 0 such as '30 min'", _seconds),
    "rate": Kind(_rate, "a rate such as '100 / hour'"),
    "count": Kind(_count, "a whole number", lambda value: f"{value:g}"),
    "share": Kind(_share, "a share from 0 to 1", lambda value: f"{value:g}"),
    "name": Kind(_name, "a name such as 'trap-list'"),
    "range": Kind(Range.of, "an address or a network such as '203.0.113.64/28'"),
}


def split(text: str) -> list[str]:
    """Split at the commas that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return [*parts, last] if last or parts else []
