"""Arguments of restrictions: how each kind is read, checked and written back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from sim.smtp import units
from sim.smtp.clients import Range


class PolicyError(ValueError):
    """A policy that cannot be: what was written, what was expected, what comes nearest."""

    def __init__(self, message: str, *, value: str, expected: str, nearest: str = "") -> None:
        hint = f"; did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"{message}: {value!r}{hint} (expected {expected})")
        self.value = value
        self.expected = expected
        self.nearest = nearest


class Rate(NamedTuple):
    """*most* in each *window* seconds, written ``100 / hour``."""

    most: float
    window: units.Seconds
    unit: str

    def __str__(self) -> str:
        return f"{self.most:g} / {self.unit}"


class Parameter(NamedTuple):
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


def _table(text: str) -> str:
    if not re.fullmatch(r"\S*:.*", text, re.DOTALL):
        raise ValueError("not a table")
    return text


def _all(text: str) -> str:
    if text != ALL:
        raise ValueError("not the word all")
    return text


def _zone(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}(=[0-9.;\[\]]{1,200})?", text):
        raise ValueError("not a blocklist")
    return text


def _seconds(value: float) -> str:
    for unit in ("days", "h", "min"):
        if value >= units.TIME[unit] and value % units.TIME[unit] == 0:
            return f"{value / units.TIME[unit]:g} {unit}"
    return f"{value:g} s"


ALL = "all"
"""The argument that leaves nobody out."""
RESTRICTION = "restriction"
"""The kind of an argument that is a restriction itself: `restrictions.parse` reads it."""


class Kind(NamedTuple):
    """How one kind of argument is read, what to write, and how it is written back."""

    read: Callable[[str], Any]
    expected: str
    text: Callable[[Any], str] = str


KINDS: dict[str, Kind] = {
    "duration": Kind(_duration, "a duration above 0 such as '30 min'", _seconds),
    "rate": Kind(_rate, "a rate such as '100 / hour'"),
    "count": Kind(_count, "a whole number", lambda value: f"{value:g}"),
    "share": Kind(_share, "a share from 0 to 1", lambda value: f"{value:g}"),
    "name": Kind(_name, "a name such as 'trap-list'"),
    "table": Kind(_table, "a table such as 'hash:/etc/postfix/access'"),
    "blocklist": Kind(_zone, "a blocklist such as 'zen.rbl.example=127.0.0.[2..11]'"),
    "server": Kind(_table, "a service such as 'inet:127.0.0.1:10023'"),
    "everybody": Kind(_all, f"the word {ALL}"),
    "word": Kind(str, "a word"),
    "range": Kind(Range.of, "an address or a network such as '203.0.113.64/28'"),
}


def split(text: str) -> list[str]:
    """Split at the commas that stand outside brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "({[") - (character in ")}]")
        if character == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    last = text[start:].strip()
    return [*parts, last] if last or parts else []
