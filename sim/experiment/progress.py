"""How far a long work is: a bar with the time left, on a terminal or in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec

Advance = Callable[[], None]


@contextmanager
def progress(total: int, *, visible: bool, label: str = "simulating") -> Iterator[Advance]:
    """Show a bar of *total* steps on standard error; call the yielded function at each step."""
    if not visible or total == 0:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs,"),
        TimeElapsedColumn(),
        TextColumn("gone,"),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    # in a notebook rich draws with ipywidgets; without a terminal or those, no bar
    if not console.is_terminal and not (console.is_jupyter and find_spec("ipywidgets")):
        yield lambda: None
        return
    # a browser has no thread that could draw: there the bar is drawn at each step alone
    with Progress(*columns, console=console, auto_refresh=sys.platform != "emscripten") as bar:
        task = bar.add_task(label, total=total)

        def advance() -> None:
            bar.advance(task)
            bar.refresh()

        yield advance
