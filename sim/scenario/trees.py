"""A scenario as a file writes it: tables of tables, quantities as text."""

from __future__ import annotations

from typing import Any

Tree = dict[str, Any]
Path = tuple[str | int, ...]
"""Names, and indices of lists, from the top of a tree to a value in it."""


def table(tree: Any, *path: str) -> Tree:
    """The table at *path* of *tree*; an empty one where there is none."""
    for name in path:
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree if isinstance(tree, dict) else {}


def merge(below: Any, above: Any, depth: int) -> Any:
    """*above* laid over *below*: tables key by key down to *depth*, anything else replaces."""
    if depth == 0 or not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return below | {name: merge(below.get(name), v, depth - 1) for name, v in above.items()}
