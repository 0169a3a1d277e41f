"""Sensitivity of a scenario to what it declares as unknown, and robustness of its policies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from sim.experiment import Execution, storage, sweeping
from sim.experiment.execution import Options
from sim.experiment.sweeping import StoredSweep
from sim.measure import sensitivity as measured
from sim.measure.sensitivity import METHODS, Region
from sim.measure.spreadsheet import csv
from sim.records.measures import MEASURES
from sim.records.usage import UsageError, at_least, checked, checked_methods, one_of
from sim.results.conclusions import TIE
from sim.results.scenario import Source, model_of
from sim.scenario import factors
from sim.scenario.factors import Factor, alternatives
from sim.scenario.sweeping import MOST_POINTS
from sim.scenario.writing import value as written

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.scenario import Scenario as Model

LOST, SPAM = ("honest", "lost_per_day"), ("spam", "spam_per_mailbox_day")
MEASURED = (LOST, SPAM)
"""By which policies are judged: class and measure."""
REPLICATIONS = 2
"""Replications at each point unless others are asked for: so that chance is seen."""


@checked_methods
@dataclass(frozen=True)
class Sensitivity:
    """Results at the points of a design: *places* has a row a point and a column a factor."""

    method: str
    factors: tuple[Factor, ...]
    places: Any
    rows: tuple[int, ...]
    """Which stored point each row of *places* is: equal points were run once."""
    stored: StoredSweep
    baseline: str

    @property
    def keys(self) -> list[str]:
        """The keys that are varied."""
        return [factor.key for factor in self.factors]

    @property
    def effect(self) -> str:
        """What the effect of an unknown is, by the method."""
        return METHODS[self.method].effect

    @property
    def path(self) -> Path:
        """The folder of the points."""
        return self.stored.root

    @property
    def arms(self) -> list[str]:
        """The policies."""
        return self.stored.arms

    @cached_property
    def _measures(self) -> pd.DataFrame:
        return pd.concat(self.stored.with_costs(), ignore_index=True).astype({"arm": str})

    def values(self, class_: str, measure: str) -> pd.DataFrame:
        """A measure at each point: a row per point and replication, a column per arm."""
        one_of("measure", measure, MEASURES)
        table = self._measures
        rows = table[(table["class"] == class_) & (table["measure"] == measure)]
        if not len(rows):
            raise UsageError(f"no measure {measure!r} of class {class_!r}")
        wide = rows.set_index(["point", "replication", "arm"])["value"].unstack("arm")
        return wide[[arm for arm in self.arms if arm in wide]]

    def means(self, class_: str, measure: str) -> pd.DataFrame:
        """Its mean over replications: a row per point of the design, a column per arm."""
        stored = self.values(class_, measure).groupby(level="point").mean()
        return stored.reindex(list(self.rows)).reset_index(drop=True)

    def indices(self, measures: Sequence[tuple[str, str]] = MEASURED) -> pd.DataFrame:
        """Per class, measure, arm and key: the method's index with its interval, and *second*.

        Keys by their greatest index; `sim.measure.sensitivity.METHODS` says what an index is.
        """
        tables = [
            measured.indices(self.method, self.keys, self.places, means[arm].to_numpy()).assign(
                **{"class": class_, "measure": measure, "arm": str(arm)}
            )
            for class_, measure in _some(measures)
            for means in [self.means(class_, measure)]
            for arm in means
        ]
        table = pd.concat(tables, ignore_index=True)
        return table[["class", "measure", "arm", *measured.COLUMNS]]

    def chance(self, measures: Sequence[tuple[str, str]] = MEASURED) -> pd.DataFrame:
        """Class, measure, arm, and the share of the variance of a single run that chance makes."""
        rows = [
            (class_, measure, arm, measured.chance(wide[arm].unstack("replication").to_numpy()))
            for class_, measure in measures
            for wide in [self.values(class_, measure)]
            for arm in wide
        ]
        return pd.DataFrame(rows, columns=["class", "measure", "arm", "chance"])

    def best(self) -> pd.Series:
        """The best policy at each point: of those that leave about the least spam, who loses fewest
        honest recipients."""
        return measured.best(self.means(*SPAM), self.means(*LOST), self.baseline, TIE)

    def regions(self, arm: str) -> list[Region]:
        """Where a policy is mostly not the best (`sim.measure.sensitivity.regions`)."""
        fails = (self.best() != one_of("arm", arm, self.arms)).to_numpy()
        return measured.regions(self.keys, self.places, fails)

    def regrets(self, measures: Sequence[tuple[str, str]] = MEASURED) -> pd.DataFrame:
        """Class, measure, arm: by how much it is above the least of all, mean, 90 % and most."""
        tables = [
            measured.regrets(self.means(class_, measure))
            .reset_index()
            .assign(**{"class": class_, "measure": measure})
            for class_, measure in _some(measures)
        ]
        table = pd.concat(tables, ignore_index=True)
        return table[["class", "measure", "arm", "mean", "p90", "most"]]

    def sentences(self) -> str:
        """Which unknown matters most, what chance makes, and where the usual best is not it."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        for (class_, measure), part in self.indices().groupby(["class", "measure"], sort=False):
            top = part.assign(size=part["effect"].abs()).sort_values("size", ascending=False)
            if len(top) and top["size"].iloc[0] > 0:
                row: Any = top.iloc[0]
                name = MEASURES[str(measure)].title
                yield (
                    f"{name} ({class_}) depends most on {row['key']}: {self.effect} "
                    f"{row['effect']:.2g} under '{row['arm']}'."
                )
        most = self.chance()["chance"].max()
        if math.isfinite(most):
            yield f"Chance makes up to {most:.0%} of the variance of a single run."
        yield from self._of_policies()

    def _of_policies(self) -> Iterator[str]:
        shares = self.best().value_counts(normalize=True)
        arm, share = str(shares.index[0]), float(shares.iloc[0])
        yield f"'{arm}' is the best policy at {share:.0%} of the points."
        for region in self.regions(arm)[:2]:
            conditions = " and ".join(self.bound(key, *ends) for key, ends in region.bounds.items())
            yield (
                f"It is not where {conditions}: there at {region.not_best} of {region.points} "
                "points another is."
            )

    def bound(self, key: str, low: float, high: float) -> str:
        """A condition on a key in words, from places between *low* and *high*."""
        one_of("key", key, self.keys)
        factor = next(factor for factor in self.factors if factor.key == key)
        if not factor.continuous:
            number = len(factor.values)
            inside = [factor.values[n] for n in range(number) if low <= (n + 0.5) / number <= high]
            return f"{key} is {' or '.join(map(_text, inside))}"
        ends = [f"above {_text(factor.at(low))}"] if low > 0 else []
        ends += [f"below {_text(factor.at(high))}"] if high < 1 else []
        return f"{key} is {' and '.join(ends)}"

    def figure(self, class_: str = LOST[0], measure: str = LOST[1], **options: Any) -> Figure:
        """The index of each unknown, a panel a policy, with 95 % intervals."""
        from sim.figures.influences import influences  # matplotlib

        table = self.indices([(class_, measure)])
        return influences(
            table, self.arms, effect=self.effect, title=MEASURES[measure].title, **options
        )

    def save(self) -> Path:
        """Write indices, chance, regrets and points as CSV, the words, and the figures."""
        from sim.results.report.drawing import files_of

        points = pd.DataFrame(self.places, columns=self.keys).assign(best=self.best())
        tables = {"indices": self.indices(), "chance": self.chance(), "regrets": self.regrets()}
        for name, table in {**tables, "places": points}.items():
            storage.write_text(self.path / f"{name}.csv", csv(table))
        storage.write_text(self.path / "words.txt", f"{self.sentences()}\n")
        for class_, measure in MEASURED:
            for file, data in files_of(self.figure(class_, measure), f"{self.method}-{measure}"):
                storage.write_bytes(self.path / storage.FIGURES / file, data)
        return self.path


