"""main.cf as settings: what each line sets, and which line of several counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sim.config.errors import ConfigError
from sim.config.lines import Line, logical

MAX_VALUE = 1_000_000
SETTING = re.compile(r"([^\s=]+)\s*=\s*(.*)", re.DOTALL)
TEMPLATE = re.compile(r"\{[%#{]|<%|%>|[%#}]\}")


@dataclass(frozen=True)
class MainCf:
    """The settings of a main.cf, or of what `postconf -n` prints."""

    raw: Mapping[str, str]
    """Parameter -> its value as written; the last line that sets it counts."""
    lines: Mapping[str, Line]
    """Parameter -> the line that counts."""
    overridden: tuple[tuple[Line, int], ...]
    """Lines that a later one sets again, and the number of that one."""
    faults: tuple[Line, ...]
    """Lines without `=`."""


def main_cf(text: str) -> MainCf:
    """Read *text*; refuse it if it is no main.cf at all."""
    lines: dict[str, Line] = {}
    raw: dict[str, str] = {}
    overridden: list[tuple[Line, int]] = []
    faults: list[Line] = []
    for line in logical(text, "main.cf"):
        match = SETTING.fullmatch(line.text)
        if not match:
            faults.append(line)
            continue
        name = match[1]
        if len(match[2]) > MAX_VALUE:
            raise ConfigError(f"main.cf, line {line.number}: {name}: a value of more than 1 MB")
        if name in lines:
            overridden.append((lines[name], line.number))
        lines[name], raw[name] = line, match[2].strip()
    plain = [line for line in faults if not TEMPLATE.search(line.text)]
    if len(plain) > len(raw):
        first = plain[0]
        raise ConfigError(f"main.cf, line {first.number}: no `name = value`: {first.text[:60]!r}")
    return MainCf(raw, lines, tuple(overridden), tuple(faults))
