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
from sim.world.onward import TRUNK

if TYPE_CHECKING:
    from sim.world.batch.changes import Changes
    from sim.world.batch.moments import Moments
    from sim.world.batch.precompute import Precomputed
    from sim.world.recorder import Answer
    from sim.world.server import Server
    from sim.world.transfers import Transfer

ASK, COUNT, FAILS = Known.ASK, Known.COUNT, Known.FAILS
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
        client, memory = self._origin(index).address, server.memory
        if groups.attempt_item[index] > FIRST:
            self._prepare(index, server)
        known, took = groups.known_item[index], groups.took_item[index]
        asks = known in (COUNT, FAILS) or (
            memory is not None and known != ASK and not memory.is_quiet(client, at)
        )
        if known == ASK or (asks and self._is_refused(server, client, at)):
            self.transport.arrive(self._transfer(index), at)
            return
        # `at` is the present moment, so sessions are asked for in order of time here, too.
        start = server.sessions.admit(at, took)
        if start is None:
            self.transport.turn_away(self._transfer(index), at)
        elif self.changes.between(at, start + took):
            self.transport.session(self._transfer(index), at, start, took)
        elif asks:
            self._ask(index, server, at, start, took)
        else:
            groups.at_item[index], groups.start_item[index] = at, start
            if memory is not None:
                memory.count(client, at, start + took)

    def _origin(self, index: int) -> Server:
        """The first server of group *index*."""
        number: int = self.messages.server_item[self.groups.message_item[index]]
        return self.servers[number]

    @staticmethod
    def _is_refused(server: Server, client: int, at: float) -> bool:
        return server.counts_sessions and server.greet(client, NO_LOGIN, at) is not None

    def _ask(self, index: int, server: Server, at: float, start: float, took: float) -> None:
        """Ask *server* about group *index* in a session that began at *start*."""
        groups, client, done = self.groups, self._origin(index).address, start + took
        fails = groups.known_item[index] == FAILS
        answer: Answer | None = server.own["temporary"]
        if not fails:
            answer = self.moments.second_hop(server, client, index, at)
        ends = answer is not None and _ends_here(answer)
        if answer is None or not (ends or self._waits(index, answer, done)):
            self.transport.session(self._transfer(index), at, start, took)
            return
        if not fails:
            self.moments.note(server, client, answer, at, done)
        elif server.memory is not None:
            server.memory.open_session(server.seen(client), done)
        if ends:
            groups.outcome_item[index] = answer.outcome
            groups.at_item[index], groups.start_item[index] = at, start
            self.queue.pop(index, None)
        else:
            self._put_off(index, answer, at, start, took)

    # ---- the queue of the first server

    def _waits(self, index: int, answer: Answer, done: float) -> bool:
        """Whether group *index*, refused with *answer*, is tried again and nothing else happens."""
        refused_for_now = not (answer.verdict.accepted or answer.verdict.permanent)
        alone = len(self.transport.mx[self.groups.domain_item[index]]) == 1
        if not (refused_for_now and alone):
            return False
        return self._origin(index).retries.is_quiet(self._deferred(index), done)

    def _deferred(self, index: int) -> Deferred:
        return self.queue.get(index) or Deferred(self._since(index))

    def _since(self, index: int) -> float:
        """Since when the first server of group *index* has it (s)."""
        message = self.groups.message_item[index]
        since: float = self.messages.start_item[message] + self.messages.took_item[message]
        return since

    def _put_off(self, index: int, answer: Answer, at: float, start: float, took: float) -> None:
        """Group *index* was refused for now with *answer*: it is tried again."""
        groups, origin = self.groups, self._origin(index)
        server, attempt = self.servers[groups.server_item[index]], groups.attempt_item[index]
        recorder = self.transport.recorder
        recorder.attempts += recorder.pack_attempt(
            groups.message_item[index], attempt, BETWEEN_SERVERS, at, origin.address, NOWHERE,
            server.number, groups.count_item[index], NONE, answer.number, start - at, took,
            NOBODYS, NONE, NO_ABUSE,
        )  # fmt: skip
        deferred = self.queue[index] = self._deferred(index)
        again = origin.retries.next_attempt(deferred, start + took)
        assert again is not None, "it has not expired"
        groups.attempt_item[index] = attempt + 1
        again = outages.up_again(origin.sessions.down, again)
        latency = self.transport.latency(origin.network, server, again)
        if latency == inf:
            self.transport.send(self._transfer(index), again, origin.network)
        else:
            self.send(index, again + latency)

    def _prepare(self, index: int, server: Server) -> None:
        """Work out a further attempt of group *index*, as `Transport.arrive` does."""
        groups, message, origin = self.groups, self.groups.message_item[index], self._origin(index)
        key, attempt = self.arrivals.key[message], groups.attempt_item[index]
        took = server.service(chance(key, Purpose.RELAY, attempt))
        took += server.per_recipient * groups.count_item[index]
        groups.took_item[index] = took + self.arrivals.size[message] * 8 / TRUNK
        groups.known_item[index] = COUNT
        if self.known.fixed[server.number] == ASK:
            groups.known_item[index] = ASK
        elif chance(key, Purpose.FAILURE, attempt) < origin.temporary_failure:
            groups.known_item[index] = FAILS

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
        if (deferred := self.queue.pop(index, None)) is not None:
            transfer.attempt, transfer.ticket = self.groups.attempt_item[index], deferred
            transfer.server = self.servers[self.groups.server_item[index]]
        return transfer


def _ends_here(answer: Answer) -> bool:
    """Whether the recipients get the message at the server that gave *answer*."""
    verdict = answer.verdict
    return verdict.accepted and not verdict.relayed and not verdict.discarded
