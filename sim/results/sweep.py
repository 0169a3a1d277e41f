"""What users hold of a sweep: its points, and tidy tables of what came out at each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from sim.experiment.sweeping import StoredSweep
    from sim.measure.sweeps import BreakEven

WHOLE = {"by": "all", "phase": "after"}
"""The measures that the tables of a sweep are of."""


class Sweep:
    """Results of a sweep; tables have a column ``point`` and one for each key that is swept."""

    def __init__(self, stored: StoredSweep, baseline: str) -> None:
        self._stored = stored
        self.baseline = baseline if baseline in stored.arms else stored.arms[0]

    @property
    def path(self) -> Path:
        """The folder."""
        return self._stored.root

    @property
    def arms(self) -> list[str]:
        """The arms, in the order of the scenario."""
        return list(self._stored.arms)

    @property
    def manifest(self) -> dict[str, Any]:
        """Versions, seed, scenario hash, command and durations."""
        return self._stored.manifest

    @property
    def quick(self) -> bool:
        """Whether these were short runs that only show that everything works."""
        return bool(self.manifest.get("quick", False))

    @property
    def quick_form(self) -> str:
        """What a quick run is cut to, in words."""
        from sim.experiment.manifest import cut_to

        return cut_to(self.manifest)

    @property
    def points(self) -> list[dict[str, Any]]:
        """What each point changes."""
        return list(self._stored.points)

    @property
    def keys(self) -> list[str]:
        """Every key that is swept."""
        return self._stored.keys()

    @property
    def free(self) -> list[str]:
        """The keys that do not follow from the first one, as those of a paired sweep do."""
        return free(self.points)

    @cached_property
    def _tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Summary and differences to the baseline, in phase ``after``."""
        from sim.measure.summary import summarise

        summaries, differences = [], []
        others = [arm for arm in self.arms if arm != self.baseline]
        for measures in self._stored.measures(WHOLE):
            summaries.append(summarise(measures).drop(columns="analytic"))
            found = [self._compared(measures, self.baseline, arm) for arm in others]
            differences.append(_joined(found).sort_values("point", kind="stable"))
        return self.told(_joined(summaries)), self.told(_joined(differences))

    def between(self, a: str, b: str) -> pd.DataFrame:
        """Per point: what going from arm *a* to arm *b* changes, in pairs."""
        from sim.experiment.usage import one_of

        for arm in (a, b):
            one_of("arm", arm, self.arms)
        return self.told(_joined([self._compared(m, a, b) for m in self._stored.measures(WHOLE)]))

    def _compared(self, measures: pd.DataFrame, a: str, b: str) -> pd.DataFrame:
        """Differences of two arms at the points that have both."""
        from sim.measure.summary import compare

        of_a, of_b = (measures.loc[measures["arm"] == arm, "point"] for arm in (a, b))
        both = measures[measures["point"].isin(of_a) & measures["point"].isin(of_b)]
        table = compare(both, a, b) if len(both) else both
        table.insert(1, "arm", b)
        return table

    def told(self, table: pd.DataFrame) -> pd.DataFrame:
        """The table with what each point changes; None: as in the scenario."""
        import pandas as pd

        for place, key in enumerate(self.keys if len(table) else (), 1):
            values = [shown(point.get(key)) for point in self.points]
            column = pd.Series(values, dtype=object if None in values else None)
            table.insert(place, key, column.loc[table["point"]].set_axis(table.index))
        return table

    def summary(self) -> pd.DataFrame:
        """Per point, arm, class and measure: mean, interval, replications."""
        return self._tables[0]

    def compare(self) -> pd.DataFrame:
        """Per point and arm: paired differences to the baseline."""
        return self._tables[1]

    def band(self) -> pd.DataFrame:
        """Per arm, class and measure, over all points: least and greatest mean, and with chance.

        So too of the paired differences to the baseline: see `sim.measure.sweeps.band`.
        """
        from sim.measure.sweeps import band

        return band(self.summary(), self.compare())

    @property
    def ranged(self) -> bool:
        """Whether this is a sweep in mode ranges: as stated, each unknown alone, all corners."""
        return ranged(self.points)

    def tornado(self) -> pd.DataFrame:
        """What each unknown does alone (mode ranges), the widest swing first.

        Columns: arm, class, measure and `sim.measure.sweeps.TORNADO`, of which REACH is the band
        over all corners, and the same with chance. `sim.figures.tornado` draws it.
        """
        from sim.experiment.usage import UsageError
        from sim.measure.sweeps import tornado
        from sim.scenario.writing import value

        if not self.ranged:
            raise UsageError("a tornado needs a sweep in mode ranges")
        keys: dict[str, Any] = {}
        for point in self.points[1:]:
            if len(point) == 1:
                ((key, told),) = point.items()
                keys[key] = (*keys.get(key, ()), value(told))
        told = {key: (ends[0], ends[1]) for key, ends in keys.items()}
        names = ["point", "arm", "class", "measure", "replication", "value"]
        values = _joined(
            [m.loc[m["point"] <= 2 * len(told), names] for m in self._stored.measures(WHOLE)]
        )
        return tornado(self.summary(), told, values)

    def break_even(
        self, a: str, b: str, class_: str, measure: str, key: str | None = None
    ) -> BreakEven:
        """Where the order of two arms by a measure flips, along the one key that is swept.

        Of a sweep in mode ranges, *key* says along which unknown, from its least by what is stated
        to its most, all others as stated. The difference is b - a, in pairs. Values that are no
        numbers, nor text that begins with one, stand side by side in the order of the sweep.
        """
        from dataclasses import replace

        import numpy as np

        from sim.experiment.usage import UsageError
        from sim.measure.sweeps import break_even

        along = self._along(key)
        names, places = _places(list(along.values()))
        at = dict(zip(along, places, strict=True))
        found = self.between(a, b)
        if len(found):
            found = found[(found["class"] == class_) & (found["measure"] == measure)]
            found = found[found["point"].isin(list(at))]
        if not len(found):
            raise UsageError(f"no measure {measure!r} of class {class_!r}")
        columns = (found[name] for name in ("difference", "low", "high"))
        rows = sorted(zip((at[point] for point in found["point"]), *columns, strict=True))
        x, *others = zip(*rows, strict=True)
        crossed = break_even(x, *(np.array(column, dtype=float) for column in others))
        return replace(crossed, names=names)

    def _along(self, key: str | None) -> dict[int, Any]:
        """The points along one key, and its value at each."""
        from sim.experiment.usage import UsageError, one_of

        if not self.ranged:
            if len(self.free) != 1:
                raise UsageError("break-even needs a sweep over one key, or one in mode ranges")
            return {number: point.get(self.keys[0]) for number, point in enumerate(self.points)}
        name = one_of("key", key or "", self.keys)
        ends = [(n, point[name]) for n, point in enumerate(self.points) if list(point) == [name]]
        own = self._stored.stated(name)
        stated = [] if own is None or own in [value for _, value in ends] else [(0, own)]
        return dict([ends[0], *stated, ends[1]])

    def figure(
        self,
        class_: str = "honest",
        measure: str = "lost_per_day",
        *,
        pair: Sequence[str] = (),
        **options: Any,
    ) -> Any:
        """One measure along the one or two keys that are swept; of ranges, the tornado.

        Of a *pair* of arms, a and b, the differences b - a in pairs.
        """
        options = {"quick": self.quick} | options
        if self.ranged:
            from sim.figures.tornado import tornado

            return tornado(
                self.tornado(), class_=class_, measure=measure, arms=self.arms, **options
            )
        from sim.figures.sweeps import swept

        summary, arms = self.summary(), self.arms
        if pair:
            a, b = pair
            arms = [f"{b} less {a}"]
            found = self.between(a, b).rename(columns={"difference": "mean"})
            summary = found.assign(arm=arms[0])
        follow = [key for key in self.keys if key not in self.free]
        return swept(
            summary.dropna(subset=self.free), keys=self.free, class_=class_, measure=measure,
            arms=arms, follow=follow, difference=bool(pair), **options,
        )  # fmt: skip

    def save(
        self, class_: str = "honest", measure: str = "lost_per_day", pair: Sequence[str] = ()
    ) -> Path:
        """Write summary.csv and differences.csv; and the figure of one measure, if it can be drawn.

        Of ranges, band.csv and tornado.csv too; of a *pair* of arms the figure of differences.
        """
        import tempfile

        from sim.experiment import storage

        tables = {storage.SUMMARY: self.summary(), storage.DIFFERENCES: self.compare()}
        if self.ranged:
            tables |= {storage.BAND: self.band(), storage.TORNADO: self.tornado()}
        for name, table in tables.items():
            text = table.to_csv(index=False, float_format="%.10g")
            storage.write_text(self.path / name, text)
        if not (self.ranged or 1 <= len(self.free) <= 2):
            return self.path
        from sim.figures import save

        drawn = {f"tornado-{measure}" if self.ranged else measure: self.figure(class_, measure)}
        if pair and not self.ranged:
            drawn[f"difference-{measure}"] = self.figure(class_, measure, pair=pair)
        for name, figure in drawn.items():
            with tempfile.TemporaryDirectory() as made:
                for file in save(figure, Path(made) / name):
                    storage.write_bytes(self.path / storage.FIGURES / file.name, file.read_bytes())
        return self.path

    def __repr__(self) -> str:
        return f"<Sweep of {len(self.points)} points over {', '.join(self.keys)}>"


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
    """Whether these are points of mode ranges: as stated, each unknown alone, all corners."""
    return not points[0] and [len(point) for point in points[1:3]] == [1, 1]


