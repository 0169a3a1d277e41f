"""Two workers, against two separate single-worker processes at the same moment.

By the clock, as that is what more workers are for; both ways in turn, round after round.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from measuring import Spread, answer, started

WORLD, ROWS, REPLICATIONS = "main", 1e5, 10
"""Of each of two processes: so long that starting workers counts for little; the run has all."""


def measure(rounds: int, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Spread]]:
    """Seconds of each way, what share of two processes' speed two workers reach, and what is
    compared: how many times as long they take."""
    apart: list[float] = []
    together: list[float] = []
    one: list[float] = []
    for turn in range(rounds):
        tell(f"2 workers and 2 processes, round {turn + 1} of {rounds}")
        apart.append(_seconds((1, 1), (2, 1)))
        together.append(_seconds((1, 2)))
        one.append(_seconds((1, 1)))
    times = [b / a for a, b in zip(apart, together, strict=True)]
    return {
        "one process, half of it (s)": min(one),
        "two processes (s)": min(apart),
        "two workers (s)": min(together),
        "share": 1 / statistics.median(times),
    }, {"2 workers, to 2 processes": Spread.of(times)}


def _seconds(*seeds_and_workers: tuple[int, int]) -> float:
    """From the start of all these runs until the last of them has ended."""
    began = time.perf_counter()
    processes = [
        started("experiment", WORLD, ROWS, REPLICATIONS * workers, seed, workers)
        for seed, workers in seeds_and_workers
    ]
    for process in processes:
        answer(process)
    return time.perf_counter() - began
