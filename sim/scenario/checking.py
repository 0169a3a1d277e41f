"""What no key alone can say: names that lead nowhere, overlaps, routes, policies, times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from sim.scenario import overriding, policies
from sim.scenario.blocklists import Blocklist
from sim.scenario.errors import nearest, one_of, shown
from sim.scenario.found import Found
from sim.scenario.networks import Network
from sim.scenario.operators import Operator
from sim.scenario.people import HOME, MOST, WORK, Users
from sim.scenario.servers import Server
from sim.scenario.spammers import Spammers

MOST_ADDRESSES = 2**20
"""Addresses of all networks together; a larger prefix is a fault."""


SHORTEST = 1.0
"""Seconds from one attempt of a queue or mail program to the next, at least: time must pass."""


@dataclass
class Parts:
    """What of a scenario is valid by itself, and every name that the file uses."""

    head: Any = None
    networks: dict[str, Network] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    users: dict[str, Users] = field(default_factory=dict)
    spammers: dict[str, Spammers] = field(default_factory=dict)
    blocklists: dict[str, Blocklist] = field(default_factory=dict)
    operators: dict[str, Operator] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    with_submission: frozenset[str] = frozenset()
    """Networks whose customers have a server to name in their mail program."""


def faults(parts: Parts, unchanged: Iterable[str] = ()) -> Iterator[Found]:
    """Everything wrong between the parts; servers *unchanged* have a policy that is known good."""
    if parts.head is not None:
        yield from _times(parts)
    yield from _prefixes(parts)
    yield from _domains(parts)
    yield from _links(parts)
    yield from _servers(parts)
    known_good = set(unchanged)
    for name, server in parts.servers.items():
        if name not in known_good:
            yield from (found.within("servers", name) for found in policies.faults(server))
    for name, users in parts.users.items():
        yield from (found.within("users", name) for found in _users(parts, users))
    for name, spammers in parts.spammers.items():
        yield from (found.within("spammers", name) for found in _spammers(parts, spammers))
    for name, blocklist in parts.blocklists.items():
        yield from (found.within("blocklists", name) for found in _blocklist(parts, blocklist))
    yield from _lists_used(parts)
    yield from _operators(parts)
    yield from _counts(parts)


def dangling(name: str, names: Iterable[str], *path: str | int) -> Iterator[Found]:
    """A fault if *name* is none of *names*."""
    valid = list(names)
    if name not in valid:
        yield Found(path, shown(name), one_of(valid), nearest(name, valid))


def _times(parts: Parts) -> Iterator[Found]:
    head = parts.head
    if head.run_length <= 0.0:
        yield Found(("run_length",), f"{head.run_length:g} s", "a duration above 0")
    elif head.policy_starts >= head.run_length:
        expected = f"less than run_length, {_days(head.run_length)}"
        yield Found(("policy_starts",), _days(head.policy_starts), expected)
    elif head.policy_starts + head.transient > head.run_length:
        expected = f"at most {_days(head.run_length - head.policy_starts)}, what is left of the run"
        yield Found(("transient",), _days(head.transient), expected)


def _days(seconds: float) -> str:
    days = seconds / 86400.0
    return f"{days:g} day{'' if days == 1.0 else 's'}"


def _prefixes(parts: Parts) -> Iterator[Found]:
    placed: list[tuple[int, int, str, int, IPv4Network]] = []
    for name, network in parts.networks.items():
        if network.kind != "transit" and not network.prefixes:
            yield Found(("networks", name, "prefixes"), "none", "at least one prefix")
        for index, prefix in enumerate(network.prefixes):
            low, high = int(prefix.network_address), int(prefix.broadcast_address)
            placed.append((low, -high, name, index, prefix))
        if network.lease is not None and network.lease <= 0.0:
            yield Found(("networks", name, "lease"), f"{network.lease:g} s", "a duration above 0")
    if sum(prefix.num_addresses for *_, prefix in placed) > MOST_ADDRESSES:
        *_, name, index, prefix = max(placed, key=lambda item: item[-1].num_addresses)
        expected = f"at most {MOST_ADDRESSES} addresses in all networks together"
        yield Found(("networks", name, "prefixes", index), str(prefix), expected)
    reach, owner = -1, ""
    for low, below, name, index, prefix in sorted(placed):
        if low <= reach:
            expected = f"a prefix that does not overlap one of {owner}"
            yield Found(("networks", name, "prefixes", index), str(prefix), expected)
        if -below > reach:
            reach, owner = -below, name


def _domains(parts: Parts) -> Iterator[Found]:
    """Networks with the mail domain of another: each would have servers for it."""
    owners: dict[str, str] = {}
    for name, network in parts.networks.items():
        owner = name if network.domain is None else owners.setdefault(network.domain, name)
        if owner != name:
            expected = f"a domain that {owner} does not have"
            yield Found(("networks", name, "domain"), shown(network.domain), expected)


def _links(parts: Parts) -> Iterator[Found]:
    joined: dict[str, list[str]] = {name: [] for name in parts.names["networks"]}
    seen: dict[str, Network] = {}
    for name, network in parts.networks.items():
        for other, link in network.links.items():
            path = ("networks", name, "links", other)
            yield from dangling(other, parts.names["networks"], *path)
            if other == name:
                yield Found(path, shown(other), "another network")
            if other in seen and seen[other].links.get(name, link) != link:
                yield Found(path, "differs", f"what networks.{other}.links.{name} says")
            if other in joined:
                joined[name].append(other)
                joined[other].append(name)
        seen[name] = network
    reached, edge = set(list(joined)[:1]), list(joined)[:1]
    while edge:
        edge = [other for name in edge for other in joined[name] if other not in reached]
        edge = list(dict.fromkeys(edge))
        reached.update(edge)
    for name in joined:
        if name not in reached and name in parts.networks:
            expected = f"a path to {next(iter(joined))}: a link to a network that has one"
            yield Found(("networks", name, "links"), "no path", expected)


def _servers(parts: Parts) -> Iterator[Found]:
    taken: dict[Any, str] = {}
    for name, server in parts.servers.items():
        yield from dangling(server.network, parts.names["networks"], "servers", name, "network")
        network = parts.networks.get(server.network)
        path = ("servers", name, "address")
        if network is not None and not any(server.address in p for p in network.prefixes):
            listed = one_of(map(str, network.prefixes))
            yield Found(path, str(server.address), f"an address in {listed}")
        if server.address in taken:
            expected = f"an address that {taken[server.address]} does not have"
            yield Found(path, str(server.address), expected)
        taken[server.address] = name
        if server.between_runs < SHORTEST and (server.between_runs or not server.wait(0, 0.0, 0.0)):
            expected = "at least 1 s: this schedule tries again at every look into the queue"
            yield Found(("servers", name, "queue_run"), f"{server.between_runs:g} s", expected)
        if not server.domains and server.role != "submission":
            yield Found(("servers", name, "domains"), "none", "at least one domain")
        if _lacks_ranges(server):
            expected = "the addresses that the preset address_range lets relay"
            yield Found(("servers", name, "client_ranges"), "none", expected)
        for index, group in enumerate(server.listed_users):
            groups = parts.names["users"]
            yield from dangling(group, groups, "servers", name, "listed_users", index)


def _lacks_ranges(server: Server) -> bool:
    """Whether its preset lets addresses relay that nothing names."""
    relay = server.relay
    ranged = isinstance(relay, str) and "address_range" in map(str.strip, relay.split("+"))
    return ranged and server.role != "mx" and not (server.client_ranges or server.listed_users)


def _users(parts: Parts, users: Users) -> Iterator[Found]:
    if users.pop_poll < SHORTEST:
        yield Found(("pop_poll",), f"{users.pop_poll:g} s", "at least 1 s")
    networks = parts.names["networks"]
    homes = [n for n in networks if n not in parts.networks or n in parts.with_submission]
    for network in users.accounts:
        yield from _account(network, networks, homes, "accounts", network)
    if users.work is not None:
        yield from dangling(users.work, networks, "work")
        if users.work_account > 0.0 and users.work in networks:
            yield from _account(users.work, networks, homes, "work_account")
    elif users.work_account > 0.0:
        yield Found(("work_account",), f"{users.work_account:g}", "work = a network, beside it")
    venues = [n for n, network in parts.networks.items() if network.kind == "venue"]
    unknown = [n for n in networks if n not in parts.networks]
    valid = [HOME, *([WORK] if users.work is not None else []), *venues]
    written = {"places": users.places, "office_hours": users.office_hours, "weekend": users.weekend}
    for key, shares in written.items():
        for place in shares if isinstance(shares, dict) else ():
            if place == WORK and users.work is None:
                yield Found((key, place), "no such place", "work = a network, beside it")
            elif place in parts.networks and place not in venues:
                kind = parts.networks[place].kind
                expected = f"home, work or a venue; {place} is a network of kind {kind}"
                yield Found((key, place), shown(place), expected)
            elif place not in unknown:
                yield from dangling(place, valid, key, place)
    for index, network in enumerate(users.fixed_address):
        yield from dangling(network, networks, "fixed_address", index)
        if network in parts.networks and not parts.networks[network].reserved:
            yield Found(("fixed_address", index), shown(network), "a network with a reserved block")
    for place in users.access:
        if place not in (WORK, *unknown, *users.all_places):
            yield from dangling(place, valid, "access", place)


def _account(network: str, networks: list[str], homes: list[str], *path: str) -> Iterator[Found]:
    if network not in networks:
        yield from dangling(network, homes, *path)
    elif network not in homes:
        expected = "a network with a submission server"
        yield Found(path, f"{network} has none", expected, nearest(network, homes))


def _spammers(parts: Parts, spammers: Spammers) -> Iterator[Found]:
    yield from dangling(spammers.network, parts.names["networks"], "network")
    for index, name in enumerate(spammers.heeds):
        yield from dangling(name, parts.names["blocklists"], "heeds", index)
    known = spammers.network in parts.networks
    if "own_account" in spammers.routes and known and spammers.network not in parts.with_submission:
        index = spammers.routes.index("own_account")
        expected = f"a route that {spammers.network} has; it has no submission server"
        yield Found(("routes", index), "'own_account'", expected)
    for index, route in enumerate(spammers.routes):
        if route in spammers.routes[:index]:
            yield Found(("routes", index), shown(route), "each route once")


def _blocklist(parts: Parts, blocklist: Blocklist) -> Iterator[Found]:
    for name in blocklist.traps:
        yield from dangling(name, parts.names["networks"], "traps", name)
        if name in parts.networks and parts.networks[name].domain is None:
            yield Found(("traps", name), f"{name} has no domain", "a network with a mail domain")


def _lists_used(parts: Parts) -> Iterator[Found]:
    """Servers that ask blocklists which do not exist."""
    for name, server in parts.servers.items():
        for index, text in enumerate(server.client):
            asked = text.partition("(")[2].rpartition(")")[0].strip()
            if text.strip().startswith("reject_rbl_client") and asked:
                yield from dangling(
                    asked, parts.names["blocklists"], "servers", name, "client", index
                )


def _operators(parts: Parts) -> Iterator[Found]:
    taken: dict[str, str] = {}
    for name, operator in parts.operators.items():
        mine: dict[str, None] = {}
        for index, pattern in enumerate(operator.servers):
            matched = overriding.matching(pattern, parts.names["servers"])
            mine |= dict.fromkeys(matched)
            if not matched:
                yield Found(
                    ("operators", name, "servers", index),
                    shown(pattern),
                    one_of(parts.names["servers"]),
                    nearest(pattern.replace("*", ""), parts.names["servers"]),
                )
        for server in mine:
            if server in taken:
                expected = f"servers that {taken[server]} does not run"
                yield Found(("operators", name, "servers"), server, expected)
            taken[server] = name
        yield from (f.within("operators", name) for f in _closing(parts, operator, mine))


def _closing(parts: Parts, operator: Operator, mine: Iterable[str]) -> Iterator[Found]:
    """Closing to a policy that cannot be, or after what cannot happen."""
    for key in ("after_reports", "after_listings"):
        if getattr(operator, key) is not None and not parts.names["blocklists"]:
            yield Found((key,), "no list to report to", "a [blocklists.NAME] in the scenario")
    servers = [parts.servers[name] for name in mine if name in parts.servers]
    closed = [s.model_copy(update={"relay": operator.closes_to}) for s in servers]
    for server in closed[:1]:
        for found in policies.faults(server):
            if found.path[0] == "relay":
                yield found._replace(path=("closes_to", *found.path[1:]))
    if any(map(_lacks_ranges, closed)):
        expected = "servers with client_ranges, which the preset address_range lets relay"
        yield Found(("closes_to",), shown(operator.closes_to), expected)


def _counts(parts: Parts) -> Iterator[Found]:
    people = sum(users.count for users in parts.users.values())
    if people > MOST:
        yield Found(("users",), f"{people} people", f"at most {MOST}")
    boxes = sum(network.mailboxes for network in parts.networks.values())
    boxes += sum(sum(blocklist.traps.values()) for blocklist in parts.blocklists.values())
    if boxes > MOST:
        yield Found(("networks",), f"{boxes} mailboxes", f"at most {MOST}")
    senders = sum(spammers.count for spammers in parts.spammers.values())
    if senders > MOST:
        yield Found(("spammers",), f"{senders} spammers", f"at most {MOST}")