def _places(values: Sequence[Any]) -> tuple[tuple[str, ...], list[float]]:
    """Where values stand: numbers where they are; anything else side by side, with its name."""
    from sim.experiment.usage import UsageError
    from sim.scenario.writing import value as written

    try:
        return (), [number(value) for value in values]
    except UsageError:
        return tuple(map(written, values)), [float(place) for place in range(len(values))]


def shown(value: Any) -> Any:
    """A value of a key as tables have it: tables and lists as they are written in a file."""
    from sim.scenario.writing import value as written

    return written(value) if isinstance(value, (dict, list)) else value


def number(value: Any) -> float:
    """The number of a value: itself, or what text such as '3 / day' begins with."""
    from sim.experiment.usage import UsageError

    try:
        return float(value.split()[0] if isinstance(value, str) else value)
    except (TypeError, ValueError, IndexError):
        raise UsageError(f"expected values with numbers, got {value!r}") from None


def _joined(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """One table of several, point by point."""
    import pandas as pd

    full = [table for table in tables if len(table)]
    if not full:
        return pd.DataFrame()
    return pd.concat(full).sort_values("point", kind="stable", ignore_index=True)


def sweep(
    scenario: Any,
    points: Sequence[dict[str, Any]] | None = None,
    *,
    out: Any,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    keep: str = "counts",
    progress: bool = True,
    **options: Any,
) -> Sweep:
    """Run a scenario at each of *points* (its own [sweep] without them), in folder *out*.

    Further options are those of `sim.run`: workers, executor, force. What is finished in *out* is
    not run again.
    """
    from sim.experiment import Execution, sweeping
    from sim.results.results import _model

    model = _model(scenario)
    how = Execution(keep=keep, progress=progress, **options)
    stored = sweeping.sweep(model, Path(out), points, arms=arms, replications=replications, how=how)
    return Sweep(stored, model.baseline)


def open_sweep(path: Any) -> Sweep:
    """A sweep that was stored earlier, finished or not."""
    from sim.experiment import sweeping

    stored = sweeping.open_sweep(Path(path))
    return Sweep(stored, str(stored.manifest["baseline"]))
