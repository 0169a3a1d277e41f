"""Sensitivity to unknowns: designs and indices by SALib, and where a policy is not the best.

Designs are rows of numbers from 0 to 1, a column a factor. SALib and scikit-learn are an extra.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from sim.measure.bounds import Array

COLUMNS = ("key", "effect", "low", "high", "second")
SEED = 20_240_101
"""Of the designs and their bootstraps: the same design whenever it is asked for."""
DEPTH = 2
"""Conditions that a description of points has at most: more are hard to read."""
SMALLEST = 0.05
"""Least share of the points that a description is about."""
SURE = 1 - 1e-12
"""A rank correlation of no more than this has an interval."""
PURE = 0.6
"""Least share of a description's points in which the policy is not the best."""


class ExtraError(ImportError):
    """The extra that a method needs is not installed."""


class Method(NamedTuple):
    """A way to spread points and to read them: what its *effect* is, and its *second* column."""

    meaning: str
    number: int
    effect: str
    second: str
    sample: Callable[[dict[str, Any], int], Array]
    analyse: Callable[[dict[str, Any], Array, Array], pd.DataFrame]


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def _salib(path: str) -> Any:
    try:
        return import_module(f"SALib.{path}")
    except ImportError:
        raise ExtraError("needs the extra: pip install 'mailsim[sensitivity]'") from None


# ---- Latin hypercube


def _latin(problem: dict[str, Any], number: int) -> Array:
    return np.asarray(_salib("sample.latin").sample(problem, number, seed=SEED))


def _ranks(problem: dict[str, Any], design: Array, values: Array) -> pd.DataFrame:
    """Rank correlations with Fisher's interval (Bonett and Wright 2000)."""
    rows = []
    for name, column in zip(problem["names"], design.T, strict=True):
        r = float(scipy.stats.spearmanr(column, values).statistic)
        z = math.atanh(np.clip(r, -SURE, SURE))
        half = 1.96 * math.sqrt((1 + r * r / 2) / (len(values) - 3))
        ends = (math.tanh(z + sign * half) for sign in (-1, 1))
        rows.append((name, r, *ends, math.nan))
    return pd.DataFrame(rows, columns=[*COLUMNS])


# ---- Morris


def _trajectories(problem: dict[str, Any], number: int) -> Array:
    return np.asarray(_salib("sample.morris").sample(problem, number, num_levels=4, seed=SEED))


def _effects(problem: dict[str, Any], design: Array, values: Array) -> pd.DataFrame:
    """Mean absolute elementary effects, and the standard deviation of the effects."""
    analysis = _salib("analyze.morris").analyze(problem, design, values, num_levels=4, seed=SEED)
    index, half = (np.asarray(analysis[name], float) for name in ("mu_star", "mu_star_conf"))
    return _table(problem, index, half, np.asarray(analysis["sigma"], float))


# ---- Sobol'


def _saltelli(problem: dict[str, Any], number: int) -> Array:
    power = 1 << max(number - 1, 1).bit_length()
    sampler = _salib("sample.sobol")
    return np.asarray(sampler.sample(problem, power, calc_second_order=False, seed=SEED))


def _shares(problem: dict[str, Any], _: Array, values: Array) -> pd.DataFrame:
    """Total shares of the variance, and those of each factor by itself."""
    analyse = _salib("analyze.sobol").analyze
    analysis = analyse(problem, values, calc_second_order=False, seed=SEED)
    index, half, own = (np.asarray(analysis[name], float) for name in ("ST", "ST_conf", "S1"))
    return _table(problem, index, half, own)


def _table(problem: dict[str, Any], index: Array, half: Array, second: Array) -> pd.DataFrame:
    columns = (problem["names"], index, index - half, index + half, second)
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))


METHODS: Mapping[str, Method] = {
    "lhs": Method(
        "Latin hypercube: as many points", 60, "rank correlation", "", _latin, _ranks
    ),
    "morris": Method(
        "Morris: as many paths, each of one point more than there are unknowns",
        10, "mean absolute effect", "standard deviation of effects", _trajectories, _effects,
    ),
    "sobol": Method(
        "Sobol': as many base points (a power of 2), times two more than there are unknowns",
        32, "total share of variance", "share by itself", _saltelli, _shares,
    ),
}  # fmt: skip
"""The methods by name; *number* is what it takes where none is asked for."""


