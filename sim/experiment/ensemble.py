"""Assumptions without a source, otherwise: at which points a run is made again, and how often.

Each alternative alone, those of every key in turn, then combinations that lie far apart; as many as
take no longer than the run itself, and MOST_POINTS at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product
from pathlib import Path
from typing import Any, NamedTuple

from sim.experiment.execution import COUNTS, Execution
from sim.experiment.storage import OtherResultsError
from sim.experiment.sweeping import StoredSweep, sweep
from sim.scenario import Scenario
from sim.scenario.factors import alternatives
from sim.scenario.sweeping import Point

MOST_POINTS = 12
REPLICATIONS = 2
"""Replications at each point: the first ones of the run itself, so that points differ in pairs."""
MOST_COMBINED = 5_000
"""Combinations among which some are chosen."""
Alternatives = Mapping[str, Sequence[Any]]


class Ensemble(NamedTuple):
    """Points of a run whose assumptions are otherwise, and what was left out."""

    points: list[Point]
    replications: int
    untried: list[Point]
    """Alternatives that are not tried alone, for want of time."""


def ensemble_of(scenario: Scenario, replications: int | None = None) -> Ensemble:
    """The points for a run of so many *replications*, or the scenario's; none, if none is declared.

    Raises ScenarioError for alternatives that cannot be.
    """
    count = scenario.replications if replications is None else replications
    each = max(min(REPLICATIONS, count), 1)
    most = min(MOST_POINTS, max(count // each, 1))
    others = alternatives(scenario)
    alone = list(_alone(others))
    points = [*alone, *_apart(others, alone, most - len(alone))]
    return Ensemble(points[:most], each, alone[most:])


def run_ensemble(
    scenario: Scenario,
    out: Path,
    chosen: Ensemble,
    *,
    arms: Sequence[str] | None,
    execution: Execution,
) -> StoredSweep:
    """Run what is missing of it in *out*, which holds nothing else: other points are replaced."""

    def perform(*, force: bool) -> StoredSweep:
        of_point = replace(execution, keep=COUNTS, force=force)
        return sweep(
            scenario,
            out,
            chosen.points,
            arms=arms,
            replications=chosen.replications,
            execution=of_point,
            untried=chosen.untried,
        )

    try:
        return perform(force=False)
    except OtherResultsError:
        return perform(force=True)


def _alone(others: Alternatives) -> Iterator[Point]:
    """Each alternative alone: the first of every key, then the second of every key, and so on."""
    for place in range(max(map(len, others.values()), default=0)):
        yield from ({key: values[place]} for key, values in others.items() if place < len(values))


def _apart(others: Alternatives, earlier: list[Point], count: int) -> Iterator[Point]:
    """Combinations, each as far as can be from those before it: in as many keys as possible."""
    levels = [[{}, *({key: value} for value in values)] for key, values in others.items()]
    every = islice(product(*levels), MOST_COMBINED)
    merged = ({k: v for part in parts for k, v in part.items()} for parts in every)
    joint = [point for point in merged if len(point) > 1]
    chosen: list[Point] = [{}, *earlier]
    for _ in range(min(count, len(joint))):
        best = max(joint, key=lambda point: min(_distance(point, other) for other in chosen))
        joint.remove(best)
        chosen.append(best)
        yield best


def _distance(one: Point, other: Point) -> int:
    """In how many keys two points differ."""
    return sum(one.get(key) != other.get(key) for key in {**one, **other})
