"""The numbers of an experiment: its rows, its measures, and what they say of each arm."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property
from math import nan
from typing import Any

import pandas as pd

from sim.experiment import Stored, storage, sweeping
from sim.experiment.costs import with_costs
from sim.experiment.expected import analytic
from sim.measure import decisions, judging, summary, welch
from sim.measure.aggregate import LABELS
from sim.records.definitions import BY
from sim.records.measures import PHASES
from sim.records.usage import checked_methods, one_of
from sim.results.folder import Folder
from sim.results.scenario import Scenario
from sim.results.structures import NOT_TRIED, Structures
from sim.results.sweep import Sweep, open_sweep
from sim.scenario import Scenario as Model
from sim.scenario.expectations import ExpectMeasure

OF_A_MEASURE = (*LABELS, "numerator", "denominator", "value")
"""Columns without which stored measures cannot be used."""


@checked_methods
class Analysis(Folder[Stored]):
    """The numbers of an experiment, read from its folder when they are asked for."""

    def __init__(self, stored: Stored, model: Model | None = None, baseline: str = "") -> None:
        super().__init__(stored, baseline)
        self._model = model
        self._last: dict[str, tuple[Any, pd.DataFrame]] = {}
        self._decided: dict[str, pd.DataFrame] = {}
        self.replications = stored.replications

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that these are results of."""
        return Scenario(self._stored.scenario() if self._model is None else self._model)

    @property
    def finished(self) -> int:
        """How many runs are in these results: all arms in all replications, if none is missing."""
        return len(self._stored.tasks)

    @cached_property
    def recipients(self) -> pd.DataFrame:
        """A row per (arm, replication, message, recipient): sim.records.rows.RECIPIENTS."""
        return self._stored.table("recipients")

    @cached_property
    def attempts(self) -> pd.DataFrame:
        """A row per SMTP transaction; columns: sim.records.rows.ATTEMPTS."""
        return self._stored.table("attempts")

    @cached_property
    def servers(self) -> pd.DataFrame:
        """A row per server and phase; columns: sim.records.rows.SERVERS."""
        return self._stored.table("servers")

    @cached_property
    def calendar(self) -> pd.DataFrame:
        """A row per listing, delisting and closing; columns: sim.records.rows.CALENDAR."""
        return self._stored.table("calendar")

    @cached_property
    def measures(self) -> pd.DataFrame:
        """Numerator, denominator and value per (arm, replication, phase, class, by, key).

        What each arm costs honest people once and in the long run is there too, from the counts by
        day of all replications together (see sim.measure.costs).
        """
        table = self._stored.table("measures")
        if missing := [name for name in OF_A_MEASURE if name not in table]:
            raise storage.StorageError(
                f"{self.path}: measures lack {', '.join(map(repr, missing))}; they are of another "
                "version, or were changed: run again"
            )
        return with_costs(self.scenario.model, table, self.baseline)

    @cached_property
    def analytic(self) -> pd.DataFrame:
        """What follows from the inputs alone: arm, class, measure, by, key, analytic."""
        return analytic(self.scenario.model, self.arms)

    def columns(self, table: str, names: Collection[str], arm: str | None = None) -> pd.DataFrame:
        """A table of rows, of one *arm* or all, with the columns of those *names* that are stored,
        or with all."""
        loaded = self.__dict__.get(table)
        if loaded is not None:
            rows: pd.DataFrame = loaded if arm is None else loaded[loaded["arm"] == arm]
            return rows
        tasks = (task for task in self._stored.tasks if arm in (None, task.arm))
        return self._stored.rows(table, tasks, names)

    def of_run(self, name: str, arm: str, replication: int) -> pd.DataFrame:
        """One table of one run; the last that was read is held."""
        run = (one_of("arm", arm, self.arms), replication)
        if name not in self._last or self._last[name][0] != run:
            finished = {task.replication for task in self._stored.tasks if task.arm == arm}
            one_of("replication", str(replication), sorted(map(str, finished)))
            table = self._stored.rows(name, [storage.Task(arm, replication)])
            self._last[name] = (run, table)
        return self._last[name][1]

    def summary(self, *, by: str = "all", phase: str = "after") -> pd.DataFrame:
        """Arm, class, measure, mean, low, high, analytic, replications (and key, if *by* says so).

        *by*: all, place, group, server, route, remedy, day, cause or permission; *phase*: after
        (transient and steady), transient or steady. Definitions: sim/measure/MEASURES.md.
        """
        one_of("by", by, BY)
        one_of("phase", phase, PHASES)
        return summary.summarise(self.measures, self.analytic, by=by, phase=phase)

    def compare(self, a: str, b: str, *, by: str = "all", phase: str = "after") -> pd.DataFrame:
        """What going from arm *a* to arm *b* changes: differences b - a with paired intervals.

        A row per class and measure (and key, if *by* says so): means a and b, difference, low,
        high (95 %), correlation of the two arms, gain (how much wider the interval were without
        pairs), replications. *by* and *phase* as in `summary`.
        """
        for arm in (a, b):
            one_of("arm", arm, self.arms)
        counted = self.measures["by"].unique().tolist()
        one_of("by", by, [kind for kind in BY if kind in counted])
        one_of("phase", phase, PHASES)
        return summary.compare(self.measures, a, b, by=by, phase=phase)

    def decision_table(self, *, phase: str = "after") -> pd.DataFrame:
        """The decision table: costs and takings of each arm, and its changes from the baseline.

        A row per arm and quantity: mean, interval, analytic, difference to the baseline with its
        paired interval; the last of each arm is spam removed per honest recipient lost.
        """
        one_of("phase", phase, PHASES)
        if phase not in self._decided:
            self._decided[phase] = decisions.decision(
                self.measures,
                self.baseline,
                self.arms,
                self.analytic,
                phase=phase,
                interest=self.scenario.model.interest,
            )
        return self._decided[phase].copy()

    def ranking(
        self, quantity: str, arms: Sequence[str] | None = None, *, phase: str = "after"
    ) -> pd.DataFrame:
        """Which of *arms* may have the least of a quantity of the decision table.

        A row per arm, the least first: arm, mean, may_be_best, worse_at_most (than the best), and
        the replications needed to tell them apart by the smallest effect of interest. What it says
        holds with 95 % together (see sim.measure.ranking).
        """
        one_of("quantity", quantity, decisions.QUANTITIES)
        one_of("phase", phase, PHASES)
        return decisions.ranked(
            self.measures, quantity, arms or self.arms, phase=phase, effect=self.smallest(quantity)
        )

    def smallest(self, quantity: str) -> float:
        """The smallest effect of interest of a quantity; NaN where the scenario states none."""
        measure = decisions.QUANTITIES[one_of("quantity", quantity, decisions.QUANTITIES)].measure
        return self.scenario.model.interest.get(measure, nan)

    def expectations(self) -> pd.DataFrame:
        """What the scenario expects of measures, and what came out (see sim.measure.judging).

        A row each: expected, outcome (holds, fails, not decided, not run), value, low, high,
        replications. Exact verdicts need no run: `sim.scenario.expectations.exact`.
        """
        model = self.scenario.model
        expected = [e for e in model.expect if isinstance(e, ExpectMeasure)]
        return judging.judged(expected, model.baseline, self.measures)

    def welch(
        self, class_: str = "honest", measure: str = "delivery_rate", window: int = 1
    ) -> pd.DataFrame:
        """Arm, day, mean and moving average, to choose the warm-up (see sim.measure.welch).

        `results.figures.welch` draws it; `levels` says from which day on it is level.
        """
        return welch.welch(self.measures, class_, measure, window, self._changes())

    def levels(self, measures: Sequence[tuple[str, str]] | None = None) -> pd.DataFrame:
        """From which day on each arm is level: the baseline from the start, others from the change.

        By each of *measures* (class and name), or the usual ones. Columns: class, measure, arm,
        since (day), level (day; NaN: not by the middle of what follows), tested (days), margin
        (smaller differences go unseen), replications; see sim.measure.welch.
        """
        tables = [
            welch.level(self.measures, class_, measure, self._changes()).assign(
                **{"class": class_, "measure": measure}
            )
            for class_, measure in measures or self._usual()
        ]
        return pd.concat(tables, ignore_index=True)[["class", "measure", *welch.LEVELS]]

    def _usual(self) -> list[tuple[str, str]]:
        """The usual measures of `sim.measure.welch` that are counted here by day."""
        daily = self.measures[self.measures["by"] == "day"]
        pairs = set(zip(daily["class"].astype(str), daily["measure"].astype(str), strict=True))
        return [pair for pair in welch.USUAL if pair in pairs]

    def _changes(self) -> dict[str, float]:
        model = self.scenario.model
        return welch.since(self.arms, model.baseline, model.policy_starts)

    @cached_property
    def structures(self) -> Structures | None:
        """What assumptions without a source do, if the run was made with them otherwise, too."""
        root = self.path / storage.STRUCTURES
        if not (root / storage.MANIFEST).exists():
            return None
        stored = sweeping.open_sweep(root, partial=self.partial)
        same = stored.manifest["scenario_hash"] == self.manifest["scenario_hash"]
        whole = same and not stored.shortfall and "untried" in stored.manifest
        if not whole or not {*self.arms} <= {*stored.arms}:
            return None
        return Structures(stored, self.measures, self.arms, self.baseline)

    def on_structure(self) -> str:
        """Whether the order of policies holds if structure is otherwise, in words.

        Empty where the scenario declares no alternatives.
        """
        if self.structures is not None:
            return self.structures.sentences()
        return NOT_TRIED if self.untried else ""

    @property
    def untried(self) -> bool:
        """Whether the scenario declares alternatives that have not been tried."""
        model = self.scenario.model
        return self.structures is None and bool(model.structures or model.ranges)

    @cached_property
    def unknowns(self) -> Sweep | None:
        """The finished sweep over the ranges of the scenario's unknowns, if one lies beside."""
        root = self.path / storage.SWEEP
        if not (root / storage.MANIFEST).exists():
            return None
        sweep = open_sweep(root, partial=self.partial)
        same = sweep.manifest["scenario_hash"] == self.manifest["scenario_hash"]
        return sweep if same and sweep.ranged and not sweep.shortfall else None
