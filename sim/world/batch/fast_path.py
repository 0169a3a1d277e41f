"""Messages on their first two hops as the plan tells, as long as it does.

What is known of them before is in `Prospects`. What is left for the run is what depends on the
order of things: when a session comes free, what counts and lists say by then. Whatever else may
happen (a refusal that somebody reacts to, a failure, a policy that asks about the moment) is
`Transport`'s, as for every other message; nothing here decides anything.

Messages are taken in order of arrival, so that most need no event at their first hop.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import NORMAL, Event

from sim.records.words import Fate
from sim.world.batch.precompute import (
    COUNT,
    LOCAL,
    ONWARD,
    PARTS,
    REFUSAL,
    WRITE,
    Prospects,
    outcome,
)
from sim.world.engine import Occurrence
from sim.world.recorder import Parts
from sim.world.server import Server
from sim.world.transport import Transfer, Transport
from sim.world.verdict_cache import NO_LOGIN

CHUNK = 4096
"""Messages that are taken out of the columns at once."""


class Onward(Occurrence):
    """A piece on its way to its second hop."""

    __slots__ = ("piece",)
    piece: int


class Foreseen:
    """The planned messages of one run, on their first two hops."""

    def __init__(self, prospects: Prospects, transport: Transport) -> None:
        self.prospects, self.transport = prospects, transport
        self.env, self.rows = transport.env, transport.rows
        self.programs, self.servers = prospects.programs, prospects.servers
        self.one, self.two, self.pieces = prospects.one, prospects.two, prospects.pieces
        self.arrivals = prospects.arrivals
        self.order = prospects.order
        self.place = array("i", np.argsort(self.order).astype(np.int32).tobytes())
        """Of each message in order."""
        self.out = bytearray(len(self.order))  # 1: no longer on this way
        self.left: set[int] = set()  # people who have changed a setting
        self._next, self._now = 0, 0.0  # the next in order, the moment of the last
        self._at = 0.0  # when it comes
        self._stale = set(range(len(self.servers)))  # servers to be asked
        self._change = 0.0  # when a network or link next goes down or comes up
        self._alarm, self._set = Occurrence(), False  # wakes `feed`; whether it will
        self._feeds: Any = (self.feed,)  # SimPy only iterates it
        self._onward: Any = (self.onward,)
        self._queue = self.env.queue
        self._spare: list[Onward] = []  # events that are over, to be used again
        self._sessions = np.array([*(s.sessions for s in self.servers), None], dtype=object)

    def judge(self, servers: Iterable[Server]) -> None:
        """The policies of *servers* have changed: what they answer is worked out anew, before
        the next message comes."""
        self._stale.update(server.number for server in servers)

    def _judge(self) -> None:
        self.prospects.judge(self._stale, self._next)
        self._stale.clear()
        self._brought = self._bring()

    def _chunk(self, start: int) -> Iterator[tuple[Any, ...]]:
        """What `feed` needs of the messages from *start* in order; last the piece that goes on:
        -1 for none, -2 for perhaps several."""
        some, one = self.order[start : start + CHUNK], self.one
        known = one.known[some]
        sessions = self._sessions[np.where(known >= LOCAL, one.server[some], -1)]
        then = np.where(known == ONWARD, self.pieces.first[some], np.where(known == PARTS, -2, -1))
        return zip(
            some.tolist(), one.at[some].tolist(), sessions.tolist(), one.took[some].tolist(),
            then.tolist(), strict=True,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to hand messages over, from the present moment on."""
        self._wait()

    def _wait(self) -> None:
        """See to it that `feed` is called in time for the next message: by `onward`, if a piece
        on its way comes before anything else; else by an event of its own."""
        queue = self._queue
        if self._at < inf and not (queue and queue[0][3].__class__ is Onward):
            self._set = True
            self._alarm.callbacks = self._feeds
            self.env.schedule(self._alarm, NORMAL, max(0.0, self._at - self.env.now))

    def feed(self, _: Event | None = None) -> None:
        """Bring all messages that come before any other event, and wait for the next."""
        if self._stale:
            self._judge()
        self._set = False
        self._at = next(self._brought, inf)
        self._wait()

    def _bring(self) -> Iterator[float]:
        """Bring messages to their first servers, each at its moment, outside the event list;
        where another event comes first, yield the moment of the next message."""
        env, transport, latency, out = (
            self.env,
            self.transport,
            self.prospects.one_latency,
            self.out,
        )
        queue, schedule, spare, arrive = self._queue, env.schedule, self._spare, self._onward
        starts, until, began, change = self.one.one_start, env.peek(), env.now, self._change
        chunks = map(self._chunk, range(self._next, len(self.order), CHUNK))
        for number, at, sessions, took, then in chain.from_iterable(chunks):
            while at > until:
                self._next = self.place[number]
                yield at
                until, began, change = env.peek(), env.now, self._change
            if out[number]:
                continue
            if sessions is None:
                self._next, self._now = self.place[number] + 1, at
                self._by_itself(number, at)
                until = env.peek()
                continue
            start = sessions.admit(at, took)
            if start is None:
                self._next, self._now = self.place[number] + 1, at
                transport.turn_away(self._first(number), at)
                until = env.peek()
                continue
            done = start + took
            if done >= change and self._changes(at, done):
                self._next, self._now = self.place[number] + 1, at
                transport.session(self._first(number), at, start, took)
                until, change = env.peek(), self._change
                continue
            starts[number] = start
            if then >= 0:
                event = spare.pop() if spare else Onward()
                event.callbacks, event.piece = arrive, then
                schedule(event, NORMAL, done + latency[then] - began)
                until = queue[0][0]
            elif then < -1:
                self._part(number, done)
                until = env.peek()
        self._next = len(self.order)

    def _by_itself(self, number: int, at: float) -> None:
        """Nothing is foreseen of message *number* at *at*."""
        if self.one.one_known[number] == WRITE:
            self.programs[self.arrivals.person[number]].write(number, at)
        else:
            self.transport.arrive(self._first(number), at)

    def _part(self, number: int, done: float) -> None:
        """The first server has taken message *number*: the pieces that do not end there go on."""
        pieces = self.pieces
        for piece in range(pieces.firsts[number], pieces.firsts[number + 1]):
            if pieces.one_said[piece] == ONWARD:
                event = Onward()
                event.callbacks, event.piece = self._onward, piece
                delay = done + self.prospects.one_latency[piece] - self.env.now
                self.env.schedule(event, NORMAL, delay)

    def onward(self, event: Onward) -> None:
        """A piece reaches its second hop: the session there, as far as all is as foreseen."""
        if self._stale:
            self._judge()
        self._spare.append(event)
        piece, at, two = event.piece, self.env.now, self.two
        known, server = two.one_known[piece], self.servers[two.servers[piece]]
        if known == LOCAL or (known == COUNT and self._accepts(server, piece, at)):
            took = two.one_took[piece]
            start = server.sessions.admit(at, took)
            if start is None:
                self.transport.turn_away(self._transfer(piece), at)
            elif start + took >= self._change and self._changes(at, start + took):
                self.transport.session(self._transfer(piece), at, start, took)
            else:
                two.one_at[piece], two.one_start[piece] = at, start
                if known == COUNT:
                    self._count(server, piece, at, start + took)
        else:
            self.transport.arrive(self._transfer(piece), at)
        if not self._set:
            queue = self._queue
            if not queue or queue[0][0] >= self._at:
                self._at = next(self._brought, inf)
            if not queue or queue[0][3].__class__ is not Onward:
                self._wait()

    def _accepts(self, server: Server, piece: int, at: float) -> bool:
        """Whether *server*, which keeps counts and lists, takes *piece* for mailboxes of its
        own, by what these say at *at*."""
        known, memory = self.prospects, server.memory
        client, number = self._origin(piece).address, self.pieces.messages[piece]
        recent = 0
        if memory is not None:
            if server.greet(client, NO_LOGIN, at) is not None:
                return False
            recent = memory.clients.recent(client, at, memory.window)
        said = server.answering(client, NO_LOGIN, at, False, known.content[number], recent)
        shown, domain = known.shown[known.sender[number]], self.pieces.domain[piece]
        answer = said[shown][known.someone[domain]]
        self.pieces.one_end_there[piece] = outcome(answer)
        return answer.accepted and not answer.relayed and not answer.discarded

    def _count(self, server: Server, piece: int, at: float, done: float) -> None:
        """What a server that keeps counts remembers of a session from *at* to *done*."""
        if server.memory is not None:
            client = self._origin(piece).address
            server.memory.clients.opened(client, done)
            server.memory.clients.made(client, at)

    def _origin(self, piece: int) -> Server:
        """The first server of *piece*."""
        number: int = self.one.servers[self.pieces.messages[piece]]
        return self.servers[number]

    def _changes(self, at: float, done: float) -> bool:
        """Whether a network or a link goes down or comes up between *at* and *done*."""
        outages = self.transport.outages
        self._change = inf if outages is None else outages.next_change(at)
        return done >= self._change

    def _first(self, number: int) -> Transfer:
        """The transfer of message *number* to its first server."""
        _, transfer, network = self.programs[self.arrivals.person[number]].first(number)
        transfer.network = network
        return transfer

    def _transfer(self, piece: int) -> Transfer:
        """That of *piece* to its second."""
        number, origin = self.pieces.messages[piece], self._origin(piece)
        done = self.one.one_start[number] + self.one.one_took[number]
        part = self.pieces.slice(piece, self.prospects.someone)
        message = self.programs[self.arrivals.person[number]].message(number)
        transfer = self.transport.onward(origin, message, part[2], [part], done)
        assert transfer is not None, "only then is it known to go on"
        transfer.network = origin.network
        return transfer

    # ---- changes

    def before_change(self, person: int | None = None) -> None:
        """A policy is about to change, or a setting of *person*: messages on their way to their
        first server were sent under the old one, and go on as others do."""
        now = max(self.env.now, self._now)
        latest, at = now + self.prospects.longest, self.one.one_at
        end = bisect_right(self.order, latest, self._next, key=at.__getitem__)
        coming = self.order[self._next : end]
        sent = coming[(self.one.known[coming] != WRITE) & (self.prospects.written[coming] <= now)]
        for number in sent.tolist():
            writer = self.arrivals.person[number]
            if not self.out[number] and person in (None, writer):
                self.out[number] = 1
                self.programs[writer].write(number, self.arrivals.at[number])

    def leaves(self, person: int) -> None:
        """*person* is about to change a setting: nothing of what follows is foreseen."""
        if person in self.left:
            return
        self.left.add(person)
        self.before_change(person)
        now = max(self.env.now, self._now)
        mine = self.arrivals.of_person(person)
        mine = mine[(self.one.known[mine] != WRITE) & (self.prospects.written[mine] > now)]
        for number in mine.tolist():
            self.out[number] = 1
        self._write_next(iter(mine.tolist()))

    def _write_next(self, numbers: Iterator[int]) -> None:
        number = next(numbers, None)
        if number is None:
            return

        def write(at: float) -> None:
            self.programs[self.arrivals.person[number]].write(number, at)
            self._write_next(numbers)

        self.env.call_at(self.arrivals.at[number], write)

    # ---- what happened

    def settle(self) -> None:
        """The recipients that have met their fate here meet it in the rows."""
        one, two, pieces = self.one, self.two, self.pieces
        here = one.made[pieces.message] & np.isin(pieces.said, (LOCAL, REFUSAL))
        for made, hop, whose, end in (
            (np.flatnonzero(here), one, pieces.message, pieces.end),
            (np.flatnonzero(two.made), two, None, pieces.end_there),
        ):
            of = made if whose is None else whose[made]
            done = hop.start[of] + hop.took[of]
            self.rows.settle_all(pieces.row[made], pieces.count[made], end[made], done)
        refused = np.flatnonzero(one.made & (one.known == REFUSAL))
        self.rows.gave_up(refused, pieces.end[pieces.first[refused]])

    def forget(self) -> None:
        """Let go of all columns: in circles, these would wait for the collector."""
        self.__dict__.clear()

    def hold(self, rows: NDArray[np.bool_]) -> None:
        """Mark the recipients (*rows*) that are under way here: to a first server, to a second."""
        coming = self.order[self._next :]
        for number in coming[self.one.known[coming] != WRITE].tolist():
            if not self.out[number]:
                rows[self.arrivals.first[number] : self.arrivals.first[number + 1]] = True
        for _, _, _, event in self.env.queue:
            if isinstance(event, Onward):
                row = self.pieces.rows[event.piece]
                rows[row : row + self.pieces.counts[event.piece]] = True

    def relayed(self, begins: Sequence[float]) -> NDArray[np.int64]:
        """How many each server (column) relayed in each phase (row) that `Transport` has not seen;
        *begins* are the first moments of the phases (s)."""
        one, pieces, n = self.one, self.pieces, len(self.servers)
        made = np.flatnonzero((pieces.said == ONWARD) & one.made[pieces.message])
        whose = pieces.message[made]
        phase = np.searchsorted(begins, one.at[whose], side="right") - 1
        where = phase * n + one.server[whose]
        counts = np.bincount(where, pieces.count[made], minlength=len(begins) * n)
        return counts.astype(np.int64).reshape(-1, n)

    def attempts(self) -> Parts:
        """The attempts that `Transport` has not seen, at first hops and at second ones."""
        one, two, pieces, known = self.one, self.two, self.pieces, self.prospects
        first = self.order[one.made[self.order]]  # in order of time
        second = np.flatnonzero(two.made)  # nearly so
        whose = pieces.message[second]
        count, refused = np.diff(known.first_row), one.known == REFUSAL
        return {
            "message": lambda: (first, whose),
            "hop": lambda: (np.zeros(len(first), np.int8), np.ones(len(second), np.int8)),
            "at": lambda: (one.at[first], two.at[second]),
            "client": lambda: (known.client[first], known.addresses[one.server[whose]]),
            "place": lambda: (known.place[first], np.zeros(len(second), np.int16)),
            "server": lambda: (one.server[first], two.server[second]),
            "recipients": lambda: (count[first], pieces.count[second]),
            "accepted": lambda: (np.where(refused, 0, count)[first], pieces.count[second]),
            "answer": lambda: (
                pieces.end[pieces.first[first]] // len(Fate),
                pieces.end_there[second] // len(Fate),
            ),
            "waited": lambda: (
                one.start[first] - one.at[first], two.start[second] - two.at[second]
            ),
            "took": lambda: (one.took[first], two.took[second]),
        }  # fmt: skip
