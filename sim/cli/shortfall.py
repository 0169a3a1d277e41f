"""What is shown of results in which something is missing: all of it says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sim.cli.tables import NumberTable


def marked(parts: Iterable[Any], shortfall: str) -> Iterator[Any]:
    """Tables and sentences, each with the *shortfall*, if there is one."""
    note = f"Partial: {shortfall}."
    for part in parts:
        if not shortfall:
            yield part
        elif isinstance(part, NumberTable):
            yield replace(part, title=f"{part.title} [{note}]".strip())
        else:
            yield f"{part} [{note}]" if isinstance(part, str) else part
