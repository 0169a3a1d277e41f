"""The rules: each finds one kind of thing in a scenario that hardly does what was meant.

To add one, write a function here or beside, whose docstring says what it finds, and a line in
`RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cache
from typing import NamedTuple

from sim.exact import findings
from sim.exact.diff import changes
from sim.exact.lint import servers
from sim.exact.lint.pools import small_pools
from sim.exact.lint.reading import unread_keys, unread_values
from sim.exact.lint.view import Notice, View
from sim.path.journey import Servers
from sim.path.route import STRANGER, is_open
from sim.records.usage import quoted
from sim.records.words import Route
from sim.scenario import Scenario, Spammers, Users
from sim.scenario.spammers import HOSTED
from sim.smtp import clients
from sim.smtp.restrictions import STAGES


def equal_arms(view: View) -> Iterator[Notice]:
    """Two arms that are equal, key by key."""
    first: dict[Hashable, str] = {}
    for arm, key in view.identities.items():
        if first.setdefault(key, arm) != arm:
            yield Notice(("arms", arm), f"equals {quoted(first[key])}, key by key")


def alike_arms(view: View) -> Iterator[Notice]:
    """Two arms with other policies that answer alike in every cell of the matrix."""
    kinds: dict[Hashable, list[str]] = {}
    servers_of = cache(lambda arm: Servers(view.scenario, arm))
    for arm in {identity: arm for arm, identity in view.identities.items()}.values():
        if len(view.scenario.arm(arm).stages) > 1:
            continue
        of_kind = kinds.setdefault(_apart_from_lists(view.scenario.arm(arm)), [])
        like = next(
            (one for one in of_kind if _answer_alike(servers_of(one), servers_of(arm))), None
        )
        if like is None:
            of_kind.append(arm)
        else:
            text = f"answers as {quoted(like)} in every cell of the matrix, and is equal otherwise"
            yield Notice(("arms", arm), text)


SEEN = {"client", "login", "forward_path"}
"""Facts that differ between cells of the matrix."""


def _apart_from_lists(arm: Scenario) -> Hashable:
    """What tells arms apart besides lists about what the cells of the matrix differ in."""
    lists: dict[str, object] = {**dict.fromkeys(STAGES, ()), "auth_offered": "auto"}
    plain = {name: keys.model_copy(update=lists) for name, keys in arm.servers.items()}
    others = [
        (name, str(restriction))
        for name in arm.servers
        for restriction in servers.restrictions(arm, name)
        if restriction.entry.state_facts or not SEEN.issuperset(restriction.entry.reads)
    ]
    return arm.model_copy(update={"servers": plain}).hash(), tuple(others)


def _answer_alike(a: Servers, b: Servers) -> bool:
    return next(changes(a, b), None) is None


def same_place(view: View) -> Iterator[Notice]:
    """People whose workplace is the network that they have at home."""
    for state in view.arms:
        for name, users in state.scenario.users.items():
            homes = {*users.accounts} if users.home is None else {users.home}
            if users.work is not None and homes == {users.work}:
                text = f"{users.work} is all that this group has at home: work is no other place"
                yield state.notice(("users", name, "work"), text)


def unvisited_venues(view: View) -> Iterator[Notice]:
    """Venues where nobody ever is, and that have no mail of their own."""
    for name, network in view.scenario.networks.items():
        if network.kind == "venue" and network.domain is None and not _is_visited(view, name):
            yield Notice(("networks", name), "nobody is ever there")


def _is_visited(view: View, network: str) -> bool:
    return any(
        network in (*places, *(spammers.network for spammers in s.spammers.values()))
        for _, s, _ in view.states
        for places in [{place for users in s.users.values() for place in users.visited}]
    )


def unasked_blocklists(view: View) -> Iterator[Notice]:
    """Blocklists that no server, spammer or operator asks."""
    zones = {zone for _, scenario, _ in view.states for zone in _zones_asked(scenario)}
    for name in view.scenario.blocklists:
        if name not in zones:
            yield Notice(("blocklists", name), "no server, spammer or operator asks this list")


def _zones_asked(scenario: Scenario) -> Iterator[str]:
    for spammers in scenario.spammers.values():
        yield from spammers.heeds
    for operator in scenario.operators.values():
        if operator.after_listings is not None or operator.after_reports is not None:
            yield from scenario.blocklists
    for server in scenario.servers:
        for restriction in servers.restrictions(scenario, server):
            kinds = (parameter.kind for parameter in restriction.entry.parameters)
            if "blocklist" in kinds:
                yield str(restriction.args[0]).partition("=")[0]


def idle_operators(view: View) -> Iterator[Notice]:
    """Operators without a reason to close anything."""
    reasons = ("date", "open_share", "after_reports", "after_listings", "after_relayed")
    for name in view.scenario.operators:
        every = [scenario.operators[name] for _, scenario, _ in view.states]
        if not any(getattr(one, key) not in (None, ()) for one in every for key in reasons):
            yield Notice(
                ("operators", name), f"closes nothing: it has none of {', '.join(reasons)}"
            )


def routes_without_host(view: View) -> Iterator[Notice]:
    """Ways of sending spam that have nothing to send by, in any arm."""
    for name, spammers in view.scenario.spammers.items():
        for index, route in enumerate(spammers.routes):
            lacks = _LACKING.get(route)
            if lacks and all(lacks[1](s, s.spammers[name]) for _, s, _ in view.states):
                path = ("spammers", name, "routes", index)
                yield Notice(path, f"{route} carries nothing: {lacks[0]}")


def _no_open_relay(scenario: Scenario, _: Spammers) -> bool:
    return not any(
        is_open(scenario.policy(server), client)
        for server, keys in scenario.servers.items()
        for client in (STRANGER, *map(clients.number, keys.seen_as.values()))
    )


def _no_hosts(_: Scenario, spammers: Spammers) -> bool:
    return not spammers.hosts and not spammers.recruits


def _no_logins(scenario: Scenario, spammers: Spammers) -> bool:
    offered = any(servers.offers_auth(scenario, server) for server in scenario.servers)
    return not offered or not (spammers.stolen or spammers.steals)


def _no_windows(scenario: Scenario, _: Spammers) -> bool:
    return not any(servers.reads(scenario, server, "pop_age") for server in scenario.servers)


_LACKING: dict[str, tuple[str, Callable[[Scenario, Spammers], bool]]] = {
    Route.OPEN_RELAY: ("no server ever relays for strangers", _no_open_relay),
    Route.STOLEN_CREDENTIALS: ("no server offers AUTH, or there are no logins", _no_logins),
    Route.INHERITED_WINDOW: ("no server asks for POP before SMTP", _no_windows),
    **dict.fromkeys(HOSTED, ("there are no hosts, and none are recruited", _no_hosts)),
}


def open_greylisting(view: View) -> Iterator[Notice]:
    """Greylisting on a server that is open: who may relay is not greylisted."""
    text = "greylists nobody: who may relay is not greylisted, and everybody may; say all, as in "
    for state in view.arms:
        for name in state.scenario.servers if view.scenario.servers else ():
            policy = state.scenario.policy(name)
            for stage in STAGES if servers.is_open(state.scenario, name) else ():
                for restriction in getattr(policy, stage):
                    if restriction.name == "greylist" and len(restriction.args) == 1:
                        example = str(restriction).replace(")", ", all)")
                        yield state.notice(("servers", name, stage), text + example)


REACH = 10.0
"""Times what the busiest client does on average, beyond which a limit is out of reach; chosen."""


def limits_out_of_reach(view: View) -> Iterator[Notice]:
    """Limits that no client can come near."""
    for state in view.arms:
        for name, keys in state.scenario.servers.items():
            most = keys.sessions + keys.connection_queue
            for restriction in state.scenario.policy(name).client:
                text = ""
                if restriction.name == "limit_connections" and restriction.args[0] >= most:
                    text = f"the server itself has {most} sessions and places in its queue"
                elif restriction.name == "limit_client_rate":
                    limit = restriction.args[0]
                    busiest = _busiest(state.scenario) * limit.window
                    if limit.most > REACH * (busiest + 1.0):
                        text = f"the busiest client sends about {busiest:.2g} in that time"
                if text:
                    yield state.notice(
                        ("servers", name, "client"), f"{restriction} never strikes: {text}"
                    )


def _busiest(scenario: Scenario) -> float:
    """Transactions a second of the client that sends most."""
    groups = scenario.users.values()
    alone = max((users.writes for users in groups), default=0.0)
    behind_one = [
        sum(users.writes * users.count for users in groups if name in users.visited)
        for name, network in scenario.networks.items()
        if network.shared_address
    ]
    spam = (
        max(spammers.demand, spammers.campaign / 86400.0) / min(spammers.recipients, 10)
        for spammers in scenario.spammers.values()
    )
    return max(alone, *behind_one, *spam, 0.0)


class Habit(NamedTuple):
    """A share of people who have something from the start, which arms may be about."""

    key: str
    words: str
    offered: Callable[[Scenario, str], bool]


HABITS = (
    Habit(
        "port_587", "sends by port 587", lambda s, server: bool(s.servers[server].submission_port)
    ),
    Habit("auth", "has AUTH on", lambda s, server: s.policy(server).auth_offered),
    Habit(
        "pop_before_sending",
        "looks for mail before sending",
        lambda s, server: servers.reads(s, server, "pop_age"),
    ),
)


def deciding_defaults(view: View) -> Iterator[Notice]:
    """A share of people at its default of 0, where some arms are about just that."""
    for habit in HABITS:
        offering = [state for state in view.arms if _concerned(state.scenario, habit)]
        groups = {name for state in offering for name in _concerned(state.scenario, habit)}
        some = dict.fromkeys(state.arm for state in offering)
        if not groups or len(some) == len(view.scenario.arms):
            continue
        if any(view.says("users", name, habit.key) for name in groups):
            continue
        text = (
            f"nobody {habit.words} at first: users.*.{habit.key} is 0 by default, which decides "
            "what this costs; state it, or its [ranges]"
        )
        for arm in some:
            yield Notice(("arms", offering[0].arm), text, (arm,))


def _concerned(scenario: Scenario, habit: Habit) -> list[str]:
    """The groups with an account where an arm offers what a habit is about."""

    def is_concerned(users: Users) -> bool:
        own = servers.accounts(scenario, users)
        return users.program == "mail" and any(habit.offered(scenario, name) for name in own)

    return [name for name, users in scenario.users.items() if is_concerned(users)]


def doubtful_policies(view: View) -> Iterator[Notice]:
    """Policies that relay for everybody, refuse their own mail, or have lines without effect."""
    for warned in findings.warnings(view.scenario):
        state = next(state for state in view.arms if state.arm == warned.arms[0])
        place = state.notice(("servers", warned.servers[0], warned.finding.stage or "relay"), "")
        for arm in warned.arms:
            yield Notice(place.path, warned.text, (arm,))


RULES: dict[str, Callable[[View], Iterator[Notice]]] = {
    "equal-arms": equal_arms,
    "alike-arms": alike_arms,
    "deciding-default": deciding_defaults,
    "unread-key": unread_keys,
    "unread-value": unread_values,
    "small-pool": small_pools,
    "same-place": same_place,
    "unvisited-venue": unvisited_venues,
    "unasked-blocklist": unasked_blocklists,
    "idle-operator": idle_operators,
    "route-without-host": routes_without_host,
    "open-greylisting": open_greylisting,
    "limit-out-of-reach": limits_out_of_reach,
    "doubtful-policy": doubtful_policies,
}
"""Every rule by its name; what is found is told in this order."""
