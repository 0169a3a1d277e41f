"""How a command speaks and ends: messages, JSON, exit statuses."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer

from sim.records.outgoing import json_text, visible

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: done; anything else; wrong use or wrong scenario; interrupted."""


def tell(text: str, end: str = "\n") -> None:
    """Print what was asked for, at once; control characters in it are spelled out."""
    print(visible(text), end=end, flush=True)


def say(text: str) -> None:
    """Print a message to a user, apart from what was asked for."""
    print(visible(text), file=sys.stderr)


def wrong(text: str) -> NoReturn:
    """End the command because of wrong use."""
    say(text)
    raise typer.Exit(WRONG)


def print_json(value: Any) -> None:
    """Print data as JSON."""
    print(json_text(value))
