"""Worlds at several sizes, round by round: what a row costs, and how that grows."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from measuring import Spread, alone, growth
from workload_w import PLAIN
from worlds import WORLDS

TURNS = {3: 3, 4: 3, 5: 2}
"""Turns of each program in one process, by the power of ten; one for larger worlds."""
LARGE = 6
"""From here on two rounds do: they take minutes."""
LEAST = ("run", "plan", "after", *PLAIN, "its rows")
"""Times, of which the least round counts; of all else the median."""

Found = dict[str, Any]


def measure(
    worlds: Sequence[str], sizes: Sequence[int], rounds: int, tell: Callable[[str], None]
) -> Found:
    """By world: its points by size, and the growth of time and memory."""
    found: dict[tuple[str, int], list[Found]] = {}
    for size in sizes:
        for turn in range(rounds if size < LARGE else min(rounds, 2)):
            for world in worlds:
                tell(f"{world}, 10^{size} rows, round {turn + 1} of {rounds}")
                one = alone("point", world, 10.0**size, TURNS.get(size, 1))
                found.setdefault((world, size), []).append(one)
    return {
        world: {
            "points": {str(size): _summed(found[world, size]) for size in sizes},
            **_grown([one for size in sizes for one in found[world, size]], len(sizes)),
        }
        for world in worlds
    }


def _summed(rounds: list[Found]) -> Found:
    """One point out of its *rounds*."""
    point: Found = {}
    for name, first in rounds[0].items():
        values = [one[name] for one in rounds]
        if name in LEAST:
            point[name] = min(values)
        elif name == "ratios":
            point[name] = {n: Spread.of([v[n] for v in values])._asdict() for n in first}
        elif isinstance(first, dict):
            point[name] = first
        else:
            point[name] = statistics.median(values)
    return point


def _grown(rounds: list[Found], sizes: int) -> Found:
    """How time grows with rows, and memory from row to row."""
    if sizes < 2 or len(rounds) < 3:
        return {}
    rows = [one["rows"] for one in rounds]
    slope, within = growth(rows, [one["seconds"] for one in rounds])
    held = statistics.linear_regression(rows, [one["octets a row"] * one["rows"] for one in rounds])
    return {"growth": {"slope": slope, "within": within}, "octets a further row": held.slope}


def ratios(worlds: Found) -> dict[str, Spread]:
    """By world and size: a row of ours to a message of the textbook program, and the others."""
    return {
        f"{world}, 10^{size}" + (f", {name}" if name != "textbook" else ""): Spread(**spread)
        for world, found in worlds.items()
        for size, point in found["points"].items()
        for name, spread in point["ratios"].items()
    }


def differences(worlds: Found) -> float:
    """Messages of W that the plain programs end differently than ours."""
    return sum(point["differences"] for point in worlds.get("W", {"points": {}})["points"].values())


def names(asked: Sequence[str]) -> list[str]:
    """The worlds whose names begin as one of *asked* does."""
    return [world for world in WORLDS if any(world.lower().startswith(a) for a in asked)]
