"""Generated networks are ordinary ones: sizes, addresses, links, and every fault at once."""

import math
import re
import time
from itertools import pairwise
from pathlib import Path

import networkx as nx
import pytest

from sim import scenario as scenarios
from sim.scenario import ScenarioError, load, loads
from sim.topology.generators import GENERATORS, shape

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TEXT = """
title = "generated"
[topology]
isps = 40
isp = { lease = "30 min", mailboxes = 3 }
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.0/24"]
links = { transit-001 = "5 ms", isp-001 = "7 ms" }
[networks.isp-007]
blocks_port_25 = true
[users.people]
count = 100
accounts = "by size"
places = { home = 0.5, hotel = 0.5 }
[arms.open]
[arms.closed]
"servers.isp-00*-smtp.relay" = "on_network"
"networks.isp-01*.blocks_port_25" = true
"""


def faults(text, **given):
    with pytest.raises(ScenarioError) as error:
        loads(text, "t.toml", **given)
    return sorted(re.sub(r": line \d+: ", ": ", str(error.value)).splitlines())


# ---- what is generated


@pytest.mark.parametrize("generator", GENERATORS)
@pytest.mark.parametrize("isps", [1, 3, 40, 300])
def test_a_shape_has_the_isps_wanted_and_is_connected(generator, isps):
    drawn = shape(generator, isps, "1")
    assert len(drawn.isps) == isps
    graph = nx.Graph((link.a, link.b) for link in drawn.links)
    assert set(graph) == {*drawn.transit, *drawn.isps}
    assert nx.is_connected(graph)
    assert shape(generator, isps, "1") == drawn
    assert isps < 3 or shape(generator, isps, "2") != drawn


def test_transit_only_carries():
    scenario = loads(TEXT)
    kinds = {name: network.kind for name, network in scenario.networks.items()}
    assert sum(kind == "isp" for kind in kinds.values()) == 40
    for network in scenario.networks.values():
        if network.kind == "transit":
            assert not network.prefixes
            assert network.domain is None
    assert {s.network for s in scenario.servers.values()} == {n for n in kinds if kinds[n] == "isp"}


def test_sizes_are_a_power_of_the_rank():
    shares = loads(TEXT).users["people"].accounts
    assert math.fsum(shares.values()) == pytest.approx(1.0)
    for rank in (2, 10, 40):
        assert shares[f"isp-{rank:03}"] / shares["isp-001"] == pytest.approx(rank**-1.2)
    alike = loads(TEXT).with_overrides({"topology.size_exponent": 0.0})
    assert set(alike.users["people"].accounts.values()) == {1 / 40}


def test_larger_isps_have_more_addresses_and_nobody_less_than_256():
    scenario = loads(TEXT)
    sizes = [scenario.networks[f"isp-{rank:03}"].prefixes[0].num_addresses for rank in range(1, 41)]
    assert all(a >= b for a, b in pairwise(sizes))
    assert sizes[-1] >= 256
    shares = scenario.users["people"].accounts
    assert sizes[0] / 2 < 2**17 * shares["isp-001"] <= sizes[0]


def test_what_every_isp_has_and_what_is_laid_over_one():
    networks = loads(TEXT).networks
    assert {networks[f"isp-{rank:03}"].lease for rank in range(1, 41)} == {1800.0}
    assert [n for n, network in networks.items() if network.blocks_port_25] == ["isp-007"]
    assert networks["hotel"].lease is None


def test_arms_select_generated_networks_by_name():
    arm = loads(TEXT).arm("closed")
    assert sum(server.relay == "on_network" for server in arm.servers.values()) == 9
    assert sum(network.blocks_port_25 for network in arm.networks.values()) == 11


def test_another_number_of_isps_is_one_override():
    smaller = loads(TEXT).with_overrides({"topology.isps": 10})
    assert sum(n.kind == "isp" for n in smaller.networks.values()) == 10
    assert set(smaller.users["people"].accounts) == {f"isp-{rank:03}" for rank in range(1, 11)}


