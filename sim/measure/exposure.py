"""What rates are divided by, and every key that measures can be split by, of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.scenario.roles import changed_servers
from sim.smtp import clients
from sim.smtp.clients import Range

if TYPE_CHECKING:
    from sim.scenario import Scenario

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Exposure:
    """The spans of the phases (s) and the mailboxes that exist.

    *keys* are the places, groups and servers that there can be, so that a rate of 0 has
    its row too. *changed* are the servers that any arm changes; none: measures of several are of
    all. *addresses* are those that each server sends from, as numbers of the run, and
    *always_listed* the servers that a blocklist lists from the beginning.
    """

    run_length: float
    policy_starts: float
    transient: float
    mailboxes: int
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    blocklists: int = 0
    addresses: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    always_listed: frozenset[str] = frozenset()

    @property
    def spans(self) -> NDArray[np.float64]:
        """Bounds (s) of warm-up, transient and steady state, a row each."""
        steady = min(self.policy_starts + self.transient, self.run_length)
        edges = np.array([0.0, self.policy_starts, steady, self.run_length])
        return np.stack([edges[:-1], edges[1:]], axis=1)

    @property
    def lengths(self) -> NDArray[np.float64]:
        """Lengths of warm-up, transient and steady state, in days."""
        return np.asarray(np.diff(self.spans, axis=1)[:, 0] / DAY)

    @property
    def days(self) -> int:
        """Days that the run has begun."""
        return max(int(np.ceil(self.run_length / DAY)), 1)

    @property
    def by_day(self) -> NDArray[np.float64]:
        """Part of each day of the run that lies within each phase: phases × days, in days."""
        at = np.arange(self.days + 1) * DAY
        return np.stack([np.diff(np.clip(at, low, high)) / DAY for low, high in self.spans])


def exposure(scenario: Scenario) -> Exposure:
    """The exposure of a scenario: accounts, idle mailboxes and traps are all mailboxes."""
    mailboxes = sum(
        group.count * (2 if group.work is not None and group.work_account > 0 else 1)
        for group in scenario.users.values()
    ) + sum(n.mailboxes for n in scenario.networks.values() if n.domain is not None)
    mailboxes += sum(sum(one.traps.values()) for one in scenario.blocklists.values())
    keys = {
        "place": places(scenario),
        "group": ("", *scenario.users, *scenario.spammers, *scenario.servers),
        "server": ("", *scenario.servers),
    }
    return Exposure(
        scenario.run_length,
        scenario.policy_starts,
        scenario.transient,
        mailboxes,
        keys,
        changed_servers(scenario),
        len(scenario.blocklists),
        sources(scenario),
        _always_listed(scenario),
    )


def sources(scenario: Scenario) -> dict[str, tuple[int, ...]]:
    """The addresses that each server sends from, as numbers of the run."""
    number = scenario.numbering.number
    return {
        name: tuple(number(clients.number(address)) for address in server.addresses)
        for name, server in scenario.servers.items()
    }


def _always_listed(scenario: Scenario) -> frozenset[str]:
    """The servers that a blocklist lists by a stated range."""
    ranges = [Range.of(r) for one in scenario.blocklists.values() for r in one.ranges]
    return frozenset(
        name
        for name, server in scenario.servers.items()
        for address in map(clients.number, server.addresses)
        if any(first <= address <= last for first, last in ranges)
    )


def places(scenario: Scenario) -> tuple[str, ...]:
    """Every place that some group is at, in the order of the file; '' for none."""
    names = (place for users in scenario.users.values() for place in users.all_places)
    return tuple(dict.fromkeys(["", *names]))
