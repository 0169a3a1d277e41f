"""The networks as a graph, and the time a packet takes from one to another."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.Graph[str]

Neighbours = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By network, those that links join it to, with the latency and bandwidth of each."""


class Link(NamedTuple):
    """What joins *a* and *b*: latency one way (s), bandwidth (bit/s)."""

    a: str
    b: str
    latency: float
    bandwidth: float = math.inf


def build(networks: Mapping[str, Mapping[str, Any]], links: Iterable[Link]) -> Graph:
    """Return the graph of *networks* (name to attributes such as kind, domain) and *links*."""
    import networkx as nx  # a fifth of a second, which no run need wait for

    graph: Graph = nx.Graph()
    for name, attributes in networks.items():
        graph.add_node(name, **attributes)
    for link in _joining(networks, links):
        graph.add_edge(link.a, link.b, latency=link.latency, bandwidth=link.bandwidth)
    return graph


def neighbours(networks: Iterable[str], links: Iterable[Link]) -> Neighbours:
    """Return what *links* join to each of *networks*, in the order in which they are written."""
    table: dict[str, dict[str, dict[str, float]]] = {name: {} for name in networks}
    for link in _joining(table, links):
        keys = {"latency": link.latency, "bandwidth": link.bandwidth}
        table[link.a][link.b] = table[link.b][link.a] = keys
    return table


def _joining(networks: Container[str], links: Iterable[Link]) -> Iterator[Link]:
    """The *links*, each of which joins *networks*; raises ValueError."""
    for link in links:
        for end in (link.a, link.b):
            if end not in networks:
                raise ValueError(f"link {link.a} to {link.b}: no network {end!r}")
        yield link


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
    return Routes({name: dict(links) for name, links in graph.adj.items()})


class _Latencies(dict[str, dict[str, float]]):
    """Latencies by network, and network at the other end."""

    def __init__(self, neighbours: Neighbours) -> None:
        super().__init__()
        self._neighbours = neighbours

    def __missing__(self, a: str) -> dict[str, float]:
        """Find all routes from *a*."""
        self[a] = latencies = defaultdict(_infinite, _search(self._neighbours, a)[0])
        return latencies


def _infinite() -> float:
    return math.inf


class Routes:
    """Latencies and paths between networks, each looked up in a table.

    The table of a network is made once, when it is first asked for: a shortest path costs
    1000 times what a look-up does. Make new routes when a link or network goes down.
    """

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self.latencies = _Latencies(neighbours)
        """Seconds from one network to another, one way, summed over the links; infinity without
        a path."""
        self._paths: dict[str, dict[str, list[str]]] = {}

    def latency(self, a: str, b: str) -> float:
        """Seconds from *a* to *b*, as `latencies` has them."""
        return self.latencies[a][b]

    def path(self, a: str, b: str) -> list[str]:
        """Networks passed from *a* to *b*, both included; empty without a path."""
        if a not in self._paths:
            self._paths[a] = _paths(*_search(self._neighbours, a))
        return list(self._paths[a].get(b, ()))

    def bandwidth(self, a: str, b: str) -> float:
        """Bits per second of the narrowest link between *a* and *b*; infinity within a network."""
        widths = (self._neighbours[x][y]["bandwidth"] for x, y in pairwise(self.path(a, b)))
        return min(widths, default=math.inf)


def _search(neighbours: Neighbours, source: str) -> tuple[dict[str, float], dict[str, str]]:
    """Latencies from *source* to all that can be reached, and the network before each on the way
    (Dijkstra 1959); of two ways that are as short, the one that is found first counts."""
    latencies: dict[str, float] = {}
    numbers, nearest, before = count(), {source: 0.0}, dict[str, str]()
    waiting = [(0.0, next(numbers), source)] if source in neighbours else []
    while waiting:
        latency, _, name = heappop(waiting)
        if name in latencies:
            continue
        latencies[name] = latency
        for other, link in neighbours[name].items():
            at = latency + link["latency"]
            if at < nearest.get(other, math.inf):
                nearest[other], before[other] = at, name
                heappush(waiting, (at, next(numbers), other))
    return latencies, before


def _paths(latencies: Mapping[str, float], before: Mapping[str, str]) -> dict[str, list[str]]:
    """The networks passed on the way to each, both ends included; the nearest come first."""
    paths: dict[str, list[str]] = {}
    for name in latencies:
        paths[name] = [*paths[before[name]], name] if name in before else [name]
    return paths
