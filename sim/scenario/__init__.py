"""The public file format: what a scenario says, loaded, checked and frozen."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from sim.scenario import building, describing, extending, reading
from sim.scenario.errors import Fault, ScenarioError, shown
from sim.scenario.model import Scenario
from sim.scenario.networks import Network
from sim.scenario.people import Users
from sim.scenario.servers import POLICY_KEYS, Server
from sim.scenario.spammers import Spammers
from sim.scenario.starting import new

__all__ = [
    "POLICY_KEYS",
    "Fault",
    "Network",
    "Scenario",
    "ScenarioError",
    "Server",
    "Spammers",
    "Users",
    "load",
    "loads",
    "new",
    "reference",
    "schema",
]


def load(path: str | os.PathLike[str]) -> Scenario:
    """Return the scenario of a TOML or JSON file; "-" is standard input.

    Raises ScenarioError with every fault. Nothing is read but the file and what it extends.
    """
    tree, name = reading.read(path)
    if os.fspath(path) == reading.STDIN:
        return _alone(tree, name)
    chain = extending.layers(Path(path), tree, name)
    return building.scenario(extending.merged(chain), name, partial(extending.file_of, chain))


def loads(text: str, name: str = "<string>") -> Scenario:
    """Return the scenario of a TOML or JSON text; *name* is how messages call it."""
    return _alone(reading.parse(text, name), name)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file."""
    return describing.schema()


def reference() -> str:
    """Return the reference of the format: every key with type, default, meaning and source."""
    return describing.reference()


def _alone(tree: reading.Tree, name: str) -> Scenario:
    if "extends" in tree:
        value = shown(tree["extends"])
        raise ScenarioError([Fault(name, "extends", value, "a scenario in a file, to extend")])
    return building.scenario(tree, name)
