"""The keys of ``[topology]``: hundreds of ISPs from a few lines, or from a graph.

What is generated becomes ordinary networks before anything is checked, so all else works on
them as on written ones; a ``[networks.NAME]`` table is laid over a generated network.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field

from sim.scenario.distributions import Time
from sim.scenario.errors import nearest, one_of, shown
from sim.scenario.found import Found, Path, validate
from sim.scenario.keys import Table, key
from sim.scenario.networks import Network
from sim.scenario.quantities import Duration, Name
from sim.scenario.reading import Tree
from sim.topology import generators

if TYPE_CHECKING:
    import networkx as nx

    Graph = nx.Graph[Any]

MOST_ISPS = 1_000
MOST_NODES = 2_000
MOST_EDGES = 20_000
FIRST_ADDRESS = int(IPv4Address("10.0.0.0"))
LEAST_ADDRESSES = 256
"""Of a network: a /24."""
GIVEN = ("kind", "domain", "prefixes", "links")
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
    sizes: dict[Name, Annotated[float, Field(gt=0.0, le=1e12)]] = key({}, max_length=MOST_NODES)
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
    written = source.get("topology")
    if not isinstance(written, dict) or not written:
        return NOTHING
    seed = source.get("seed", 1)
    return _generated(json.dumps(written, sort_keys=True, default=str), str(seed)[:20])


def faults(source: Tree, networks: Mapping[str, Any]) -> Iterator[Found]:
    """What is wrong with ``[topology]`` beyond its keys; *networks* are those there are."""
    written = source.get("topology")
    if not isinstance(written, dict):
        return
    isp = written.get("isp")
    if isinstance(isp, dict):
        for name in (name for name in GIVEN if name in isp):
            yield Found(("topology", "isp", name), "cannot be set here", _kept(GIVEN))
        sample = {"kind": "isp"} | {k: v for k, v in isp.items() if k not in GIVEN}
        yield from (f.within("topology", "isp") for f in validate(Network, sample)[1])
    sizes = written.get("sizes")
    for name in sizes if isinstance(sizes, dict) else ():
        if name not in networks:
            near = nearest(name, networks)
            yield Found(("topology", "sizes", str(name)), shown(name), one_of(networks), near)


def written_path(source: Tree, path: Path) -> Path:
    """Where what stands at *path* was written: a key of every generated ISP, at ``isp``."""
    if len(path) < 3 or path[0] != "networks":
        return path
    topology, networks = source.get("topology"), source.get("networks")
    isp = topology.get("isp") if isinstance(topology, dict) else None
    own = networks.get(path[1]) if isinstance(networks, dict) else None
    if not isinstance(isp, dict) or path[2] not in isp or path[1] not in shares(source):
        return path
    stated = own.get(path[2], isp[path[2]]) if isinstance(own, dict) else isp[path[2]]
    return ("topology", "isp", *path[2:]) if stated == isp[path[2]] else path


def shares(source: Tree) -> dict[str, float]:
    """The share of each network in accounts = "by size"."""
    topology = source.get("topology")
    stated = topology.get("sizes") if isinstance(topology, dict) else None
    usable = {
        name: float(size)
        for name, size in (stated.items() if isinstance(stated, dict) else ())
        if isinstance(size, (int, float)) and 0.0 < size <= 1e12
    }
    sizes = generated(source).sizes | usable
    whole = math.fsum(sizes.values())
    return {name: size / whole for name, size in sizes.items()}


@lru_cache(maxsize=8)
def _generated(written: str, seed: str) -> Generated:
    keys: Tree = json.loads(written)
    valid = {
        name: value
        for name, value in keys.items()
        if name in Topology.model_fields and validate(Topology, {name: value})[0] is not None
    }
    if "isps" in keys and "isps" not in valid:
        valid["isps"] = MOST_ISPS  # so that only that is told, not every name besides
    topology, _ = validate(Topology, valid)
    return _drawn(topology, seed) if topology.isps else NOTHING


def _drawn(topology: Topology, seed: str) -> Generated:
    """Draw who is joined to whom, and how far apart they are."""
    shape = generators.shape(topology.generator, topology.isps, f"{seed}/topology")
    names = {node: f"isp-{rank:03}" for rank, node in enumerate(shape.isps, 1)}
    sizes = {name: rank**-topology.size_exponent for rank, name in enumerate(names.values(), 1)}
    prefixes = _prefixes(sizes, topology.addresses)
    own = {name: value for name, value in topology.isp.items() if name not in GIVEN}
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
        networks[a]["links"][b] = _text(lengths[link.tier](draws.random()))
    return Generated(networks, sizes)


def _prefixes(sizes: Mapping[str, float], addresses: int) -> dict[str, str]:
    """A prefix for each, by size; large ones first, so that each begins where it may."""
    whole = math.fsum(sizes.values()) or 1.0
    found: dict[str, str] = {}
    first = FIRST_ADDRESS
    for name in sorted(sizes, key=lambda name: -sizes[name]):
        wanted = max(LEAST_ADDRESSES, addresses * sizes[name] / whole)
        bits = math.ceil(math.log2(wanted))
        found[name] = f"{IPv4Address(first)}/{32 - bits}"
        first += 1 << bits
    return found


def _text(seconds: float) -> str:
    return f"{1e3 * seconds:.3f} ms"


def _kept(names: tuple[str, ...]) -> str:
    return f"a key other than {', '.join(names)}, which follow from the topology"


# ---- a graph handed over


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


def with_graph(source: Tree, graph: Graph) -> tuple[Tree, list[Found]]:
    """Return *source* with the networks of *graph*, and everything wrong with the graph.

    Node attributes are ``kind``, ``domain`` and ``size``, the edge attribute is ``latency``;
    others are ignored unless they look like a misspelling. Addresses are shared out by size
    as ``[topology]`` says, and its ``isp`` keys hold for every ISP of the graph.
    """
    found = list(_wrong_graph(graph))
    if found:
        return source, found
    written = source.get("topology")
    topology: Tree = written if isinstance(written, dict) else {}
    if topology.get("isps", 0) != 0:
        found.append(Found(("topology", "isps"), shown(topology["isps"]), "0 beside a graph"))
    stated, _ = validate(Topology, {"addresses": topology.get("addresses", 2**17)})
    own = topology.get("isp") if isinstance(topology.get("isp"), dict) else {}
    nodes: dict[str, Node] = {}
    for name, given in graph.nodes(data=True):
        path = ("graph", "nodes", str(name))
        if str(name) in nodes:
            found.append(Found(path, "another node has this name", "each name once"))
        node, wrong = _attributes(Node, given)
        found += [f.within(*path) for f in wrong]
        nodes[str(name)] = node
    sizes = {name: node.size for name, node in nodes.items() if node.kind == "isp"}
    needy = {name: sizes.get(name, 0.0) for name, node in nodes.items() if node.kind != "transit"}
    prefixes = _prefixes(needy, stated.addresses if stated else 2**17)
    networks: dict[str, Tree] = {}
    for name, node in nodes.items():
        networks[name] = (own or {}) if node.kind == "isp" else {}
        networks[name] = networks[name] | {"kind": node.kind, "links": {}}
        if name in prefixes:
            networks[name]["prefixes"] = [prefixes[name]]
        domain = node.domain or (f"{name.lower()}.example" if node.kind == "isp" else None)
        if domain is not None:
            networks[name]["domain"] = domain
    for a, b, given in graph.edges(data=True):
        edge, wrong = _attributes(Edge, given)
        found += [f.within("graph", "edges", f"{a} to {b}") for f in wrong]
        networks[str(a)]["links"][str(b)] = _text(edge.latency)
    laid_over = _laid_over(networks, source.get("networks", {}))
    given_sizes = topology.get("sizes", {})
    sizes = sizes | given_sizes if isinstance(given_sizes, dict) else given_sizes
    return source | {"networks": laid_over, "topology": topology | {"sizes": sizes}}, found


def _laid_over(networks: Mapping[str, Tree], written: Any) -> Any:
    """*written* networks over those made, key by key; what is malformed stays as it is."""
    if not isinstance(written, dict):
        return written
    return {
        name: networks[name] | written.get(name, {})
        if name in networks and isinstance(written.get(name, {}), dict)
        else written[name]
        for name in dict.fromkeys((*networks, *written))
    }


def laid_over(source: Tree) -> Any:
    """The networks of *source*: those generated, and those written over them."""
    return _laid_over(generated(source).networks, source.get("networks", {}))


def _wrong_graph(graph: Any) -> Iterator[Found]:
    """Why *graph* cannot be read at all."""
    import networkx as nx

    if not isinstance(graph, nx.Graph) or graph.is_directed() or graph.is_multigraph():
        kind = type(graph).__name__
        yield Found(("graph",), kind, "an undirected networkx.Graph without parallel edges")
        return
    counts = {"nodes": (len(graph), MOST_NODES), "edges": (graph.size(), MOST_EDGES)}
    for what, (count, most) in counts.items():
        if count > most:
            yield Found(("graph", what), str(count), f"at most {most}")


def _attributes(model: type[Table], given: Mapping[Any, Any]) -> tuple[Any, list[Found]]:
    """The attributes of *given* that *model* knows, or its defaults, and what is wrong."""
    known = {name: value for name, value in given.items() if name in model.model_fields}
    latency = known.get("latency")
    if isinstance(latency, (int, float)) and not isinstance(latency, bool):
        fits = math.isfinite(latency) and latency >= 0.0
        known["latency"] = f"{latency:.9f} s" if fits else latency
    if isinstance(known.get("size"), int):
        known["size"] = float(known["size"])
    value, found = validate(model, known)
    for name in given:
        near = nearest(name, model.model_fields) if name not in known else ""
        if near:
            found.append(Found((str(name),), "unknown attribute", "", near))
    return model() if value is None else value, found
