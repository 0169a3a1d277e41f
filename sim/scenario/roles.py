"""What a scenario is about: the servers that its arms change, and whose mail these relay."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.scenario.scenario import Scenario


def changed_servers(scenario: Scenario) -> frozenset[str]:
    """The servers that are otherwise in some arm than in the baseline, or otherwise run."""
    before, arms = scenario.arm(scenario.baseline), map(scenario.arm, scenario.arms)
    return frozenset(name for arm in arms for name in _different(before, arm))


def _different(before: Scenario, arm: Scenario) -> set[str]:
    """The servers in which two arms differ."""
    names = {n for n, keys in arm.servers.items() if keys != before.servers.get(n)}
    for name, operator in arm.operators.items():
        if operator != before.operators.get(name):
            names.update(arm.run_by(name))
    return names


def submission_servers(scenario: Scenario) -> frozenset[str]:
    """The servers that relay for people: those that their mail programs name."""
    named = scenario.submission_servers()
    networks = {n for users in scenario.users.values() for _, _, n in users.accounts_in_use()}
    return frozenset(named[network] for network in networks if network in named)


def about_leaving(scenario: Scenario) -> bool:
    """Whether the question is what spam leaves servers, rather than what comes to mailboxes: arms
    change a server that relays for people."""
    return bool(changed_servers(scenario) & submission_servers(scenario))
