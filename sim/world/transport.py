"""Carries transfers from server to server: one event an attempt, one fate a recipient.

When a transfer arrives, everything that follows is decided at once: whether and when a session
begins and ends, what is answered, and what becomes of each recipient. Moments later than the
present one are passed on as numbers; only the next attempt is an event.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.path.submission import is_blocked
from sim.records.words import Permission
from sim.workload.streams import Purpose, chance
from sim.world import outages
from sim.world.abuse import NONE as NO_ABUSE
from sim.world.addressees import Addressees
from sim.world.asking import RATE, Questions, fails
from sim.world.queue_manager import QueueManager
from sim.world.recorder import Answer, Recorder
from sim.world.server import Server
from sim.world.transfers import Message, Replies, Transfer, recipients, split

if TYPE_CHECKING:
    from sim.topology.graph import Routes
    from sim.world.abuse import Abuses
    from sim.world.engine import Engine
    from sim.world.permissions import Permissions

NOBODYS = Permission.NONE.number
NONE: Replies = []


class Transport(QueueManager):
    """Carries transfers to servers and acts on what these answer."""

    def __init__(
        self,
        env: Engine,
        recorder: Recorder,
        routes: Routes,
        mx: dict[int, list[Server]],
        addressees: Addressees,
        blocks_port_25: frozenset[str],
        write_notice: Callable[[Server, Message, float, bool], None],
        down: outages.Outages | None = None,
        end: float = 0.0,
    ) -> None:
        super().__init__(recorder, mx, addressees, write_notice)
        self.env, self.routes = env, routes
        self.ask: Callable[[Transfer, float], Replies] = Questions(addressees).ask
        """What the server of a transfer answers at a moment to each group of recipients."""
        self.blocks_port_25 = blocks_port_25
        self.blocking = [(0.0, blocks_port_25)]
        """The same from which moment on (s)."""
        self.outages = down  # None: nothing is ever down
        self.end = end  # of the run (s)
        self.permissions: Permissions | None = None  # None: nobody asks whose they are
        self.abuses: Abuses  # set before anything is sent
        self.blocks_servers: frozenset[str] = frozenset()
        """Networks whose servers reach no port 25 elsewhere."""
        self._arrive = (self.arrive,)
        self._routes_until = inf if down is None else -inf  # `routes` hold until then (s)
        self._next_fall = self._routes_until  # when anything next goes down (s)

    # ---- on the way

    def send(self, transfer: Transfer, at: float, network: str) -> None:
        """Send *transfer* off at *at* from *network*; it arrives one latency later."""
        server = transfer.server
        transfer.network = network
        routes = self.routes if at < self._routes_until else self._routes_at(at)
        latency = routes.latencies[network][server.network]
        blocking = self.blocks_port_25 if transfer.origin is None else self.blocks_servers
        if latency == inf or transfer.address == 0:
            transfer.no_way, latency = True, 0.0
        elif network in blocking:
            port = transfer.credentials.port
            transfer.no_way = is_blocked(network, server.network, port, blocking)
        if transfer.no_way and self._learns_nothing(transfer, at + latency):
            self._no_session(transfer, at + latency, server.own["unreachable"])
            return
        transfer.callbacks = self._arrive
        self.env.at(transfer, at + latency)

    def _learns_nothing(self, transfer: Transfer, at: float) -> bool:
        """Whether nothing that happens until *at* can change that *transfer* finds no way then, and
        its sender learns nothing from it for another message: no event, then."""
        people = transfer.origin is None and not transfer.message.spam
        return people and at < self.end

    def latency(self, network: str, server: Server, at: float) -> float:
        """Seconds from *network* to *server* at *at*; infinity for no way."""
        routes = self.routes if at < self._routes_until else self._routes_at(at)
        return routes.latencies[network][server.network]

    def blocks(self, network: str, server: Server, port: int) -> bool:
        """Whether *network* lets no submission out to *server* by *port*."""
        if network not in self.blocks_port_25:  # bcp134.port_587_not_blocked
            return False
        return is_blocked(network, server.network, port, self.blocks_port_25)

    def _routes_at(self, at: float) -> Routes:
        """The routes that there are at *at*, which may be later than the present."""
        if at < self._routes_until:
            return self.routes
        assert self.outages is not None
        now = self.env.now
        if now < self._routes_until:
            return self.outages.routes(at)
        self.routes, self._routes_until = self.outages.routes(now), self.outages.next_change(now)
        return self._routes_at(at)

    def mark_pending(self) -> NDArray[np.bool_]:
        """Boolean mask of recipients (rows) that still have a scheduled event."""
        rows = np.zeros(len(self.recorder.recipient), dtype=bool)
        for group in self.env.pending():
            rows[group.first : group.end] = True
        return rows

    # ---- an attempt: the hot path, everything a hop costs is here and in what it calls

    def arrive(self, transfer: Transfer, now: float | None = None) -> None:
        """*transfer* reaches its server at *now* (None: SimPy calls): find it a session."""
        if now is None:
            now = self.env.now
        server, message = transfer.server, transfer.message
        if (transfer.no_way or server.is_reserved) and self._is_kept_out(transfer, now):
            return
        # Draws of first attempts are columns of the workload, later ones are worked out from the
        # message's key: no attempt takes a number from another, so arms stay paired.
        if transfer.attempt == 1:
            draw = message.service[transfer.origin is not None]
        else:
            purpose = Purpose.SUBMISSION if transfer.origin is None else Purpose.RELAY
            draw = chance(message.key, purpose, transfer.attempt)
        took = server.duration(draw, transfer.count, message.size, transfer.line)
        start = server.sessions.admit(now, took)
        if start is None:
            self.turn_away(transfer, now)
        elif server.is_plain and len(transfer.groups) == 1 and start + took <= self._next_fall:
            self._plain_session(transfer, now, start, took)
        else:
            self.session(transfer, now, start, took)

    def _is_kept_out(self, transfer: Transfer, now: float) -> bool:
        """Whether there is no connection, or no more than a refusal to greet."""
        server = transfer.server
        if transfer.no_way or server.sessions.is_down(now):
            self._no_session(transfer, now, server.own["unreachable"])
            return True
        refusal = server.greet(transfer.address, transfer.credentials, now)
        if refusal is not None:
            server.tally.turned_away += 1
            self._no_session(transfer, now, refusal)
        return refusal is not None

    def _plain_session(self, transfer: Transfer, now: float, start: float, took: float) -> None:
        """Do as `session` and `settle` in the usual case, without sorting answers: recipients that
        a server does not tell apart are accepted."""
        server, message, origin = transfer.server, transfer.message, transfer.origin
        if origin is not None and origin.temporary_failure and fails(transfer, origin):
            self.session(transfer, now, start, took)
            return
        memory, recent = server.memory, 0
        if memory is not None:
            seen = server.seen(transfer.address)
            memory.open_session(seen, start + took)
            recent = memory.recent(seen, now)
        client, shows = transfer.address, transfer.credentials
        if server.varies:
            answers = server.answers_to(client, shows, now, message.spam, message.content, recent)
        else:
            answers = server.cache.by_address[client][shows].stateless
        whole = answers.client_class.whole_sender
        by_recipient = answers[message.reverse_path if whole else message.representative]
        group = transfer.groups[0]
        answer = by_recipient[group.representative]
        if memory is not None and answer.cause != RATE:
            memory.add_transaction(seen, now)
        if not (answer.keeps or answer.relays) or (origin is None and server.personal):
            self.settle(transfer, [(group, answer)], now, start, took)
            return
        count = transfer.count
        self._write(
            transfer, now, count, answer, start - now, took, NOBODYS, count if answer.relays else 0
        )
        if origin is None and message.sender is not None:
            message.sender.receive_replies(transfer, start + took, NONE)
        if answer.relays:
            self.pass_on(transfer, start + took)
        elif server.lacks(group, exact=message.exact):
            self.take(transfer, [(group, answer)], start + took)
        else:
            self._deliver(transfer, group, answer, start + took)

    def turn_away(self, transfer: Transfer, now: float) -> None:
        """Too many wait for a session already (RFC 5321 section 3.8)."""
        transfer.server.tally.turned_away += 1
        self._no_session(transfer, now, transfer.server.own["busy"])

    def session(self, transfer: Transfer, now: float, start: float, took: float) -> None:
        """Hold a session of *took* seconds from *start* for *transfer*, which arrived at *now*."""
        memory = transfer.server.memory
        # The end is known here already; what comes of it is decided now, with `done` as the moment.
        # Only an outage can change it, and `_next_fall` is a bound below the next one.
        done = start + took
        if done > self._next_fall and self._is_lost(transfer, now, start, done):
            return
        if memory is not None:
            # only now: the greeting counts a client's other sessions
            memory.open_session(transfer.server.seen(transfer.address), done)
        self.settle(transfer, self.ask(transfer, now), now, start, took)

    def settle(
        self, transfer: Transfer, replies: Replies, now: float, start: float, took: float
    ) -> None:
        """Act on the *replies* of a session that began at *start* and took *took* seconds."""
        server, message, done = transfer.server, transfer.message, start + took
        sender = None if transfer.origin is not None else message.sender
        accepted, permission = transfer.count, NOBODYS
        acceptances, refused, worst, relayed = replies, NONE, replies[0][1], 0
        if len(replies) > 1 or not worst.verdict.accepted:
            acceptances, refused, worst, relayed = split(replies)
            if refused and sender is not None and sender.needs_all(transfer, refused):
                acceptances, relayed = [], 0
            accepted = recipients([group for group, _ in acceptances])
        elif worst.relays:  # the usual case
            relayed = accepted
        if server.personal and transfer.origin is None and self.permissions is not None:
            writer = self.recorder.messages.sender[message.number] if not message.spam else -1
            permission = self.permissions.of(transfer, writer, now, acceptances, refused)
        self._write(transfer, now, accepted, worst, start - now, took, permission, relayed)
        if sender is not None:
            sender.receive_replies(transfer, done, refused)
        elif refused:
            self._defer_or_bounce(transfer, done, refused)
        if acceptances:
            self.take(transfer, acceptances, done)

    def _write(
        self,
        transfer: Transfer,
        now: float,
        accepted: int,
        worst: Answer,
        waited: float,
        took: float,
        permission: int = NOBODYS,
        relayed: int = 0,
    ) -> None:
        recorder, abuse = self.recorder, NO_ABUSE
        if relayed and transfer.message.spam:
            abuse = self.abuses.of(transfer, permission)
            if not transfer.server.trusts(transfer.address):
                transfer.server.tally.strangers += relayed
        recorder.attempts += recorder.pack_attempt(
            transfer.message.number, transfer.attempt, transfer.origin is not None, now,
            transfer.address, transfer.place, transfer.server.number, transfer.count, accepted,
            worst.number, waited, took, permission, relayed, abuse,
        )  # fmt: skip

    def _is_lost(self, transfer: Transfer, now: float, start: float, done: float) -> bool:
        """Whether an outage breaks the session; then everything is still its sender's."""
        assert self.outages is not None
        server, origin = transfer.server, transfer.origin
        self._next_fall = self.outages.next_fall(now)
        ends = [end.sessions.down for end in (server, origin) if end is not None]
        networks = transfer.network, server.network
        at = self.outages.breaks(ends, networks, now, done)
        if at is None:
            return False
        if server.sessions.is_down(at):
            server.sessions.cut(at)
        self._no_session(
            transfer, now, server.own["no_answer"], waited=min(start, at) - now,
            took=max(0.0, at - start), noticed_at=at + outages.NO_ANSWER,
        )  # fmt: skip
        return True

    def _no_session(
        self,
        transfer: Transfer,
        now: float,
        answer: Answer,
        *,
        waited: float = 0.0,
        took: float = 0.0,
        noticed_at: float | None = None,
    ) -> None:
        """There was no session, or it was lost; its sender notices at *noticed_at* (s; None:
        now): everything is still its sender's."""
        self._write(transfer, now, 0, answer, waited, took)
        replies = [(group, answer) for group in transfer.groups]
        at = now if noticed_at is None else noticed_at
        sender = transfer.message.sender
        if transfer.origin is None and sender is not None:
            sender.receive_replies(transfer, at, replies)
        else:
            self._defer_or_bounce(transfer, at, replies)
