"""Values that a scenario declares its keys might have instead: each is tried before anything runs.

They stand in `structures`, `ranges` and `sweep`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.scenario import faults
from sim.scenario.errors import Fault, ScenarioError
from sim.scenario.problems import Problem
from sim.scenario.sweeping import Point
from sim.scenario.trees import Path

if TYPE_CHECKING:
    from sim.scenario.scenario import Scenario

MOST_TRIED = 200
"""Points of a sweep that are tried; each value of a grid is in one of as many as its longest list
has values."""

MOST_KEPT = 16
"""Variants at hand: those that `mailsim check` looks at twice; chosen."""


def wrong(scenario: Scenario) -> list[Fault]:
    """Return what is wrong with the values that *scenario* declares, all at once."""
    problems = [p for path, point in points(scenario) for p in _problems(scenario, path, point)]
    return faults.of(problems, scenario.places)


def points(scenario: Scenario) -> Iterator[tuple[Path, Point]]:
    """Where each point stands in the file, and what it changes."""
    for section in ("structures", "ranges"):
        for key, values in getattr(scenario, section).items():
            yield from (((section, key, n), {key: value}) for n, value in enumerate(values))
    if sweep := scenario.sweep:
        for number in range(min(MOST_TRIED, max(map(len, sweep.over.values()), default=0))):
            yield ("sweep", "over"), {k: v[min(number, len(v) - 1)] for k, v in sweep.over.items()}
        for number, point in enumerate(sweep.points[:MOST_TRIED]):
            yield ("sweep", "points", number), point


_VARIANTS: dict[str, tuple[Scenario, Scenario]] = {}
"""By what a point says, the scenario that was asked, and what it is there: the latest."""


def variant(scenario: Scenario, point: Point) -> Scenario:
    """The scenario at *point*, at hand for who looks at it again; raises ScenarioError."""
    of, known = _VARIANTS.get(text := repr(point), (None, None))
    if known is None or of is not scenario:
        known = scenario.with_overrides(point)
        if len(_VARIANTS) >= MOST_KEPT:
            _VARIANTS.pop(next(iter(_VARIANTS)), None)
        _VARIANTS[text] = scenario, known
    return known


def _problems(scenario: Scenario, path: Path, point: Point) -> Iterator[Problem]:
    faults = _problems_at(scenario, path, point)
    alone = [
        problem
        for key, value in (point.items() if faults and len(point) > 1 else ())
        for problem in _problems_at(scenario, (*path, key), {key: value})
    ]
    yield from alone or faults


def _problems_at(scenario: Scenario, path: Path, point: Point) -> list[Problem]:
    """What is wrong with the scenario at *point*."""
    if path == ("sweep", "over") and len(point) == 1:
        path = (*path, *point)
    try:
        variant(scenario, point)
    except ScenarioError as error:
        return list(dict.fromkeys(_problem(path, point, fault) for fault in error.faults))
    return []


def _problem(path: Path, point: Point, fault: Fault) -> Problem:
    """A fault at *point*, which names the key it is about where that is none of the point's."""
    last = fault.key.rpartition(".")[2]
    of_this_point = any(key.rpartition(".")[2] == last for key in point) or fault.key in point
    value = fault.value if of_this_point else f"{fault.key}: {fault.value}"
    return Problem(path, value, fault.expected, fault.nearest)
