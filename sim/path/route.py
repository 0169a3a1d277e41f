"""Where a message goes next: the MX of its domain (RFC 5321 section 5.1), and open relays."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sim.path.facts import NO_LOGIN, Credentials, facts
from sim.path.submission import credentials
from sim.smtp import Facts, Policy, addresses, decide
from sim.smtp.forwarding import Envelope, forwarded
from sim.topology.gateways import Gateways

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sim.scenario.servers import Server
    from sim.topology.names import Names

Host = TypeVar("Host")

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
    port: int = 25

    @property
    def envelope(self) -> Envelope:
        """What it is told of sender and recipient."""
        return Envelope(self.facts.reverse_path, self.facts.forward_path)


def exchangers(
    servers: Mapping[str, Server], names: Names, name: str, domain: str, sender: str | None
) -> Sequence[str]:
    """Servers to which *name* offers mail of *sender* for *domain*, in turn: its relayhost, or the
    MX servers that are preferred to itself (RFC 5321 section 5.1)."""
    smarthost = servers[name].smarthost(name, sender)
    if smarthost is not None:
        return (smarthost,)
    return preferred(names.mx(domain), name)


def preferred(hosts: Sequence[Host], own: Host) -> Sequence[Host]:
    """Those of the MX servers *hosts* that are preferred to one's *own*; all, if that is none."""
    return hosts[: hosts.index(own)] if own in hosts else hosts


def relay_credentials(own: str, server: Server, host: Server, sender: str | None) -> Credentials:
    """What *server*, called *own*, shows *host*, which is next for mail of *sender*: at a
    relayhost, its login."""
    login = server.relayhost_login
    if login is None or server.smarthost(own, sender) is None:
        return NO_LOGIN
    return credentials(
        login,
        by_587=True,
        wrong_password=False,
        offers_auth=True,
        submission_port=host.submission_port,
    )


def next_hop(
    servers: Mapping[str, Server],
    name: str,
    policy: Policy,
    session_facts: Facts,
    names: Names,
    listed: Callable[[int], tuple[str, ...]],
) -> NextHop | None:
    """Next hop of mail that the server *name*, with *policy*, took in a session, after its
    aliases; None: no MX takes it.

    *session_facts* are those of that session; *listed* returns the blocklists that list an address.
    """
    envelope = Envelope(session_facts.reverse_path, session_facts.forward_path)
    sender, recipient = forwarded(policy, envelope) or envelope
    to = policy.read(recipient)
    if isinstance(to, addresses.Fault):
        return None
    hosts = exchangers(servers, names, name, to.address.domain, sender)
    if not hosts:
        return None
    source = Gateways(servers[hosts[0]].seen_as).visible_address(servers[name].source())
    shows = relay_credentials(name, servers[name], servers[hosts[0]], sender)
    shows = shows._replace(helo=policy.hostname)
    # as is_final, unless it was a route that is followed (RFC 5321 appendix C)
    is_final = addresses.parse(recipient) == to.address
    next_facts = facts(
        source,
        sender,
        recipient if is_final else to.full,
        shows,
        names=names.zone,
        listed=listed(source),
        spam=session_facts.spam,
        content_draw=session_facts.content_draw,
    )
    return NextHop(hosts[0], next_facts, shows.port)


def is_open(policy: Policy, client: int = STRANGER) -> bool:
    """Whether a server with *policy* relays for a stranger, whose address it sees as *client*."""
    verdict = decide(policy, facts(client, "test@relay-test.example", RELAY_TEST))
    return verdict.accepted and verdict.relayed
