"""The public file format: what a scenario says, loaded, checked and frozen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.scenario import graphs, reading, ready
from sim.scenario.describing import reference, schema
from sim.scenario.errors import Fault, ScenarioError
from sim.scenario.networks import Network
from sim.scenario.people import Users
from sim.scenario.reading import new, text_of
from sim.scenario.scenario import Scenario, build
from sim.scenario.servers import POLICY_KEYS, Server
from sim.scenario.spammers import Spammers

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
    "of_tree",
    "reference",
    "schema",
    "text_of",
]


def load(path: str | os.PathLike[str], *, graph: Graph | None = None) -> Scenario:
    """Return the scenario of a TOML or JSON file, or a ready one by name; "-" is standard input.

    The networks of *graph* are added to those of the file (see ``graphs.with_graph``).
    Raises ScenarioError with every fault. Nothing is read but the file and what it extends.
    """
    file = None if os.fspath(path) == reading.STDIN else ready.file_of(path)
    layer = reading.read(path if file is None else file)
    return _scenario(reading.layers(file, layer), graph)


def of_tree(
    tree: Mapping[str, Any], name: str = "<dict>", *, graph: Graph | None = None
) -> Scenario:
    """Return the scenario of a tree of plain values, written as in a file."""
    return _scenario([reading.plain(tree, name)], graph)


def of(
    source: Scenario | Mapping[str, Any] | str | os.PathLike[str], *, graph: Graph | None = None
) -> Scenario:
    """Return the scenario that *source* stands for: itself, a tree of plain values, or a file or
    ready one by name. The networks of *graph* are added to one that is read."""
    if isinstance(source, Scenario):
        return source
    if isinstance(source, Mapping):
        return of_tree(source, graph=graph)
    return load(source, graph=graph)


def loads(text: str, name: str = "<string>", *, graph: Graph | None = None) -> Scenario:
    """Return the scenario of a TOML or JSON text; *name* is how messages call it.

    The networks of *graph* are added to those of the text.
    """
    return _scenario(reading.layers(None, reading.parse(text, name)), graph)


def _scenario(chain: list[reading.Layer], graph: Graph | None) -> Scenario:
    tree, problems = graphs.with_graph(reading.merged(chain), graph)
    return build(tree, reading.places(chain), problems)
