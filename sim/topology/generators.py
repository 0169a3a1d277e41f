"""Networks made up: which transit networks and ISPs there are, and who is joined to whom."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import networkx as nx

    RandomGraph = nx.Graph[int]

MID_SHARE = 0.15
"""Share of networks that carry others' traffic below the core: as_graph.share.mid."""
CORE = 4
"""Networks of the core where a generator has none of its own: as_graph.tier1."""
CORE_AT_MOST = 6
TIERS = ("backbone", "regional", "access")


class Link(NamedTuple):
    """Two networks by number, and which of ``TIERS`` their link belongs to."""

    a: int
    b: int
    tier: str


class Shape(NamedTuple):
    """Networks by number: those that carry only, those that are ISPs, and their links.

    Each list begins with the best connected, the core before all others.
    """

    transit: list[int]
    isps: list[int]
    links: list[Link]


def shape(generator: str, isps: int, seed: str) -> Shape:
    """Draw *isps* ISPs and what joins them; equal arguments give the same shape."""
    return GENERATORS[generator](isps, random.Random(seed))


def internet(isps: int, draws: random.Random) -> Shape:
    """A core, transit networks and their customers (random_internet_as_graph, Elmokashfi et al.
    2010, which is meant for as_graph.n networks and works for fewer)."""
    import networkx as nx

    n = math.ceil((isps + CORE_AT_MOST + 1) / (1.0 - MID_SHARE))
    graph = nx.random_internet_as_graph(n, seed=draws)
    kinds = {node: str(data["type"]) for node, data in graph.nodes(data=True)}
    leaves = [node for node, kind in kinds.items() if kind == "C"]  # nobody's provider
    customers = sum(kind in ("C", "CP") for kind in kinds.values())
    graph.remove_nodes_from(leaves[len(leaves) - (customers - isps) :])
    core = [node for node in graph if kinds[node] == "T"]
    return _ordered(graph, core, [node for node in graph if kinds[node] == "M"])


def preferential(isps: int, draws: random.Random) -> Shape:
    """Each network joined to two others, likelier to those with many links
    (barabasi_albert_graph); the best connected carry only."""
    import networkx as nx

    carriers = CORE + round(MID_SHARE * isps / (1.0 - MID_SHARE))
    graph = nx.barabasi_albert_graph(isps + carriers, 2, seed=draws)
    order = sorted(graph, key=lambda node: (-graph.degree(node), node))
    return _ordered(graph, order[:CORE], order[CORE:carriers])


GENERATORS: dict[str, Callable[[int, random.Random], Shape]] = {
    "internet": internet,
    "preferential": preferential,
}


def _ordered(graph: RandomGraph, core: list[int], carriers: list[int]) -> Shape:
    """The networks of *graph*, the best connected first, and the tier of each link."""

    def best_first(nodes: list[int]) -> list[int]:
        return sorted(nodes, key=lambda node: (-graph.degree(node), node))

    top, middle = set(core), {*core, *carriers}
    links = []
    for a, b in sorted((min(edge), max(edge)) for edge in graph.edges):
        inner = (a in top and b in top, a in middle and b in middle, True)
        links.append(Link(a, b, next(t for t, holds in zip(TIERS, inner, strict=True) if holds)))
    isps = [node for node in graph if node not in middle]
    return Shape(best_first(core) + best_first(carriers), best_first(isps), links)
