"""What a folder of results says of itself: of which scenario and version, made how and when."""

from __future__ import annotations

import hashlib
import platform
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim._version import __version__
from sim.experiment.execution import Execution
from sim.experiment.storage import FORMAT, Task
from sim.experiment.tasks import Done

if TYPE_CHECKING:
    from sim.scenario import Scenario

LIBRARIES = ("simpy", "numpy", "networkx", "pandas", "pyarrow", "scipy", "pydantic")
CODE = ("records", "smtp", "topology", "scenario", "path", "workload", "world", "measure")
"""The parts of the package that rows and measures depend on."""

IDENTITY = ("scenario_hash", "seed", "keep", "version", "code")
"""Results that differ in any of these are never mixed."""


def identity(scenario: Scenario, *, keep: str) -> dict[str, Any]:
    """What must be equal for results to stand in one folder."""
    return {
        "scenario_hash": scenario.hash(),
        "seed": scenario.seed,
        "keep": keep,
        "version": __version__,
        "code": code_digest(),
    }


@cache
def code_digest() -> str:
    """A digest of the source that rows depend on, so that a changed model is another version."""
    package = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for name in CODE:
        path = package / name
        for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(source.relative_to(package).as_posix().encode())
            digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


class Manifest:
    """The manifest under construction; each task is noted in it, and the caller writes it."""

    def __init__(
        self, scenario: Scenario, execution: Execution, before: Mapping[str, Any] | None = None
    ) -> None:
        """Begin the manifest, or go on with the one that the folder had *before*."""
        self.start = time.perf_counter()
        old = before or {}
        self.data: dict[str, Any] = {
            "format": FORMAT,
            **identity(scenario, keep=execution.keep),
            "title": scenario.title,
            "baseline": scenario.baseline,
            "quick": execution.quick,
            "arms": list(old.get("arms", [])),
            "replications": int(old.get("replications", 0)),
            "complete": False,
            "command": _command(),
            "workers": execution.workers,
            "python": platform.python_version(),
            "libraries": {name: _installed(name) for name in LIBRARIES},
            "started": old.get("started", _now()),
            "ended": "",
            "seconds": old.get("seconds", 0.0),
            "tasks": old.get("tasks", {}),
        }
        self.before = float(self.data["seconds"])

    def extend(self, arms: list[str], replications: int) -> None:
        """Add the arms and replications that the folder is to hold to those that it holds."""
        self.data["arms"] += [arm for arm in arms if arm not in self.data["arms"]]
        self.data["replications"] = max(replications, self.data["replications"])

    def note(self, done: Done) -> None:
        """Record one finished task: seconds in all, seconds simulating, events, rows."""
        self.data["tasks"][_name(done.task)] = {
            "seconds": round(done.seconds, 3),
            "simulating": round(done.simulating, 3),
            "events": done.events,
            "recipients": done.rows,
        }
        self.data["seconds"] = round(self.before + time.perf_counter() - self.start, 3)
        self.data["ended"] = _now()


def _name(task: Task) -> str:
    folder = f"{task.arm}/{task.replication}"
    return folder if task.point < 0 else f"{task.point}/{folder}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _command() -> list[str]:
    """What was typed: ``python -m sim`` is another way to say ``mailsim``."""
    if not sys.argv:
        return []
    name = Path(sys.argv[0]).name
    return ["mailsim" if name == "__main__.py" else name, *sys.argv[1:]]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def cut_to(manifest: Mapping[str, Any]) -> str:
    """What a quick run is cut to, in words."""
    scale = float(manifest.get("quick", 0.0))
    few = "" if scale in (0.0, 1.0) else f" with {100 * scale:.2g} % of the people and the spam"
    return f"a short run{few}"
