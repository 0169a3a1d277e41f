"""What the plan tells of a message before anything has happened: its first two hops.

As long as nobody has changed a setting, a planned message's first server, the moment it gets
there and the time its session takes follow from the plan, and so does the answer of a policy
that reads neither clock nor count. All this is worked out for all messages at once, in
columns. What is left for the run is what depends on the order of things: when a session comes
free. Whatever else may happen (a refusal that somebody reacts to, a failure, a policy that asks
about the moment) is `Transit`'s, as for every other message; nothing here decides anything.

Messages are taken in order of arrival, so that most need no event at their first hop.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, count
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from simpy.core import Environment
from simpy.events import NORMAL, Event

from sim.network.lines import LINES
from sim.records import FATES
from sim.world.answers import NO_LOGIN
from sim.world.plan import REAL
from sim.world.rows import DELIVERED, IN_TRANSIT, REFUSED, Answer
from sim.world.server import Server
from sim.world.transit import TRUNK, Flight, Transit

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.world.people import Mailboxes
    from sim.world.plan import Plan
    from sim.world.users import MailProgram

Ints = NDArray[np.int64]
WRITE, ASK, COUNT, LOCAL, ONWARD, REFUSAL = range(6)
"""What is known of a hop: nothing, so that the mail program writes at the time of the wish;
that the flight arrives then; that it arrives at a server that keeps counts and lists; that it
ends here; that it goes on to one next hop; that it is refused for good, and the writer gives
up."""
CHUNK = 4096
"""Messages that are taken out of the columns at once."""


class Onward(Event):
    """A message on its way to its second hop: done with the first at *done*, there at *at*."""

    __slots__ = ("at", "done", "number")

    def __init__(self, env: Environment, then: Any, number: int, done: float, at: float) -> None:
        self.env, self._ok, self._value = env, True, None  # an event that has happened
        self.callbacks = then
        self.number, self.done, self.at = number, done, at


class Hop:
    """One of the two hops of every message, in columns by message.

    The same memory is read as a whole (numpy) and one number at a time (array, which is
    twice as fast at that).
    """

    def __init__(self, server: Ints) -> None:
        n = len(server)
        self.server = server  # number; -1 for none
        self.servers = array("q", server.tobytes())
        self.one_known, self.known = _column("b", n, ASK)  # WRITE to REFUSAL
        self.one_end, self.end = _column("i", n, 0)  # the outcome: see `Rows.end`
        self.one_took, self.took = _column("d", n, np.nan)  # s
        self.one_at, self.at = _column("d", n, 0.0)  # arrival (s)
        # for a session (s); not a number: the attempt is one of `Transit`'s
        self.one_waited, self.waited = _column("d", n, np.nan)


def _column(code: str, n: int, value: float) -> tuple[Any, NDArray[Any]]:
    column = array(code, [value]) * n
    return column, np.frombuffer(column, np.dtype(code))


class Foreseen:
    """The planned messages of one run, on their first two hops.

    *reads_pop*: some policy asks for POP logins, now or later.
    """

    def __init__(
        self,
        scenario: Scenario,
        plan: Plan,
        boxes: Mailboxes,
        transit: Transit,
        programs: Sequence[MailProgram],
        servers: Sequence[Server],
        *,
        reads_pop: bool,
    ) -> None:
        self.transit, self.env, self.rows = transit, transit.env, transit.rows
        self.programs, self.servers, self.wishes = programs, servers, plan.wishes
        wishes, m, n = plan.wishes, transit.rows.messages, len(plan.wishes)
        self.addresses = np.array([s.address for s in servers], dtype=np.int64)
        self.written = np.array(wishes.at)
        self.person, self.first_row = wishes.column("person"), np.array(m.first_row)
        reals = np.frombuffer(wishes.reals).reshape(n, len(REAL))
        self.size, self.draws, self.luck = reals[:, 0], reals[:, 1:3], reals[:, 3]
        self.content = reals[:, 5]
        self.single = np.diff(np.array(wishes.first)) == 1
        recipient = np.array(wishes.recipients)[np.array(wishes.first)[:-1]]
        self.domain = np.array(boxes.domain_of, dtype=np.int64)[recipient]
        self.someone = boxes.someone()
        group, place = np.array(m.group), np.array(m.place)
        self.place = place
        self._lines(scenario, transit.rows.groups.all, group, transit.rows.places.all, place)
        asked = np.array(m.asked, dtype=np.int64)
        self._submission(scenario, transit.rows.groups.all, group, asked, reads_pop)
        self._senders(group)
        self._next_hop()
        self.order = np.argsort(self.one.at, kind="stable")
        self.out = bytearray(n)  # 1: no longer on this way
        self.left: set[int] = set()  # people who have changed a setting
        self._next, self._now = 0, 0.0  # the next in order, the moment of the last
        self._waiting: tuple[Any, ...] | None = None
        self._stale = set(range(len(servers)))  # servers to be asked
        self._change = 0.0  # when a network or link goes down or comes up; the next such moment
        self._feeds, self._onward = (self.feed,), (self.onward,)

    # ---- what does not change during a run

    def _lines(
        self, scenario: Scenario, groups: list[str], group: Ints, places: list[str], place: Ints
    ) -> None:
        """Latency and bandwidth of the line that each message is sent by."""
        pairs, which = np.unique(group * len(places) + place, return_inverse=True)
        lines = np.array(
            [LINES[scenario.users[groups[p // len(places)]].line(places[p % len(places)])]
             for p in pairs.tolist()]
        ).reshape(-1, 2)[which]  # fmt: skip
        self.line_latency, self.bandwidth = lines[:, 0], lines[:, 1]

    def _submission(
        self, scenario: Scenario, groups: list[str], group: Ints, server: Ints, reads_pop: bool
    ) -> None:
        """The first hop: where from, where to, when."""
        self.one = one = Hop(server)
        names, transit = self.wishes.names.all, self.transit
        network, client = self.wishes.column("network"), self.wishes.column("client")
        pairs, which = np.unique(network * len(self.servers) + server, return_inverse=True)
        ends = [(names[p // len(self.servers)], self.servers[p % len(self.servers)].network)
                for p in pairs.tolist()]  # fmt: skip
        latency = self._latency(ends, which, self.written + self.line_latency)
        barred = np.array([a in transit.blocks_port_25 and a != b for a, b in ends], dtype=bool)[
            which
        ]
        web = np.array([scenario.users[g].program == "web" for g in groups], dtype=bool)[group]
        self.client = np.where(web, self.addresses[server], client)
        latency, barred = np.where(web, 0.0, latency), barred & ~web
        known = (latency < inf) & (self.client != 0) & ~barred
        if self.wishes.senders:
            known[list(self.wishes.senders)] = False
        polls = [p.polls_first for p in self.programs]
        if any(polls) and reads_pop:
            known &= ~np.array(polls, dtype=bool)[self.person]  # they log in before they send
        self.auth = np.array([p.auth for p in self.programs], dtype=bool)[self.person]
        one.known[~known] = WRITE
        there = self.written + self.line_latency + latency
        one.at[:] = np.where(known, there, self.written)
        self.longest = float((there - self.written)[known].max(initial=0.0))

    def _senders(self, group: Ints) -> None:
        """The reverse-path of each message as far as policies tell senders apart."""
        _, first, self.sender = np.unique(
            group * len(self.servers) + self.one.server, return_index=True, return_inverse=True
        )
        self.shown = [
            self.programs[self.person[i]].shown(self.wishes.account[i]) for i in first.tolist()
        ]

    def _next_hop(self) -> None:
        """The second hop, if the first relays: where to, how far, how long."""
        of = {d: exchangers[0].number for d, exchangers in self.transit.mx.items() if exchangers}
        highest = int(self.domain.max(initial=0))
        server = np.array([of.get(d, -1) for d in range(highest + 1)])[self.domain]
        self.two = Hop(server)
        servers, n = self.servers, len(self.servers)
        pairs, which = np.unique(self.one.server * n + server.clip(min=0), return_inverse=True)
        ends = [(servers[p // n].network, servers[p % n].network) for p in pairs.tolist()]
        self.latency = self._latency(ends, which, self.one.at)

    def _latency(
        self, ends: Sequence[tuple[str, str]], which: Ints, at: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Seconds on the way between the networks ``ends[which[i]]``, from ``at[i]`` on."""
        if self.transit.outages is not None:
            return self.transit.outages.latencies(ends, which, at)
        return np.array([self.transit.routes.latency(a, b) for a, b in ends])[which]

    # ---- what depends on the policies of the moment

    def judge(self, servers: Iterable[Server]) -> None:
        """The policies of *servers* have changed: what they answer is worked out anew, before
        the next message comes."""
        self._stale.update(server.number for server in servers)

    def _judge(self) -> None:
        one, two = self.one, self.two
        stale = np.zeros(len(self.servers) + 1, dtype=bool)
        stale[list(self._stale)] = True
        self._stale.clear()
        rest = self.order[self._next :]
        rest = rest[(one.known[rest] != WRITE) & self.single[rest] & stale[one.server[rest]]]
        one.known[rest] = ASK
        for number, some in _grouped(one.server, rest[~self.auth[rest]]):
            self._answer(one, self.servers[number], some, self.client, self.bandwidth, 0)
        for number in rest[one.known[rest] == REFUSAL].tolist():
            if not self.programs[self.person[number]].gives_up_at_once(number):
                one.known[number] = ASK
        relayed = rest[one.known[rest] == ONWARD]
        lost = (two.server[relayed] < 0) | (self.latency[relayed] == inf)
        one.known[relayed[lost]] = ASK
        relayed = np.flatnonzero((one.known == ONWARD) & np.isnan(two.waited) & stale[two.server])
        two.known[relayed] = ASK
        origin = self.addresses[one.server]
        trunk = np.full(len(self.size), TRUNK)
        for number, some in _grouped(two.server, relayed):
            self._answer(two, self.servers[number], some, origin, trunk, 1)
        fails = np.array([s.temporary_failure for s in self.servers])[one.server[relayed]]
        two.known[relayed[self.luck[relayed] < fails]] = ASK
        two.known[relayed[~np.isin(two.known[relayed], (COUNT, LOCAL))]] = ASK
        self._entries = self._taken()
        self._waiting = None

    def _answer(
        self, hop: Hop, server: Server, some: Ints, clients: Ints,
        bandwidth: NDArray[np.float64], draw: int,
    ) -> None:  # fmt: skip
        """What *server* answers the messages *some*, where its policy needs no more than the
        plan to say so."""
        answers, memory = server.answers, server.memory
        if server.listing is not None or server.sessions.down or answers.reads_all_owners:
            return
        self._time(hop, server, some, bandwidth, draw)
        if memory is not None or answers.reads_lists:
            hop.known[some] = ASK if memory is not None and memory.greylists else COUNT
            return
        stands_for = answers.stands_for
        bounds = answers.bounds()
        stretch = np.searchsorted(bounds, clients[some], side="right") - 1
        kinds, kind = _alike(stretch, lambda i: answers.kind(bounds[i], NO_LOGIN))
        senders, sender = _alike(self.sender[some], lambda s: stands_for[self.shown[s]])
        paths, path = _alike(self.domain[some], lambda d: stands_for[self.someone[d]])
        draws = answers.draws()
        drawn = np.searchsorted(draws, self.content[some], side="right") - 1
        c, s, p = len(draws), len(senders), len(paths)
        asked, which = _distinct(((kind * c + drawn) * s + sender) * p + path)
        said = [
            answers.settled(
                kinds[a // (c * s * p)], draws[a // (s * p) % c], senders[a // p % s], paths[a % p]
            )
            for a in asked.tolist()
        ]  # fmt: skip
        hop.known[some] = np.array([_known(a, server) for a in said], np.int8)[which]
        hop.end[some] = np.array([0 if a is None else _end(a) for a in said])[which]

    def _time(
        self, hop: Hop, server: Server, some: Ints, bandwidth: NDArray[np.float64], draw: int
    ) -> None:
        """How long sessions of the messages *some* take at *server*."""
        new = some[np.isnan(hop.took[some])]
        service = server.settings.service_time.quantiles(self.draws[new, draw])
        hop.took[new] = service + server.per_recipient + self.size[new] * 8 / bandwidth[new]

    # ---- the run

    def _taken(self) -> Iterator[tuple[Any, ...]]:
        """The messages that are left, in order: what `feed` needs of each."""
        return chain.from_iterable(map(self._chunk, range(self._next, len(self.order), CHUNK)))

    def _chunk(self, start: int) -> Iterator[tuple[Any, ...]]:
        some, one = self.order[start : start + CHUNK], self.one
        sessions = [self.servers[number].sessions for number in one.server[some].tolist()]
        return zip(
            count(start), some.tolist(), one.at[some].tolist(), one.known[some].tolist(), sessions,
            one.took[some].tolist(), self.first_row[some].tolist(),
            one.end[some].tolist(), self.latency[some].tolist(),
            strict=False,
        )  # fmt: skip

    def start(self) -> None:
        """Begin to hand messages over, from the present moment on."""
        event = Event(self.env)
        event._ok, event._value = True, None
        self._wait(event, 0.0)

    def _wait(self, event: Event, delay: float) -> None:
        event.callbacks = self._feeds  # type: ignore[assignment]  # SimPy only iterates it
        self.env.schedule(event, NORMAL, delay)

    def feed(self, event: Event) -> None:
        """Bring messages to their first servers, each at its moment.

        They are in order of time, so one event waits for the next of them; those that come
        before any other event are brought at once, outside the event list.
        """
        if self._stale:
            self._judge()
        env, transit, programs, writers = self.env, self.transit, self.programs, self.wishes.person
        out, waited, until, began = self.out, self.one.one_waited, env.peek(), env.now
        outcome, ended, then = self.rows.outcome, self.rows.ended, self._onward
        change = self._change
        entries = self._entries
        if self._waiting is not None:
            entries = chain((self._waiting,), entries)
        for entry in entries:
            place, number, at, known, sessions, took, row, end, latency = entry
            if at > until:
                self._next, self._waiting = place, entry
                self._wait(event, at - began)
                return
            if out[number]:
                continue
            if known >= LOCAL:
                slot = sessions.admit(at, took)
                if slot is not None:
                    start, done = slot
                    if done >= change and self._changes(at, done):
                        transit.session(self._first(number), at, slot, took)
                        until, change = env.peek(), self._change
                        continue
                    waited[number] = start - at
                    if known == ONWARD:
                        delay = done + latency - began
                        there = began + delay
                        env.schedule(Onward(env, then, number, done, there), NORMAL, delay)
                        if there < until:
                            until = there
                    elif outcome[row] == IN_TRANSIT:
                        outcome[row], ended[row] = end, done
                        if known == REFUSAL:
                            answer = self.rows.answers[end // len(FATES)]
                            programs[writers[number]].gave_up(number, answer)
                    else:
                        raise self.rows.ended_twice(row, end, done)
                    continue
                transit.turn_away(self._first(number), at)
            else:
                self._next, self._now = place + 1, at
                if known == WRITE:
                    programs[writers[number]].write(number, at)
                else:
                    transit.reach(self._first(number), at)
            until = env.peek()
        self._next, self._waiting = len(self.order), None

    def onward(self, event: Onward) -> None:
        """A message reaches its second hop."""
        if self._stale:
            self._judge()
        number, at, two = event.number, event.at, self.two
        known, server = two.one_known[number], self.servers[two.servers[number]]
        if known == ASK or (known == COUNT and not self._accepts(server, number, at)):
            self.transit.reach(self._flight(number, event.done), at)
            return
        took = two.one_took[number]
        slot = server.sessions.admit(at, took)
        if slot is None:
            self.transit.turn_away(self._flight(number, event.done), at)
            return
        start, done = slot
        if done >= self._change and self._changes(at, done):
            self.transit.session(self._flight(number, event.done), at, slot, took)
            return
        if server.memory is not None:
            client = self.servers[self.one.servers[number]].address
            server.memory.clients.opened(client, done)
            server.memory.clients.made(client, at)
        two.one_at[number], two.one_waited[number] = at, start - at
        rows = self.rows
        row, end = rows.messages.first_row[number], two.one_end[number]
        if rows.outcome[row] != IN_TRANSIT:
            raise rows.ended_twice(row, end, done)
        rows.outcome[row], rows.ended[row] = end, done

    def _accepts(self, server: Server, number: int, at: float) -> bool:
        """Whether *server*, which keeps counts and lists, takes the message for a mailbox of its
        own, by what these say at *at*."""
        client, memory = self.servers[self.one.servers[number]].address, server.memory
        recent = 0
        if memory is not None:
            if server.greet(client, NO_LOGIN, at) is not None:
                return False
            recent = memory.clients.recent(client, at, memory.window)
        said = server.answering(client, NO_LOGIN, at, False, self.content[number], recent)
        answer = said[self.shown[self.sender[number]]][self.someone[self.domain[number]]]
        self.two.one_end[number] = _end(answer)
        return answer.accepted and not answer.relayed and not answer.discarded

    def _changes(self, at: float, done: float) -> bool:
        """Whether a network or a link goes down or comes up between *at* and *done*."""
        outages = self.transit.outages
        self._change = inf if outages is None else outages.next_change(at)
        return done >= self._change

    def _first(self, number: int) -> Flight:
        """The flight of message *number* to its first server."""
        _, flight, network = self.programs[self.wishes.person[number]].first(number)
        flight.network = network
        return flight

    def _flight(self, number: int, done: float) -> Flight:
        """The same to its second, when it is *done* with the first."""
        program = self.programs[self.person[number]]
        origin = self.servers[self.one.server[number]]
        pieces = self.wishes.slices(number)
        flight = self.transit.onward(
            origin, program.message(number), int(self.domain[number]), pieces, done
        )
        assert flight is not None, "only then is it known to go on"
        flight.network = origin.network
        return flight

    # ---- changes

    def before_change(self, person: int | None = None) -> None:
        """A policy is about to change, or a setting of *person*: messages on their way to their
        first server were sent under the old one, and go on as others do."""
        now = max(self.env.now, self._now)
        coming = self.order[self._next :]
        coming = coming[: np.searchsorted(self.one.at[coming], now + self.longest, side="right")]
        sent = coming[(self.one.known[coming] != WRITE) & (self.written[coming] <= now)]
        for number in sent.tolist():
            writer = self.wishes.person[number]
            if not self.out[number] and person in (None, writer):
                self.out[number] = 1
                self.programs[writer].write(number, self.wishes.at[number])

    def leaves(self, person: int) -> None:
        """*person* is about to change a setting: nothing of what follows is foreseen."""
        if person in self.left:
            return
        self.left.add(person)
        self.before_change(person)
        now = max(self.env.now, self._now)
        mine = self.wishes.of_person(person)
        mine = mine[(self.one.known[mine] != WRITE) & (self.written[mine] > now)]
        for number in mine.tolist():
            self.out[number] = 1
        self._write_next(iter(mine.tolist()))

    def _write_next(self, numbers: Iterator[int]) -> None:
        number = next(numbers, None)
        if number is None:
            return

        def write(at: float) -> None:
            self.programs[self.wishes.person[number]].write(number, at)
            self._write_next(numbers)

        self.transit.later(self.wishes.at[number], write)

    # ---- what happened

    def hold(self, rows: NDArray[np.bool_]) -> None:
        """Mark the recipients (*rows*) that are under way here: to a first server, to a second."""
        coming = self.order[self._next :]
        for number in coming[self.one.known[coming] != WRITE].tolist():
            if not self.out[number]:
                rows[self.wishes.first[number] : self.wishes.first[number + 1]] = True
        for _, _, _, event in self.env._queue:
            if isinstance(event, Onward):
                rows[self.first_row[event.number]] = True

    def relayed(self, begins: Sequence[float]) -> NDArray[np.int64]:
        """How many each server (column) relayed in each phase (row) that `Transit` has not seen;
        *begins* are the first moments of the phases (s)."""
        one, n = self.one, len(self.servers)
        made = np.flatnonzero((one.known == ONWARD) & ~np.isnan(one.waited))
        phase = np.searchsorted(begins, one.at[made], side="right") - 1
        return np.bincount(phase * n + one.server[made], minlength=len(begins) * n).reshape(-1, n)

    def attempts(self) -> dict[str, NDArray[Any]]:
        """The attempts that `Transit` has not seen, in columns."""
        parts = []
        origin = self.addresses[self.one.server]
        for number, (hop, clients, places) in enumerate(
            ((self.one, self.client, self.place), (self.two, origin, np.zeros_like(self.place)))
        ):
            made = self.order[~np.isnan(hop.waited[self.order])]  # in order of time, or nearly
            columns = {
                "message": made, "hop": np.full(len(made), number), "client": clients[made],
                "place": places[made], "accepted": hop.known[made] != REFUSAL,
                "answer": hop.end[made] // len(FATES),
                **{name: getattr(hop, name)[made] for name in ("at", "server", "waited", "took")},
            }  # fmt: skip
            parts.append(columns)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _end(answer: Answer) -> int:
    """The outcome of a recipient that has met its fate by *answer*: see `Rows.end`."""
    return answer.number * len(FATES) + (DELIVERED if answer.accepted else REFUSED)


def _known(answer: Answer | None, server: Server) -> int:
    """What follows from *answer* alone."""
    if answer is None:
        return ASK
    if not answer.accepted:
        return REFUSAL if answer.permanent else ASK
    if answer.discarded:
        return ASK
    if not answer.relayed:
        return LOCAL
    return ASK if answer.rule in server.personal else ONWARD


def _alike(values: Ints, same: Callable[[int], Hashable]) -> tuple[list[Any], Ints]:
    """What *values* come to under *same*, and which of these each is."""
    met, which = _distinct(values)
    found: dict[Hashable, int] = {}
    number = np.array([found.setdefault(same(v), len(found)) for v in met.tolist()], dtype=np.int64)
    return list(found), number[which]


def _distinct(values: Ints) -> tuple[Ints, Ints]:
    """The distinct *values*, ascending, and which of them each is: as np.unique, without sorting
    where they lie close together."""
    low = int(values.min(initial=0))
    if int(values.max(initial=0)) - low > 4 * len(values):
        met, which = np.unique(values, return_inverse=True)
        return met, which
    there = np.bincount(values - low) > 0
    return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[values - low]


def _grouped(keys: Ints, some: Ints) -> Iterator[tuple[int, Ints]]:
    """*some* by their key."""
    ordered = some[np.argsort(keys[some], kind="stable")]
    met, starts = np.unique(keys[ordered], return_index=True)
    yield from zip(met.tolist(), np.split(ordered, starts[1:]), strict=True) if len(some) else ()