def _text(value: Any) -> str:
    if value is factors.OWN:
        return str(value)
    return f"{value:.3g}" if isinstance(value, float) else written(value)


def declared(model: Model) -> tuple[Factor, ...]:
    """The unknowns of a scenario: its ranges, and its structures with what it states itself."""
    others = alternatives(model)
    factors_declared = [factors.ranged(key, *ends) for key, ends in model.ranges.items()]
    for key, values in model.structures.items():
        own = [] if len(others.get(key, [])) < len(values) else [factors.OWN]
        factors_declared.append(Factor(key, (*own, *values)))
    return tuple(factors_declared)


@checked
def sensitivity(
    scenario: Source,
    method: str = "lhs",
    points: int | None = None,
    *,
    out: str | PathLike[str],
    arms: str | Sequence[str] | None = None,
    replications: int | None = None,
    progress: bool = True,
    **options: Unpack[Options],
) -> Sensitivity:
    """Run a scenario at the points of a design over its unknowns ([ranges], [structures]).

    *method*: lhs, morris or sobol; *points*: how many (lhs), paths (morris) or base points (sobol).
    Further options are those of `sim.run`: workers, executor, force. What is finished in *out* is
    not run again. Raises UsageError where nothing is declared.
    """
    model = model_of(scenario)
    one_of("method", method, METHODS)
    factors_declared = declared(model)
    if not factors_declared:
        raise UsageError("the scenario declares no unknowns: [ranges] or [structures] expected")
    if points is not None:
        at_least("points", points, 1, MOST_POINTS)
    places = measured.design(method, [factor.key for factor in factors_declared], points)
    every = [factors.point(factors_declared, row) for row in places]
    distinct: list[dict[str, Any]] = []
    rows = tuple(_number(point, distinct) for point in every)
    execution = Execution(keep="counts", progress=progress, **options)
    each = REPLICATIONS if replications is None else replications
    chosen = [arms] if isinstance(arms, str) else arms
    stored = sweeping.sweep(
        model,
        Path(out),
        distinct,
        arms=chosen,
        replications=each,
        execution=execution,
    )
    baseline = model.baseline if model.baseline in stored.arms else stored.arms[0]
    return Sensitivity(method, factors_declared, np.asarray(places), rows, stored, baseline)


def _some(measures: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """The *measures*, of which there must be one at least."""
    if not measures:
        raise UsageError("measures: expected at least one (class, measure)")
    return measures


def _number(point: dict[str, Any], points: list[dict[str, Any]]) -> int:
    """The place of a point among those *points*, to which it is added if it is new."""
    if point not in points:
        points.append(point)
    return points.index(point)
