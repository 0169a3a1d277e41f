"""The values of parameters, with every ``$name`` replaced."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from sim.config.errors import ConfigError

MAX_VALUE = 1_000_000
MAX_WRITTEN = 100_000
MAX_DEPTH = 60
NAME = re.compile(r"\w+")
COMPARISON = re.compile(r"\s*(==|!=|<=|>=|<|>)(level)?\s*")
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
CLOSING = {"{": "}", "(": ")"}


class Values:
    """Parameters with their values as written, read with all names replaced.

    Forms are those of main.cf: ``$name``, ``${name}``, ``${name?text}``, ``${name:text}``,
    ``${name?{text}:{text}}``, ``${{text} == {text} ? {text} : {text}}`` and ``$$``.
    """

    def __init__(self, raw: Mapping[str, str]) -> None:
        self.raw = raw
        self.used_by: dict[str, str] = {}
        """Parameters that were read, and which other one's value speaks of each."""
        self._values: dict[str, str] = {}
        self._open: list[str] = []
        self._depth = 0

    def __getitem__(self, name: str) -> str:
        """The value of *name*; empty if nothing sets it."""
        self.used_by.setdefault(name, self._open[-1] if self._open else "")
        if name in self._values:
            return self._values[name]
        if name not in self.raw:
            return ""
        if name in self._open or len(self._open) > 100:
            raise ConfigError(f"{name}: stands for itself: {' -> '.join(self._open)} -> {name}")
        self._open.append(name)
        value = self._values[name] = self.expand(self.raw[name])
        self._open.pop()
        return value

    def expand(self, text: str) -> str:
        """*text* with every name replaced."""
        if "$" not in text:
            return text
        if len(text) > MAX_WRITTEN or self._depth > MAX_DEPTH:
            raise ConfigError(f"{text[:40]!r}: too long or too deep")
        self._depth += 1
        parts, position, size = [], 0, 0
        while (dollar := text.find("$", position)) >= 0:
            value, end = self._macro(text, dollar + 1)
            parts += [text[position:dollar], value]
            position = end
            size += len(value)
            if size > MAX_VALUE:
                raise ConfigError(f"{' -> '.join(self._open)}: the value grows without end")
        self._depth -= 1
        return "".join(parts) + text[position:]

    def _macro(self, text: str, start: int) -> tuple[str, int]:
        """The value of what follows a dollar sign, and where it ends."""
        first = text[start : start + 1]
        if first in CLOSING:
            end = closing(text, start)
            return self._braced(text[start + 1 : end]), end + 1
        if match := NAME.match(text, start):
            return self[match[0]], match.end()
        if first == "$":
            return "$", start + 1
        raise ConfigError(f"{text[:60]!r}: a name expected after '$'")

    def _braced(self, body: str) -> str:
        """The value of what stands between ``${`` and ``}``."""
        body = body.strip()
        if body.startswith("{"):
            true, rest = self._comparison(body)
        else:
            match = NAME.match(body)
            if not match:
                raise ConfigError(f"${{{body[:40]}}}: no name")
            value, rest = self[match[0]], body[match.end() :].strip()
            if not rest:
                return value
            if rest[0] not in "?:":
                raise ConfigError(f"${{{body[:40]}}}: '?' or ':' expected after the name")
            true = bool(value)
            if rest[0] == ":":
                return "" if true else self.expand(self._choice(rest[1:])[0])
        then, otherwise = self._choice(rest.removeprefix("?"))
        return self.expand(then if true else otherwise)

    def _comparison(self, body: str) -> tuple[bool, str]:
        """Whether ``{a} == {b}`` holds at the start of *body*, and what follows."""
        end = closing(body, 0)
        left = self.expand(body[1:end].strip())
        match = COMPARISON.match(body, end + 1)
        if not match or body[match.end() : match.end() + 1] != "{":
            raise ConfigError(f"${{{body[:40]}}}: a comparison of {{...}} with {{...}} expected")
        close = closing(body, match.end())
        right = self.expand(body[match.end() + 1 : close].strip())
        key = level if match[2] else _number_or_text(left, right)
        return COMPARE[match[1]](key(left), key(right)), body[close + 1 :].strip()

    def _choice(self, text: str) -> tuple[str, str]:
        """The two texts of ``{text}:{text}``; without braces all is the first."""
        text = text.strip() if text.lstrip().startswith("{") else text
        if not text.startswith("{"):
            return text, ""
        end = closing(text, 0)
        rest = text[end + 1 :].strip().removeprefix(":").strip()
        return text[1:end].strip(), rest[1:-1].strip() if rest.startswith("{") else rest


def closing(text: str, start: int) -> int:
    """Where the bracket that opens at *start* closes."""
    opens, closes, depth = text[start], CLOSING[text[start]], 0
    for match in re.compile(f"[{opens}{closes}]").finditer(text, start):
        depth += 1 if match[0] == opens else -1
        if not depth:
            return match.start()
    raise ConfigError(f"{text[start : start + 40]!r}: no closing {closes!r}")


def level(text: str) -> tuple[int, ...]:
    """A compatibility level as something to compare: ``3.6`` is above ``3``."""
    numbers = [int(n) for n in text.split(".") if n.isdigit()]
    return tuple(numbers + [0] * (3 - len(numbers)))


def _number_or_text(left: str, right: str) -> Callable[[str], object]:
    return int if left.isdigit() and right.isdigit() else str
