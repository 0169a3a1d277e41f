"""Wrong calls: one exception, and one message that names what would have been right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """An argument that cannot be meant; the message says what is expected."""


def one_of(name: str, value: str, valid: Iterable[str]) -> str:
    """Return *value* if it is one of *valid*, else raise with the nearest of them."""
    names = list(valid)
    if value in names:
        return value
    near = difflib.get_close_matches(value, names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(names) if names else "nothing here"
    raise UsageError(f"unknown {name} {value!r}{hint} (expected one of: {listed})")


def at_least(name: str, value: int, low: int, high: int) -> int:
    """Return *value* if it lies within *low* and *high*."""
    if low <= value <= high:
        return value
    raise UsageError(f"{name}: expected {low} to {high}, got {value}")
