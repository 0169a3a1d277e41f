"""The networks as a graph, and the time a packet takes from one to another."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.Graph[str]


class Link(NamedTuple):
    """What joins *a* and *b*: latency one way (s), bandwidth (bit/s)."""

    a: str
    b: str
    latency: float
    bandwidth: float = math.inf


def build(networks: Mapping[str, Mapping[str, Any]], links: Iterable[Link]) -> Graph:
    """Return the graph of *networks* (name to attributes such as kind, domain) and *links*."""
    import networkx as nx

    graph: Graph = nx.Graph()
    for name, attributes in networks.items():
        graph.add_node(name, **attributes)
    for link in links:
        for end in (link.a, link.b):
            if end not in graph:
                raise ValueError(f"link {link.a} to {link.b}: no network {end!r}")
        graph.add_edge(link.a, link.b, latency=link.latency, bandwidth=link.bandwidth)
    return graph


def routes(
    graph: Graph, *, without: Iterable[str] = (), without_links: Iterable[tuple[str, str]] = ()
) -> Routes:
    """Return the shortest routes of *graph*, by latency.

    Nothing enters or leaves the networks *without*, and the links *without_links* carry nothing.
    """
    down = [edge for name in without for edge in graph.edges(name)]
    down += [link for link in without_links if graph.has_edge(*link)]
    if down:
        graph = graph.copy()
        graph.remove_edges_from(down)
    return Routes(graph)


class _Latencies(dict[str, dict[str, float]]):
    """Latencies by network, and network at the other end."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    def __missing__(self, a: str) -> dict[str, float]:
        """Find all routes from *a*."""
        import networkx as nx

        find = nx.single_source_dijkstra_path_length
        lengths = find(self._graph, a, weight="latency") if a in self._graph else {}
        self[a] = latencies = defaultdict(_infinite, lengths)
        return latencies


def _infinite() -> float:
    return math.inf


class Routes:
    """Latencies and paths between networks, each looked up in a table.

    The table of a network is made once, when it is first asked for: a shortest path costs
    1000 times what a look-up does. Make new routes when a link or network goes down.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.latencies = _Latencies(graph)
        """Seconds from one network to another, one way, summed over the links; infinity without
        a path."""
        self._paths: dict[str, dict[str, list[str]]] = {}

    def latency(self, a: str, b: str) -> float:
        """Seconds from *a* to *b*, as `latencies` has them."""
        return self.latencies[a][b]

    def path(self, a: str, b: str) -> list[str]:
        """Networks passed from *a* to *b*, both included; empty without a path."""
        table = self._paths.get(a)
        if table is None:
            import networkx as nx

            find = nx.single_source_dijkstra_path
            table = find(self._graph, a, weight="latency") if a in self._graph else {}
            self._paths[a] = table
        return list(table.get(b, ()))

    def bandwidth(self, a: str, b: str) -> float:
        """Bits per second of the narrowest link between *a* and *b*; infinity within a network."""
        path = self.path(a, b)
        widths = (self._graph.edges[hop]["bandwidth"] for hop in pairwise(path))
        return min(widths, default=math.inf)
