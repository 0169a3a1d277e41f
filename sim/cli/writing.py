"""Files that a command writes because it was asked to."""

from __future__ import annotations

from pathlib import Path

from sim import cli
from sim.cli.console import wrong


def write(file: Path, text: str) -> None:
    """Write a file whole or not at all; end the command where that cannot be."""
    try:
        cli.storage.atomically(file, lambda part: part.write_text(text, "utf-8"))
    except OSError as error:
        wrong(f"{file}: cannot be written: {error.strerror}")
