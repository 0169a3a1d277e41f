"""The second hops of groups: to the server of their domain, at once or from the queue of the first.

What was worked out before the run stands in columns; a group that is refused for now waits, and
comes again as the same event. The columns hold its last attempt, packed rows those before.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from simpy.events import NORMAL

from sim.path.facts import NO_LOGIN
from sim.workload.streams import Purpose, chance
from sim.world import outages
from sim.world.abuse import NONE as NO_ABUSE
from sim.world.batch.columns import Known
from sim.world.deferred import Deferred
from sim.world.engine import Occurrence
from sim.world.queue_manager import TRUNK

if TYPE_CHECKING:
    from sim.world.batch.changes import Changes
    from sim.world.batch.moments import Moments
    from sim.world.batch.precompute import Precomputed
    from sim.world.memory import Memory
    from sim.world.recorder import Answer
    from sim.world.server import Server
    from sim.world.transfers import Transfer

ASK, COUNT, LOCAL = Known.ASK, Known.COUNT, Known.LOCAL
FAILS, GREYLIST = Known.FAILS, Known.GREYLIST
CERTAIN = LOCAL, GREYLIST
"""What is known of a client that has done nothing lately."""
FIRST = 1
BETWEEN_SERVERS, NOWHERE, NOBODYS, NONE = 1, 0, 0, 0
"""In rows: the hop, the place of a server, the permission; and recipients that were taken."""


class SecondHop(Occurrence):
    """A group of recipients on its way to its second hop."""

    __slots__ = ("index",)
    index: int


class SecondHops:
    """The second hops of one run; *arrive* is called with each event."""

    def __init__(
        self,
        known: Precomputed,
        moments: Moments,
        changes: Changes,
        arrive: Callable[[SecondHop], None],
    ) -> None:
        self.known, self.moments, self.changes = known, moments, changes
        self.transport, self.env = known.transport, known.transport.env
        self.messages, self.groups, self.servers = known.messages, known.groups, known.servers
        self.arrivals, self.callbacks = known.arrivals, (arrive,)
        self.spare: list[SecondHop] = []  # events that are over, to be used again
        self.queue: dict[int, Deferred] = {}  # of groups that were put off, until they are taken

    def send(self, index: int, at: float) -> None:
        """Let group *index* reach its second server at *at*."""
        event = self.spare.pop() if self.spare else SecondHop()
        event.callbacks, event.index = self.callbacks, index
        self.env.schedule(event, NORMAL, at - self.env.now)

    def reach(self, index: int, at: float) -> None:
        """Hold the session of group *index*, which reaches its second server at *at*."""
        groups, server = self.groups, self.servers[self.groups.server_item[index]]
        known, memory = groups.known_item[index], server.memory
        if groups.attempt_item[index] > FIRST:
            known = self._prepare(index, server, known)
        if server.sessions.down and server.sessions.is_down(at):
            known = ASK
        elif memory is not None and memory.limits:
            known = self._limited(index, server, memory, known, at)
        if known == ASK:
            self.transport.arrive(self._transfer(index), at)
            return
        # `at` is the present moment, so sessions are asked for in order of time here, too.
        took = groups.took_item[index]
        start = server.sessions.admit(at, took)
        if start is None:
            self.transport.turn_away(self._transfer(index), at)
        elif start + took >= self.changes.next and self.changes.between(at, start + took):
            self.transport.session(self._transfer(index), at, start, took)
        elif known == LOCAL:
            groups.at_item[index], groups.start_item[index] = at, start
            if memory is not None:
                memory.count(self._origin(index).address, at, start + took)
        else:
            self._ask(index, server, known, at, start, took)

    def _origin(self, index: int) -> Server:
        """The first server of group *index*."""
        number: int = self.messages.server_item[self.groups.message_item[index]]
        return self.servers[number]

    def _limited(self, index: int, server: Server, memory: Memory, known: int, at: float) -> int:
        """What is known of the hop at a *server* that limits what its clients do."""
        client = self._origin(index).address
        if known in CERTAIN and memory.is_quiet(client, at):
            return known
        if server.counts_sessions and server.greet(client, NO_LOGIN, at) is not None:
            return ASK
        return COUNT if known in CERTAIN else known

    def _ask(
        self, index: int, server: Server, known: int, at: float, start: float, took: float
    ) -> None:
        """Ask *server* about group *index* in a session that began at *start*."""
        groups, origin, done = self.groups, self._origin(index), start + took
        if known == GREYLIST:
            answer = self.moments.greylist(server, origin.address, index, at, done)
        elif known == COUNT:
            answer = self.moments.second_hop(server, origin.address, index, at, done)
        else:
            answer = self._failure(server, origin.address, done)
        if answer is None:
            self.transport.session(self._transfer(index), at, start, took)
        elif answer.keeps:
            groups.outcome_item[index] = answer.outcome
            groups.at_item[index], groups.start_item[index] = at, start
            if groups.attempt_item[index] > FIRST:
                del self.queue[index]
        elif (again := self._again(index, origin, answer, done)) is not None:
            self._put_off(index, origin, server, answer, at, start, took)
            self._send_again(index, origin, server, at, again)
        else:
            transfer = self._transfer(index)
            replies = [(group, answer) for group in transfer.groups]
            self.transport.settle(transfer, replies, at, start, took)

    @staticmethod
    def _failure(server: Server, client: int, done: float) -> Answer:
        """What the client says itself of a session with *server* that fails."""
        if server.memory is not None:
            server.memory.open_session(server.seen(client), done)
        return server.own["temporary"]

    # ---- the queue of the first server

    def _again(self, index: int, origin: Server, answer: Answer, done: float) -> float | None:
        """When *origin* tries group *index* again, which was refused with *answer* at *done*; None:
        it does not, or not that alone."""
        if answer.verdict.accepted or answer.verdict.permanent:
            return None
        if len(self.transport.mx[self.groups.domain_item[index]]) > 1:
            return None
        deferred = self.queue.get(index)
        if deferred is None:
            deferred = self.queue[index] = Deferred(self._since(index))
        return origin.retries.next_quietly(deferred, done)

    def _since(self, index: int) -> float:
        """Since when the first server of group *index* has it (s)."""
        message = self.groups.message_item[index]
        since: float = self.messages.start_item[message] + self.messages.took_item[message]
        return since

    def _put_off(
        self,
        index: int,
        origin: Server,
        server: Server,
        answer: Answer,
        at: float,
        start: float,
        took: float,
    ) -> None:
        """Keep the attempt of group *index* that was refused for now with *answer*."""
        groups, recorder = self.groups, self.transport.recorder
        attempt = groups.attempt_item[index]
        recorder.attempts += recorder.pack_attempt(
            groups.message_item[index], attempt, BETWEEN_SERVERS, at, origin.address, NOWHERE,
            server.number, groups.count_item[index], NONE, answer.number, start - at, took,
            NOBODYS, NONE, NO_ABUSE,
        )  # fmt: skip
        groups.attempt_item[index] = attempt + 1

    def _send_again(
        self, index: int, origin: Server, server: Server, now: float, again: float
    ) -> None:
        """Let *origin* send group *index* once more at *again*, or as soon as it is up."""
        latency = self.known.latency_item[index]
        if self.changes.outages is not None:
            again = outages.up_again(origin.sessions.down, again)
            latency = self.transport.latency(origin.network, server, again)
        if latency == inf:
            self.transport.send(self._transfer(index), again, origin.network)
            return
        event = self.spare.pop()  # that of the attempt which is over
        event.callbacks, event.index = self.callbacks, index
        self.env.schedule(event, NORMAL, again + latency - now)

    def _prepare(self, index: int, server: Server, known: int) -> int:
        """Work out a further attempt of group *index*, as `Transport.arrive` does; what is known
        of it."""
        if self.known.fixed[server.number] == ASK:
            return ASK
        groups, message, origin = self.groups, self.groups.message_item[index], self._origin(index)
        key, attempt = self.arrivals.key[message], groups.attempt_item[index]
        draw, size = chance(key, Purpose.RELAY, attempt), self.arrivals.size[message]
        groups.took_item[index] = server.duration(draw, groups.count_item[index], size, TRUNK)
        failure = origin.temporary_failure
        if failure and chance(key, Purpose.FAILURE, attempt) < failure:
            return FAILS
        return COUNT if known == FAILS else known

    # ---- what is left to others

    def _transfer(self, index: int) -> Transfer:
        """The transfer of group *index* to its second server."""
        message, origin = self.groups.message_item[index], self._origin(index)
        group = self.groups.group(index, self.known.representative)
        sent = self.known.programs[self.arrivals.person[message]].message(message)
        transfer = self.transport.next_transfer(
            origin, sent, group.domain, [group], self._since(index)
        )
        assert transfer is not None, "only then is it known to go on"
        transfer.network = origin.network
        deferred, attempt = self.queue.pop(index, None), self.groups.attempt_item[index]
        if attempt > FIRST:
            transfer.attempt, transfer.ticket = attempt, deferred
            transfer.server = self.servers[self.groups.server_item[index]]
        return transfer
