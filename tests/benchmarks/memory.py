"""How much memory an experiment takes, as it gets more replications or a longer run.

Each number is the most that a fresh process has had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from measuring import alone

LARGE = "spam / 100", 1e7
"""A world, and how many recipients its one run has."""
EXPERIMENTS: dict[str, tuple[str, float, int]] = {
    "2 runs of 10^5": ("main", 1e5, 2),
    "16 runs of 10^5": ("main", 1e5, 16),
    "1 run of 10^6": ("main", 1e6, 1),
}
"""By name: world, rows of a run, replications (the plans of two stay at hand)."""


def measure(tell: Callable[[str], None]) -> dict[str, Any]:
    """Megabytes by experiment, with rows kept and with counts alone."""
    found: dict[str, Any] = {}
    for name, (world, rows, replications) in EXPERIMENTS.items():
        found[name] = {}
        for keep in ("rows", "counts"):
            tell(f"memory of {name}, {keep} kept")
            one = alone("experiment", world, rows, replications, 1, 1, keep)
            found[name][f"{keep} kept, MB"] = one["peak"] / 1e6
    return found


def large(tell: Callable[[str], None]) -> dict[str, Any]:
    """One very large run, as a point of its world."""
    world, rows = LARGE
    tell(f"one run of {rows:.0e} recipients")
    return alone("point", world, rows, 1)
