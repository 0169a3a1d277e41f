"""From the mail program to the mailbox: each server on the way is asked with `decide`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from sim.path.alike import ClientRanges, Representatives
from sim.path.facts import Credentials, FixedListings, facts
from sim.path.route import MOST_HOPS, NextHop, next_hop
from sim.path.submission import Attempt, credentials, is_blocked
from sim.scenario.policies import on_submission_port
from sim.smtp import Facts, Policy, Verdict, decide
from sim.smtp.forwarding import Envelope, forwarded, next_envelope
from sim.smtp.verdicts import UNREACHABLE
from sim.topology.gateways import Gateways

if TYPE_CHECKING:
    from sim.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Hop:
    """One server that was asked, and what it answered; no verdict: there was no connection."""

    server: str
    facts: Facts
    policy: Policy
    verdict: Verdict | None

    @property
    def forwarded(self) -> Envelope | None:
        """What its aliases made of the envelope; None: none has the recipient, or it refused."""
        return forwarded(self.policy, self._envelope) if self._accepted else None

    @property
    def sent(self) -> Envelope | None:
        """With what envelope it goes on from here; None: it stays, or was not taken."""
        relayed = self.verdict is not None and self.verdict.relayed
        return (
            next_envelope(self.policy, self._envelope, relayed=relayed) if self._accepted else None
        )

    @property
    def _envelope(self) -> Envelope:
        return Envelope(self.facts.reverse_path, self.facts.forward_path)

    @property
    def _accepted(self) -> bool:
        verdict = self.verdict
        return verdict is not None and verdict.accepted and not verdict.discarded


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


Shares = tuple[tuple[float, Verdict], ...]
"""Verdicts with the share of uniform content draws that each gets; the shares sum to 1."""


class Servers:
    """The servers of one arm, with policies that may be replaced to see what would follow.

    *logins* are addresses of accounts, each of which is also the login that owns it; every
    server has the account ``user`` besides.
    """

    def __init__(
        self,
        scenario: Scenario,
        arm: str,
        policies: Mapping[str, Policy] | None = None,
        logins: Iterable[str] = (),
        opened: Iterable[str] = (),
    ) -> None:
        self.arm = arm
        self._logins = tuple(logins)
        self.scenario = scenario.arm(arm)
        self.baseline = scenario
        self._replaced = dict(policies or {})
        self._opened = frozenset(opened)  # servers that offer port 587 besides
        self._policies: dict[tuple[str, int], Policy] = {}
        self._classes: dict[tuple[str, int], Callable[[Facts], Hashable]] = {}
        self._ranges: dict[tuple[str, int], ClientRanges] = {}
        self._representatives: dict[tuple[str, int], Representatives] = {}
        self._gateways: dict[str, Gateways] = {}
        self._shares: dict[Hashable, Shares] = {}
        self.names = self.scenario.names()
        self.listings = FixedListings(self.scenario.blocklists)

    def with_policy(self, server: str, policy: Policy) -> Servers:
        """The same servers, one of them with another policy."""
        policies = {**self._replaced, server: policy}
        return Servers(self.baseline, self.arm, policies, self._logins, self._opened)

    def with_port_587(self, server: str) -> Servers:
        """The same servers, one of which takes submissions on port 587 too."""
        opened = self._opened | {server}
        return Servers(self.baseline, self.arm, self._replaced, self._logins, opened)

    def submission_port(self, server: str) -> int:
        """The port on which *server* takes submissions besides 25; 0: it does not."""
        return self.scenario.servers[server].submission_port or 587 * (server in self._opened)

    def policy(self, server: str, port: int = 25) -> Policy:
        """The policy of *server* on a port where it listens, made once."""
        result = self._policies.get((server, port))
        if result is None:
            if port != 25:
                result = on_submission_port(self.policy(server), self.scenario.servers[server])
            else:
                owns = self._owns(server)
                result = self._replaced.get(server) or self.scenario.policy(server, login_owns=owns)
            self._policies[server, port] = result
        return result

    def _owns(self, server: str) -> dict[str, frozenset[str]]:
        domain = self.scenario.account_domain(server)
        domains = (domain, *self.scenario.servers[server].domains)
        own = [login for login in self._logins if login.rpartition("@")[2] in domains]
        return {address: frozenset((address,)) for address in (*own, f"user@{domain}")}

    @cached_property
    def _blocking(self) -> frozenset[str]:
        networks = self.scenario.networks.items()
        return frozenset(name for name, network in networks if network.blocks_port_25)

    def gateways(self, server: str) -> Gateways:
        """What stands between clients and *server*."""
        if server not in self._gateways:
            self._gateways[server] = Gateways(self.scenario.servers[server].seen_as)
        return self._gateways[server]

    @cached_property
    def blocking_servers(self) -> frozenset[str]:
        """Networks whose servers reach no port 25 elsewhere."""
        networks = self.scenario.networks.items()
        return frozenset(name for name, n in networks if n.blocks_port_25_of_servers)

    # ---- one server

    def credentials(self, attempt: Attempt) -> Credentials:
        """What the client shows the server, and the port that it asks."""
        result = credentials(
            attempt.login,
            by_587=attempt.by_587,
            wrong_password=attempt.wrong_password,
            offers_auth=self.policy(attempt.server).auth_offered,
            submission_port=self.submission_port(attempt.server),
        )
        return result._replace(helo=attempt.helo)

    def facts(self, attempt: Attempt) -> Facts:
        """What the server sees of the attempt."""
        client = self.gateways(attempt.server).visible_address(attempt.client or 0)
        listed = dict.fromkeys((*self.listings(client), *attempt.listed))
        return facts(
            client,
            attempt.reverse_path,
            attempt.forward_path,
            self.credentials(attempt),
            names=self.names.zone,
            listed=tuple(listed),
            pop_age=attempt.pop_age,
            greylist_age=attempt.greylist_age,
            spam=attempt.spam,
            content_draw=attempt.content_draw,
        )

    def asked_policy(self, attempt: Attempt) -> Policy:
        """The policy that answers: that of the port."""
        return self.policy(attempt.server, self.credentials(attempt).port)

    def is_reachable(self, attempt: Attempt) -> bool:
        """Whether the client gets a connection to the server."""
        if attempt.client is None:
            return False
        target, port = self.scenario.servers[attempt.server].network, self.credentials(attempt).port
        return attempt.relay or not is_blocked(attempt.network, target, port, self._blocking)

    def verdict(self, attempt: Attempt, *, trace: bool = False) -> Verdict:
        """The answer of the server that was asked, or what stands for none."""
        if not self.is_reachable(attempt):
            return UNREACHABLE
        return decide(self.asked_policy(attempt), self.facts(attempt), trace=trace)

    # ---- the same without sampling

    def shares(self, attempt: Attempt) -> Shares:
        """Verdicts over all draws of a content filter, remembered by what the server can tell
        apart."""
        if not self.is_reachable(attempt):
            return ((1.0, UNREACHABLE),)
        return self.shares_of(attempt.server, self.facts(attempt), self.credentials(attempt).port)

    def shares_of(self, server: str, session_facts: Facts, port: int = 25) -> Shares:
        """The same for a server to which a session has *session_facts*."""
        policy = self.policy(server, port)
        key = server, port, self._class_of(server, port)(session_facts)
        shares = self._shares.get(key)
        if shares is None:
            # verdicts change at the thresholds of restrictions only
            edges = sorted({0.0, *policy.breakpoints("content_draw")} - {1.0})
            shares = self._shares[key] = tuple(
                (end - start, decide(policy, session_facts._replace(content_draw=start)))
                for start, end in pairwise((*edges, 1.0))
            )
        return shares

    def ranges(self, server: str, port: int = 25) -> ClientRanges:
        """The address ranges that *server* compares a client with."""
        if (server, port) not in self._ranges:
            self._ranges[server, port] = ClientRanges(self.policy(server, port))
        return self._ranges[server, port]

    def representatives(self, server: str, port: int = 25) -> Representatives:
        """Mail addresses that stand for all that *server* cannot tell from them."""
        if (server, port) not in self._representatives:
            result = Representatives(self.policy(server, port), self.names)
            self._representatives[server, port] = result
        return self._representatives[server, port]

    def _class_of(self, server: str, port: int) -> Callable[[Facts], Hashable]:
        """A key that is the same for all facts that the policy answers alike at every draw."""
        if (server, port) not in self._classes:
            policy, ranges = self.policy(server, port), self.ranges(server, port)
            representatives = self.representatives(server, port)

            def key(session_facts: Facts) -> Hashable:
                plain = session_facts._replace(
                    client=0,
                    reverse_path=representatives[session_facts.reverse_path],
                    forward_path=representatives[session_facts.forward_path] or "",
                    content_draw=0.0,
                )
                name = ranges.client_name(session_facts.client, session_facts.names)
                return ranges.within(session_facts.client), name, policy.key(plain)

            self._classes[server, port] = key
        return self._classes[server, port]

    # ---- one server after the other

    def next_hop(self, server: str, session_facts: Facts) -> NextHop | None:
        """Where *server* passes on what it took; None: no server takes it."""
        servers, policy = self.scenario.servers, self.policy(server)
        return next_hop(servers, server, policy, session_facts, self.names, self.listings)

    def is_cut_off(self, server: str, following: NextHop) -> bool:
        """Whether the network of *server* lets it through to no port 25 elsewhere."""
        names = server, following.server
        source, target = (self.scenario.servers[name].network for name in names)
        return is_blocked(source, target, following.port, self.blocking_servers)

    def next_answer(self, server: str, session_facts: Facts) -> Hop | None:
        """The next server and its answer to what *server* took; None: no server takes it."""
        hop = self.next_hop(server, session_facts)
        if hop is None:
            return None
        policy = self.policy(hop.server, hop.port)
        blocked = self.is_cut_off(server, hop)
        verdict = None if blocked else decide(policy, hop.facts, trace=True)
        return Hop(hop.server, hop.facts, policy, verdict)

    def journey(self, attempt: Attempt) -> Journey:
        """Ask one server after the other, until the message is in a mailbox or is stopped."""
        policy, session_facts = self.asked_policy(attempt), self.facts(attempt)
        if not self.is_reachable(attempt):
            return Journey((Hop(attempt.server, session_facts, policy, None),), "unreachable")
        hops = [
            Hop(attempt.server, session_facts, policy, decide(policy, session_facts, trace=True))
        ]
        while not (outcome := _outcome(hops)):
            following = self.next_answer(hops[-1].server, hops[-1].facts)
            if following is None or len(hops) == MOST_HOPS:
                return Journey(tuple(hops), "bounced")
            hops.append(following)
        return Journey(tuple(hops), outcome)


def _outcome(hops: list[Hop]) -> str:
    """How the journey ends with the last answer; "" if it goes on."""
    verdict = hops[-1].verdict
    if verdict is None:  # until it is sent back
        return "bounced"
    if verdict.discarded:
        return "discarded"
    if verdict.accepted:
        return "" if hops[-1].sent else "delivered"
    if len(hops) == 1:
        return "refused" if verdict.permanent else "deferred"
    return "bounced" if verdict.permanent else "queued"
