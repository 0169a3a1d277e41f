"""Ready scenarios: those that come with the package, and are called by name.

They stand in ``scenarios/`` of a checkout, and beside this module in an installed package.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sim.smtp.units import TIME, largest

HOMES = (Path(__file__).with_name("ready"), Path(__file__).resolve().parents[2] / "scenarios")
FOLDER = next(filter(Path.is_dir, HOMES), HOMES[0])
SUFFIX = ".toml"
TIMES = Path(__file__).with_name("times.json")
"""Seconds of each, on one core, as `mailsim plan` said: see tests/benchmarks/times.py."""


class Ready(NamedTuple):
    """What a ready scenario is about."""

    name: str
    title: str
    question: str
    year: int | None
    seconds: float | None  # of one core, all arms and replications; None: not recorded

    @property
    def time(self) -> str:
        """The time in the largest fitting unit; a dash where none is recorded."""
        if self.seconds is None:
            return "-"
        unit = largest(self.seconds)
        return f"{max(self.seconds / TIME[unit], 1.0):.0f} {unit}"


def names() -> list[str]:
    """The names of all ready scenarios."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def path_of(name: str) -> Path:
    """The file of a ready scenario."""
    return FOLDER / f"{name}{SUFFIX}"


def file_of(source: str | os.PathLike[str]) -> Path:
    """The file that *source* names: one here, with or without its suffix, or else a ready one."""
    name = os.fspath(source)
    own = next(filter(os.path.isfile, (name, f"{name}{SUFFIX}")), None)
    return path_of(name) if own is None and name in names() else Path(own or name)


def gallery() -> Iterator[Ready]:
    """Every ready scenario, by name."""
    seconds = json.loads(TIMES.read_text("utf-8"))["seconds"]
    for name in names():
        tree = tomllib.loads(path_of(name).read_text("utf-8"))
        question = tree.get("question", "")
        yield Ready(name, tree["title"], question, tree.get("year"), seconds.get(name))
