"""The public file format: what a scenario says, loaded, checked and frozen."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.scenario import describing, extending, graphs, reading
from sim.scenario.errors import Fault, ScenarioError, shown
from sim.scenario.networks import Network
from sim.scenario.people import Users
from sim.scenario.reading import new
from sim.scenario.scenario import FileOf, Scenario, build
from sim.scenario.servers import POLICY_KEYS, Server
from sim.scenario.spammers import Spammers
from sim.scenario.trees import Tree

if TYPE_CHECKING:
    from sim.scenario.graphs import Graph

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


def load(path: str | os.PathLike[str], *, graph: Graph | None = None) -> Scenario:
    """Return the scenario of a TOML or JSON file; "-" is standard input.

    The networks of *graph* are added to those of the file (see ``graphs.with_graph``).
    Raises ScenarioError with every fault. Nothing is read but the file and what it extends.
    """
    tree, name = reading.read(path)
    if os.fspath(path) == reading.STDIN:
        return _alone(tree, name, graph)
    chain = extending.layers(Path(path), tree, name)
    return _scenario(extending.merged(chain), name, graph, partial(extending.file_of, chain))


def loads(text: str, name: str = "<string>", *, graph: Graph | None = None) -> Scenario:
    """Return the scenario of a TOML or JSON text; *name* is how messages call it.

    The networks of *graph* are added to those of the text.
    """
    return _alone(reading.parse(text, name), name, graph)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file."""
    return describing.schema()


def reference() -> str:
    """Return the reference of the format: every key with type, default, meaning and source."""
    return describing.reference()


def _alone(tree: Tree, name: str, graph: Graph | None) -> Scenario:
    if "extends" in tree:
        value = shown(tree["extends"])
        raise ScenarioError([Fault(name, "extends", value, "a scenario in a file, to extend")])
    return _scenario(tree, name, graph)


def _scenario(
    tree: Tree, name: str, graph: Graph | None, file_of: FileOf | None = None
) -> Scenario:
    if graph is None:
        return build(tree, name, file_of)
    tree, problems = graphs.with_graph(tree, graph)
    return build(tree, name, file_of, problems)
