"""What an experiment would do, before anything runs: its table of runs and about how long."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.experiment import journal, storage
from sim.experiment.ensemble import ensemble_of
from sim.experiment.execution import Execution
from sim.experiment.journal import Done
from sim.experiment.manifest import differences, new_manifest, read_manifest
from sim.experiment.precision import first
from sim.experiment.quick import recipients, scaled, shortened
from sim.experiment.run import design, run, table_of_runs
from sim.experiment.storage import Task
from sim.smtp.units import TIME, largest

if TYPE_CHECKING:
    from rich.table import Table

    from sim.scenario import Scenario
    from sim.scenario.sweeping import Point

PER_HONEST, PER_SPAM = 12e-6, 4.3e-6
"""What an honest and a spam recipient take beside each other: fitted to the scenarios here, as
seconds of one core; how long they take on this machine is measured."""
LEAST, MOST = 0.6, 1.7
"""Times the expected time between which the true one lies, if the machine is as free as it was:
so of all scenarios here (tests/benchmarks/planned.py)."""
HARDLY_ANY, SOME = 1e-6, 0.1
"""Shares of people in the short runs that show what a run takes by itself, and warm up."""
SAMPLED = 20
"""Points of a sweep from which its time is estimated, at most."""
START = 0.5
"""Seconds until worker processes are up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of an experiment: what there is, what is left, and the time it takes (s)."""

    arms: tuple[str, ...]
    replications: int
    most: int  # replications that a stated precision may come to
    workers: int
    finished: tuple[Task, ...]
    todo: tuple[Task, ...]
    recipients: Mapping[str, int]  # by arm, expected in each run
    seconds_each: float
    measured: bool
    sweep_runs: int  # runs of the scenario's own sweep, if it has one
    sweep_seconds_each: float  # seconds
    structure_runs: int  # runs with what is only assumed otherwise

    @property
    def seconds(self) -> float:
        """Expected time of what is left, without the sweep."""
        return self._lasts(len(self.todo), self.seconds_each)

    @property
    def seconds_of_all(self) -> float:
        """Expected time with as many replications as a stated precision may come to."""
        more = (self.most - self.replications) * len(self.arms)
        return self._lasts(len(self.todo) + more, self.seconds_each)

    @property
    def seconds_of_sweep(self) -> float:
        """Expected time of the sweep."""
        return self._lasts(self.sweep_runs, self.sweep_seconds_each)

    def _lasts(self, runs: int, each: float) -> float:
        lanes = max(min(self.workers, runs), 1)
        return (START if lanes > 1 else 0.0) + each * runs / lanes

    def _between(self, seconds: float) -> tuple[float, float]:
        return (seconds, seconds) if self.measured else (LEAST * seconds, MOST * seconds)

    def _duration(self, seconds: float) -> str:
        unit = largest(seconds)
        size = TIME[unit]
        if self.measured:
            return f"about {seconds / size:.0f} {unit}"
        low, high = (bound / size for bound in self._between(seconds))
        return f"about {seconds / size:.0f} {unit} ({low:.0f} to {high:.0f} {unit})"

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "arms": list(self.arms),
            "replications": self.replications,
            "replications_at_most": self.most,
            "workers": self.workers,
            "finished": len(self.finished),
            "to_do": [{"arm": t.arm, "replication": t.replication} for t in self.todo],
            "recipients_each": dict(self.recipients),
            "seconds_each": round(self.seconds_each, 3),
            "seconds": round(self.seconds, 1),
            "seconds_between": [round(bound, 1) for bound in self._between(self.seconds)],
            "seconds_at_most_replications": round(self.seconds_of_all, 1),
            "from_measured_runs": self.measured,
            "sweep_runs": self.sweep_runs,
            "sweep_seconds": round(self.seconds_of_sweep, 1),
            "structure_runs": self.structure_runs,
            "structure_seconds": round(self._lasts(self.structure_runs, self.seconds_each), 1),
        }

    def __rich__(self) -> Table:
        from rich import box
        from rich.table import Table

        source = "the runs in that folder" if self.measured else "short runs made just now"
        free = " with as many cores free" if self.workers > 1 else ""
        caption = (
            f"{len(self.todo)} runs to do, {self.workers} at a time, {self._duration(self.seconds)}"
            f"{free}, judged by {source}; then some seconds for figures and page"
        )
        if self.most > self.replications:
            caption += (
                f"\nuntil precise: {self.most} replications at most, "
                f"{self._duration(self.seconds_of_all)}"
            )
        if self.structure_runs:
            seconds = self._lasts(self.structure_runs, self.seconds_each)
            caption += f"\nthen structures: {self.structure_runs} runs, {self._duration(seconds)}"
        if self.sweep_runs:
            duration = self._duration(self.seconds_of_sweep)
            caption += f"\nmailsim sweep: {self.sweep_runs} runs, {duration}"
        table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
        for head in ("arm", "replications", "finished", "to do", "recipients each, about"):
            table.add_column(head, justify="left" if head == "arm" else "right")
        for arm in self.arms:
            done = sum(task.arm == arm for task in self.finished)
            to_do = sum(task.arm == arm for task in self.todo)
            each = f"{self.recipients[arm]:,}"
            table.add_row(arm, str(self.replications), str(done), str(to_do), each)
        return table


def plan(
    scenario: Scenario,
    *,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    workers: int = 1,
    out: Path | None = None,
) -> Plan:
    """Plan an experiment; nothing is stored, and what is run are short runs, to see how long."""
    chosen, count = design(scenario, arms, replications)
    most = count
    if scenario.precision is not None and replications is None:
        count, most = first(scenario.precision, count), scenario.precision.most
    done = _runs(scenario, out)
    every = table_of_runs(chosen, count)
    sweep = scenario.sweep
    points = _points(scenario)
    at_each = replications or scenario.replications  # no precision there
    sampled = points[:: -(-len(points) // SAMPLED) or 1]
    at_points = [scenario.with_overrides(point) for point in sampled]
    durations = [run.seconds for run in done.values()]
    # the most mail is what tells most of how long mail takes
    estimate = (
        None if durations and not points else pace(max([scenario, *at_points], key=_work), chosen)
    )
    each = [estimate.seconds(point) for point in at_points] if estimate else []
    expected = estimate.recipients(scenario) if estimate else _recipients_of(done.values())
    return Plan(
        arms=tuple(chosen),
        replications=count,
        most=most,
        workers=workers,
        finished=tuple(task for task in every if task in done),
        todo=tuple(task for task in every if task not in done),
        recipients={a: round(expected.get(a, sum(recipients(scenario)))) for a in chosen},
        seconds_each=sum(durations) / len(durations)
        if durations or not estimate
        else estimate.seconds(scenario),
        measured=bool(durations),
        sweep_runs=len(points) * len((sweep.arms if sweep else []) or chosen) * at_each,
        sweep_seconds_each=sum(each) / len(each) if each else 0.0,
        structure_runs=_structured(scenario, replications) * len(chosen),
    )


def _points(scenario: Scenario) -> list[Point]:
    """Those of a sweep; none where there are more ranges than have few corners."""
    try:
        return scenario.sweep_points()
    except ValueError:
        return []


def _structured(scenario: Scenario, replications: int | None) -> int:
    """Runs of each arm with what is only assumed otherwise."""
    ensemble = ensemble_of(scenario, replications)
    return len(ensemble.points) * ensemble.replications


class Pace(NamedTuple):
    """How long a run takes here and now: by itself (s), and times the work of its mail."""

    alone: float
    mail: float
    shares: Mapping[str, float]  # by arm: recipients, as a share of those where there are most

    def recipients(self, scenario: Scenario) -> dict[str, float]:
        """By arm, about how many (message, recipient) one run has."""
        planned = sum(recipients(scenario))
        return {arm: planned * times for arm, times in self.shares.items()}

    def seconds(self, scenario: Scenario) -> float:
        """About how long one run of *scenario* takes on one core (s)."""
        return self.alone + self.mail * _work(scenario)


def pace(scenario: Scenario, arms: Sequence[str]) -> Pace:
    """Measure it on a replication of *arms* with few people, and on one with hardly any."""
    few = shortened(scenario, days=True).scenario
    fewest = scaled(few, HARDLY_ANY)
    _measure_run(scaled(few, SOME), arms)  # what is loaded once is no part of a run
    alone, _ = _measure_run(fewest, arms)
    whole, counts = _measure_run(few, arms)
    mail = max(whole - alone, 0.0) / (_work(few) - _work(fewest))
    most = max(counts.values(), default=0.0) or 1.0
    shares = {arm: count / most for arm, count in counts.items()}
    return Pace(max(alone - mail * _work(fewest), 0.0), mail, shares)


def _measure_run(scenario: Scenario, arms: Sequence[str]) -> tuple[float, dict[str, float]]:
    """Seconds that one replication of *arms* takes, storing included: the mean of the arms; and
    how many recipients each had."""
    with tempfile.TemporaryDirectory(prefix="mailsim-") as out:
        start = time.perf_counter()
        stored = run(scenario, Path(out), arms=arms, replications=1)
        seconds = (time.perf_counter() - start) / len(arms)
    return seconds, _recipients_of(stored.runs.values())


def _recipients_of(runs: Iterable[Done]) -> dict[str, float]:
    """By arm, the mean of the recipients of *runs*."""
    by_arm: dict[str, list[int]] = {}
    for done in runs:
        by_arm.setdefault(done.task.arm, []).append(done.rows)
    return {arm: fmean(counts) for arm, counts in by_arm.items()}


def _work(scenario: Scenario) -> float:
    honest, spam = recipients(scenario)
    return PER_HONEST * honest + PER_SPAM * spam


def _runs(scenario: Scenario, out: Path | None) -> journal.Runs:
    """What is finished in *out*, if it holds results of this very scenario."""
    if out is None or not (out / storage.MANIFEST).exists():
        return {}
    manifest = read_manifest(out)
    expected = new_manifest(scenario, Execution(keep=manifest.keep))
    return {} if differences(manifest, expected) else journal.read(out).runs
