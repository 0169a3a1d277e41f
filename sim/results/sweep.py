"""Sweeps as users work with them: their points, and tidy tables of what came out at each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from sim.experiment import Execution, locking, storage, sweeping
from sim.experiment.execution import Options
from sim.experiment.sweeping import StoredSweep
from sim.measure import sweeps
from sim.measure.intervals import Sample
from sim.measure.spreadsheet import csv
from sim.measure.summary import compare, summarise
from sim.measure.sweeps import BreakEven
from sim.records.usage import UsageError, checked, checked_methods, one_of, quoted
from sim.results.folder import Folder, kept_as_long, kept_in
from sim.results.scenario import Source, model_of
from sim.scenario.sweeping import Point, points_of
from sim.scenario.writing import value as written

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@checked_methods
class Sweep(Folder[StoredSweep]):
    """Results of a sweep; tables have a column ``point`` and one for each key that is swept.

    Besides what a folder has: *points*, what each of them changes, and *keys*, every key that is
    swept.
    """

    def __init__(self, stored: StoredSweep, baseline: str = "") -> None:
        super().__init__(stored, baseline)
        self.points, self.keys = list(stored.points), stored.keys()

    @property
    def free(self) -> list[str]:
        """The keys that do not follow from the first one, as those of a paired sweep do."""
        return free(self.points)

    @property
    def ranged(self) -> bool:
        """Whether this is a sweep over ranges: as stated, each unknown alone, all corners."""
        return ranged(self.points)

    def summary(self) -> pd.DataFrame:
        """Per point, arm, class and measure: mean, interval, replications."""
        return self._summary.copy()

    def compare(self, a: str = "", b: str = "") -> pd.DataFrame:
        """Per point and arm: paired differences to the baseline, or from arm *a* to arm *b*."""
        if not a:
            return self._differences.copy()
        for arm in (a, b):
            one_of("arm", arm, self.arms)
        return self._tidy(lambda measures: _compared(measures, a, b))

    @cached_property
    def _summary(self) -> pd.DataFrame:
        return self._tidy(lambda measures: summarise(measures).drop(columns="analytic"))

    @cached_property
    def _differences(self) -> pd.DataFrame:
        others = [arm for arm in self.arms if arm != self.baseline]
        return self._tidy(
            lambda m: _concatenate([_compared(m, self.baseline, arm) for arm in others])
        )

    def _tidy(self, make: Callable[[pd.DataFrame], pd.DataFrame]) -> pd.DataFrame:
        """What *make* makes of the measures of each share of points, with the keys."""
        return self.with_keys(_concatenate([make(part) for part in self._stored.with_costs()]))

    def with_keys(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with what each point changes; None: as in the scenario."""
        for place, key in enumerate(self.keys if len(table) else (), 1):
            values = [text_of(point.get(key)) for point in self.points]
            column = pd.Series(values, dtype=object if None in values else None)
            table.insert(place, key, column.loc[table["point"]].set_axis(table.index))
        return table

    def band(self) -> pd.DataFrame:
        """Per arm, class and measure, over all points: least and greatest mean, and with chance.

        So too of the paired differences to the baseline: see `sim.measure.sweeps.band`.
        """
        return sweeps.band(self.summary(), self.compare())

    def tornado(self) -> pd.DataFrame:
        """What each unknown does alone (of ranges), the widest swing first.

        Columns: arm, class, measure and `sim.measure.sweeps.TORNADO`, of which REACH is the band
        over all corners, and the same with chance. `sim.figures.tornado` draws it.
        """
        if not self.ranged:
            raise UsageError("a tornado needs a sweep over ranges")
        ends: dict[str, tuple[str, ...]] = {}
        for key, value in (item for p in self.points[1:] if len(p) == 1 for item in p.items()):
            ends[key] = (*ends.get(key, ()), written(value))
        alone = 2 * len(ends)  # the points after the first, in which one key is at an end
        names = ["point", *sweeps.CELL, "replication", *Sample._fields]
        values = [m.loc[m["point"] <= alone, names] for m in self._stored.with_costs()]
        pairs = {key: (least, most) for key, (least, most, *_) in ends.items()}
        return sweeps.tornado(self.summary(), pairs, _concatenate(values))

    def break_even(
        self, a: str, b: str, class_: str, measure: str, key: str | None = None
    ) -> BreakEven:
        """Where the order of two arms by a measure flips, along the one key that is swept.

        Of a sweep over ranges, *key* says along which unknown, from its least by what is stated
        to its most, all others as stated. The difference is b - a, in pairs. Values that are no
        numbers, nor text that begins with one, stand side by side in the order of the sweep.
        """
        along = self._along(key)
        names, places = _places(list(along.values()))
        at = dict(zip(along, places, strict=True))
        rows = self.compare(a, b)
        if len(rows):
            chosen = (rows["class"] == class_) & (rows["measure"] == measure)
            rows = rows[chosen & rows["point"].isin(list(at))]
        if not len(rows):
            raise UsageError(f"no measure {measure!r} of class {class_!r}")
        rows = rows.assign(at=rows["point"].map(at)).sort_values("at")
        difference, low, high = (np.array(rows[n]) for n in ("difference", "low", "high"))
        return replace(sweeps.break_even(list(rows["at"]), difference, low, high), names=names)

    def _along(self, key: str | None) -> dict[int, Any]:
        """The points along one key, and its value at each."""
        if not self.ranged:
            if len(self.free) != 1:
                raise UsageError("break-even needs a sweep over one key, or over ranges")
            return {number: point.get(self.keys[0]) for number, point in enumerate(self.points)}
        name = one_of("key", key or "", self.keys)
        ends = [(n, point[name]) for n, point in enumerate(self.points) if list(point) == [name]]
        own = self._stored.baseline_value(name)
        start = [] if own is None or own in [value for _, value in ends] else [(0, own)]
        return dict([ends[0], *start, ends[1]])

    def figure(
        self,
        class_: str = "honest",
        measure: str = "lost_per_day",
        *,
        pair: Sequence[str] = (),
        **options: Any,
    ) -> Figure:
        """One measure along the one or two keys that are swept; of ranges, the tornado.

        Of a *pair* of arms, a and b, the differences b - a in pairs.
        """
        # drawing: matplotlib takes half a second to import
        from sim.figures.sweeps import swept, tornado

        options = {"quick": self.quick, "class_": class_, "measure": measure, **options}
        if self.ranged:
            return tornado.figure({"ranges": self.tornado()}, arms=self.arms, **options)
        table, arms = self.summary(), self.arms
        if pair:
            a, b = _two(pair)
            arms = [f"{b} less {a}"]
            table = self.compare(a, b).rename(columns={"difference": "mean"}).assign(arm=arms[0])
        follow = [key for key in self.keys if key not in self.free]
        options |= {"keys": self.free, "follow": follow, "difference": bool(pair)}
        return swept.figure({"points": table.dropna(subset=self.free)}, arms=arms, **options)

    def save(
        self, class_: str = "honest", measure: str = "lost_per_day", pair: Sequence[str] = ()
    ) -> Path:
        """Write summary.csv and differences.csv; and the figure of one measure, if it can be drawn.

        Of ranges, band.csv and tornado.csv too; of a *pair* of arms the figure of differences.
        """
        with locking.exclusive(self.path):
            self._write(class_, measure, pair)
        return self.path

    def _write(self, class_: str, measure: str, pair: Sequence[str]) -> None:
        from sim.results.report.drawing import files_of  # as in `figure`

        tables = {storage.SUMMARY: self.summary(), storage.DIFFERENCES: self.compare()}
        if self.ranged:
            tables |= {storage.BAND: self.band(), storage.TORNADO: self.tornado()}
        for name, table in tables.items():
            storage.write_text(self.path / name, csv(self.marked(table)))
        if not (self.ranged or 1 <= len(self.free) <= 2):
            return
        figures = {f"tornado-{measure}" if self.ranged else measure: self.figure(class_, measure)}
        if pair and not self.ranged:
            figures[f"difference-{measure}"] = self.figure(class_, measure, pair=pair)
        for name, figure in figures.items():
            for file, data in files_of(figure, name):
                storage.write_bytes(self.path / storage.FIGURES / file, data)

    def __repr__(self) -> str:
        words = f"Sweep of {len(self.points)} points over {', '.join(self.keys)}"
        return f"<{self.noted(words)}>"


