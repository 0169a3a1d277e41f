"""A message on its way: one event a hop, one fate a recipient.

A transfer is a message, or the part of it that goes to one domain, on its way to one
server. It is a SimPy event that is scheduled again at each hop; what happens when it
arrives is decided at once, with the moments at which sessions start and end worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from simpy.events import NORMAL

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.submission import is_blocked
from sim.workload.arrivals import RecipientGroup
from sim.workload.streams import chance
from sim.world import outages
from sim.world.deferred import Deferred
from sim.world.engine import Engine, Occurrence
from sim.world.permissions import NOBODYS, Permissions
from sim.world.recorder import (
    BOUNCED,
    DELIVERED,
    DISCARDED,
    EXPIRED,
    Answer,
    Recorder,
)
from sim.world.server import Server

if TYPE_CHECKING:
    from sim.topology.graph import Routes
    from sim.world.memory import Memory

Replies = list[tuple[RecipientGroup, Answer]]


class Sender(Protocol):
    """Who hands a message to its first server, and hears what that one says."""

    needs_all: bool
    """Nothing is sent when one recipient is refused, as mail programs do."""

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """The first hop has answered: what it refused is the sender's again.

        For one that needs all, that is the whole message as soon as one is refused.
        """


@dataclass(slots=True)
class Message:
    """What all transfers of one message share."""

    number: int
    reverse_path: str | None
    shown: str | None  # the reverse-path as far as policies tell senders apart: see anyone_at
    size: float
    sender: Sender | None  # None: a server wrote it
    service: tuple[float, float]  # uniform: session at submission, at the next hop
    luck: float  # uniform: temporary failure at the next hop
    content: float  # uniform: an outbound filter's draw
    key: int  # for further draws
    spam: bool = False
    about: int = -1  # the message that a notice tells of


class Transfer(Occurrence):
    """Part of a message on its way to a server."""

    network: str  # that of its client
    __slots__ = (
        "address", "attempt", "count", "line", "message", "network", "no_way", "origin", "place",
        "server", "shows", "ticket",
    )  # fmt: skip

    def __init__(
        self,
        message: Message,
        groups: Sequence[RecipientGroup],
        server: Server,
        address: int,
        shows: Credentials,
        line: float,
        place: int = 0,
        attempt: int = 1,
        origin: Server | None = None,
        ticket: object = None,
    ) -> None:
        self.message, self.groups, self.server = message, groups, server
        self.address, self.shows = address, shows  # of its client, and its login
        self.line, self.place, self.attempt = line, place, attempt
        self.origin = origin  # the server whose queue it is in; None at submission
        self.ticket = ticket  # what its sender keeps with it; a server: see Deferred
        self.no_way = False  # there is no connection to be had
        self.count = recipients(groups)


def recipients(groups: Sequence[RecipientGroup]) -> int:
    """How many recipients *groups* are."""
    if len(groups) == 1:
        return groups[0][1] - groups[0][0]
    count = 0
    for first, end, _, _ in groups:
        count += end - first
    return count


class Transport:
    """Carries transfers to servers and acts on what these answer."""

    def __init__(
        self,
        env: Engine,
        rows: Recorder,
        routes: Routes,
        mx: dict[int, list[Server]],
        blocks_port_25: frozenset[str],
        write_notice: Callable[[Server, Message, float, bool], None],
        down: outages.Outages | None = None,
        end: float = 0.0,
    ) -> None:
        self.env, self.rows, self.routes, self.mx = env, rows, routes, mx
        self.blocks_port_25 = blocks_port_25
        self.write_notice = write_notice  # last: whether the message is only late
        self.outages = down  # None: nothing is ever down
        self.end = end  # of the run (s)
        self.spam_came: Callable[[int, int, int, float], None] | None = None
        """Told of delivered spam: client, rows from and to, moment; None: nobody listens."""
        self.permissions: Permissions | None = None  # None: nobody asks whose they are
        self._arrive = (self.arrive,)
        self._change = inf if down is None else -inf  # these routes hold until then
        self._fall = self._change  # when anything next goes down

    def send(self, transfer: Transfer, at: float, network: str) -> None:
        """Send *transfer* off at *at* from *network*; it arrives one latency later."""
        server = transfer.server
        transfer.network = network
        latency = self._routes(at).latency(network, server.network)
        if latency == inf or transfer.address == 0:
            transfer.no_way, latency = True, 0.0
        elif transfer.origin is None:
            port = transfer.shows.port
            transfer.no_way = is_blocked(network, server.network, port, self.blocks_port_25)
        people = transfer.origin is None and not transfer.message.spam
        if transfer.no_way and people and at + latency < self.end:
            # nothing that happens until then can change this, and a person learns nothing from it
            # for another message: no event
            self._no_session(transfer, at + latency, server.own["unreachable"])
            return
        transfer.callbacks = self._arrive
        env = self.env
        env.schedule(transfer, NORMAL, at + latency - env.now)

    def _routes(self, at: float) -> Routes:
        """The routes that there are at *at*."""
        if at < self._change:
            return self.routes
        outages, now = self.outages, self.env.now
        assert outages is not None
        if now < self._change:
            return outages.routes(at)
        self.routes, self._change = outages.routes(now), outages.next_change(now)
        return self._routes(at)

    def held(self) -> NDArray[np.bool_]:
        """Which recipients (rows) are under way, in a queue or in an outbox: an event has them."""
        rows = np.zeros(len(self.rows.recipient), dtype=bool)
        for group in self.env.pending():
            rows[group.first : group.end] = True
        return rows

    def arrive(self, transfer: Transfer, now: float | None = None) -> None:
        """*transfer* reaches its server at *now*: session, answers, rows, and what follows.

        The hot path: everything a hop costs is here and in what it calls.
        """
        if now is None:  # called by SimPy
            now = self.env.now
        server, message, attempt = transfer.server, transfer.message, transfer.attempt
        relayed, sessions = transfer.origin is not None, server.sessions
        if transfer.no_way or (sessions.down and sessions.is_down(now)):
            self._no_session(transfer, now, server.own["unreachable"])
            return
        if server.memory is not None:
            turned_away = server.greet(transfer.address, transfer.shows, now)
            if turned_away is not None:
                server.tally.turned_away += 1
                self._no_session(transfer, now, turned_away)
                return
        draw = message.service[relayed] if attempt == 1 else chance(message.key, attempt)
        took = server.service(draw) + server.per_recipient * transfer.count
        took += message.size * 8 / transfer.line
        start = sessions.admit(now, took)
        if start is None:
            self.turn_away(transfer, now)
        else:
            self.session(transfer, now, start, took)

    def session(self, transfer: Transfer, now: float, start: float, took: float) -> None:
        """Hold a session of *took* seconds from *start* for *transfer*, which arrived at *now*."""
        server, message, attempt = transfer.server, transfer.message, transfer.attempt
        relayed, memory, count = transfer.origin is not None, server.memory, transfer.count
        done = start + took
        if done > self._fall and self._is_lost(transfer, now, start, done):
            return
        if memory is not None:
            memory.clients.opened(transfer.address, done)
        taken, refused, worst = self._ask(transfer, now)
        sender = None if relayed else message.sender
        if not refused:
            accepted = count
        elif sender is not None and sender.needs_all:
            taken, accepted = [], 0
        else:
            accepted = recipients([piece for piece, _ in taken])
        permission = NOBODYS
        if server.personal and not relayed and self.permissions is not None:
            who = self.rows.messages.sender[message.number] if not message.spam else -1
            permission = self.permissions.of(transfer, who, now, taken, refused)
        self.rows.attempts += self.rows.add_attempt(
            message.number, attempt, relayed, now, transfer.address, transfer.place,
            server.number, count, accepted, worst.number, start - now, took, permission,
        )  # fmt: skip
        if sender is not None:
            sender.receive_replies(transfer, done, refused)
        elif refused:
            self._not_taken(transfer, done, refused)
        if taken:
            self._take(transfer, taken, done)

    def turn_away(self, transfer: Transfer, now: float) -> None:
        """Too many wait for a session already (RFC 5321 section 3.8)."""
        transfer.server.tally.turned_away += 1
        self._no_session(transfer, now, transfer.server.own["busy"])

    def _ask(self, transfer: Transfer, now: float) -> tuple[Replies, Replies, Answer]:
        """What the server takes, what it refuses, and the worst of its answers."""
        server, message = transfer.server, transfer.message
        if transfer.origin is not None and (fails := transfer.origin.temporary_failure):
            luck = message.luck if transfer.attempt == 1 else chance(message.key, -transfer.attempt)
            if luck < fails:
                worst = server.own["temporary"]
                return [], [(piece, worst) for piece in transfer.groups], worst
        memory, address = server.memory, transfer.address
        recent = 0
        if memory is not None:
            if memory.greylists:
                return self._ask_greylisting(transfer, memory, now)
            recent = memory.clients.recent(address, now, memory.window)
        answers = server.answering(
            address, transfer.shows, now, message.spam, message.content, recent
        )
        by_recipient = answers[message.reverse_path if answers.kind.whole_sender else message.shown]
        if len(transfer.groups) == 1:  # the usual case
            piece = transfer.groups[0]
            worst = by_recipient[piece[3]]
            found = [(piece, worst)]
            taken, refused = (found, []) if worst.accepted else ([], found)
        else:
            taken, refused, worst = self._told_apart(
                [(piece, by_recipient[piece[3]]) for piece in transfer.groups]
            )
        if memory is not None and (taken or any(a.cause != "rate" for _, a in refused)):
            memory.clients.made(address, now)
        return taken, refused, worst

    def _told_apart(self, answers: Replies) -> tuple[Replies, Replies, Answer]:
        """Those of *answers* that accept, those that do not, and the worst of all."""
        taken: Replies = []
        refused: Replies = []
        worst = self.rows.nothing
        for told in answers:
            answer = told[1]
            (taken if answer.accepted else refused).append(told)
            if answer.code > worst.code:
                worst = answer
        return taken, refused, worst

    def _ask_greylisting(
        self, transfer: Transfer, memory: Memory, now: float
    ) -> tuple[Replies, Replies, Answer]:
        """The same of a server that remembers whom it has seen before."""
        server, message, address = transfer.server, transfer.message, transfer.address
        answers: Replies = []
        recent = memory.clients.recent(address, now, memory.window)
        for piece in transfer.groups:
            boxes = self.rows.recipient[piece[0] : piece[1]].tolist()
            for part, age, triples in memory.greylist.parts(
                piece, boxes, address, message.reverse_path, now
            ):
                said = server.answering(
                    address, transfer.shows, now, message.spam, message.content, recent, age
                )
                shown = message.reverse_path if said.kind.whole_sender else message.shown
                answer = said[shown][part[3]]
                answers.append((part, answer))
                for triple in triples:
                    memory.greylist.note(triple, answer, now)
        if any(answer.cause != "rate" for _, answer in answers):
            memory.clients.made(address, now)
        return self._told_apart(answers)

    def _is_lost(self, transfer: Transfer, now: float, start: float, done: float) -> bool:
        """Whether an outage breaks the session; then everything is still its sender's."""
        assert self.outages is not None
        server, origin = transfer.server, transfer.origin
        self._fall = self.outages.next_fall(now)
        ends = [end.sessions.down for end in (server, origin) if end is not None]
        networks = transfer.network, server.network
        at = self.outages.breaks(ends, networks, now, done)
        if at is None:
            return False
        if server.sessions.is_down(at):
            server.sessions.cut(at)
        self._no_session(
            transfer, now, server.own["no_answer"], waited=min(start, at) - now,
            took=max(0.0, at - start), known_at=at + outages.NO_ANSWER,
        )  # fmt: skip
        return True

    def _no_session(
        self, transfer: Transfer, now: float, answer: Answer, *,
        waited: float = 0.0, took: float = 0.0, known_at: float | None = None,
    ) -> None:  # fmt: skip
        """No session was to be had, or it was lost: everything is still its sender's."""
        message, submission = transfer.message, transfer.origin is None
        self.rows.attempts += self.rows.add_attempt(
            message.number, transfer.attempt, not submission, now, transfer.address, transfer.place,
            transfer.server.number, transfer.count, 0, answer.number, waited, took, NOBODYS,
        )  # fmt: skip
        answers = [(piece, answer) for piece in transfer.groups]
        at = now if known_at is None else known_at
        if submission and message.sender is not None:
            message.sender.receive_replies(transfer, at, answers)
        else:
            self._not_taken(transfer, at, answers)

    def _take(self, transfer: Transfer, answers: Replies, done: float) -> None:
        """The server has taken the recipients that it accepted: each goes where it belongs."""
        server, rows = transfer.server, self.rows
        message, tally = transfer.message, server.tally
        strangers = message.spam and not server.trusts(transfer.address)
        onward: dict[int, list[RecipientGroup]] = {}
        unknown: Replies = []
        for piece, answer in answers:
            first, end, domain, address = piece
            if answer.discarded:
                rows.end(first, end, DISCARDED, answer, done)
            elif answer.relayed:
                tally.relayed += end - first
                if strangers:
                    tally.strangers += end - first
                if domain in onward:
                    onward[domain].append(piece)
                else:
                    onward[domain] = [piece]
            elif address.startswith(NO_SUCH_USER):  # accepted first, looked up later
                unknown.append((piece, server.own["unknown"]))
            else:
                rows.end(first, end, DELIVERED, answer, done)
                if message.about >= 0:  # the sender reads the notice
                    rows.messages.believed[message.about] = 0
                elif message.spam and self.spam_came is not None:
                    self.spam_came(transfer.address, first, end, done)
        if unknown:
            self._bounce(server, message, unknown, done)
        for domain, pieces in onward.items():
            self.relay(server, message, domain, pieces, done)

    def relay(
        self, server: Server, message: Message, domain: int, pieces: list[RecipientGroup], at: float
    ) -> None:
        """Pass recipients of one domain on to its MX."""
        transfer = self.onward(server, message, domain, pieces, at)
        if transfer is None:
            self._bounce(server, message, [(p, server.own["no_mx"]) for p in pieces], at)
        else:
            self.send(transfer, at, server.network)

    def onward(
        self, server: Server, message: Message, domain: int, pieces: list[RecipientGroup], at: float
    ) -> Transfer | None:
        """The transfer to the MX of *domain*, in the queue of *server* since *at*; None: it has
        none."""
        exchangers = self.mx.get(domain)
        if not exchangers:
            return None
        return Transfer(
            message, pieces, exchangers[0], server.address, NO_LOGIN, TRUNK,
            origin=server, ticket=at,
        )  # fmt: skip

    def _not_taken(self, transfer: Transfer, now: float, answers: Replies) -> None:
        """The next hop did not take these: try again later, or tell the sender."""
        server = transfer.origin
        assert server is not None, "only queues defer"
        for_good = [(p, a) for p, a in answers if a.permanent]
        if for_good:
            self._bounce(server, transfer.message, for_good, now)
        later = [(p, a) for p, a in answers if not a.permanent]
        if not later:
            return
        transfer.groups = [p for p, _ in later]
        transfer.count = recipients(transfer.groups)
        transfer.no_way = False
        transfer.attempt += 1
        exchangers = self.mx[transfer.groups[0][2]]
        asked = exchangers.index(transfer.server)
        if asked + 1 < len(exchangers):  # RFC 5321 section 5.1: each in turn, then wait
            transfer.server = exchangers[asked + 1]
            self.send(transfer, now, server.network)
            return
        kept = transfer.ticket
        if not isinstance(kept, Deferred):
            assert isinstance(kept, float)
            kept = transfer.ticket = Deferred(since=kept)
        at = server.retries.again(kept, now)
        if at is None:
            self._bounce(server, transfer.message, later, now, fate=EXPIRED)
            return
        if server.retries.warns(kept, now) and transfer.message.reverse_path is not None:
            self.write_notice(server, transfer.message, now, True)
        transfer.server = exchangers[0]
        self.send(transfer, outages.up_again(server.sessions.down, at), server.network)

    def _bounce(
        self, server: Server, message: Message, answers: Replies, now: float, fate: int = BOUNCED
    ) -> None:
        """Accepted, but not deliverable: one DSN goes to the reverse-path, unless it is null
        (RFC 5321 section 6.1)."""
        for (first, end, _, _), answer in answers:
            self.rows.end(first, end, fate, answer, now)
        if message.reverse_path is not None:
            self.write_notice(server, message, now, False)


NO_SUCH_USER = "no-such-user@"
"""How the representative address of mailboxes that do not exist begins."""
TRUNK = 1544e3
"""bit/s between servers: line.rate.t1."""
