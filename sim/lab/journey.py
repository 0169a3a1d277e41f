"""From the mail program to the mailbox: each server on the way is asked with `decide`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isinf
from typing import TYPE_CHECKING

from sim.scenario.policies import on_port_587
from sim.smtp import Facts, Policy, Verdict, addresses, decide
from sim.smtp.verdicts import UNREACHABLE

if TYPE_CHECKING:
    from sim.network.names import Names
    from sim.network.topology import Routes
    from sim.scenario import Scenario

MOST_HOPS = 8
"""Servers that a message passes before it counts as looping (chosen; RFC 5321 §6.3: at least 100
`Received:` lines)."""


LIKELIER = 0.5
"""The draw at which a filter does what is likelier."""
CAUGHT = 0.0
"""The draw at which it takes the message for spam, if it ever does."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message offered to one server: who, from where, with which credentials, for whom."""

    server: str
    network: str
    """The network that the client is on."""
    client: int | None
    """Its IPv4 address as a number; None: the network has none to give."""
    reverse_path: str | None
    forward_path: str
    login: str | None = None
    """The name that the mail program logs in with, where AUTH is offered."""
    wrong_password: bool = False
    """The server refuses the login, and the mail program stops there."""
    popped: bool = False
    """A POP login at the server's ISP has just come from this address."""
    waited: float | None = None
    """Seconds since the same was tried for the first time; None: this is the first time."""
    spam: bool = False
    """Whether its content is spam."""
    port: int = 25
    """587: submission with AUTH, where the server offers it; else it is port 25 all the same."""
    queued: bool = False
    """Whether it comes from the queue of a server: no network blocks that."""
    draw: float = LIKELIER
    """The draw of an outbound filter, which catches the message if it is below its rate."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One server that was asked, and what it answered; no verdict: there was no connection."""

    server: str
    facts: Facts
    policy: Policy
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Journey:
    """The servers that were asked, in order, and how it ended.

    *outcome*: ``delivered``; ``refused`` or ``deferred`` by the first server; ``unreachable``;
    ``discarded`` silently; ``bounced`` by a later server; ``queued`` at a server that tries again.
    """

    hops: tuple[Hop, ...]
    outcome: str

    @property
    def arrives(self) -> bool:
        """In the mailbox, at once or when a queue is tried again."""
        return self.outcome in ("delivered", "queued")

    @property
    def last(self) -> Hop:
        """The server whose answer was the last."""
        return self.hops[-1]


