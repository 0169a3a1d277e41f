"""What is wrong with a scenario, all at once: file, key, value, what was expected, nearest name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from sim.records.outgoing import printable
from sim.records.usage import quoted

MOST_CHARACTERS = 80
"""Characters of a wrong value that are shown; the rest is cut."""

LISTED = 12
"""Valid names that a message lists; beyond it, only the nearest is named."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in one place; ``str`` of it is the line that is printed.

    *value* is what stands there, as shown to the reader; *nearest* is the valid
    name that resembles it most, or ""; *line* is that of the key in the file, if it has one; *also*
    are further places with the same fault.
    """

    file: str
    key: str
    value: str
    expected: str
    nearest: str = ""
    line: int | None = None
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line else ""
        parts = [part for part in (self.file, line, self.key, self.value) if part]
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        also = f"; also in {', '.join(self.also)}" if self.also else ""
        expected = f"expected {self.expected}" if self.expected else ""
        return printable(": ".join([*parts, expected] if expected else parts) + hint + also)


class ScenarioError(ValueError):
    """A scenario that cannot be used; ``faults`` holds everything wrong with it.

    ValueError
     └── ScenarioError
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


def value_text(value: object) -> str:
    """Return *value* as a message shows it, on one line and cut to ``SHOWN`` characters."""
    if isinstance(value, dict):
        inside = ", ".join(
            f"{name} = {value_text(item)}" for name, item in list(value.items())[:LISTED]
        )
        text = f"{{ {inside} }}" if len(inside) <= MOST_CHARACTERS - 4 else "a table"
    elif isinstance(value, list) and len(value) > LISTED:
        text = f"a list of {len(value)}"
    elif isinstance(value, bool):
        text = str(value).lower()  # as TOML and JSON write it
    elif isinstance(value, int) and abs(value) >= 10**MOST_CHARACTERS:
        text = "a huge number"
    else:
        text = repr(value[: MOST_CHARACTERS + 1]) if isinstance(value, str) else repr(value)
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 3] + "..."


def nearest(name: object, valid: Iterable[str]) -> str:
    """Return the valid name that resembles *name* most, or "" when none does."""
    if not isinstance(name, str) or len(name) > MOST_CHARACTERS:
        return ""
    names = list(valid)
    by_lower = {valid_name.lower(): valid_name for valid_name in names}
    if name.lower() in by_lower:
        return by_lower[name.lower()]
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return by_lower[near[0]] if near else ""


def unknown_key(name: object, valid: Iterable[str]) -> tuple[str, str, str]:
    """Return value, expected and nearest of the fault of a key that is none of *valid*."""
    keys = list(valid)
    near = nearest(name, keys)
    return "unknown key", "" if near else one_of(keys), near


def one_of(names: Iterable[str]) -> str:
    """Return "one of a, b, c", cut where they are too many to list."""
    listed = [*map(quoted, names)]
    if not listed:
        return "nothing here"
    if len(listed) > LISTED:
        return f"one of {', '.join(listed[:LISTED])}, ..."
    return f"one of {', '.join(listed)}" if len(listed) > 1 else f"{listed[0]}"


def dotted(path: Iterable[str | int]) -> str:
    """Return the path of a key as written in a file: ``users.travellers.places[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if part.replace("-", "").replace("_", "").isalnum() else f'"{part}"'
            text += f".{quoted}" if text else quoted
    return text if len(text) <= 2 * MOST_CHARACTERS else text[: 2 * MOST_CHARACTERS] + "..."
