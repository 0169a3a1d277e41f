"""The world behind live servers: that of an arm, with as many people as are wished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.smtp import clients
from sim.workload.people import Population, populate
from sim.workload.workload import draw
from sim.world.run import World

if TYPE_CHECKING:
    from sim.scenario import Scenario

DAY = 86400.0
NAMES = ("alice", "bob", "ann", "postmaster")
"""Accounts that each network with accounts has besides those of the scenario (chosen)."""
SETTLED = 1.0
"""Seconds after policy_starts at which the servers open."""


def open_world(scenario: Scenario, arm: str, people: float = 0.0) -> World:
    """The world of *arm* a moment after its policies came into force, event by event.

    *people* is how much simulated people and spammers write, as a share of what the scenario says;
    0: nobody does.
    """
    shared = scenario.with_overrides(_rates(scenario, people))
    population = populate(shared)
    workload = draw(shared, population, 0)
    _add_mailboxes(shared, population)
    world = World(shared, arm, 0, workload, batch=False, spammers=people > 0.0)
    world.transport.hosts.reads_helo = True  # some other arm may
    world.begin()
    world.env.run(until=shared.policy_starts + SETTLED)
    return world


def _rates(scenario: Scenario, people: float) -> dict[str, str]:
    """The keys by which people write, read and send spam *people* times as much."""
    changes = {
        f"users.{name}.{key}": f"{getattr(users, key) * DAY * people:.6g} / day"
        for name, users in scenario.users.items()
        for key in ("messages", "mail_checks")
    }
    if people > 0.0:
        for name, spammers in scenario.spammers.items():
            changes |= {f"spammers.{name}.{k}": v for k, v in spammers.times(people).items()}
    return changes


def _add_mailboxes(scenario: Scenario, population: Population) -> None:
    """Add NAMES to the accounts of every network that has accounts."""
    boxes = population.mailboxes
    for network, server in scenario.submission_servers().items():
        domain = scenario.account_domain(server)
        for address in (f"{name}@{domain}" for name in NAMES):
            if boxes.find(address) is None:
                boxes.add(*address.split("@"))
                population.guests[address] = network


def address_text(world: World, client: int) -> str:
    """The address of a client, by its number in the run, as people write it."""
    return clients.text(world.scenario.numbering.address(client))
