"""What a server does with recipients that it has accepted: each goes where it belongs.

Into a mailbox, on to the next server, back to the sender in a notice, or into the queue until the
next attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sim.path.route import MOST_HOPS
from sim.workload.arrivals import RecipientGroup
from sim.world import outages
from sim.world.addressees import Addressees
from sim.world.deferred import Deferred
from sim.world.next_hosts import NextHosts
from sim.world.recorder import BOUNCED, DELIVERED, DISCARDED, EXPIRED, Answer, Recorder
from sim.world.server import Server
from sim.world.transfers import Message, Replies, Transfer, recipients

TRUNK = 1544e3
"""bit/s between servers: line.rate.t1."""


class QueueManager:
    """Carries accepted mail on, for every server.

    *mx* holds the servers of each domain (number), the preferred one first; *write_notice* is
    told of a message that cannot be delivered, or (last argument) is only late.
    """

    def __init__(
        self,
        recorder: Recorder,
        mx: dict[int, list[Server]],
        addressees: Addressees,
        write_notice: Callable[[Server, Message, float, bool], None],
    ) -> None:
        self.recorder, self.mx, self.addressees = recorder, mx, addressees
        self.hosts = NextHosts(mx)
        self.write_notice = write_notice
        self.report_spam: Callable[[int, int, int, float], None] | None = None
        """Told of delivered spam: client, rows from and to, moment; None: nobody listens."""
        self.spam_delivered = 0
        """Recipients of spam that were delivered so far."""

    def send(self, transfer: Transfer, at: float, network: str) -> None:
        """Send *transfer* off at *at* from *network*."""
        raise NotImplementedError

    def take(self, transfer: Transfer, replies: Replies, done: float) -> None:
        """The server has accepted these recipients: each goes where it belongs."""
        server, message = transfer.server, transfer.message
        to_relay: dict[tuple[int, str | None], tuple[Message, list[RecipientGroup]]] = {}
        unknown: Replies = []
        for group, answer in replies:
            if answer.verdict.discarded:
                self.recorder.end(group, DISCARDED, answer, done)
                continue
            relayed = answer.verdict.relayed
            parts: Iterable[tuple[Message, RecipientGroup, bool]] = ((message, group, relayed),)
            if server.has_aliases:
                parts = self.addressees.parts(server, message, group, relayed=relayed)
            for under, part, leaves in parts:
                if leaves:
                    key = part.domain, under.reverse_path
                    to_relay.setdefault(key, (under, []))[1].append(part)
                elif server.lacks(part, exact=under.exact):  # accepted first, looked up later
                    unknown.append((part, server.own["unknown"]))
                else:
                    self._deliver(transfer, part, answer, done)
        if unknown:
            self._bounce(server, message, unknown, done)
        for (domain, _), (under, groups) in to_relay.items():
            self.relay(server, under, domain, groups, done, transfer.hops + 1)

    def _deliver(
        self, transfer: Transfer, group: RecipientGroup, answer: Answer, at: float
    ) -> None:
        """*group* has its mail, which concerns the reader of a notice, and who reports spam."""
        message = transfer.message
        self.recorder.end(group, DELIVERED, answer, at)
        if message.about >= 0:
            self.recorder.messages.believed[message.about] = 0
        elif message.spam:
            self.spam_delivered += group.end - group.first
            if self.report_spam is not None:
                self.report_spam(transfer.address, group.first, group.end, at)

    def relay(
        self,
        server: Server,
        message: Message,
        domain: int,
        groups: Sequence[RecipientGroup],
        at: float,
        hops: int = 1,
    ) -> None:
        """Pass recipients of one domain on to its MX; *hops* servers have had the message."""
        transfer = self.next_transfer(server, message, domain, groups, at)
        if transfer is None or hops >= MOST_HOPS:
            answer = server.own["no_mx" if transfer is None else "loop"]
            self._bounce(server, message, [(group, answer) for group in groups], at)
        else:
            transfer.hops = hops
            self.send(transfer, at, server.network)

    def pass_on(self, transfer: Transfer, at: float) -> None:
        """The server has taken all of *transfer*, for one domain: it goes on as it is."""
        server, message, domain = transfer.server, transfer.message, transfer.groups[0].domain
        sender = message.reverse_path if server.relays_by_sender else None
        hosts, credentials = self.hosts[server, domain, sender]
        if not hosts or transfer.hops + 1 >= MOST_HOPS:
            self.relay(server, message, domain, transfer.groups, at, transfer.hops + 1)
            return
        sources = server.sources
        transfer.address = sources[message.number % len(sources)]
        transfer.origin, transfer.server, transfer.credentials = server, hosts[0], credentials
        transfer.line, transfer.place, transfer.attempt, transfer.ticket = TRUNK, 0, 1, at
        transfer.hops += 1
        self.send(transfer, at, server.network)

    def next_transfer(
        self,
        server: Server,
        message: Message,
        domain: int,
        groups: Sequence[RecipientGroup],
        at: float,
    ) -> Transfer | None:
        """The transfer to the MX of *domain*, in the queue of *server* since *at*; None: the
        domain has none."""
        sender = message.reverse_path if server.relays_by_sender else None
        hosts, credentials = self.hosts[server, domain, sender]
        if not hosts:
            return None
        sources = server.sources
        source = sources[message.number % len(sources)]
        return Transfer(
            message, groups, hosts[0], source, credentials, TRUNK, origin=server, ticket=at
        )

    def _defer_or_bounce(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """The next hop did not take these: try again later, or tell the sender."""
        server, message = transfer.origin, transfer.message
        assert server is not None, "only queues defer"
        deferred = [reply for reply in refused if not reply[1].verdict.permanent]
        if len(deferred) < len(refused):
            permanent = [reply for reply in refused if reply[1].verdict.permanent]
            self._bounce(server, message, permanent, now)
        if not deferred:
            return
        transfer.groups = [group for group, _ in deferred]
        transfer.count = recipients(transfer.groups)
        transfer.no_way = False
        transfer.attempt += 1
        sources = server.sources
        transfer.address = sources[(message.number + transfer.attempt - 1) % len(sources)]
        sender = message.reverse_path if server.relays_by_sender else None
        exchangers, _ = self.hosts[server, transfer.groups[0].domain, sender]
        following = exchangers.index(transfer.server) + 1
        if following < len(exchangers):  # RFC 5321 section 5.1: each in turn, then wait
            transfer.server = exchangers[following]
            self.send(transfer, now, server.network)
            return
        if not isinstance(transfer.ticket, Deferred):
            assert isinstance(transfer.ticket, float)
            transfer.ticket = Deferred(since=transfer.ticket)
        at = server.retries.next_attempt(transfer.ticket, now)
        if at is None:
            self._bounce(server, message, deferred, now, fate=EXPIRED)
            return
        if server.retries.warns(transfer.ticket, now) and message.reverse_path is not None:
            self.write_notice(server, message, now, True)
        transfer.server = exchangers[0]
        self.send(transfer, outages.up_again(server.sessions.down, at), server.network)

    def _bounce(
        self, server: Server, message: Message, replies: Replies, now: float, fate: int = BOUNCED
    ) -> None:
        """Accepted, but not deliverable: one DSN goes to the reverse-path, unless it is null
        (RFC 5321 section 6.1)."""
        for group, answer in replies:
            self.recorder.end(group, fate, answer, now)
        if message.reverse_path is not None:
            self.write_notice(server, message, now, False)