class Servers:
    """The servers of one arm, with policies that may be replaced to see what would follow.

    *logins* are addresses of accounts, each of which is also the login that owns it; every
    server has the account ``user`` besides.
    """

    def __init__(
        self,
        scenario: Scenario,
        arm: str,
        changed: Mapping[str, Policy] | None = None,
        logins: Iterable[str] = (),
    ) -> None:
        self.arm = arm
        self._logins = tuple(logins)
        self.scenario = scenario.arm(arm)
        self.base = scenario
        self._changed = dict(changed or {})
        self._policies: dict[str, Policy] = {}

    def with_policy(self, server: str, policy: Policy) -> Servers:
        """The same servers, one of them with another policy."""
        return Servers(self.base, self.arm, {**self._changed, server: policy}, self._logins)

    def policy(self, server: str, port: int = 25) -> Policy:
        """The policy of *server* on a port where it listens, made once."""
        if port == 587:
            return on_port_587(self.policy(server))
        if server not in self._policies:
            made = self._changed.get(server)
            self._policies[server] = made or self.scenario.policy(
                server, login_owns=self._owns(server)
            )
        return self._policies[server]

    def _owns(self, server: str) -> dict[str, frozenset[str]]:
        domains = self.scenario.servers[server].domains
        own = [login for login in self._logins if login.rpartition("@")[2] in domains]
        return {a: frozenset((a,)) for a in (*own, *(f"user@{domain}" for domain in domains[:1]))}

    @cached_property
    def routes(self) -> Routes:
        """The routes between networks."""
        return self.scenario.routes()

    @cached_property
    def names(self) -> Names:
        """Which servers take the mail of which domain."""
        return self.scenario.names()

    def asked(self, attempt: Attempt) -> Policy:
        """The policy by which the server that was asked answers."""
        return self.policy(attempt.server, port(self.scenario, attempt))

    def facts(self, attempt: Attempt) -> Facts:
        """What the server that was asked knows."""
        offered = self.asked(attempt).auth_offered
        return Facts(
            client=attempt.client or 0,
            reverse_path=attempt.reverse_path,
            forward_path=attempt.forward_path,
            login=attempt.login if offered and not attempt.wrong_password else None,
            auth_failed=offered and attempt.wrong_password and attempt.login is not None,
            pop_age=0.0 if attempt.popped else None,
            greylist_age=attempt.waited,
            spam=attempt.spam,
            content_draw=attempt.draw,
        )

    def verdict(self, attempt: Attempt, *, trace: bool = False) -> Verdict:
        """The answer of the server that was asked, or what stands for none."""
        if self.blocked(attempt):
            return UNREACHABLE
        return decide(self.asked(attempt), self.facts(attempt), trace=trace)

    def blocked(self, attempt: Attempt) -> bool:
        """Whether the client's network does not let it out to port 25 of this server."""
        network = attempt.network
        away = network != self.scenario.servers[attempt.server].network
        blocks = self.scenario.networks[network].blocks_port_25
        return blocks and away and not attempt.queued and port(self.scenario, attempt) == 25

    def reaches(self, attempt: Attempt) -> bool:
        """Whether the client gets a connection to the server."""
        there = self.scenario.servers[attempt.server].network
        return not self.blocked(attempt) and not isinf(self.routes.latency(attempt.network, there))

    def journey(self, attempt: Attempt) -> Journey:
        """Ask one server after the other, until the message is in a mailbox or is stopped."""
        facts, policy = self.facts(attempt), self.asked(attempt)
        if attempt.client is None or not self.reaches(attempt):
            return Journey((Hop(attempt.server, facts, policy, None),), "unreachable")
        hops: list[Hop] = []
        server = attempt.server
        while True:
            if hops:
                policy = self.policy(server)
            verdict = decide(policy, facts, trace=True)
            hops.append(Hop(server, facts, policy, verdict))
            ended = _ended(verdict, first=len(hops) == 1)
            if ended:
                return Journey(tuple(hops), ended)
            read = policy.read(facts.forward_path)
            to = read if isinstance(read, addresses.Fault) else read.address
            domain = to.domain if isinstance(to, addresses.Address) else ""
            onward = self.names.mx(domain)
            if not onward or len(hops) == MOST_HOPS:
                return Journey(tuple(hops), "bounced")
            here, server = self.scenario.servers[server].network, onward[0]
            there = self.scenario.servers[server].network
            facts = Facts(
                policy.address,
                facts.reverse_path,
                _onward(facts.forward_path, to),
                spam=facts.spam,
                content_draw=facts.content_draw,
            )
            if isinf(self.routes.latency(here, there)):
                hops.append(Hop(server, facts, self.policy(server), None))
                return Journey(tuple(hops), "queued")


def port(scenario: Scenario, attempt: Attempt) -> int:
    """The port that is asked: 587 where that is wanted and offered."""
    offered = scenario.servers[attempt.server].port_587
    return 587 if attempt.port == 587 and offered else 25


def _onward(forward_path: str, to: addresses.Address | addresses.Fault) -> str:
    """The forward-path for the next server: as given, unless it was a route that is followed."""
    return forward_path if addresses.parse(forward_path) == to else str(to)


def _ended(verdict: Verdict, *, first: bool) -> str:
    """How the journey ends with this answer; "" if it goes on."""
    if verdict.discarded:
        return "discarded"
    if verdict.accepted:
        return "" if verdict.relayed else "delivered"
    if first:
        return "refused" if verdict.permanent else "deferred"
    return "bounced" if verdict.permanent else "queued"
