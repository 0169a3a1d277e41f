"""The networks of a networkx graph that is handed over, as a file would write them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from sim.scenario.errors import nearest, value_text
from sim.scenario.keys import Table, key
from sim.scenario.problems import Problem, validate
from sim.scenario.quantities import Duration
from sim.scenario.topology import Topology, milliseconds, prefixes_by_size
from sim.scenario.trees import Tree, merge, table

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.Graph[Any]

MOST = {"nodes": 2_000, "edges": 20_000}


class Node(Table):
    """Attributes of a node of a graph that is handed over; its name is the network's."""

    kind: Literal["isp", "work", "venue", "transit"] = key("isp")
    """as in [networks.NAME]"""
    domain: str | None = key(None)
    """mail domain; an ISP without one has NAME.example"""
    size: Annotated[float, Field(gt=0.0, le=1e12)] = key(1.0)
    """share of the people with accounts = 'by size', in any unit"""


class Edge(Table):
    """Attributes of an edge of a graph that is handed over."""

    latency: Duration = key("10 ms")
    """one way: text such as '12 ms', or a number of seconds"""


def with_graph(source: Tree, graph: Graph | None) -> tuple[Tree, list[Problem]]:
    """Return *source* with the networks of *graph*, and everything wrong with the graph.

    Node attributes are ``kind``, ``domain`` and ``size``, the edge attribute is ``latency``;
    others are ignored unless they look like a misspelling. Addresses are shared out by size
    as ``[topology]`` says, and its ``isp`` keys hold for every ISP of the graph.
    """
    problems = [] if graph is None else list(_wrong_graph(graph))
    if graph is None or problems:
        return source, problems
    topology = table(source, "topology")
    if topology.get("isps", 0) != 0:
        problems.append(
            Problem(("topology", "isps"), value_text(topology["isps"]), "0 beside a graph")
        )
    nodes: dict[str, Node] = {}
    for name, attributes in graph.nodes(data=True):
        path = ("graph", "nodes", str(name))
        if str(name) in nodes:
            problems.append(Problem(path, "another node has this name", "each name once"))
        nodes[str(name)], wrong = _attributes(Node, attributes)
        problems += [problem.within(*path) for problem in wrong]
    sizes = {name: node.size for name, node in nodes.items() if node.kind == "isp"}
    networks = dict(_networks(nodes, sizes, topology))
    for a, b, attributes in graph.edges(data=True):
        edge, wrong = _attributes(Edge, attributes)
        problems += [problem.within("graph", "edges", f"{a} to {b}") for problem in wrong]
        networks[str(a)]["links"][str(b)] = milliseconds(edge.latency)
    stated_sizes = merge(sizes, topology.get("sizes", {}), 1)
    return source | {
        "networks": merge(networks, source.get("networks", {}), 2),
        "topology": topology | {"sizes": stated_sizes},
    }, problems


def _networks(
    nodes: Mapping[str, Node], sizes: Mapping[str, float], topology: Tree
) -> Iterator[tuple[str, Tree]]:
    """Each node as a network, without its links; all but transit have addresses by size."""
    keys, _ = validate(Topology, {k: v for k, v in topology.items() if k == "addresses"})
    hosts = {name: sizes.get(name, 0.0) for name, node in nodes.items() if node.kind != "transit"}
    prefixes = prefixes_by_size(hosts, (keys or Topology()).addresses)
    for name, node in nodes.items():
        network = table(topology, "isp") if node.kind == "isp" else {}
        network = network | {"kind": node.kind, "links": {}}
        if name in prefixes:
            network["prefixes"] = [prefixes[name]]
        if node.domain or node.kind == "isp":
            network["domain"] = node.domain or f"{name.lower()}.example"
        yield name, network


def _wrong_graph(graph: Any) -> Iterator[Problem]:
    """Why *graph* cannot be read at all."""
    import networkx as nx

    if not isinstance(graph, nx.Graph) or graph.is_directed() or graph.is_multigraph():
        kind = type(graph).__name__
        yield Problem(("graph",), kind, "an undirected networkx.Graph without parallel edges")
        return
    for noun, count in {"nodes": len(graph), "edges": graph.size()}.items():
        if count > MOST[noun]:
            yield Problem(("graph", noun), str(count), f"at most {MOST[noun]}")


def _attributes(model: type[Table], attributes: Mapping[Any, Any]) -> tuple[Any, list[Problem]]:
    """The *attributes* that *model* knows, or its defaults, and what is wrong."""
    values = {name: value for name, value in attributes.items() if name in model.model_fields}
    latency = values.get("latency")
    if isinstance(latency, (int, float)) and not isinstance(latency, bool):
        fits = math.isfinite(latency) and latency >= 0.0
        values["latency"] = f"{latency:.9f} s" if fits else latency
    if isinstance(values.get("size"), int):
        values["size"] = float(values["size"])
    value, problems = validate(model, values)
    for name in attributes:
        near = nearest(name, model.model_fields) if name not in values else ""
        if near:
            problems.append(Problem((str(name),), "unknown attribute", "", near))
    return model() if value is None else value, problems
