"""What a run keeps besides its measures: the rows of all messages, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.measure.coded import Frames

ROWS, COUNTS = WORDS = ("rows", "counts")
OF_MESSAGES = ("recipients", "attempts")
"""The tables of rows of messages; all others are always kept."""


def kept(frames: Frames, keep: str) -> Frames:
    """The tables of one run as they are stored."""
    return {name: t for name, t in frames.items() if keep == ROWS or name not in OF_MESSAGES}


def whole(manifest: Mapping[str, Any]) -> bool:
    """Whether rows of messages were kept, so that figures can be drawn of them."""
    return bool(manifest.get("keep", ROWS) == ROWS)