def _compared(measures: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
    """Differences of two arms at the points that have both."""
    of_a, of_b = (measures.loc[measures["arm"] == arm, "point"] for arm in (a, b))
    both = measures[measures["point"].isin(of_a) & measures["point"].isin(of_b)]
    table = compare(both, a, b) if len(both) else both
    table.insert(1, "arm", b)
    return table


def _concatenate(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of several, point by point."""
    full = [table for table in tables if len(table)]
    if not full:
        return pd.DataFrame()
    return pd.concat(full).sort_values("point", kind="stable", ignore_index=True)


def free(points: Sequence[dict[str, Any]]) -> list[str]:
    """The keys of *points* that do not follow from the first one."""
    first, *others = dict.fromkeys(key for point in points for key in point) or [""]
    chosen = [first]
    for key in others:
        values = {(str(p.get(first)), str(p.get(key))) for p in points}
        if len(values) > len({value for value, _ in values}):
            chosen.append(key)
    return chosen


def ranged(points: Sequence[dict[str, Any]]) -> bool:
    """Whether these are points of ranges: as stated, each unknown alone, all corners."""
    return not points[0] and [len(point) for point in points[1:3]] == [1, 1]


def _places(values: Sequence[Any]) -> tuple[tuple[str, ...], list[float]]:
    """Where values stand: numbers where they are; anything else side by side, with its name."""
    try:
        return (), [number(value) for value in values]
    except UsageError:
        return tuple(map(written, values)), [float(place) for place in range(len(values))]


def text_of(value: Any) -> Any:
    """A value of a key as tables have it: tables and lists as they are written in a file."""
    return written(value) if isinstance(value, (dict, list)) else value


def number(value: Any) -> float:
    """The number of a value: itself, or what text such as '3 / day' begins with."""
    try:
        return float(value.split()[0] if isinstance(value, str) else value)
    except (TypeError, ValueError, IndexError):
        raise UsageError(f"expected values with numbers, got {value!r}") from None


@checked
def sweep(
    scenario: Source,
    points: Mapping[str, Sequence[Any]] | Sequence[Point] | None = None,
    *,
    out: str | PathLike[str] | None = None,
    arms: str | Sequence[str] | None = None,
    replications: int | None = None,
    keep: str = "counts",
    progress: bool = True,
    **options: Unpack[Options],
) -> Sweep:
    """Run a scenario at each of *points* (its own [sweep] without them), in folder *out*.

    *points*: what each changes; or keys with their values, ``{"users.people.count": [10, 20]}``,
    for every combination. Without *out* it is kept in a temporary folder for as long as it is held.
    Further options are those of `sim.run`: workers, executor, force. What is finished in *out* is
    not run again.
    """
    model = model_of(scenario)
    execution = Execution(keep=keep, progress=progress, **options)
    every = _grid(points) if isinstance(points, Mapping) else points
    chosen = [arms] if isinstance(arms, str) else arms
    with kept_in(out) as folder:
        stored = sweeping.sweep(
            model, folder, every, arms=chosen, replications=replications, execution=execution
        )
    result = Sweep(stored, model.baseline)
    kept_as_long(result, folder, out)
    return result


def _two(pair: Sequence[str]) -> Sequence[str]:
    if len(pair) != 2:
        raise UsageError(f"pair: expected two arms, got {', '.join(map(quoted, pair))}")
    return pair


def _grid(values: Mapping[str, Sequence[Any]]) -> list[Point]:
    """Every combination of *values* by key; raises UsageError for what is no sweep."""
    try:
        return points_of(values)
    except ValueError as error:
        raise UsageError(f"points: {error}") from None


@checked
def open_sweep(path: str | PathLike[str], *, partial: bool = False) -> Sweep:
    """A sweep that was stored earlier, all of it, or as far as it came.

    Raises sim.experiment.StorageError where there is none, or where something is missing or was
    changed; if *partial*, goes on without that, and says so.
    """
    return Sweep(sweeping.open_sweep(Path(path), partial=partial))
