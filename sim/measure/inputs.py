"""What the analytic expectation asks of one arm: who has mailboxes, and where mail gets in the end.

Servers are asked one after the other, as on the way of a message, each question once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sim.path.alike import tells_addresses
from sim.path.facts import facts
from sim.path.journey import Servers
from sim.path.route import MOST_HOPS, exchangers
from sim.path.submission import is_blocked
from sim.scenario.apportioning import apportion
from sim.smtp import Verdict
from sim.smtp.forwarding import Envelope, forwarded, has_aliases, is_final
from sim.smtp.verdicts import UNREACHABLE

if TYPE_CHECKING:
    from sim.path.alike import ClientRanges, Representatives
    from sim.scenario import Scenario
    from sim.scenario.servers import Relay
    from sim.topology.gateways import Gateways


class Inputs:
    """The servers of an arm, and who has mailboxes."""

    def __init__(self, scenario: Scenario, arm: str, closed: Mapping[str, Relay]) -> None:
        self.scenario = scenario.arm(arm)
        policies = {name: self.scenario.policy(name, relay=closed[name]) for name in closed}
        self.servers = Servers(scenario, arm, policies)
        self._elsewhere: dict[str, dict[str, float]] = {}
        self._passed: dict[tuple[str, str | None], float] = {}
        self._shares: dict[Hashable, float] = {}
        self._sources: dict[tuple[str, str], Hashable] = {}
        self._hosts: dict[str, _Host] = {}
        self._listings: dict[int, tuple[str, ...]] = {}

    @cached_property
    def mailboxes(self) -> dict[str, float]:
        """Domain to its number of mailboxes."""
        boxes: dict[str, float] = defaultdict(float)
        for users in self.scenario.users.values():
            for network, share in users.accounts.items():
                boxes[self.domain(network)] += share * users.count
            if users.work is not None and users.work_account > 0:
                boxes[self.domain(users.work)] += users.count
        for idle in self.scenario.networks.values():
            if idle.domain is not None:
                boxes[idle.domain] += idle.mailboxes
        return {domain: count for domain, count in boxes.items() if count > 0}

    @cached_property
    def submission(self) -> dict[str, str]:
        """Network to the submission server that its customers name."""
        return self.scenario.submission_servers()

    def domain(self, network: str) -> str:
        """The domain of the accounts of a network."""
        return self.scenario.account_domain(self.submission[network])

    def elsewhere(self, server: str) -> dict[str, float]:
        """Domains that *server* does not process, by share of the mailboxes there."""
        if server not in self._elsewhere:
            own = self.scenario.servers[server].domains
            others = {d: count for d, count in self.mailboxes.items() if d not in own}
            total = sum(others.values())
            self._elsewhere[server] = {domain: count / total for domain, count in others.items()}
        return self._elsewhere[server]

    # ---- where mail gets in the end

    def passed(self, server: str, sender: str | None) -> float:
        """Share of honest mail that *server* took for elsewhere that gets into a mailbox there."""
        if (server, sender) not in self._passed:
            self._passed[server, sender] = sum(
                share * self.reached(server, sender, domain)
                for domain, share in self.elsewhere(server).items()
            )
        return self._passed[server, sender]

    def delivered_here(self, server: str, sender: str | None) -> float:
        """The same of what it took for its own domain: all, unless aliases send it on."""
        if not has_aliases(self.servers.policy(server)):
            return 1.0
        return self.reached(server, sender, self.scenario.account_domain(server))

    def reached(self, server: str, sender: str | None, domain: str, *, spam: bool = False) -> float:
        """Share of what *server* took for mailboxes of *domain* that gets into one."""
        anybody = self._carried(server, Envelope(sender, f"user@{domain}"), spam, 1)
        named = self._named.get(domain, ())
        if not named:
            return anybody
        some = [self._carried(server, Envelope(sender, box), spam, 1) for box in named]
        return anybody + sum(one - anybody for one in some) / self.mailboxes[domain]

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        """By domain, the mailboxes for which some server has an alias of their own."""
        servers = self.scenario.servers.values()
        keys = {key.lower() for server in servers for key in server.aliases if key[:1] != "@"}
        result: dict[str, list[str]] = defaultdict(list)
        for address in self._mailbox_names() if keys else ():
            if address in keys:
                result[address.rpartition("@")[2]].append(address)
        return result

    def _mailbox_names(self) -> Iterator[str]:
        """The addresses of all mailboxes."""
        for group, users in self.scenario.users.items():
            for number, home in enumerate(apportion(users.accounts, users.count), 1):
                work = [users.work] if users.work is not None and users.work_account > 0 else []
                yield from (f"{group}-{number}@{self.domain(at)}" for at in (home, *work))
        for name, idle in self.scenario.networks.items():
            yield from (f"{name}-box-{n + 1}@{idle.domain}" for n in range(idle.mailboxes))

    def _carried(self, server: str, envelope: Envelope, spam: bool, hops: int) -> float:
        """The same of one envelope that *server* took, which *hops* servers have had."""
        policy = self.servers.policy(server)
        sent = forwarded(policy, envelope) or envelope
        if is_final(policy, sent.forward_path):
            return 1.0
        return 0.0 if hops == MOST_HOPS else self._passed_on(server, sent, spam, hops)

    def _passed_on(self, server: str, sent: Envelope, spam: bool, hops: int) -> float:
        """The same of one envelope that *server* passes on."""
        servers, settings = self.servers, self.servers.scenario.servers
        domain = sent.forward_path.rpartition("@")[2]
        hosts = exchangers(settings, servers.names, server, domain, sent.reverse_path)
        if not hosts:
            return 0.0
        host = self._host(hosts[0])
        alike = host.representatives[sent.reverse_path]
        to = (sent, hops) if host.tells_recipients else domain
        question = hosts[0], to, self._source(server, hosts[0]), alike, spam
        if question not in self._shares:
            self._shares[question] = self._at_next(server, sent, spam, hops)
        return self._shares[question]

    def _at_next(self, server: str, sent: Envelope, spam: bool, hops: int) -> float:
        hop = self.servers.next_hop(server, facts(0, *sent, spam=spam))
        if hop is None or self.servers.is_cut_off(server, hop):
            return 0.0
        return sum(
            share * self._carried(hop.server, hop.envelope, spam, hops + 1)
            for share, verdict in self.servers.shares_of(*hop)
            if is_taken(verdict)
        )

    def _source(self, server: str, host: str) -> Hashable:
        """All that matters to *host* of *server* as a client."""
        key = self._sources.get((server, host))
        if key is None:
            servers, origin = self.servers, self._host(server)
            target = self._host(host)
            source = target.gateways.visible_address(origin.source)
            key = self._sources[server, host] = (
                target.ranges.within(source),
                target.ranges.client_name(source, servers.names.zone),
                self._listed(source),
                is_blocked(origin.network, target.network, 25, servers.blocking_servers),
                origin.hostname if target.reads_helo else None,
                origin.login and server,
            )
        return key

    def _host(self, name: str) -> _Host:
        """The server *name*, with what is asked about it for each of a million pairs of servers."""
        known = self._hosts.get(name)
        if known is None:
            servers, settings = self.servers, self.servers.scenario.servers[name]
            policy = servers.policy(name)
            known = self._hosts[name] = _Host(
                network=settings.network,
                source=settings.source(),
                hostname=policy.hostname,
                login=settings.relayhost_login,
                reads_helo="helo" in policy.reads,
                tells_recipients=has_aliases(policy) or tells_addresses(policy, "forward_path"),
                gateways=servers.gateways(name),
                ranges=servers.ranges(name),
                representatives=servers.representatives(name),
            )
        return known

    def _listed(self, address: int) -> tuple[str, ...]:
        known = self._listings.get(address)
        if known is None:
            known = self._listings[address] = self.servers.listings(address)
        return known


class _Host(NamedTuple):
    """A server as a client of others, and as a server."""

    network: str
    source: int
    hostname: str
    login: str | None
    reads_helo: bool
    tells_recipients: bool
    gateways: Gateways
    ranges: ClientRanges
    representatives: Representatives


def is_taken(verdict: Verdict) -> bool:
    """Taken in the end: at once, or on a retry after a temporary reply."""
    if verdict.accepted:
        return not verdict.discarded
    return not verdict.permanent and verdict is not UNREACHABLE