def design(method: str, names: Sequence[str], number: int | None = None) -> Array:
    """The points of a method, a row each."""
    method_row = METHODS[method]
    return method_row.sample(_problem(names), number or method_row.number)


def indices(method: str, names: Sequence[str], places: Array, values: Array) -> pd.DataFrame:
    """The index of each factor with its 95 % interval: COLUMNS; NaN where values are undefined.

    0 for all where nothing changes the value.
    """
    if not np.isfinite(values).all():
        nothing = np.full(len(names), np.nan)
        return _table(_problem(names), nothing, nothing, nothing)
    if np.ptp(values) == 0.0:
        nothing = np.zeros(len(names))
        return _table(_problem(names), nothing, nothing, nothing)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of a factor that does nothing
        return METHODS[method].analyse(_problem(names), places, values)


def chance(values: Array) -> float:
    """Share of the variance of a single run that chance makes: within points, against all.

    *values* are points × replications; NaN with one replication, or where nothing varies.
    """
    if values.shape[1] < 2:
        return math.nan
    within = float(np.nanmean(np.nanvar(values, axis=1, ddof=1)))
    between = max(
        float(np.nanvar(np.nanmean(values, axis=1), ddof=1)) - within / values.shape[1], 0
    )
    return within / (within + between) if within + between > 0 else math.nan


# ---- policies


def best(spam: pd.DataFrame, lost: pd.DataFrame, baseline: str, alike: float) -> pd.Series:
    """The best arm at each point: of those that leave about the least spam, who loses fewest.

    *spam* and *lost* have a row a point and a column an arm. Spam is alike within a share *alike*
    of the *baseline*'s.
    """
    within = spam.sub(spam.min(axis=1), axis=0).le(alike * spam[baseline], axis=0)
    return lost.where(within).idxmin(axis=1)


def regrets(values: pd.DataFrame) -> pd.DataFrame:
    """By how much each arm is above the least of all at the same point: mean, 90 %, most."""
    apart = values.sub(values.min(axis=1), axis=0)
    quantiles = apart.quantile([0.9, 1.0]).T.set_axis(["p90", "most"], axis=1)
    return quantiles.assign(mean=apart.mean())[["mean", "p90", "most"]].rename_axis("arm")


class Region(NamedTuple):
    """Where a policy is mostly not the best: bounds of factors (from, to; places from 0 to 1)."""

    bounds: dict[str, tuple[float, float]]
    points: int
    not_best: int


def regions(names: Sequence[str], places: Array, fails: NDArray[np.bool_]) -> list[Region]:
    """Descriptions of the points at which something *fails*, by a small tree (CART).

    The largest first. Empty where it fails everywhere, nowhere, or without a pattern.
    """
    if fails.all() or not fails.any():
        return []
    try:
        from sklearn.tree import DecisionTreeClassifier
    except ImportError:
        raise ExtraError("needs the extra: pip install 'mailsim[sensitivity]'") from None
    least = max(2, round(SMALLEST * len(fails)))
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=least, random_state=0)
    tree.fit(places, fails)
    leaf_of = tree.apply(places)
    result = [
        Region(bounds, int((leaf_of == leaf).sum()), int(fails[leaf_of == leaf].sum()))
        for leaf, bounds in _leaves(tree.tree_, names)
    ]
    described = [r for r in result if r.bounds and r.not_best >= PURE * r.points]
    return sorted(described, key=lambda region: -region.not_best)


def _leaves(
    tree: Any,
    names: Sequence[str],
    node: int = 0,
    bounds: dict[str, tuple[float, float]] | None = None,
) -> Iterator[tuple[int, dict[str, tuple[float, float]]]]:
    """Each leaf of a tree below *node*, with the bounds that lead to it."""
    bounds = bounds or {}
    if tree.children_left[node] < 0:
        yield node, bounds
        return
    name, cut = names[tree.feature[node]], float(tree.threshold[node])
    low, high = bounds.get(name, (0.0, 1.0))
    yield from _leaves(
        tree, names, tree.children_left[node], bounds | {name: (low, min(high, cut))}
    )
    yield from _leaves(
        tree, names, tree.children_right[node], bounds | {name: (max(low, cut), high)}
    )