def test_the_seed_decides_and_resolved_keeps_what_it_decided():
    scenario = loads(TEXT)
    assert loads(TEXT) == scenario
    links = {n: tuple(network.links) for n, network in scenario.networks.items()}
    other = scenario.with_overrides({"seed": 2})
    assert {n: tuple(network.links) for n, network in other.networks.items()} != links
    again = loads(scenario.resolved())
    assert again == scenario
    assert again.hash() == scenario.hash()
    assert again.arm("closed") == scenario.arm("closed")
    assert "[topology]" not in scenario.resolved()


def test_latencies_are_those_of_their_tier():
    text = TEXT.replace(
        "isps = 40",
        'isps = 40\nlatency = { backbone = "30 ms", regional = "10 ms", access = "1 ms" }',
    )
    scenario = loads(text)
    found = {
        (scenario.networks[name].kind == "isp", link.latency)
        for name, network in scenario.networks.items()
        for link in network.links.values()
        if name != "hotel"
    }
    assert found == {(True, 0.001), (False, 0.010), (False, 0.030)}


def test_hundreds_of_isps_load_in_seconds_and_write_out_within_the_limit():
    began = time.process_time()
    scenario = load(SCENARIOS / "internet-1998.toml")
    assert time.process_time() - began < 10.0  # about 1 s
    assert len(scenario.networks) > 300
    text = scenario.resolved()
    assert len(text) < 500_000
    assert loads(text) == scenario


def test_a_thousand_isps_are_the_most():
    text = TEXT.replace("isps = 40", "isps = 1000")
    assert len(loads(loads(text).resolved()).networks) > 1000


# ---- what is wrong

WRONG = {
    "too many": (
        "isps = 40", "isps = 1001", ["t.toml: topology.isps: 1001: expected at most 1000"],
    ),
    "no such generator": (
        "isps = 40", 'isps = 40\ngenerator = "internat"',
        ["t.toml: topology.generator: 'internat': expected 'internet' or 'preferential'; "
         "did you mean 'internet'?"],
    ),
    "a wrong key of all is told once": (
        "mailboxes = 3", "mailboxes = -3, leese = 1",
        ["t.toml: topology.isp.leese: unknown key; did you mean 'lease'?",
         "t.toml: topology.isp.mailboxes: -3: expected at least 0"],
    ),
    "a lease of all that no lease can have": (
        '"30 min"', '"0 s"', ["t.toml: topology.isp.lease: 0 s: expected a duration above 0"],
    ),
    "what follows from the topology": (
        "mailboxes = 3", 'kind = "work"',
        ["t.toml: topology.isp.kind: cannot be set here: expected a key other than kind, domain, "
         "prefixes, links, which follow from the topology"],
    ),
    "the size of no network": (
        "isps = 40", "isps = 40\nsizes = { hotell = 2.0 }",
        ["t.toml: topology.sizes.hotell: 'hotell': expected one of transit-001, transit-002, "
         "transit-003, transit-004, transit-005, transit-006, transit-007, transit-008, "
         "transit-009, transit-010, transit-011, transit-012, ...; did you mean 'hotel'?"],
    ),
    "a link to a network too far": (
        "isp-001 =", "isp-041 =",
        ["t.toml: networks.hotel.links.isp-041: 'isp-041': expected one of"],
    ),
    "addresses that are taken": (
        "192.0.2.0/24", "10.0.1.0/24", ["t.toml: networks.hotel.prefixes[0]: 10.0.1.0/24"],
    ),
    "arms share the networks": (
        "[arms.open]", '[arms.open]\n"topology.isps" = 3',
        ['t.toml: arms.open."topology.isps": cannot differ between arms'],
    ),
    "no sizes to go by": (
        "isps = 40", "isps = 0",
        ["t.toml: users.people.accounts: 'by size': expected a [topology] that generates ISPs, or "
         "says their sizes"],
    ),
}  # fmt: skip


MORE = {"isps = 0": 5, "isps = 40\nsizes = { hotell = 2.0 }": 1}
"""Further lines: without ISPs, what is written for them leads nowhere; no people live there."""


@pytest.mark.parametrize(("old", "new", "told"), WRONG.values(), ids=WRONG)
def test_wrong_topologies(old, new, told):
    assert old in TEXT
    found = faults(TEXT.replace(old, new))
    for begun in told:
        assert any(line.startswith(begun) for line in found), found
    assert len(found) <= len(told) + MORE.get(new, 0), found


# ---- a graph handed over

