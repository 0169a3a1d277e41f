"""How runs are performed and what is kept of them: nothing here changes a row."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypedDict

from sim.records.usage import at_least, one_of

ROWS, COUNTS = KEEP = ("rows", "counts")
"""``rows``: the rows of every message are stored; ``counts``: the measures alone."""
MOST_WORKERS = 1_024


class Options(TypedDict, total=False):
    """How runs are performed, as arguments of functions that perform some."""

    workers: int
    executor: Executor | None
    force: bool
    quick: float
    batch: bool


@dataclass(frozen=True, slots=True)
class Execution:
    """How to perform runs; raises UsageError for what cannot be meant."""

    keep: str = ROWS
    """One of KEEP."""
    workers: int = 1
    """Processes on this machine."""
    executor: Executor | None = None
    """Performs the runs instead of *workers*; its machines must see the folder of results."""
    progress: bool = False
    """Show a bar while runs are performed."""
    force: bool = False
    """Replace other results in the folder."""
    quick: float = 0.0
    """Share of people and spam that the quick form of a scenario keeps; 0: the whole scenario."""
    batch: bool = True
    """Work most messages out in columns; False: every message is an event, for the same rows."""

    def __post_init__(self) -> None:
        """Check what was asked for."""
        one_of("keep", self.keep, KEEP)
        at_least("workers", self.workers, 1, MOST_WORKERS)


DEFAULT = Execution()
"""In this process, keeping all rows."""
