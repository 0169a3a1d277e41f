"""From problems in the tree to faults in the file: each with its line, and each told once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from sim.records.usage import quoted
from sim.scenario.errors import Fault, dotted
from sim.scenario.positions import Place, Places
from sim.scenario.problems import MOST_FAULTS, Problem
from sim.scenario.trees import Path

ARMS = "arms"


def of(problems: Iterable[Problem], places: Places) -> list[Fault]:
    """Return the faults of *problems*, not too many; what several arms share is one."""
    alike: dict[Hashable, dict[Problem, None]] = {}
    for problem in problems:
        alike.setdefault(_identity(problem), {})[problem] = None
    faults = [_fault([*same], places) for same in alike.values()]
    if len(faults) <= MOST_FAULTS:
        return faults
    return [*faults[:MOST_FAULTS], Fault(places.file, "", "and more faults", "")]


def _identity(problem: Problem) -> Hashable:
    """What a problem has in common with those of other arms."""
    of_arm = problem.path[:1] == (ARMS,) and len(problem.path) > 1
    return (ARMS, *problem.path[2:], problem[1:]) if of_arm else problem


def _fault(same: list[Problem], places: Places) -> Fault:
    first, *others = same
    place = places.of(first.path)
    also = tuple(_also(problem.path, places.of(problem.path), place) for problem in others)
    return Fault(place.file, dotted(first.path), *first[1:], place.line, also)


def _also(path: Path, place: Place, first: Place) -> str:
    """The arm of *path*, and its line where that is another one than the *first*."""
    line = f" (line {place.line})" if place.line and place != first else ""
    return f"{quoted(str(path[1]))}{line}"