ALONE = """
title = "a graph"
[topology]
isp = { lease = "30 min" }
[users.people]
count = 10
accounts = "by size"
[arms.open]
"""


def graph():
    made = nx.Graph()
    made.add_node("core", kind="transit")
    made.add_node("proseware", domain="proseware.com", size=3)
    made.add_node("adatum", colour="red")
    made.add_node("hotel", kind="venue")
    made.add_edge("core", "proseware", latency="12 ms")
    made.add_edge("core", "adatum", latency=0.02)
    made.add_edge("core", "hotel")
    return made


def test_a_graph_becomes_networks():
    scenario = loads(ALONE, graph=graph())
    networks = scenario.networks
    assert {n: w.kind for n, w in networks.items()} == {
        "core": "transit", "proseware": "isp", "adatum": "isp", "hotel": "venue",
    }  # fmt: skip
    assert [networks[n].domain for n in ("proseware", "adatum")] == [
        "proseware.com", "adatum.example",
    ]  # fmt: skip
    assert [networks[n].lease for n in ("proseware", "hotel")] == [1800.0, None]
    assert scenario.users["people"].accounts == {"proseware": 0.75, "adatum": 0.25}
    routes = scenario.routes()
    assert routes.latency("proseware", "adatum") == pytest.approx(0.032)
    assert routes.latency("core", "hotel") == pytest.approx(0.010)
    assert list(scenario.servers) == [
        "proseware-smtp", "proseware-mx", "adatum-smtp", "adatum-mx",
    ]  # fmt: skip


def test_a_generator_of_networkx_will_do_and_what_is_written_is_laid_over_it():
    text = ALONE + "[networks.17]\nmailboxes = 5\n"
    scenario = loads(text, graph=nx.barabasi_albert_graph(30, 2, seed=1))
    assert len(scenario.networks) == 30
    assert scenario.networks["17"].mailboxes == 5
    assert scenario.with_overrides({"seed": 3}).networks == scenario.networks
    assert loads(scenario.resolved()) == scenario


def test_the_facade_takes_graphs_too(tmp_path):
    import sim

    file = tmp_path / "g.toml"
    file.write_text(ALONE)
    assert sim.load(file, graph=graph()).model == sim.loads(ALONE, graph=graph()).model


def test_every_fault_of_a_graph_is_told_at_once_with_those_of_the_text():
    wrong = graph()
    wrong.nodes["core"]["kind"] = "transet"
    wrong.nodes["adatum"]["sise"] = 2
    wrong.nodes["hotel"]["size"] = -1.0
    wrong.edges["core", "adatum"]["latency"] = -3
    wrong.edges["core", "hotel"]["latency"] = "5 miles"
    wrong.add_node("no name")
    wrong.add_node("island")
    wrong.add_edge("hotel", "no name")
    found = faults(ALONE.replace("count = 10", "count = 0"), graph=wrong)
    for begun in (
        "t.toml: graph.nodes.core.kind: 'transet'",
        "t.toml: graph.nodes.adatum.sise: unknown attribute; did you mean 'size'?",
        "t.toml: graph.nodes.hotel.size: -1.0: expected above 0",
        't.toml: graph.edges."core to adatum".latency: -3',
        't.toml: graph.edges."core to hotel".latency: ',
        't.toml: networks."no name": expected a name of at most 63',
        "t.toml: networks.island.links: no path",
        "t.toml: users.people.count: 0: expected at least 1",
    ):
        assert any(line.startswith(begun) for line in found), (begun, found)


NO_GRAPHS = {
    "directed": nx.DiGraph(),
    "with parallel edges": nx.MultiGraph(),
    "no graph": {"a": ["b"]},
    "too large": nx.empty_graph(2001),
}


@pytest.mark.parametrize("given", NO_GRAPHS.values(), ids=NO_GRAPHS)
def test_what_is_no_such_graph(given):
    assert any(line.startswith("t.toml: graph") for line in faults(ALONE, graph=given))


def test_a_graph_stands_instead_of_generated_isps():
    found = faults(ALONE.replace("isp =", "isps = 5\nisp ="), graph=graph())
    assert "t.toml: topology.isps: 5: expected 0 beside a graph" in found


def test_schema_and_reference_have_the_table():
    assert "topology" in scenarios.schema()["properties"]
    assert "`[topology]`" in scenarios.reference()
