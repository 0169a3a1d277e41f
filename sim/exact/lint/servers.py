"""What the servers of an arm read and offer, over all lists that they may come to have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.scenario.overrides import matching
from sim.smtp import Policy, Restriction

if TYPE_CHECKING:
    from sim.scenario import Scenario, Server, Users


def policies(scenario: Scenario, server: str) -> Iterator[Policy]:
    """Its policies on every port, and those to which operators close it."""
    yield scenario.policy(server)
    yield from scenario.submission_policies(server).values()
    for relay in closings(scenario, server):
        yield scenario.policy(server, relay=relay)


def closings(scenario: Scenario, server: str) -> Iterator[str | tuple[str, ...]]:
    """What operators who run it close it to."""
    for operator in scenario.operators.values():
        if any(matching(pattern, (server,)) for pattern in operator.servers):
            yield operator.closes_to


def restrictions(scenario: Scenario, server: str) -> Iterator[Restriction]:
    """Every restriction that it may ask, on any port."""
    for policy in policies(scenario, server):
        yield from policy.restrictions()


def asks(scenario: Scenario, server: str, *names: str) -> bool:
    """Whether it may ask a restriction of one of these *names*."""
    return any(restriction.name in names for restriction in restrictions(scenario, server))


def reads(scenario: Scenario, server: str, fact: str) -> bool:
    """Whether a restriction that it may ask looks at *fact*."""
    return any(
        fact in (*restriction.entry.reads, *restriction.entry.state_facts)
        for restriction in restrictions(scenario, server)
    )


def has_preset(scenario: Scenario, server: str, word: str) -> bool:
    """Whether a relay key that it may come to have names the preset *word*."""
    keys = scenario.servers[server]
    listed = (keys.relay, *(port.relay for port in keys.ports.values()))
    texts = (*listed, *closings(scenario, server))
    return any(isinstance(text, str) and word in map(str.strip, text.split("+")) for text in texts)


def offers_auth(scenario: Scenario, server: str) -> bool:
    """Whether it offers SMTP AUTH on some port."""
    return any(policy.auth_offered for policy in policies(scenario, server))


def is_open(scenario: Scenario, server: str) -> bool:
    """Whether it relays for everybody."""
    return any(r.name == "permit" for r in scenario.policy(server).relay[:1])


def accounts(scenario: Scenario, users: Users) -> list[str]:
    """The servers that the mail programs of a group name."""
    own = scenario.submission_servers()
    networks = dict.fromkeys(network for _, _, network in users.accounts_in_use())
    return [own[network] for network in networks if network in own]


def customers(scenario: Scenario, server: str) -> Iterator[Users]:
    """The groups whose mail programs name it."""
    return (users for users in scenario.users.values() if server in accounts(scenario, users))


def keys(scenario: Scenario, users: Users) -> list[Server]:
    """The keys of the servers that the mail programs of a group name."""
    return [scenario.servers[name] for name in accounts(scenario, users)]
