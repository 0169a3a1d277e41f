"""What an experiment would do, before anything runs: its table of runs and about how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.experiment import storage
from sim.experiment.manifest import identity
from sim.experiment.run import table_of_runs
from sim.experiment.storage import Task

if TYPE_CHECKING:
    from rich.table import Table

    from sim.scenario import Scenario

PER_RUN, PER_HONEST, PER_SPAM = 0.014, 12e-6, 4.3e-6
"""Seconds of one core for one run, and in it for one honest and one spam recipient, storing
included: fitted to the scenarios here, of which most come within a factor of two and one in six
within three (tests/benchmarks/overhead.py). Only used until the folder holds runs of its own."""
SAMPLED = 20
"""Points of a sweep that are looked at to tell its time, at most."""
START = 1.5
"""Seconds until worker processes are up."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The runs of an experiment: what there is, what is left, and the time it takes (s)."""

    arms: tuple[str, ...]
    replications: int
    workers: int
    finished: tuple[Task, ...]
    todo: tuple[Task, ...]
    recipients: int  # expected in each run
    seconds_each: float
    measured: bool
    swept: int  # runs of the scenario's own sweep, if it has one
    swept_each: float  # seconds
    ranges: bool  # the sweep is over unknowns as ranges, and `mailsim run` makes it too

    @property
    def seconds(self) -> float:
        """Expected time of what is left, without the sweep."""
        return self._lasts(len(self.todo), self.seconds_each)

    @property
    def seconds_of_sweep(self) -> float:
        """Expected time of the sweep."""
        return self._lasts(self.swept, self.swept_each)

    def _lasts(self, runs: int, each: float) -> float:
        lanes = max(min(self.workers, runs), 1)
        return (START if lanes > 1 else 0.0) + each * runs / lanes

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "arms": list(self.arms),
            "replications": self.replications,
            "workers": self.workers,
            "finished": len(self.finished),
            "to_do": [{"arm": t.arm, "replication": t.replication} for t in self.todo],
            "recipients_each": self.recipients,
            "seconds_each": round(self.seconds_each, 3),
            "seconds": round(self.seconds, 1),
            "from_measured_runs": self.measured,
            "sweep_runs": self.swept,
            "sweep_seconds": round(self.seconds_of_sweep, 1),
            "sweep_is_part_of_run": self.ranges,
        }

    def __rich__(self) -> Table:
        from rich import box
        from rich.table import Table

        source = (
            "as runs in that folder took"
            if self.measured
            else "estimated, mostly within a factor of two"
        )
        caption = (
            f"{len(self.todo)} runs to do, {self.workers} at a time, about "
            f"{self.seconds:.0f} s ({self.seconds_each:.2f} s each, {source})"
        )
        if self.swept:
            who = "then the unknowns as ranges" if self.ranges else "mailsim sweep"
            caption += f"\n{who}: {self.swept} runs, about {self.seconds_of_sweep:.0f} s"
        table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
        for head in ("arm", "replications", "finished", "to do", "recipients each, about"):
            table.add_column(head, justify="left" if head == "arm" else "right")
        for arm in self.arms:
            done = sum(task.arm == arm for task in self.finished)
            left = sum(task.arm == arm for task in self.todo)
            table.add_row(arm, str(self.replications), str(done), str(left), f"{self.recipients:,}")
        return table


def plan(
    scenario: Scenario,
    *,
    arms: Sequence[str] | None = None,
    replications: int | None = None,
    workers: int = 1,
    out: Path | None = None,
) -> Plan:
    """Plan an experiment; nothing is run or written."""
    from sim.experiment.usage import one_of

    chosen = [one_of("arm", arm, scenario.arms) for arm in arms or scenario.arms]
    count = scenario.replications if replications is None else replications
    manifest = _same(scenario, out)
    done = storage.finished(out) if out is not None and manifest else set()
    every = table_of_runs(chosen, count)
    sweep = scenario.sweep
    points = [] if sweep is None else sweep.all()
    sampled = points[:: -(-len(points) // SAMPLED) or 1]
    each = [seconds(scenario.with_overrides(point)) for point in sampled]
    told = [float(t["seconds"]) for t in (manifest or {}).get("tasks", {}).values()]
    return Plan(
        arms=tuple(chosen),
        replications=count,
        workers=workers,
        finished=tuple(task for task in every if task in done),
        todo=tuple(task for task in every if task not in done),
        recipients=round(sum(recipients(scenario))),
        seconds_each=sum(told) / len(told) if told else seconds(scenario),
        measured=bool(told),
        swept=len(points) * len(sweep.arms or chosen if sweep else ()) * count,
        swept_each=sum(each) / len(each) if each else 0.0,
        ranges=sweep is not None and sweep.mode == "ranges",
    )


def recipients(scenario: Scenario) -> tuple[float, float]:
    """About how many (message, recipient) one run has: honest mail; spam by first routes."""
    honest = sum(u.count * u.messages * u.recipients for u in scenario.users.values())
    spam = sum(s.count * s.rate(s.routes[0]) for s in scenario.spammers.values())
    return honest * scenario.run_length, spam * scenario.run_length


def seconds(scenario: Scenario) -> float:
    """About how long one run takes on one core (s)."""
    honest, spam = recipients(scenario)
    return PER_RUN + PER_HONEST * honest + PER_SPAM * spam


def _same(scenario: Scenario, out: Path | None) -> dict[str, Any] | None:
    """The manifest of *out* if it holds results of this very scenario."""
    if out is None or not (out / storage.MANIFEST).exists():
        return None
    manifest = storage.read_manifest(out)
    wanted = identity(scenario, keep=str(manifest.get("keep")))
    return manifest if all(manifest.get(k) == v for k, v in wanted.items()) else None
