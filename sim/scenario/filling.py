"""What a file leaves out and the rest of it implies: servers of a domain, addresses, domains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from sim.records.words import SPAM_ROUTES
from sim.scenario import topology
from sim.scenario.people import BY_SIZE, HOME
from sim.scenario.reading import Tree

MADE = {"submission": "smtp", "mx": "mx"}
"""A network with a domain has servers NAME-smtp and NAME-mx, of these roles."""


PARTS = ("places", "office_hours", "weekend")
"""Keys that say where people are."""


def table(tree: Any, name: str) -> Tree:
    """The table *name* of *tree*; an empty one where there is none."""
    found = tree.get(name) if isinstance(tree, dict) else None
    return found if isinstance(found, dict) else {}


def expanded(source: Tree) -> Tree:
    """Return *source* with every network and server it implies, with derived keys written out.

    Expanding what is expanded changes nothing. What is malformed stays as it is, for the
    checks to name.
    """
    source = source | {"networks": topology.laid_over(source)} | _people(source)
    servers = dict(_servers(source))
    networks = table(source, "networks")
    taken = {server["address"] for server in servers.values() if _is_text(server, "address")}
    free: dict[str, Iterator[str]] = {}
    for name, server in servers.items():
        network = table(networks, str(server.get("network")))
        derived: Tree = {}
        if "domain" in network:
            derived["domains"] = [network["domain"]]
        if "prefixes" in network:
            derived["trusted_networks"] = network["prefixes"]
        if "address" not in server:
            addresses = free.setdefault(str(server.get("network")), _from_the_top(network))
            address = next((a for a in addresses if a not in taken), None)
            derived |= {} if address is None else {"address": address}
        servers[name] = derived | server
    return source | {
        "servers": servers | _malformed(source),
        **{section: _each(source, section, fill) for section, fill in FILLED.items()},
    }


def default_path(source: Tree, name: str, key: str) -> tuple[str, ...] | None:
    """Where the value of a server's key stands, if it stands in ``[defaults]``."""
    written = table(table(source, "servers"), name)
    role = written.get("role", _made_role(name))
    if key in written or key not in table(table(source, "defaults"), str(role)):
        return None
    return ("defaults", str(role), key)


def _servers(source: Tree) -> Iterator[tuple[str, Tree]]:
    """Each server's keys over those of its role, those made from a domain first."""
    defaults = table(source, "defaults")
    written = {n: s for n, s in table(source, "servers").items() if isinstance(s, dict)}
    made: Tree = {}
    for network, keys in table(source, "networks").items():
        if isinstance(keys, dict) and "domain" in keys:
            for role, suffix in MADE.items():
                name = f"{network}-{suffix}"
                if name in written or not _stands_in(written, network, keys["domain"], role):
                    made[name] = {"role": role, "network": network}
    for name in dict.fromkeys((*made, *written)):
        given = made.get(name, {}) | written.get(name, {})
        yield name, table(defaults, str(given.get("role"))) | given


def _stands_in(written: Tree, network: str, domain: Any, role: str) -> bool:
    """Whether the file gives *network* another server of this role for its domain."""
    made = {f"{network}-{suffix}" for suffix in MADE.values()}
    return any(
        name not in made
        and server.get("network") == network
        and server.get("role") in (role, "both")
        and domain in _listed(server.get("domains", [domain]))
        for name, server in written.items()
    )


def _made_role(name: str) -> str | None:
    return next((role for role, suffix in MADE.items() if name.endswith(f"-{suffix}")), None)


def _from_the_top(network: Tree) -> Iterator[str]:
    """Host addresses of a network, the highest first: guests get theirs from below."""
    for text in _listed(network.get("prefixes")):
        try:
            prefix = IPv4Network(text)
        except (ValueError, TypeError):
            continue
        edge = 0 if prefix.prefixlen >= 31 else 1
        last, first = int(prefix.broadcast_address) - edge, int(prefix.network_address) + edge
        yield from (str(IPv4Address(number)) for number in range(last, first - 1, -1))


def _people(source: Tree) -> Tree:
    """The user groups, those whose accounts go by size with the share of each network."""
    groups = table(source, "users")
    by_size = [n for n, keys in groups.items() if table(groups, n).get("accounts") == BY_SIZE]
    shares = topology.shares(source) if by_size else {}
    if not shares:
        return {}
    return {"users": groups | {n: groups[n] | {"accounts": shares} for n in by_size}}


def _users(keys: Tree) -> Tree:
    """The line at each place: dial-up at home, a local network elsewhere."""
    places = dict.fromkeys(p for part in PARTS for p in table(keys, part))
    lines = {place: "dial-up" if place == HOME else "lan" for place in places or (HOME,)}
    return (
        keys | {"access": dict(sorted((lines | given).items()))}
        if isinstance(given := keys.get("access", {}), dict)
        else keys
    )


def _spammers(keys: Tree) -> Tree:
    """The capacity of each route that they use."""
    usual = {r.value: r.capacity for r in SPAM_ROUTES if r in _listed(keys.get("routes"))}
    given = keys.get("capacity", {})
    return keys | {"capacity": usual | given} if isinstance(given, dict) else keys


FILLED: dict[str, Callable[[Tree], Tree]] = {"users": _users, "spammers": _spammers}


def _each(source: Tree, section: str, fill: Callable[[Tree], Tree]) -> Any:
    """A section with every well-formed table of it filled."""
    given = source.get(section, {})
    if not isinstance(given, dict):
        return given
    return {n: fill(keys) if isinstance(keys, dict) else keys for n, keys in given.items()}


def _malformed(source: Tree) -> Tree:
    return {n: s for n, s in table(source, "servers").items() if not isinstance(s, dict)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_text(server: Tree, key: str) -> bool:
    return isinstance(server.get(key), str)
