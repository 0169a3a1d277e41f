"""What the plan tells of a message before anything has happened: its first two hops.

As long as nobody has changed a setting, a planned message's first server, the moment it gets
there and the time its session takes follow from the plan, and so does the answer of a policy
as far as clocks, counts and lists do not matter to it. All this is worked out for all messages
at once, in columns. Recipients of a message in one domain are a piece: they are alike to every
server, and go to their MX together.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.records.words import Fate
from sim.topology.lines import LINES
from sim.workload.arrivals import Arrivals, RecipientGroup
from sim.workload.columns import Floats, Ints, ranges, view
from sim.workload.people import Mailboxes
from sim.world.recorder import DELIVERED, REFUSED, Answer
from sim.world.server import Server
from sim.world.transport import TRUNK, Transport
from sim.world.verdict_cache import NO_LOGIN, ClientClass

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.distributions import Distribution
    from sim.world.mail_programs import MailProgram

WRITE, ASK, COUNT, LOCAL, ONWARD, REFUSAL, PARTS = range(7)
SETTLED = -1
BLOCK = 1 << 18
Said = tuple[int, int]
"""What is known of a hop: nothing, so that the mail program writes at the time it was written;
that the transfer arrives then; that it arrives at a server that keeps counts and lists; that its
one recipient gets it here; that its one piece goes on; that its one recipient is refused for
good, and the writer gives up; that each piece is taken, and ends here or goes on."""


class Hop:
    """One of the two hops, in columns: the first by message, the second by piece.

    The same memory is read as a whole (numpy) and one number at a time (array, which is
    twice as fast at that), as in `Pieces`.
    """

    def __init__(self, server: Ints) -> None:
        n = len(server)
        self.servers, self.server = _shared(server)  # number; -1 for none
        self.one_known, self.known = _column("b", n, ASK)  # WRITE to PARTS
        self.one_took, self.took = _column("d", n, np.nan)  # s
        self.one_at, self.at = _column("d", n, 0.0)  # arrival (s)
        # of a session (s); not a number: the attempt is one of `Transport`'s
        self.one_start, self.start = _column("d", n, np.nan)

    @property
    def made(self) -> NDArray[np.bool_]:
        """Which sessions there were that `Transport` has not seen."""
        there: NDArray[np.bool_] = ~np.isnan(self.start)
        return there


class Pieces:
    """The pieces of all messages, in columns: whose, which rows, and what each hop makes of it."""

    def __init__(self, first: Ints, domain: Ints) -> None:
        """*first* is the first row of each message, and the end; *domain* that of each row."""
        cut = np.ones(len(domain), dtype=bool)
        cut[1:] = domain[1:] != domain[:-1]
        cut[first[:-1]] = True
        self.rows, self.row = _shared(np.flatnonzero(cut))
        self.counts, self.count = _shared(np.diff(self.row, append=len(domain)))  # of recipients
        self.domain = domain[self.row].astype(np.int32)
        whose = np.repeat(np.arange(len(first) - 1), np.diff(first))
        self.messages, self.message = _shared(whose[self.row])
        # of each message, and the end
        self.firsts, self.first = _shared(np.searchsorted(self.row, first))
        n = len(self.row)
        self.one_said, self.said = _column("b", n, ASK)  # at the first hop
        # the outcome of its recipients at each hop, see `Recorder.settle`
        self.one_end, self.end = _column("i", n, 0)
        self.one_end_there, self.end_there = _column("i", n, 0)

    def slice(self, piece: int, someone: Mapping[int, str]) -> RecipientGroup:
        """*piece* as `Transport` has it; *someone* has an address in each domain."""
        row, domain = self.rows[piece], int(self.domain[piece])
        return RecipientGroup(row, row + self.counts[piece], domain, someone[domain])


def _column(code: str, n: int, value: float) -> tuple[Any, NDArray[Any]]:
    column = array(code, [value]) * n
    return column, np.frombuffer(column, np.dtype(code))


def _shared(values: Ints) -> tuple[Any, Ints]:
    column = array("i", values.astype(np.int32).tobytes())
    return column, view(column)


class Prospects:
    """The planned messages of one run as far as their first two hops are known.

    *reads_pop*: some policy asks for POP logins, now or later.
    """

    def __init__(
        self,
        scenario: Scenario,
        arrivals: Arrivals,
        boxes: Mailboxes,
        transport: Transport,
        programs: Sequence[MailProgram],
        servers: Sequence[Server],
        *,
        reads_pop: bool,
    ) -> None:
        self.transport, self.programs, self.servers = transport, programs, servers
        self.arrivals, rows = arrivals, transport.rows
        m = rows.messages
        self.addresses = np.array([s.address for s in servers], dtype=np.int64)
        self.written, self.person = view(arrivals.at), view(arrivals.person)
        self.size, self.luck, self.content = map(
            view, (arrivals.size, arrivals.luck, arrivals.content)
        )
        self.service, self.relay_service = view(arrivals.service), view(arrivals.relay_service)
        domain = np.array(boxes.domain_of, dtype=np.int64)[view(arrivals.recipients)]
        self.first_row = view(arrivals.first)
        self.pieces = Pieces(self.first_row, domain)
        self.someone = boxes.representative
        group, self.place = np.array(m.group), np.array(m.place, dtype=np.int16)
        self._lines(scenario, rows.groups.all, group, rows.places.all)
        asked = np.array(m.asked, dtype=np.int64)
        self._submission(scenario, rows.groups.all, group, asked, reads_pop)
        self._senders(group)
        self._next_hop()
        self.order = np.argsort(self.one.at, kind="stable").astype(np.int32)

    # ---- what does not change during a run

    def _lines(self, scenario: Scenario, groups: list[str], group: Ints, places: list[str]) -> None:
        """The lines that messages are sent by (latency, bandwidth), and which each is."""
        pairs, line = _distinct(group * len(places) + self.place)
        self.lines = np.array(
            [LINES[scenario.users[groups[p // len(places)]].line(places[p % len(places)])]
             for p in pairs.tolist()]
        ).reshape(-1, 2)  # fmt: skip
        self.line = line.astype(np.int32)

    def _submission(
        self, scenario: Scenario, groups: list[str], group: Ints, server: Ints, reads_pop: bool
    ) -> None:
        """The first hop: where from, where to, when."""
        self.one = one = Hop(server)
        names, transport = self.arrivals.names.all, self.transport
        network, client = self.arrivals.column("network"), self.arrivals.column("client")
        pairs, which = _distinct(network * len(self.servers) + server)
        ends = [(names[p // len(self.servers)], self.servers[p % len(self.servers)].network)
                for p in pairs.tolist()]  # fmt: skip
        sent = self.written + self.lines[self.line, 0]
        latency = self._latency(ends, which, sent)
        blocked = [a in transport.blocks_port_25 and a != b for a, b in ends]
        barred = np.array(blocked, dtype=bool)[which]
        web = np.array([scenario.users[g].program == "web" for g in groups], dtype=bool)[group]
        self.client = np.where(web, self.addresses[server], client).astype(np.uint32)
        latency, barred = np.where(web, 0.0, latency), barred & ~web
        known = (latency < inf) & (self.client != 0) & ~barred
        polls = [p.polls_first for p in self.programs]
        if any(polls) and reads_pop:
            known &= ~np.array(polls, dtype=bool)[self.person]  # they log in before they send
        self.auth = np.array([p.auth for p in self.programs], dtype=bool)[self.person]
        one.known[~known] = WRITE
        there = sent + latency
        one.at[:] = np.where(known, there, self.written)
        self.longest = float((there - self.written)[known].max(initial=0.0))

    def _senders(self, group: Ints) -> None:
        """The reverse-path of each message as far as policies tell senders apart."""
        met, sender = _distinct(group * len(self.servers) + self.one.server)
        self.sender = sender.astype(np.int32)
        one_of = np.zeros(len(met), dtype=np.int64)
        one_of[sender] = np.arange(len(sender))
        self.shown = [
            self.programs[self.person[i]].shown(self.arrivals.account[i]) for i in one_of.tolist()
        ]

    def _next_hop(self) -> None:
        """The second hop of each piece, if the first relays: where to, how far."""
        of = {d: exchangers[0].number for d, exchangers in self.transport.mx.items() if exchangers}
        pieces = self.pieces
        highest = int(pieces.domain.max(initial=0))
        server = np.array([of.get(d, -1) for d in range(highest + 1)])[pieces.domain]
        self.two = Hop(server)
        servers, n, message = self.servers, len(self.servers), pieces.message
        pairs, which = _distinct(self.one.server[message] * n + server.clip(min=0))
        ends = [(servers[p // n].network, servers[p % n].network) for p in pairs.tolist()]
        self.one_latency, self.latency = _column("d", len(server), 0.0)
        self.latency[:] = self._latency(ends, which, self.one.at[message])

    def _latency(self, ends: Sequence[tuple[str, str]], which: Ints, at: Floats) -> Floats:
        """Seconds on the way between the networks ``ends[which[i]]``, from ``at[i]`` on."""
        if self.transport.outages is not None:
            return self.transport.outages.latencies(ends, which, at)
        return np.array([self.transport.routes.latency(a, b) for a, b in ends])[which]

    # ---- what depends on the policies of the moment

    def judge(self, changed: set[int], begin: int) -> None:
        """Work out what servers *changed* (numbers) say to messages from *begin* in order."""
        one, two, pieces = self.one, self.two, self.pieces
        stale = np.zeros(len(self.servers) + 1, dtype=bool)
        stale[list(changed)] = True
        rest = self.order[begin:]
        rest = rest[(one.known[rest] != WRITE) & stale[one.server[rest]]]
        one.known[rest] = ASK
        for some in _in_blocks(rest[~self.auth[rest]]):
            self._first_hop(some)
        onward = (pieces.said == ONWARD) & ~two.made & stale[two.server]
        for some in _in_blocks(np.flatnonzero(onward)):
            self._second_hop(some)

    def _first_hop(self, some: Ints) -> None:
        """What is known of the first hop of the messages *some*."""
        one, two, pieces = self.one, self.two, self.pieces
        first, count = pieces.first[some], np.diff(self.first_row)[some]
        parts = pieces.first[some + 1] - first
        theirs = ranges(first, parts)
        whose = pieces.message[theirs]
        said = self._answer(theirs, one.server[whose], self.client[whose], pieces.end)
        lost = (two.server[theirs] < 0) | (self.latency[theirs] == inf)
        said[(said == COUNT) | ((said == ONWARD) & lost)] = ASK
        pieces.said[theirs] = said

        known = pieces.said[first]
        known[(count > 1) & (known == LOCAL)] = PARTS
        known[(count > 1) & (known == REFUSAL)] = ASK
        if (several := parts > 1).any():
            taken = np.isin(said, (LOCAL, ONWARD)).astype(np.int64)
            whole = np.add.reduceat(taken, np.cumsum(parts) - parts) == parts
            known[several] = np.where(whole[several], PARTS, ASK)
        for i in np.flatnonzero(known == REFUSAL).tolist():
            if not self.programs[self.person[some[i]]].gives_up_at_once(int(some[i])):
                known[i] = ASK
        one.known[some] = known
        bandwidth = self.lines[self.line[some], 1]
        self._time(one, some, self.service[some], self.size[some], count, bandwidth)

    def _second_hop(self, some: Ints) -> None:
        """What is known of the second hop of the pieces *some*."""
        two, pieces = self.two, self.pieces
        whose, server = pieces.message[some], two.server[some]
        origin = self.one.server[whose]
        known = self._answer(some, server, self.addresses[origin], pieces.end_there)
        fails = np.array([s.temporary_failure for s in self.servers])[origin]
        known[(self.luck[whose] < fails) | ~np.isin(known, (COUNT, LOCAL))] = ASK
        two.known[some] = known
        trunk = np.full(len(some), TRUNK)
        self._time(
            two, some, self.relay_service[whose], self.size[whose], pieces.count[some], trunk
        )

    def _time(
        self, hop: Hop, some: Ints, draws: Floats, size: Floats, count: Ints, bandwidth: Floats
    ) -> None:
        """How long the sessions *some* of *hop* take (s)."""
        paces, pace = self._paces
        took = size * 8 / bandwidth
        for (service_time, per_recipient), those in zip(
            paces, _grouped(pace[hop.server[some]], len(paces)), strict=True
        ):
            service = service_time.quantiles(draws[those])
            took[those] = service + per_recipient * count[those] + took[those]
        hop.took[some] = took

    @cached_property
    def _paces(self) -> tuple[list[tuple[Distribution, float]], Ints]:
        """How long servers take for a session and for a recipient (s), and which of these ways
        each server has."""
        numbers = np.arange(len(self.servers))

        def same(number: int) -> Hashable:
            return self.servers[number].settings.service_time, self.servers[number].per_recipient

        return _alike(numbers, same)

    def _answer(
        self, some: Ints, servers: Ints, clients: NDArray[Any], end: Ints
    ) -> NDArray[np.int8]:
        """What is known of the answer to each of the pieces *some*, which come from *clients* to
        *servers*; *end* is the column that it goes into."""
        at_once = np.array([_at_once(server) for server in self.servers], dtype=np.int8)
        known, servers = at_once[servers], servers.astype(np.int64)
        open_ = np.flatnonzero(known == SETTLED)
        if len(open_):
            said, which = self._settled(some[open_], servers[open_], clients[open_])
            known[open_] = np.array([a for a, _ in said], dtype=np.int8)[which]
            end[some[open_]] = np.array([b for _, b in said])[which]
        return known

    def _settled(self, some: Ints, servers: Ints, clients: NDArray[Any]) -> tuple[list[Said], Ints]:
        """What is known of the answers to the pieces *some* from *clients* to *servers*, with the
        outcome, and which of these each gets."""
        by = [server.answers for server in self.servers]
        met = np.flatnonzero(np.bincount(servers)).tolist()
        stands_for, whose = [answers.stands_for for answers in by], self.pieces.message[some]
        edges = [number << 32 | bound for number in met for bound in by[number].bounds]
        stretch = np.searchsorted(edges, servers << 32 | clients, side="right") - 1

        def kind_of(stretch: int) -> tuple[int, ClientClass]:
            number, bound = edges[stretch] >> 32, edges[stretch] & 0xFFFFFFFF
            return number, by[number].kind(bound, NO_LOGIN)

        shown, someone, domain = self.shown, self.someone, self.pieces.domain
        n, m = len(shown), int(domain.max(initial=0)) + 1
        kinds, kind = _alike(stretch, kind_of)
        senders, sender = _alike(
            servers * n + self.sender[whose], lambda i: stands_for[i // n][shown[i % n]]
        )
        paths, path = _alike(
            servers * m + domain[some], lambda i: stands_for[i // m][someone[i % m]]
        )
        draw = np.zeros(len(some))
        for number in met:
            if (draws := by[number].draws())[1:]:
                theirs = servers == number
                at = np.searchsorted(draws, self.content[whose[theirs]], side="right") - 1
                draw[theirs] = np.array(draws)[at]
        drawn, of_draw = np.unique(draw, return_inverse=True) if draw.any() else (draw[:1], 0)
        shape = len(kinds), len(drawn), len(senders), len(paths)
        asked, which = _distinct(np.ravel_multi_index((kind, of_draw, sender, path), shape))
        said: list[Said] = []
        for k, d, s, p in zip(*(i.tolist() for i in np.unravel_index(asked, shape)), strict=True):
            number, asking = kinds[k]
            answer = by[number].settled(asking, float(drawn[d]), senders[s], paths[p])
            known = _known(answer, self.servers[number])
            said.append((known, 0 if answer is None else outcome(answer)))
        return said, which


def _at_once(server: Server) -> int:
    """What is known of answers of *server* whatever it is asked; SETTLED: that depends on it."""
    answers, memory = server.answers, server.memory
    if server.listing is not None or server.sessions.down or answers.reads_all_owners:
        return ASK
    if memory is not None or answers.reads_lists:
        return ASK if memory is not None and memory.greylists else COUNT
    return SETTLED


def outcome(answer: Answer) -> int:
    """The outcome of a recipient that has met its fate by *answer*: see `Recorder.settle`."""
    return answer.number * len(Fate) + (DELIVERED if answer.accepted else REFUSED)


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


def _in_blocks(some: Ints) -> list[Ints]:
    """So many at a time that what is worked out on the way takes little memory."""
    return [block for block in np.split(some, range(BLOCK, len(some), BLOCK)) if len(block)]


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


def _grouped(kind: Ints, kinds: int) -> Iterator[Any]:
    """Where each of so many *kinds* stands; all at once if there is one."""
    yield from [slice(None)] if kinds == 1 else (np.flatnonzero(kind == i) for i in range(kinds))
