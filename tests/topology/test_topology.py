"""Latencies and paths over links, from a table."""

import math

import pytest

from sim.topology.graph import Link, build, routes

NODES = {name: {"kind": "isp"} for name in "abcd"}
LINKS = [
    Link("a", "b", 0.010),
    Link("b", "c", 0.020, 1e6),
    Link("a", "c", 0.050, 2e6),
]


@pytest.fixture
def graph():
    return build(NODES, LINKS)


LATENCIES = {
    "to itself": ("a", "a", 0.0, ["a"]),
    "one link": ("a", "b", 0.010, ["a", "b"]),
    "two short links beat a long one": ("a", "c", 0.030, ["a", "b", "c"]),
    "and back": ("c", "a", 0.030, ["c", "b", "a"]),
    "no path": ("a", "d", math.inf, []),
    "no such network": ("a", "x", math.inf, []),
    "from no such network": ("x", "a", math.inf, []),
}


@pytest.mark.parametrize(("a", "b", "latency", "path"), LATENCIES.values(), ids=LATENCIES)
def test_latency_and_path(graph, a, b, latency, path):
    found = routes(graph)
    assert found.latency(a, b) == pytest.approx(latency)
    assert found.path(a, b) == path


def test_bandwidth_is_that_of_the_narrowest_link(graph):
    assert routes(graph).bandwidth("a", "c") == 1e6
    assert routes(graph).bandwidth("a", "b") == math.inf
    assert routes(graph).bandwidth("a", "a") == math.inf


def test_a_network_that_is_down_carries_nothing(graph):
    found = routes(graph, without=["b"])
    assert found.latency("a", "c") == pytest.approx(0.050)
    assert found.latency("a", "b") == math.inf


def test_a_path_handed_out_is_not_the_table_itself(graph):
    found = routes(graph)
    found.path("a", "c").clear()
    assert found.path("a", "c") == ["a", "b", "c"]


def test_graph_keeps_what_is_known_of_networks_and_links(graph):
    assert graph.nodes["a"] == {"kind": "isp"}
    assert graph.edges["a", "c"] == {"latency": 0.050, "bandwidth": 2e6}


def test_a_link_to_nowhere_is_refused():
    with pytest.raises(ValueError, match="link a to z: no network 'z'"):
        build(NODES, [Link("a", "z", 0.1)])


def test_a_link_that_carries_nothing_is_left_out_and_the_networks_stay():
    graph = build(
        {key: {} for key in "abc"}, [Link("a", "b", 1.0), Link("b", "c", 1.0), Link("a", "c", 5.0)]
    )
    found = routes(graph, without_links=[("b", "a")])
    assert found.path("a", "b") == ["a", "c", "b"]
    assert found.latency("a", "b") == 6.0
    alone = routes(graph, without=["b"])
    assert alone.latency("b", "b") == 0.0  # within a network that is down mail still goes
    assert alone.latency("a", "b") == float("inf")
    assert routes(graph).latency("a", "b") == 1.0  # the graph itself is as it was
