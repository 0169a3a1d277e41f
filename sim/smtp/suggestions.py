"""What a misspelt name comes nearest to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str:
    """The most similar of the *names* names; "" if none is."""
    near = difflib.get_close_matches(name, list(names), n=1)
    return near[0] if near else ""
