"""How much memory an experiment takes, as it gets more replications or a longer run.

Each number is the most that a fresh process has had.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from measuring import Spread, alone

LARGE = {"spam / 100": 1e7, "everything": 1e7}
"""Worlds, and how many recipients the one run of each has."""
EXPERIMENTS: dict[str, tuple[str, float, int]] = {
    "2 runs of 10^5": ("main", 1e5, 2),
    "16 runs of 10^5": ("main", 1e5, 16),
    "1 run of 10^6": ("main", 1e6, 1),
}
"""By name: world, rows of a run, replications (the plans of two stay at hand)."""


def measure(rounds: int, tell: Callable[[str], None]) -> tuple[dict[str, Any], dict[str, Spread]]:
    """Megabytes by experiment, with rows kept and with counts alone: the median of two rounds at
    most, which differ little; and these, to be compared."""
    found: dict[str, Any] = {}
    spreads: dict[str, Spread] = {}
    for name, (world, rows, replications) in EXPERIMENTS.items():
        found[name] = {}
        for keep in ("rows", "counts"):
            tell(f"memory of {name}, {keep} kept")
            peaks = [
                alone("experiment", world, rows, replications, 1, 1, keep)["peak"] / 1e6
                for _ in range(min(rounds, 2))
            ]
            spreads[f"{name}, {keep} kept, MB"] = Spread.of(peaks)
            found[name][f"{keep} kept, MB"] = statistics.median(peaks)
    return found, spreads


def large(tell: Callable[[str], None]) -> dict[str, Any]:
    """What one very large run of each world takes: µs a row, octets."""
    found = {}
    for world, rows in LARGE.items():
        tell(f"one run of {rows:.0e} recipients, {world}")
        point = alone("point", world, rows, 1)
        found[world] = {name: point[name] for name in ("rows", "run", "peak", "kept octets a row")}
    return found
