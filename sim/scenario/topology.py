"""The keys of ``[topology]``: hundreds of ISPs from a few lines, or from a graph.

What is generated becomes ordinary networks before anything is checked, so all else works on
them as on written ones; a ``[networks.NAME]`` table is laid over a generated network.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from sim.scenario.distributions import Time
from sim.scenario.keys import Table, key
from sim.scenario.networks import Network
from sim.scenario.problems import Problem, unknown, validate
from sim.scenario.quantities import Name
from sim.scenario.trees import Tree, merge, table
from sim.topology import generators

MOST_ISPS = 1_000
FIRST_ADDRESS = int(IPv4Address("10.0.0.0"))
LEAST_ADDRESSES = 256
"""Of a network: a /24."""
STATED_KEYS = ("kind", "domain", "prefixes", "links")
"""Keys of a generated network that follow from the topology."""


class Latencies(Table):
    """Latency of each generated link, one way."""

    backbone: Time = key(
        {"distribution": "uniform", "low": "10 ms", "high": "40 ms"}, source="chosen"
    )
    """between two networks of the core"""
    regional: Time = key(
        {"distribution": "uniform", "low": "2 ms", "high": "20 ms"}, source="chosen"
    )
    """between other transit networks, or from these to the core"""
    access: Time = key({"distribution": "uniform", "low": "1 ms", "high": "10 ms"}, source="chosen")
    """from an ISP"""


class Topology(Table):
    """Networks generated: ISPs isp-001 (the largest), isp-002, ... and transit-001, ..."""

    isps: int = key(0, ge=0, le=MOST_ISPS)
    """ISPs to generate, each with a domain such as isp-001.example; the seed of the scenario
    decides who is joined to whom"""
    generator: Literal["internet", "preferential"] = key("internet", source="as_graph.n")
    """internet: a core, transit networks and their customers (networkx's random_internet_as_graph);
    preferential: each network joined to two others, likelier to those with many links
    (barabasi_albert_graph); the largest ISP is the one with most links"""
    size_exponent: float = key(1.2, source="isp_size.zipf_exponent", ge=0.0, le=10.0)
    """how unequal ISPs are: the size of each is its rank to the power of minus this; 0: all
    alike"""
    sizes: dict[Name, Annotated[float, Field(gt=0.0, le=1e12)]] = key({}, max_length=2_000)
    """sizes of other networks that take part in accounts = 'by size'; that of isp-001 is 1"""
    addresses: int = key(2**17, source="chosen", ge=LEAST_ADDRESSES, le=2**18)
    """addresses of all generated networks together, shared out by size out of 10.0.0.0/8: each has
    the next power of two, and 256 at least"""
    latency: Latencies = key({})
    """latency of each generated link, by tier, one way"""
    isp: dict[str, Any] = key({})
    """keys of every generated ISP, as in [networks.NAME], such as { lease = '30 min' }"""


class Generated(NamedTuple):
    """Generated networks as a file would write them, and the size of each that has one."""

    networks: dict[str, Tree]
    sizes: dict[str, float]


NOTHING = Generated({}, {})


def generated(source: Tree) -> Generated:
    """What the ``[topology]`` of *source* generates; nothing where there is none.

    Keys that are wrong count as left out: the checks name them, and only them.
    """
    topology_table = table(source, "topology")
    if not topology_table:
        return NOTHING
    seed = source.get("seed", 1)
    return _generated(json.dumps(topology_table, sort_keys=True, default=str), str(seed)[:20])


def networks(source: Tree) -> Any:
    """The networks of *source*: those generated, and those written over them."""
    return merge(generated(source).networks, source.get("networks", {}), 2)


def problems(source: Tree, networks: Iterable[str]) -> Iterator[Problem]:
    """What is wrong with ``[topology]`` beyond its keys; *networks* are those there are."""
    isp = table(source, "topology", "isp")
    expected = f"a key other than {', '.join(STATED_KEYS)}, which follow from the topology"
    for name in (name for name in STATED_KEYS if name in isp):
        yield Problem(("topology", "isp", name), "cannot be set here", expected)
    sample = {"kind": "isp"} | {k: v for k, v in isp.items() if k not in STATED_KEYS}
    yield from (problem.within("topology", "isp") for problem in validate(Network, sample)[1])
    for name in table(source, "topology", "sizes"):
        yield from unknown(name, networks, "topology", "sizes", name)


def shares(source: Tree) -> dict[str, float]:
    """The share of each network in accounts = "by size"."""
    usable = {
        name: float(size)
        for name, size in table(source, "topology", "sizes").items()
        if isinstance(size, (int, float)) and 0.0 < size <= 1e12
    }
    sizes = generated(source).sizes | usable
    whole = math.fsum(sizes.values())
    return {name: size / whole for name, size in sizes.items()}


@lru_cache(maxsize=8)
def _generated(text: str, seed: str) -> Generated:
    keys: Tree = json.loads(text)
    valid = {
        name: value
        for name, value in keys.items()
        if name in Topology.model_fields and validate(Topology, {name: value})[0] is not None
    }
    if "isps" in keys and "isps" not in valid:
        valid["isps"] = MOST_ISPS  # so that only that is told, not every name besides
    topology, _ = validate(Topology, valid)
    return _draw(topology, seed) if topology.isps else NOTHING


def _draw(topology: Topology, seed: str) -> Generated:
    """Draw who is joined to whom, and how far apart they are."""
    shape = generators.shape(topology.generator, topology.isps, f"{seed}/topology")
    names = {node: f"isp-{rank:03}" for rank, node in enumerate(shape.isps, 1)}
    sizes = {name: rank**-topology.size_exponent for rank, name in enumerate(names.values(), 1)}
    prefixes = prefixes_by_size(sizes, topology.addresses)
    own = {name: value for name, value in topology.isp.items() if name not in STATED_KEYS}
    networks: dict[str, Tree] = {
        f"transit-{rank:03}": {"kind": "transit", "links": {}}
        for rank in range(1, len(shape.transit) + 1)
    }
    names |= dict(zip(shape.transit, networks, strict=True))
    for name in sizes:
        networks[name] = own | {
            "kind": "isp",
            "domain": f"{name}.example",
            "prefixes": [prefixes[name]],
            "links": {},
        }
    draws = random.Random(f"{seed}/topology latencies")
    lengths = {tier: getattr(topology.latency, tier).quantile() for tier in generators.TIERS}
    for link in shape.links:
        a, b = names[link.a], names[link.b]
        if networks[a]["kind"] == "transit":
            a, b = b, a
        networks[a]["links"][b] = milliseconds(lengths[link.tier](draws.random()))
    return Generated(networks, sizes)


def prefixes_by_size(sizes: Mapping[str, float], addresses: int) -> dict[str, str]:
    """A prefix for each, by size; large ones first, so that each begins where it may."""
    whole = math.fsum(sizes.values()) or 1.0
    shared: dict[str, str] = {}
    first = FIRST_ADDRESS
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        size = max(LEAST_ADDRESSES, addresses * sizes[name] / whole)
        bits = math.ceil(math.log2(size))
        shared[name] = f"{IPv4Address(first)}/{32 - bits}"
        first += 1 << bits
    return shared


def milliseconds(seconds: float) -> str:
    """A latency as a file writes it."""
    return f"{1e3 * seconds:.3f} ms"
