"""Wrong calls: one exception, and one message that names what would have been right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """An argument that cannot be meant; the message says what is expected."""


def one_of(what: str, value: str, known: Iterable[str]) -> str:
    """Return *value* if it is one of *known*, else raise with the nearest of them."""
    names = list(known)
    if value in names:
        return value
    near = difflib.get_close_matches(value, names, 1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    listed = ", ".join(names) if names else "nothing here"
    raise UsageError(f"unknown {what} {value!r}{hint} (expected one of: {listed})")


def at_least(what: str, value: int, low: int, high: int) -> int:
    """Return *value* if it lies within *low* and *high*."""
    if low <= value <= high:
        return value
    raise UsageError(f"{what}: expected {low} to {high}, got {value}")
