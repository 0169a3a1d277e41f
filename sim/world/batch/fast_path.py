"""The accelerator: messages on their first two hops, without events where nothing else happens.

It decides nothing of its own. `Precomputed` knows when each message arrives, how long its session
takes and what it is answered; what is left for the run is what depends on the order of things:
when a session comes free, and what counts, clocks, lists and greylists say by then. What is refused
for now is tried again here, too. Everything else (a refusal that somebody reacts to, a bounce, a
policy that tells people of one domain apart) is `Transport`'s, as for any message.

Why the rows are those of `EventByEvent`, up to the rounding of sums of moments:

* *Order.* Messages are taken in order of arrival, and only up to the next scheduled event
  (`_bring`); so each server admits sessions in order of time, which is all that
  `Sessions.admit` asks for, and whatever an event reads has been brought up to its moment.
* *Settings.* Before a policy or a setting changes, the messages that were sent under the old one
  and have not arrived become events (`before_change`); what a person writes after changing
  a setting is written event by event (`detach`).
* *Policies.* What servers answer is worked out anew before the next arrival (`recompute`). A
  session is decided when it arrives, as in `Transport`.
* *Outages.* A session during which anything goes down, or a network or link comes up, is
  `Transport`'s.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simpy.events import NORMAL, Event

from sim.world.batch.changes import Changes
from sim.world.batch.columns import Known
from sim.world.batch.moments import COUNTED, NONE, PUT_OFF, SEVERAL, UNKNOWN, Moments
from sim.world.batch.outcomes import Outcomes
from sim.world.batch.precompute import Precomputed
from sim.world.batch.second_hops import SecondHop, SecondHops
from sim.world.batch.written import FirstHop, InOutbox, Written
from sim.world.engine import Occurrence
from sim.world.event_by_event import EventByEvent
from sim.world.recorder import Parts
from sim.world.server import Server
from sim.world.transfers import Transfer

CHUNK = 4096
"""Messages that are taken out of the columns at once: enough that numpy's calls cost nothing."""
THEN = np.array(
    [{Known.PARTS: SEVERAL, Known.COUNT: COUNTED}.get(known, NONE) for known in sorted(Known)[1:]]
)
"""Instead of the number of the group that goes on, by what is known of the first hop."""
WRITE, COUNT, SECOND_HOP = Known.WRITE, Known.COUNT, Known.SECOND_HOP


