"""Where a message goes next: the MX of its domain (RFC 5321 section 5.1), and open relays."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, NamedTuple

from sim.path.facts import facts
from sim.smtp import Facts, Policy, addresses, decide

if TYPE_CHECKING:
    from sim.topology.names import Names

MOST_HOPS = 8
"""Servers that a message passes before it counts as looping (chosen; RFC 5321 §6.3: at least 100
`Received:` lines)."""

STRANGER = int(IPv4Address("240.0.0.1"))
"""Whose mail an open relay relays: an address that no network has (RFC 1112 section 4)."""
RELAY_TEST = "relay-test@relay-test.example"
"""Recipient of a message that tests whether a server relays: no server has this domain."""


class NextHop(NamedTuple):
    """The server that is asked next, and what it sees."""

    server: str
    facts: Facts


def next_hop(policy: Policy, seen: Facts, names: Names, listed: tuple[str, ...]) -> NextHop | None:
    """Where a server with *policy* passes on what it took as *seen*; None: no MX takes it.

    *listed* are the blocklists that list the server itself.
    """
    to = policy.read(seen.forward_path)
    exchangers = () if isinstance(to, addresses.Fault) else names.mx(to.address.domain)
    if isinstance(to, addresses.Fault) or not exchangers:
        return None
    # as given, unless it was a route that is followed (RFC 5321 appendix C)
    given = addresses.parse(seen.forward_path) == to.address
    path = seen.forward_path if given else to.full
    passed = facts(
        policy.address,
        seen.reverse_path,
        path,
        names=names.zone,
        listed=listed,
        spam=seen.spam,
        content_draw=seen.content_draw,
    )
    return NextHop(exchangers[0], passed)


def is_open(policy: Policy) -> bool:
    """Whether a server with *policy* relays for a stranger."""
    verdict = decide(policy, facts(STRANGER, "test@relay-test.example", RELAY_TEST))
    return verdict.accepted and verdict.relayed
