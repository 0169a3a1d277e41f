"""How a command speaks and ends: messages, JSON, exit statuses."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import typer

DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: done; anything else; wrong use or wrong scenario; interrupted."""


def say(text: str) -> None:
    """Print a message to a user, apart from what was asked for."""
    print(text, file=sys.stderr)


def wrong(text: str) -> NoReturn:
    """End the command because of wrong use."""
    say(text)
    raise typer.Exit(WRONG)


def print_json(value: Any) -> None:
    """Print data as JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
