"""Networks that have fewer addresses than people ask for at once: whoever comes then gets none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.exact.lint.view import Notice, View
from sim.scenario.people import HOME, PARTS, network_at
from sim.topology.addresses import hosts

if TYPE_CHECKING:
    from sim.scenario import Network, Scenario, Users

SURELY = 2.0
"""Standard deviations that a pool is to hold beside the mean number of holders; chosen."""
SERVERS = 100
"""Addresses that servers may have, so that only small pools are looked at one by one."""
STAY = 43200.0
"""Seconds of a part of the week, for which places are drawn: about half a day; chosen."""


def small_pools(view: View) -> Iterator[Notice]:
    """Networks with fewer addresses than people ask for at once."""
    for name, network in view.scenario.networks.items():
        short = [(state, few) for state in view.arms if (few := _short(state.scenario, name))]
        if short:
            holders, most = max(few for _, few in short)
            text = (
                f"has {most} addresses to hand out, and up to {math.ceil(holders)} "
                f"{_who(network)}: whoever finds none cannot connect"
            )
            for state, _ in short:
                yield state.notice(("networks", name, "prefixes"), text)


def _short(scenario: Scenario, name: str) -> tuple[float, int] | None:
    """How many have an address of a network, and how many it has, where these are fewer."""
    network = scenario.networks[name]
    if network.shared_address or network.kind == "transit":
        return None
    holders = _holders(scenario, name)
    fewest = sum(len(hosts(prefix)) for prefix in network.prefixes) - SERVERS
    fewest -= sum(prefix.num_addresses for prefix in network.reserved)
    if holders <= fewest or holders <= (most := len(scenario.leasable(name))):
        return None
    return holders, most


def _who(network: Network) -> str:
    if network.lease is None:
        return "people who keep the one that they get"
    return "people who hold one at once in the busiest hours"


def _holders(scenario: Scenario, network: str) -> float:
    """People who have an address of *network*: by the end of a run, or at once in busy hours; as
    many as there hardly are more."""
    lease = scenario.networks[network].lease
    addresses_in_use = [
        (users.count, _ever(scenario, users, *_share(users, network)))
        if lease is None
        else (users.count, _share(users, network)[0] * _addresses_in_use(scenario, users, lease))
        for users in scenario.users.values()
        if network not in users.fixed_address
    ]
    deviation = math.sqrt(sum(count * share * (1.0 - share) for count, share in addresses_in_use))
    return sum(count * share for count, share in addresses_in_use) + SURELY * deviation


def _addresses_in_use(scenario: Scenario, users: Users, lease: float) -> float:
    """Share of the busy hours that somebody there holds a lease, who takes one when he has none and
    goes online; it ends with the stay at the place."""
    busy = max(scenario.hourly) / (sum(scenario.hourly) / len(scenario.hourly))
    rate, length = busy * (users.messages + users.mail_checks), min(lease, STAY)
    return length / (length + 1.0 / rate) if rate > 0.0 else 0.0


def _ever(scenario: Scenario, users: Users, now: float, ever: float) -> float:
    """Share of a group that is on a network at some time of a run, of whom *now* are in one part
    of a week, and *ever* at most: where they are is drawn anew from time to time."""
    draws = 1.0 + scenario.run_length / max(users.stay, STAY)
    return ever * (1.0 - (1.0 - now / ever) ** draws) if ever > 0.0 else 0.0


def _share(users: Users, network: str) -> tuple[float, float]:
    """The share of a group that is on *network* in the part of the week when most are, and that
    ever is."""
    home = users.accounts.get(network, 0.0)
    parts = [
        [
            (part, home if place == HOME else 1.0)
            for place, part in users.shares(kind).items()
            if part > 0.0 and (place == HOME or network_at(place, HOME, users.work) == network)
        ]
        for kind in PARTS
    ]
    most = max(sum(part * of_group for part, of_group in places) for places in parts)
    return most, max((of_group for places in parts for _, of_group in places), default=0.0)