class Accelerator(EventByEvent):
    """The messages of one run, on their first two hops."""

    def __init__(self, known: Precomputed) -> None:
        transport = known.transport
        super().__init__(transport.env, known.arrivals, known.programs, known.servers)
        self.known, self.transport, self.recorder = known, transport, transport.recorder
        self.messages, self.groups, self.order = known.messages, known.groups, known.order
        self.moments, self.written = (
            Moments(known),
            Written(known, self._arrive_written, self._send_again),
        )
        self.changes = Changes(transport.outages)
        self.second_hops = SecondHops(known, self.moments, self.changes, self.arrive)
        self.outcomes = Outcomes(known)
        self._next = 0  # the place in order of the next message
        self.place = array("i", np.argsort(self.order).astype(np.int32).tobytes())
        """The place of each message in order."""
        self.detached = known.detached
        self.learned: set[int] = set()  # people who have changed a setting
        self._now = self._arrival = 0.0  # when the last message came, when the next one comes
        self._stale = set(range(len(self.servers)))  # servers whose answers are to be worked out
        self._alarm, self._alarm_set = Occurrence(), False  # wakes `feed`; whether it will
        self._feed = (self.feed,)
        self._sessions = np.array([*(s.sessions for s in self.servers), None], dtype=object)

    def start(self) -> None:
        """Begin to hand messages over, from the present moment on."""
        self._wait()

    # ---- first hop

    def _wait(self) -> None:
        """See to it that `feed` is called in time for the next message.

        If the next event is a group on its way, `arrive` will do that: most alarms are saved.
        """
        queue = self.env.queue
        if self._arrival < inf and not (queue and queue[0][3].__class__ is SecondHop):
            self._alarm_set = True
            self._alarm.callbacks = self._feed
            self.env.at(self._alarm, self._arrival)

    def feed(self, _: Event | None = None) -> None:
        """Bring all messages that come before any other event, and wait for the next."""
        if self._stale:
            self._refresh()
        self._alarm_set = False
        self._arrival = next(self._messages, inf)
        self._wait()

    def _refresh(self) -> None:
        """Work out the answers of servers whose policies have changed."""
        self.known.recompute(self._stale, self._next)
        self._stale.clear()
        self._memories = np.array([*(s.memory for s in self.servers), None], dtype=object)
        self._messages = self._bring()

    def _bring(self) -> Iterator[float]:
        """Bring messages to their first servers, each at its moment, outside the event list;
        where another event comes first, yield the moment of the next message."""
        env, latency, detached = self.env, self.known.latency_item, self.detached
        queue, schedule, starts = env.queue, env.schedule, self.messages.start_item
        spare, arrive, client = self.second_hops.spare, (self.arrive,), self.known.client_item
        until, began, change = env.peek(), env.now, self.changes.next
        chunks = map(self._chunk, range(self._next, len(self.order), CHUNK))
        for message, at, sessions, memory, took, then in chain.from_iterable(chunks):
            # Whatever is scheduled before this message happens first, and may schedule more.
            while at > until and not detached[message]:
                self._next = self.place[message]
                yield at
                until, began, change = env.peek(), env.now, self.changes.next
            if detached[message]:
                continue
            if memory is not None and not memory.is_quiet(client[message], at):
                then = COUNTED
            if then == COUNTED and not self.moments.welcomes(message, at):
                sessions = None
            # No session: nothing is known, or too many wait for one. A session during which a
            # link changes may be lost: `changes` moves the bound on to the next such moment.
            start = None if sessions is None else sessions.admit(at, took)
            if start is None or (
                (done := start + took) >= change and self.changes.between(at, done)
            ):
                self._hand_over(message, at, start, took, known=sessions is not None)
                until, change = env.peek(), self.changes.next
                continue
            if then == COUNTED:
                then = self.moments.first_hop(message, at, done)
                if then == PUT_OFF:
                    self.written.put_off(message, at, start, took)
                elif then == UNKNOWN:
                    self._hand_over(message, at, start, took, known=True)
                if then <= UNKNOWN:
                    until, change = env.peek(), self.changes.next
                    continue
            elif memory is not None:
                memory.count(client[message], at, done)
            # The usual end: the message's row is written by `write_outcomes`, from this one number.
            starts[message] = start
            if then >= 0:
                # SimPy counts a delay from its present moment, which is still that of `began`:
                # no event has happened since.
                event = spare.pop() if spare else SecondHop()
                event.callbacks, event.index = arrive, then
                schedule(event, NORMAL, done + latency[then] - began)
                until = queue[0][0]
            elif then == SEVERAL:
                self._part(message, done)
                until = env.peek()
        self._next = len(self.order)

    def _chunk(self, begin: int) -> Iterator[tuple[Any, ...]]:
        """What `_bring` needs of the messages from *begin* in order: number, arrival, sessions
        and memory of the server if the answer is known, duration, and the group that goes on."""
        some, messages = self.order[begin : begin + CHUNK], self.messages
        known = messages.known[some]
        server = np.where(known >= COUNT, messages.server[some], -1)
        sessions, memories = self._sessions[server], self._memories[server]
        then = THEN[known]
        then = np.where(known == SECOND_HOP, self.groups.first[some], then)
        columns = some, messages.at[some], sessions, memories, messages.took[some], then
        return zip(*(column.tolist() for column in columns), strict=True)

    def _hand_over(
        self, message: int, at: float, start: float | None, took: float, *, known: bool
    ) -> None:
        """Leave *message*, which comes at *at*, to its mail program or to `Transport`."""
        # only here can something else happen that looks at this object
        self._next, self._now = self.place[message] + 1, at
        if self.messages.known_item[message] == WRITE:
            self._send(message, at, -inf)
        else:
            transfer = self.programs[self.arrivals.person[message]].first(message)
            self._take_over(transfer, at, start, took, known=known)

    def _take_over(
        self, transfer: Transfer, at: float, start: float | None, took: float, *, known: bool
    ) -> None:
        """Leave *transfer*, which comes at *at*, to `Transport`."""
        if not known:
            self.transport.arrive(transfer, at)
        elif start is None:
            self.transport.turn_away(transfer, at)
        else:
            self.transport.session(transfer, at, start, took)

    # ---- first hop of what is sent at its moment

    def write(self, message: int, at: float) -> None:
        """Let the writer's mail program send *message* at *at* (s), the present moment."""
        self._send(message, at, self._arrival)

    def _send(self, message: int, at: float, until: float) -> None:
        """Send *message*, written at *at*, in columns where that does; see `Written.send`."""
        way = self.programs[self.arrivals.person[message]].first_way(message)
        if self._stale or not self.written.send(message, 1, way, at, until):
            super().write(message, at)

    def _arrive_written(self, event: FirstHop, at: float) -> None:
        """A message that was sent at its moment reaches its first server at *at*."""
        message, took = event.message, self.messages.took_item[event.message]
        self._now = at
        known = event.transfer is None and self.moments.welcomes(message, at)
        server = self.servers[self.messages.server_item[message]]
        start, then = server.sessions.admit(at, took) if known else None, UNKNOWN
        if start is not None and not self.changes.between(at, start + took):
            then = self.moments.first_hop(message, at, start + took)
        if start is None or then == UNKNOWN:
            self._take_over(self.written.transfer(event), at, start, took, known=known)
        elif then == PUT_OFF:
            self.written.put_off(message, at, start, took)
        else:
            self.messages.at_item[message], self.messages.start_item[message] = at, start
            if then != NONE:
                self._part(message, start + took)

    def _part(self, message: int, done: float) -> None:
        """The first server has taken *message*: the groups that do not end there go on."""
        groups, latency = self.groups, self.known.latency_item
        for index in range(groups.first_item[message], groups.first_item[message + 1]):
            if groups.at_first_item[index] == SECOND_HOP:
                self.second_hops.send(index, done + latency[index])

    def _send_again(self, event: InOutbox) -> None:
        """Let the mail program send a message again, in columns where that does."""
        message, at = event.message, self.env.now
        program, attempts = self.written.program(message), self.recorder.messages.attempts
        way = program.way(self.arrivals.account[message], at)
        if not self._stale and self.written.send(message, attempts[message] + 1, way, at):
            attempts[message] += 1
        else:
            program.submit(program.put_off(message), at)

    # ---- second hop

    def arrive(self, event: SecondHop) -> None:
        """A group reaches its second server."""
        if self._stale:
            self._refresh()
        self.second_hops.spare.append(event)
        self.second_hops.reach(event.index, self.env.now)
        # While an alarm is set, `feed` will come. Otherwise this event stands in for it: it brings
        # the next messages, unless another event comes before them, and sets an alarm only if
        # what follows is not another group, which would do the same.
        if not self._alarm_set:
            queue = self.env.queue
            if not queue or queue[0][0] >= self._arrival:
                self._arrival = next(self._messages, inf)
            if not queue or queue[0][3].__class__ is not SecondHop:
                self._wait()

    # ---- changes

    def recompute(self, servers: Iterable[Server]) -> None:
        """The policies of *servers* have changed: mark their answers as stale."""
        self._stale.update(server.number for server in servers)

    def programs_changed(self) -> None:
        """Settings of mail programs have changed: work all answers out anew."""
        self.known.read_settings()
        self.recompute(self.servers)

    def before_change(self, person: int | None = None) -> None:
        """A policy is about to change, or a setting of *person*: messages on their way to their
        first server were sent under the old one, and become events.

        They arrive within the longest way from now: only that part of the order is looked at.
        """
        # A message may have been taken ahead of the event list: then it is later than SimPy's now.
        now = max(self.env.now, self._now)
        latest, arrivals = now + self.known.longest, self.messages.at_item
        end = bisect_right(self.order, latest, self._next, key=arrivals.__getitem__)
        coming = self.order[self._next : end]
        pending = self.messages.known[coming] != WRITE
        for message in coming[pending & (self.known.written[coming] <= now)].tolist():
            if not self.detached[message] and person in (None, self.arrivals.person[message]):
                self.detached[message] = 1
                super().write(message, self.arrivals.at[message])
        self.written.before_change(person)

    def detach(self, person: int) -> None:
        """*person* is about to change a setting: what is written later is written by events."""
        if person in self.learned:
            self.written.before_change(person)
            return
        self.learned.add(person)
        self.before_change(person)
        now = max(self.env.now, self._now)
        later = self.arrivals.of_person(person)
        later = later[(self.messages.known[later] != WRITE) & (self.known.written[later] > now)]
        # All at once are marked, but only one waits as an event: a person may write thousands.
        self.messages.known[later] = WRITE
        for message in later.tolist():
            self.detached[message] = 1
        self._write_next(iter(later.tolist()))

    # ---- what happened

    def write_outcomes(self) -> None:
        """Enter the fates of the recipients that have met theirs here."""
        self.outcomes.write(self.recorder)

    def attempts(self) -> Parts:
        """Return the attempts that took place here, at first hops and at second ones."""
        return self.outcomes.attempts()

    def clear(self) -> None:
        """Let go of all columns: in circles, these would wait for the collector."""
        self.written.__dict__.clear()
        self.__dict__.clear()

    def mark_pending(self, rows: NDArray[np.bool_]) -> None:
        """Mark the recipients that are on their way to a first server, or to a second."""
        coming = self.order[self._next :]
        for message in coming[self.messages.known[coming] != WRITE].tolist():
            if not self.detached[message]:
                rows[self.arrivals.first[message] : self.arrivals.first[message + 1]] = True
        for _, _, _, event in self.env.queue:
            if isinstance(event, SecondHop):
                row = self.groups.row_item[event.index]
                rows[row : row + self.groups.count_item[event.index]] = True
            elif isinstance(event, (FirstHop, InOutbox)):
                first = self.arrivals.first
                rows[first[event.message] : first[event.message + 1]] = True
