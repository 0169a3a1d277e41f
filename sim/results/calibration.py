"""Calibration: unknowns fitted to what was observed, and what the observations leave open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from sim.experiment import Execution, storage, sweeping
from sim.experiment.execution import Options
from sim.experiment.run import design
from sim.measure import fitting
from sim.measure.spreadsheet import csv
from sim.records.usage import UsageError, at_least, checked, checked_methods
from sim.results.scenario import Source, model_of
from sim.results.sensitivity import REPLICATIONS, declared
from sim.scenario import factors
from sim.scenario.factors import Factor
from sim.scenario.sweeping import MOST_POINTS, Point
from sim.scenario.writing import value as written

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sim.scenario import Scenario as Model

POINTS = 96
"""Points unless others are asked for."""
OVERRIDES = "overrides.toml"
"""File of the best point, which every command takes by --set."""
GENERATION, CHECK = "generation", "check"
"""Folders of the points within that of a calibration, and of the best with more replications."""
WELL_DETERMINED, HALF_OPEN = 0.25, 0.75
"""Shares of a range: up to the former the targets tell the unknown, from the latter they do not."""


@checked_methods
@dataclass
class Calibration:
    """Points that were tried against targets: *places* has a row each, *distances* too."""

    model: Model
    path: Path
    factors: tuple[Factor, ...]
    arms: list[str]
    replications: int
    execution: Execution
    places: Any = field(default_factory=lambda: np.empty((0, 0)))
    distances: pd.DataFrame = field(default_factory=pd.DataFrame)
    checked: pd.DataFrame = field(default_factory=pd.DataFrame)
    """Of each target at the best point, with the scenario's own replications: value, low, high."""
    _generations: int = 0

    @property
    def keys(self) -> list[str]:
        """The keys that were fitted."""
        return [factor.key for factor in self.factors]

    @property
    def misfits(self) -> Any:
        """The misfit of each point (`sim.measure.fitting`)."""
        return fitting.misfits(self.distances)

    @property
    def best(self) -> Point:
        """The overrides of the point with the least misfit."""
        return self._point(int(np.argmin(self.misfits)))

    def equally_good(self) -> list[Point]:
        """The overrides of all points that fit about as well as the best, which comes first."""
        good = np.flatnonzero(fitting.as_good(self.misfits))
        misfits = self.misfits
        return [self._point(at) for at in sorted(good.tolist(), key=lambda at: misfits[at])]

    def fit(self) -> pd.DataFrame:
        """Target, measure, arm, low, high (observed), value with its interval (found), met."""
        rows = []
        for name, target in self.model.targets.items():
            value, low, high = map(float, self.checked.loc[name].to_numpy(dtype=float))
            within = target.low <= value <= target.high
            arm = target.arm or self.model.baseline
            rows.append((name, str(target), arm, target.low, target.high, value, low, high, within))
        columns = ("target", "measure", "arm", "low", "high", "value", "value_low", "value_high")
        return pd.DataFrame(rows, columns=[*columns, "met"])

    def unknowns(self) -> pd.DataFrame:
        """Key, declared (its range), best, least and most among points that fit about as well, and
        the share of the range that they leave open."""
        table = fitting.left_open(self.keys, self.places, self.misfits)
        for name in ("best", "least", "most"):
            column = [
                factors.text(f.at(place))
                for f, place in zip(self.factors, table[name], strict=True)
            ]
            table[name] = column
        table.insert(1, "declared", [factor.words for factor in self.factors])
        return table

    def sentences(self) -> str:
        """How well it fits, and what remains undetermined."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        fit, open_ = self.fit(), self.unknowns()
        missed = list(fit.loc[~fit["met"], "target"])
        counts_text = f"{len(fit) - len(missed)} of {len(fit)} targets are met"
        yield f"{counts_text}; not: {', '.join(missed)}." if missed else f"{counts_text}."
        good, points = len(self.equally_good()), len(self.places)
        yield f"{good} of {points} points fit about as well as the best."
        untold = list(open_.loc[open_["open"] > HALF_OPEN, "key"])
        partly = list(open_.loc[open_["open"].between(WELL_DETERMINED, HALF_OPEN), "key"])
        if untold:
            yield f"The targets do not tell {', '.join(untold)}."
        if partly:
            yield f"They tell only in part {', '.join(partly)}."

    def overrides(self) -> str:
        """The best point as lines to paste into an arm, or one by one behind --set."""
        return "".join(f"{json.dumps(key)} = {written(v)}\n" for key, v in self.best.items())

    def figure(self) -> Figure:
        """The misfit of every point along each unknown."""
        from sim.figures.misfits import misfits  # matplotlib

        return misfits(self.keys, self.places, self.misfits, fitting.as_good(self.misfits))

    def save(self) -> Path:
        """Write fit, unknowns and points as CSV, overrides as TOML, the ensemble, the figure."""
        from sim.results.report.drawing import files_of

        points = pd.DataFrame(self.places, columns=self.keys).assign(misfit=self.misfits)
        for name, table in {
            "fit": self.fit(),
            "unknowns": self.unknowns(),
            "tried": points,
        }.items():
            storage.write_text(self.path / f"{name}.csv", csv(table))
        storage.write_text(self.path / OVERRIDES, self.overrides())
        good = [f"  {written(point)},\n" for point in self.equally_good()]
        ensemble = f'[sweep]\nmode = "list"\npoints = [\n{"".join(good)}]\n'
        storage.write_text(self.path / "equally-good.toml", ensemble)
        for file, data in files_of(self.figure(), "misfits"):
            storage.write_bytes(self.path / storage.FIGURES / file, data)
        return self.path

    # ---- the search

    def run(self, points: int) -> None:
        """Try about so many points, then each unknown alone from the best of them; and the best
        again with the scenario's own replications."""
        fitting.search(len(self.factors), points, self._misfits)
        self._misfits(fitting.slices(self.places[int(np.argmin(self.misfits))]))
        stored = self._sweep(CHECK, [self.best], self.model.replications)
        observations = fitting.observed(self.model.targets, self.model.baseline, stored)
        rows = {
            name: table.iloc[0] if len(table) else np.nan for name, table in observations.items()
        }
        self.checked = pd.DataFrame(rows, index=[*fitting.OBSERVED]).T

    def _misfits(self, places: Any) -> Any:
        """The misfits of a generation, which is run if it is not stored."""
        points = [factors.point(self.factors, row) for row in places]
        measures = self._sweep(f"{GENERATION}-{self._generations}", points, self.replications)
        self._generations += 1
        targets, baseline = self.model.targets, self.model.baseline
        distances = fitting.distances(targets, baseline, measures, len(points))
        self.places = np.vstack([self.places.reshape(-1, len(self.factors)), places])
        self.distances = pd.concat([self.distances, distances], ignore_index=True)
        return fitting.misfits(distances)

    def _sweep(self, name: str, points: list[Point], replications: int) -> pd.DataFrame:
        """The measures of some points, stored in a folder of their own."""
        out, arms = self.path / name, self.arms
        stored = sweeping.sweep(
            self.model, out, points, arms=arms, replications=replications, execution=self.execution
        )
        return pd.concat(stored.measures({}), ignore_index=True)

    def _point(self, at: int) -> Point:
        return factors.point(self.factors, self.places[at])


@checked
def calibrate(
    scenario: Source,
    points: int = POINTS,
    *,
    out: str | PathLike[str],
    replications: int | None = None,
    progress: bool = True,
    **options: Unpack[Options],
) -> Calibration:
    """Fit what a scenario declares as unknown ([ranges], [structures]) to its [targets].

    About *points* are tried, each under the arms that targets speak of, with the same random
    numbers. Further options are those of `sim.run`: workers, executor, force. What is finished in
    *out* is not run again. Raises UsageError where no unknowns or no targets are declared.
    """
    model = model_of(scenario)
    if not model.targets:
        raise UsageError("the scenario has no [targets]: what was observed is expected there")
    unknowns = declared(model)
    if not unknowns:
        raise UsageError("the scenario declares no unknowns: [ranges] or [structures] expected")
    arms = list(dict.fromkeys(t.arm or model.baseline for t in model.targets.values()))
    execution = replace(Execution(keep="counts", progress=progress), **options)
    each = REPLICATIONS if replications is None else replications
    design(model, arms, each)
    at_least("points", points, 1, MOST_POINTS)
    calibration = Calibration(model, Path(out), unknowns, arms, each, execution)
    calibration.run(points)
    return calibration
