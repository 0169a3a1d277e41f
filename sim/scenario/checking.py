"""What no key alone can say: names that lead nowhere, overlaps, routes, policies, times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim.records.measures import MEASURES
from sim.scenario import organisations, policies
from sim.scenario.blocklists import Blocklist
from sim.scenario.errors import nearest, one_of, value_text
from sim.scenario.networks import Network
from sim.scenario.operators import Operator
from sim.scenario.organisations import Organisation
from sim.scenario.overrides import matching
from sim.scenario.people import HOME, MOST, WORK, Users
from sim.scenario.problems import KNOWN, Problem, unknown, unknowns
from sim.scenario.servers import Server
from sim.scenario.spammers import Spammers
from sim.smtp import Policy, clients
from sim.smtp.restrictions import STAGES
from sim.topology.addresses import hosts
from sim.topology.numbering import FIRST

MOST_ADDRESSES = 2**20
"""Addresses of all networks together; a larger prefix is a fault."""


A_DURATION = "a duration above 0"
A_NETWORK = "work = a network, beside it"
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
    organisations: dict[str, Organisation] = field(default_factory=dict)
    expect: tuple[Any, ...] = ()
    targets: dict[str, Any] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    with_submission: frozenset[str] = frozenset()
    """Networks whose customers have a server to name in their mail program."""

    def malformed(self, section: str) -> list[str]:
        """Names of a section whose tables are wrong in themselves."""
        return [name for name in self.names[section] if name not in getattr(self, section)]


def problems(parts: Parts) -> Iterator[Problem]:
    """Everything wrong between the parts; servers that have a policy already are known good."""
    for check in WHOLE:
        yield from check(parts)
    for section, check_each in EACH.items():
        for name, entity in getattr(parts, section).items():
            yield from (problem.within(section, name) for problem in check_each(parts, entity))
    for check in (_lists_used, _operators, _counts):
        yield from check(parts)


def _policies(parts: Parts) -> Iterator[Problem]:
    """Parse the policy of each server, and keep it where nothing is wrong with it."""
    for name, server in parts.servers.items():
        if name in parts.policies:
            continue
        network = parts.networks.get(server.network)
        known = _KNOWN.get((name, id(server), id(network)))
        if known is not None:
            parts.policies[name] = known.policy
            continue
        lists, wrong = policies.parse(server)
        yield from (problem.within("servers", name) for problem in wrong)
        if not wrong and network is not None:
            policy = parts.policies[name] = policies.build(name, server, network, lists)
            _keep(_Known(server, network, policy), name)


class _Known(NamedTuple):
    """A policy, and what it was made of: as long as it is held, no other has the same identity."""

    server: Server
    network: Network
    policy: Policy


_KNOWN: dict[tuple[str, int, int], _Known] = {}
"""Policies of tables that many arms and points of a sweep share, the latest."""


def _keep(known: _Known, name: str) -> None:
    if len(_KNOWN) >= KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)), None)
    _KNOWN[name, id(known.server), id(known.network)] = known


def _interest(parts: Parts) -> Iterator[Problem]:
    for measure in parts.head.interest if parts.head else ():
        yield from unknown(measure, MEASURES, "interest", measure)


def _times(parts: Parts) -> Iterator[Problem]:
    head = parts.head
    if head is None:
        return
    if head.run_length <= 0.0:
        yield Problem(("run_length",), f"{head.run_length:g} s", A_DURATION)
    elif head.policy_starts >= head.run_length:
        expected = f"less than run_length, {_days(head.run_length)}"
        yield Problem(("policy_starts",), _days(head.policy_starts), expected)
    elif head.policy_starts + head.transient > head.run_length:
        expected = f"at most {_days(head.run_length - head.policy_starts)}, what is left of the run"
        yield Problem(("transient",), _days(head.transient), expected)


def _days(seconds: float) -> str:
    days = seconds / 86400.0
    return f"{days:g} day{'' if days == 1.0 else 's'}"


def _prefixes(parts: Parts) -> Iterator[Problem]:
    spans: list[tuple[int, int, str, int, clients.Network]] = []
    for name, network in parts.networks.items():
        if network.kind != "transit" and not network.prefixes:
            yield Problem(("networks", name, "prefixes"), "none", "at least one prefix")
        for index, prefix in enumerate(network.prefixes):
            low, high = clients.Range.of(prefix)
            spans.append((low, -high, name, index, prefix))
            if prefix.version == 4 and high >= FIRST:
                expected = "an IPv4 network below 240.0.0.0, where hosts are (RFC 1112 section 4)"
                yield Problem(("networks", name, "prefixes", index), str(prefix), expected)
        if network.lease is not None and network.lease <= 0.0:
            yield Problem(("networks", name, "lease"), f"{network.lease:g} s", A_DURATION)
    if sum(len(hosts(prefix)) for *_, prefix in spans) > MOST_ADDRESSES:
        *_, name, index, prefix = max(spans, key=lambda item: len(hosts(item[-1])))
        expected = f"at most {MOST_ADDRESSES} addresses in all networks together"
        yield Problem(("networks", name, "prefixes", index), str(prefix), expected)
    reach, owner = -1, ""
    for low, below, name, index, prefix in sorted(spans):
        if low <= reach:
            expected = f"a prefix that does not overlap one of {owner}"
            yield Problem(("networks", name, "prefixes", index), str(prefix), expected)
        if -below > reach:
            reach, owner = -below, name


def _domains(parts: Parts) -> Iterator[Problem]:
    """Networks with the mail domain of another: each would have servers for it."""
    owners: dict[str, str] = {}
    for name, network in parts.networks.items():
        owner = name if network.domain is None else owners.setdefault(network.domain, name)
        if owner != name:
            expected = f"a domain that {owner} does not have"
            yield Problem(("networks", name, "domain"), value_text(network.domain), expected)


def _links(parts: Parts) -> Iterator[Problem]:
    links: dict[str, list[str]] = {name: [] for name in parts.names["networks"]}
    earlier: dict[str, Network] = {}
    for name, network in parts.networks.items():
        for other, link in network.links.items():
            path = ("networks", name, "links", other)
            yield from unknown(other, parts.names["networks"], *path)
            if other == name:
                yield Problem(path, value_text(other), "another network")
            if other in earlier and earlier[other].links.get(name, link) != link:
                yield Problem(path, "differs", f"what networks.{other}.links.{name} says")
            if other in links:
                links[name].append(other)
                links[other].append(name)
        earlier[name] = network
    dangling = {name for name, n in parts.networks.items() if not links.keys() >= n.links.keys()}
    component, edge = set(list(links)[:1]), list(links)[:1]
    while edge:
        edge = [other for name in edge for other in links[name] if other not in component]
        edge = list(dict.fromkeys(edge))
        component.update(edge)
    for name in links:
        if name not in component and name in parts.networks and name not in dangling:
            expected = f"a path to {next(iter(links))}: a link to a network that has one"
            yield Problem(("networks", name, "links"), "no path", expected)


def _organisations(parts: Parts) -> Iterator[Problem]:
    domains = {name: network.domain for name, network in parts.networks.items()}
    yield from organisations.problems(parts.organisations, parts.names, domains)


def _servers(parts: Parts) -> Iterator[Problem]:
    owners: dict[Any, str] = {}
    for name, server in parts.servers.items():
        owner = owners.get(server.address)
        yield from (p.within("servers", name) for p in _server(parts, server, owner))
        owners[server.address] = name


def _server(parts: Parts, server: Server, owner: str | None) -> Iterator[Problem]:
    """What is wrong with one server; *owner* is one that has its address already."""
    yield from unknown(server.network, parts.names["networks"], "network")
    network = parts.networks.get(server.network)
    if network is not None and not any(server.address in p for p in network.prefixes):
        expected = f"an address in {one_of(map(str, network.prefixes))}"
        yield Problem(("address",), str(server.address), expected)
    if owner is not None:
        expected = f"an address that {owner} does not have"
        yield Problem(("address",), str(server.address), expected)
    runs = server.between_runs
    if runs < SHORTEST and (runs or not server.wait(0, 0.0, 0.0)):
        expected = "at least 1 s: this schedule tries again at every look into the queue"
        yield Problem(("queue_run",), f"{runs:g} s", expected)
    if not server.domains and server.role != "submission":
        yield Problem(("domains",), "none", "at least one domain")
    if _lacks_ranges(server):
        expected = "the addresses that the preset address_range lets relay"
        yield Problem(("client_ranges",), "none", expected)
    yield from unknown(server.relayhost, parts.names["servers"], "relayhost")
    for sender, name in server.sender_dependent_relayhosts.items():
        yield from unknown(name, parts.names["servers"], "sender_dependent_relayhosts", sender)
    yield from unknowns(server.listed_users, parts.names["users"], "listed_users")


def _lacks_ranges(server: Server) -> bool:
    """Whether its preset lets addresses relay that nothing names."""
    relay = server.relay
    ranged = isinstance(relay, str) and "address_range" in map(str.strip, relay.split("+"))
    return ranged and server.role != "mx" and not (server.client_ranges or server.listed_users)


def _users(parts: Parts, users: Users) -> Iterator[Problem]:
    if users.pop_poll < SHORTEST:
        yield Problem(("pop_poll",), f"{users.pop_poll:g} s", "at least 1 s")
    networks = parts.names["networks"]
    for network in users.accounts:
        yield from _account(parts, network, "accounts", network)
    yield from unknown(users.home, networks, "home")
    yield from unknown(users.work, networks, "work")
    if users.work_account > 0.0 and users.work is None:
        yield Problem(("work_account",), f"{users.work_account:g}", A_NETWORK)
    elif users.work_account > 0.0 and users.work in networks:
        yield from _account(parts, str(users.work), "work_account")
    for key in ("places", "office_hours", "weekend"):
        for place in shares if isinstance(shares := getattr(users, key), dict) else ():
            yield from _place(parts, users, place, key)
    yield from unknowns(users.fixed_address, networks, "fixed_address")
    for index, network in enumerate(users.fixed_address):
        if network in parts.networks and not parts.networks[network].reserved:
            expected = "a network with a reserved block"
            yield Problem(("fixed_address", index), value_text(network), expected)
    for place in users.access:
        if place not in (WORK, *parts.malformed("networks"), *users.all_places):
            yield from unknown(place, _places(parts, users), "access", place)


def _place(parts: Parts, users: Users, place: str, key: str) -> Iterator[Problem]:
    """A place that is no place, or that lends nobody its connection."""
    valid = _places(parts, users)
    if place == WORK and users.work is None:
        yield Problem((key, place), "no such place", A_NETWORK)
    elif place in parts.networks and place not in valid:
        kind = parts.networks[place].kind
        expected = f"home, work, or a venue or workplace; {place} is a network of kind {kind}"
        yield Problem((key, place), value_text(place), expected)
    elif place not in parts.malformed("networks"):
        yield from unknown(place, valid, key, place)


def _places(parts: Parts, users: Users) -> list[str]:
    kinds = "venue", "work"
    venues = [name for name, network in parts.networks.items() if network.kind in kinds]
    return [HOME, *([WORK] if users.work is not None else []), *venues]


def _account(parts: Parts, network: str, *path: str) -> Iterator[Problem]:
    networks = parts.names["networks"]
    homes = [n for n in networks if n not in parts.networks or n in parts.with_submission]
    if network not in networks:
        yield from unknown(network, homes, *path)
    elif network not in homes:
        expected = "a network with a submission server"
        yield Problem(path, f"{network} has none", expected, nearest(network, homes))


def _spammers(parts: Parts, spammers: Spammers) -> Iterator[Problem]:
    yield from unknown(spammers.network, parts.names["networks"], "network")
    yield from unknowns(spammers.heeds, parts.names["blocklists"], "heeds")
    yield from unknowns(spammers.infects, parts.names["users"], "infects")
    yield from unknowns(spammers.stolen_from, parts.names["users"], "stolen_from")
    if spammers.review <= 0.0:
        yield Problem(("review",), f"{spammers.review:g} s", A_DURATION)
    no_account = spammers.network in {*parts.networks} - parts.with_submission
    for index, route in enumerate(spammers.routes):
        if route == "own_account" and no_account:
            expected = f"a route that {spammers.network} has; it has no submission server"
            yield Problem(("routes", index), value_text(route), expected)
        if route in spammers.routes[:index]:
            yield Problem(("routes", index), value_text(route), "each route once")


def _blocklist(parts: Parts, blocklist: Blocklist) -> Iterator[Problem]:
    for name in blocklist.traps:
        yield from unknown(name, parts.names["networks"], "traps", name)
        if name in parts.networks and parts.networks[name].domain is None:
            yield Problem(("traps", name), f"{name} has no domain", "a network with a mail domain")


def _lists_used(parts: Parts) -> Iterator[Problem]:
    """Servers that ask blocklists which do not exist."""
    for name, policy in parts.policies.items():
        for stage in STAGES:
            for index, restriction in enumerate(getattr(policy, stage)):
                for part in restriction.parts():
                    if part.name == "reject_rbl_client":
                        path = ("servers", name, stage, index)
                        zone = part.args[0].partition("=")[0]
                        yield from unknown(zone, parts.names["blocklists"], *path)


def _operators(parts: Parts) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for name, operator in parts.operators.items():
        servers: dict[str, None] = {}
        for index, pattern in enumerate(operator.servers):
            matched = matching(pattern, parts.names["servers"])
            servers |= dict.fromkeys(matched)
            if not matched:
                path = ("operators", name, "servers", index)
                yield from unknown(pattern, parts.names["servers"], *path)
        for server in servers:
            if server in owners:
                expected = f"servers that {owners[server]} does not run"
                yield Problem(("operators", name, "servers"), server, expected)
            owners[server] = name
        yield from (p.within("operators", name) for p in _closing(parts, operator, servers))


def _closing(parts: Parts, operator: Operator, own_servers: Iterable[str]) -> Iterator[Problem]:
    """Closing to a policy that cannot be, or after what cannot happen."""
    for key in ("after_reports", "after_listings"):
        if getattr(operator, key) is not None and not parts.names["blocklists"]:
            yield Problem((key,), "no list to report to", "a [blocklists.NAME] in the scenario")
    servers = [parts.servers[name] for name in own_servers if name in parts.servers]
    closed = [s.model_copy(update={"relay": operator.closes_to}) for s in servers]
    for server in closed[:1]:
        for problem in policies.parse(server)[1]:
            if problem.path[0] == "relay":
                yield problem._replace(path=("closes_to", *problem.path[1:]))
    if any(map(_lacks_ranges, closed)):
        expected = "servers with client_ranges, which the preset address_range lets relay"
        yield Problem(("closes_to",), value_text(operator.closes_to), expected)


def _counts(parts: Parts) -> Iterator[Problem]:
    traps = sum(sum(blocklist.traps.values()) for blocklist in parts.blocklists.values())
    counts = {
        ("users", "people"): sum(users.count for users in parts.users.values()),
        ("networks", "mailboxes"): traps + sum(n.mailboxes for n in parts.networks.values()),
        ("spammers", "spammers"): sum(spammers.count for spammers in parts.spammers.values()),
    }
    for (section, key), count in counts.items():
        if count > MOST:
            yield Problem((section,), f"{count} {key}", f"at most {MOST}")


EACH: dict[str, Callable[[Parts, Any], Iterator[Problem]]] = {
    "users": _users,
    "spammers": _spammers,
    "blocklists": _blocklist,
}
WHOLE = (_times, _interest, _prefixes, _domains, _links, _organisations, _servers, _policies)
"""What is checked of the scenario as a whole, before the tables of `EACH`."""
