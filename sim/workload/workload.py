"""The workload of one replication: people, where they are, what they write, when they poll.

Drawn once and shared by all arms, so that in every arm the same people write the same messages
at the same moments from the same places (common random numbers, Law 2015 section 11.2). Each
group and purpose has its own stream, and draws go person by person, so that a larger group
begins with the same people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sim.workload import week
from sim.workload.arrivals import Arrivals, compose, times
from sim.workload.columns import Columns
from sim.workload.correspondents import Correspondents
from sim.workload.mobility import Mobility, hand_out_addresses, open_visits, whereabouts
from sim.workload.people import Population, populate
from sim.workload.pop_logins import PopLog
from sim.workload.streams import Generator, stream

if TYPE_CHECKING:
    from sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Workload:
    """What no policy changes."""

    population: Population
    mobility: Mobility
    arrivals: Arrivals
    pop_logins: PopLog


@dataclass(frozen=True)
class Shared:
    """A scenario that equals every other with the same *key*: for caches."""

    key: str
    scenario: Scenario = field(compare=False)


def workload(scenario: Scenario, replication: int) -> Workload:
    """The workload of *replication*: drawn once for all arms that share it."""
    key = scenario.model_dump_json(include={*INPUTS})
    key += str([(n, s.role, s.network, s.domains) for n, s in scenario.servers.items()])
    key += str([(n, blocklist.traps) for n, blocklist in scenario.blocklists.items()])
    return _draw_shared(Shared(key, scenario), replication)


INPUTS = ("seed", "run_length", "hourly", "weekend_activity", "networks", "users")
"""Keys that are drawn from, besides servers and blocklists."""


@lru_cache(maxsize=2)
def _draw_shared(shared: Shared, replication: int) -> Workload:
    return draw(shared.scenario, populate(shared.scenario), replication)


def draw(scenario: Scenario, population: Population, replication: int) -> Workload:
    """Draw the workload of *population* in one replication."""
    edges, kinds = week.blocks(scenario.run_length)
    mobility, correspondents = Mobility(edges), Correspondents(scenario, population)
    groups: list[Columns] = []
    length, profile = scenario.run_length, week.Profile.of(scenario)
    for group, users in scenario.users.items():
        people = [population.people[i] for i in population.groups[group]]

        def named(purpose: str, entity: str = f"users.{group}") -> Generator:
            return stream(scenario.seed, replication=replication, entity=entity, purpose=purpose)

        writes = times(users.writes, len(people), length, named, "messages", profile)
        checks = times(users.mail_checks, len(people), length, named, "checks", profile)
        places = whereabouts(users, len(people), edges, kinds, named)
        visit = open_visits(
            scenario, mobility, people, places, writes.and_also(checks), named("session lengths")
        )
        messages = compose(correspondents, users, people, named, writes)
        groups.append(messages | {"visit": visit[: len(writes.at)].astype(np.int32)})
    hand_out_addresses(scenario, mobility, replication)
    columns = {name: np.concatenate([part.pop(name) for part in groups]) for name in [*groups[0]]}
    visit = columns.pop("visit")
    for name, of_visit in (
        ("place", mobility.place_of),
        ("network", mobility.network_of),
        ("client", mobility.client_of),
    ):
        columns[name] = np.array(of_visit)[visit]
    arrivals = Arrivals(population, mobility.names, columns)
    return Workload(population, mobility, arrivals, PopLog(scenario, mobility))
