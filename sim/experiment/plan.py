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

PER_RECIPIENT = 30e-6
"""Seconds of one core for one (message, recipient), storing included: measured on the main
scenario, and only used until the folder holds runs of its own."""
PER_RUN = 0.05
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

    @property
    def seconds(self) -> float:
        """Expected time of what is left."""
        if not self.todo:
            return 0.0
        lanes = min(self.workers, len(self.todo))
        starting = START if lanes > 1 else 0.0
        return starting + self.seconds_each * len(self.todo) / lanes

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
        }

    def __rich__(self) -> Table:
        from rich import box
        from rich.table import Table

        source = "as runs in that folder took" if self.measured else "estimated"
        table = Table(
            box=box.SIMPLE_HEAD,
            caption=f"{len(self.todo)} runs to do, {self.workers} at a time, about "
            f"{self.seconds:.0f} s ({self.seconds_each:.2f} s each, {source})",
            caption_justify="left",
        )
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
    expected = recipients(scenario)
    told = [float(t["seconds"]) for t in (manifest or {}).get("tasks", {}).values()]
    return Plan(
        arms=tuple(chosen),
        replications=count,
        workers=workers,
        finished=tuple(task for task in every if task in done),
        todo=tuple(task for task in every if task not in done),
        recipients=expected,
        seconds_each=sum(told) / len(told) if told else PER_RUN + PER_RECIPIENT * expected,
        measured=bool(told),
    )


def recipients(scenario: Scenario) -> int:
    """About how many (message, recipient) one run has: honest mail, and spam by first routes."""
    honest = sum(u.count * u.messages * u.recipients for u in scenario.users.values())
    spam = sum(s.count * s.rate(s.routes[0]) for s in scenario.spammers.values())
    return round((honest + spam) * scenario.run_length)


def _same(scenario: Scenario, out: Path | None) -> dict[str, Any] | None:
    """The manifest of *out* if it holds results of this very scenario."""
    if out is None or not (out / storage.MANIFEST).exists():
        return None
    manifest = storage.read_manifest(out)
    wanted = identity(scenario, keep=str(manifest.get("keep")))
    return manifest if all(manifest.get(k) == v for k, v in wanted.items()) else None
