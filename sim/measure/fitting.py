"""Fitting unknowns to targets: how far off a point is, which to try next, what stays open.

The distance of a target is that of the mean from the middle of its band, in halves of the band:
up to 1 it is met. The misfit of a point is the sum of their squares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.measure.bounds import Array
from sim.measure.summary import summarise
from sim.scenario.targets import Target

SEED = 2_001
"""Of the search: the same points whenever it is made."""
MEMBERS = 4
"""Points of a generation for each unknown; chosen: few, since each point is a simulation."""
FEWEST = 8
"""Points of a generation at least."""
ALIKE = 1.0
"""Misfit above the least up to which a point is about as good: where halves of bands are 1.96
standard errors, the 95 % of a profile likelihood (3.84 / 1.96 ** 2)."""
ELSEWHERE = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Places at which each unknown is tried alone, from the best point."""
OBSERVED = ("value", "low", "high")


def observed(
    targets: Mapping[str, Target], baseline: str, measures: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """Of each target, the mean with its 95 % interval at each point (0 if there is one only)."""
    return {name: _observed(target, baseline, measures) for name, target in targets.items()}


def _observed(target: Target, baseline: str, measures: pd.DataFrame) -> pd.DataFrame:
    chosen = (measures["measure"] == target.measure) & (measures["class"] == target.mail)
    rows = measures[chosen & (measures["arm"] == (target.arm or baseline))]
    if not len(rows):
        return pd.DataFrame(columns=[*OBSERVED], dtype=float)
    table = summarise(rows, by=target.by, phase=target.phase)
    if target.of is not None:
        table = table[table["key"] == target.of]
    table = table if "point" in table else table.assign(point=0)
    return table.rename(columns={"mean": "value"}).set_index("point")[[*OBSERVED]]


def distances(
    targets: Mapping[str, Target], baseline: str, measures: pd.DataFrame, points: int
) -> pd.DataFrame:
    """A row per point and a column per target: distances with sign; NaN where it has no value."""
    values = observed(targets, baseline, measures)
    columns = {
        name: (values[name]["value"].reindex(range(points)) - target.middle) / target.half
        for name, target in targets.items()
    }
    return pd.DataFrame(columns, index=range(points))


def misfits(distances: pd.DataFrame) -> Array:
    """The sum of squares of each point; infinite where a target has no value."""
    squares = (distances**2).sum(axis=1, skipna=False)
    return squares.fillna(np.inf).to_numpy(dtype=float)


def generation(unknowns: int) -> int:
    """Points of a generation."""
    return max(FEWEST, MEMBERS * unknowns)


def search(unknowns: int, points: int, evaluate: Callable[[Array], Array]) -> None:
    """Try at most about so many points, a generation after the other, by differential evolution.

    *evaluate* gets a row a point (numbers from 0 to 1, a column an unknown) and gives their misfits
    (Storn and Price 1997; scipy's, which begins with a Latin hypercube).
    """
    from scipy.optimize import Bounds, differential_evolution  # a tenth of a second

    size = generation(unknowns)

    def columns(members: Any, /) -> Any:
        return evaluate(np.asarray(members).T)

    differential_evolution(
        columns,
        Bounds(np.zeros(unknowns), np.ones(unknowns)),
        popsize=-(-size // unknowns),
        maxiter=max(points // size - 1, 0),
        tol=0.0,
        polish=False,
        vectorized=True,
        updating="deferred",
        rng=np.random.default_rng(SEED),
    )


def slices(best: Array) -> Array:
    """The best point with each unknown alone elsewhere: a search stays where it fits, and would
    make what the targets do not tell look told."""
    rows = np.repeat(best[None, :], len(best) * len(ELSEWHERE), axis=0)
    for unknown in range(len(best)):
        first = unknown * len(ELSEWHERE)
        rows[first : first + len(ELSEWHERE), unknown] = ELSEWHERE
    return rows


def as_good(misfits: Array) -> NDArray[np.bool_]:
    """Which points fit about as well as the best."""
    return np.less_equal(misfits, np.min(misfits) + ALIKE)


def left_open(keys: Sequence[str], places: Array, misfits: Array) -> pd.DataFrame:
    """Key, best, least and most place of the points that fit about as well, and the share of the
    range that they span: what the targets do not tell."""
    good, best = places[as_good(misfits)], places[int(np.argmin(misfits))]
    rows: list[tuple[Any, ...]] = [
        (key, best[at], column.min(), column.max(), column.max() - column.min())
        for at, (key, column) in enumerate(zip(keys, good.T, strict=True))
    ]
    return pd.DataFrame(rows, columns=["key", "best", "least", "most", "open"])
