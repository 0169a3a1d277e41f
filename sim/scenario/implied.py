"""What a file leaves out and the rest of it implies: servers of a domain, addresses, domains."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from sim.scenario import organisations, topology
from sim.scenario.people import BY_SIZE, HOME
from sim.scenario.trees import Path, Tree, merge, table
from sim.smtp import clients
from sim.topology.addresses import hosts

IMPLIED = {"submission": "smtp", "mx": "mx"}
"""A network with a domain has servers NAME-smtp and NAME-mx, of these roles."""
DERIVED = ("address", "domains", "trusted_networks")
"""Keys of a server that follow from its network."""
SHARES = ("places", "office_hours", "weekend")
"""Keys that say where people are."""


FOLLOWED = {
    "networks": ("kind", "domain", "prefixes"),
    "servers": ("role", "network", "address", "domains", "ports"),
    "users": ("accounts", *SHARES),
}
"""Keys from which a file that leaves others out has these, by section."""


def is_followed(selector: str) -> bool:
    """Whether others follow from the key that *selector* changes, unless they are written: what is
    written out in full no longer follows."""
    section, *_ = selector.split(".")
    key = (*selector.split("."), "", "")[2]
    return section in ("seed", "topology", "organisations") or key in FOLLOWED.get(section, ())


def expanded(source: Tree) -> Tree:
    """Return *source* with every network and server it implies, with derived keys written out.

    Expanding what is expanded changes nothing. What is malformed stays as it is, for the
    checks to name. Trees do not change: the latest are expanded once, such as that which all arms
    begin from.
    """
    known, full = _EXPANDED.pop(id(source), (None, None))
    if full is None or known is not source:
        full = _expanded(source)
    if len(_EXPANDED) >= MOST_KEPT:
        _EXPANDED.pop(next(iter(_EXPANDED)), None)
    _EXPANDED[id(source)] = source, full
    return full


_EXPANDED: dict[int, tuple[Tree, Tree]] = {}
"""By identity, the latest trees, each with what it is expanded to."""
MOST_KEPT = 4


def _expanded(source: Tree) -> Tree:
    networks = topology.networks(source)
    by_size = topology.shares(source)
    return source | {
        "networks": networks,
        "servers": dict(_with_derived(source, networks)) | _malformed(source),
        "users": _each(source, "users", lambda keys: _user(keys, by_size)),
    }


def origin(source: Tree, path: Path) -> Path:
    """Where the value at *path* was written: in the defaults of a role, or for every ISP."""
    if len(path) < 3:
        return path
    section, name, key = (str(part) for part in path[:3])
    source_table = table(source, section, name)
    if section == "servers" and key not in source_table:
        role = str(source_table.get("role", _implied_role(name)))
        if key in table(source, "defaults", role):
            return ("defaults", role, *path[2:])
    isp = table(source, "topology", "isp")
    if section == "networks" and key in isp and source_table.get(key, isp[key]) == isp[key]:
        return ("topology", "isp", *path[2:]) if name in topology.shares(source) else path
    return path


def _with_derived(source: Tree, networks: Any) -> Iterator[tuple[str, Tree]]:
    """Each server with what follows from its network: domains, own addresses, its address."""
    servers = dict(_servers(source, networks))
    ranges = organisations.prefixes(source, networks)
    owners = organisations.owners(source, servers)
    used_addresses = {str(server["address"]) for server in servers.values() if "address" in server}
    free: dict[str, Iterator[str]] = {}
    for name, server in servers.items():
        network = str(server.get("network"))
        keys = table(networks, network)
        derived = organisations.derived(owners[name], keys, ranges) if name in owners else {}
        if "domain" in keys:
            derived.setdefault("domains", [keys["domain"]])
        if "prefixes" in keys:
            derived.setdefault("trusted_networks", keys["prefixes"])
        if table(server, "ports"):
            derived["port_587"] = True
        if "address" not in server:
            addresses = free.setdefault(network, _from_the_top(keys))
            address = next((a for a in addresses if a not in used_addresses), None)
            derived |= {} if address is None else {"address": address}
        server = derived | server
        named = [key for key in organisations.NAMING if key in server]
        yield name, server | {k: organisations.written_out(server[k], ranges) for k in named}


def _servers(source: Tree, networks: Any) -> Iterator[tuple[str, Tree]]:
    """Each server's keys over those of its role, those implied by a domain first."""
    source_servers = {n: s for n, s in table(source, "servers").items() if isinstance(s, dict)}
    implied: Tree = {}
    for network, keys in networks.items() if isinstance(networks, dict) else ():
        if isinstance(keys, dict) and "domain" in keys:
            for role, suffix in IMPLIED.items():
                name = f"{network}-{suffix}"
                if name in source_servers or not _stands_in(
                    source_servers, network, keys["domain"], role
                ):
                    implied[name] = {"role": role, "network": network}
    for name in dict.fromkeys((*implied, *source_servers)):
        server = implied.get(name, {}) | source_servers.get(name, {})
        yield name, table(source, "defaults", str(server.get("role"))) | server


def _stands_in(source_servers: Tree, network: str, domain: Any, role: str) -> bool:
    """Whether the file gives *network* another server of this role for its domain."""
    implied = {f"{network}-{suffix}" for suffix in IMPLIED.values()}
    return any(
        name not in implied
        and server.get("network") == network
        and server.get("role") in (role, "both")
        and domain in _listed(server.get("domains", [domain]))
        for name, server in source_servers.items()
    )


def _implied_role(name: str) -> str | None:
    return next((role for role, suffix in IMPLIED.items() if name.endswith(f"-{suffix}")), None)


def _from_the_top(network: Tree) -> Iterator[str]:
    """Host addresses of a network, the highest first: guests get theirs from below."""
    for text in _listed(network.get("prefixes")):
        yield from map(clients.text, reversed(_hosts(text)) if isinstance(text, str) else ())


@lru_cache(maxsize=4096)
def _hosts(text: str) -> range:
    """The addresses of hosts in a prefix; none, where it is malformed."""
    try:
        return hosts(ip_network(text))
    except ValueError:
        return range(0)


def _user(keys: Tree, by_size: dict[str, float]) -> Tree:
    """Shares of accounts by size, and the line at each place: dial-up at home, else a network."""
    if by_size and keys.get("accounts") == BY_SIZE:
        keys = keys | {"accounts": by_size}
    places = dict.fromkeys(place for part in SHARES for place in table(keys, part))
    lines = {place: "dial-up" if place == HOME else "lan" for place in places or (HOME,)}
    access = merge(lines, keys.get("access", {}), 1)
    return keys | {"access": dict(sorted(access.items())) if isinstance(access, dict) else access}


def _each(source: Tree, section: str, fill: Any) -> Any:
    """A section with every well-formed table of it filled."""
    tables = source.get(section, {})
    if not isinstance(tables, dict):
        return tables
    return {n: fill(keys) if isinstance(keys, dict) else keys for n, keys in tables.items()}


def _malformed(source: Tree) -> Tree:
    return {n: s for n, s in table(source, "servers").items() if not isinstance(s, dict)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
