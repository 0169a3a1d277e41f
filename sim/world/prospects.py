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
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.network.lines import LINES
from sim.records import FATES
from sim.world.answers import NO_LOGIN, Answers
from sim.world.plan import REAL, Slice
from sim.world.rows import DELIVERED, REFUSED, Answer
from sim.world.server import Server
from sim.world.transit import TRUNK, Transit

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.world.people import Mailboxes
    from sim.world.plan import Plan
    from sim.world.users import MailProgram

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
WRITE, ASK, COUNT, LOCAL, ONWARD, REFUSAL, PARTS = range(7)
"""What is known of a hop: nothing, so that the mail program writes at the time of the wish;
that the flight arrives then; that it arrives at a server that keeps counts and lists; that its
one recipient gets it here; that its one piece goes on; that its one recipient is refused for
good, and the writer gives up; that each piece is taken, and ends here or goes on."""


class Hop:
    """One of the two hops, in columns: the first by message, the second by piece.

    The same memory is read as a whole (numpy) and one number at a time (array, which is
    twice as fast at that).
    """

    def __init__(self, server: Ints) -> None:
        n = len(server)
        self.server = server  # number; -1 for none
        self.servers = array("q", server.tobytes())
        self.one_known, self.known = _column("b", n, ASK)  # WRITE to PARTS
        self.one_took, self.took = _column("d", n, np.nan)  # s
        self.one_at, self.at = _column("d", n, 0.0)  # arrival (s)
        # for a session (s); not a number: the attempt is one of `Transit`'s
        self.one_waited, self.waited = _column("d", n, np.nan)


class Pieces:
    """The pieces of all messages, in columns: whose, which rows, and what each hop makes of it."""

    def __init__(self, first: Ints, domain: Ints) -> None:
        """*first* is the first row of each message, and the end; *domain* that of each row."""
        cut = np.ones(len(domain), dtype=bool)
        cut[1:] = domain[1:] != domain[:-1]
        cut[first[:-1]] = True
        self.row = np.flatnonzero(cut)
        self.count = np.diff(self.row, append=len(domain))  # of recipients
        self.domain = domain[self.row]
        self.message = np.repeat(np.arange(len(first) - 1), np.diff(first))[self.row]
        self.first = np.searchsorted(self.row, first)  # of each message, and the end
        # the same, to be read one number at a time: see `Hop`
        self.rows, self.counts = array("q", self.row.tobytes()), array("q", self.count.tobytes())
        self.firsts = array("q", self.first.tobytes())
        self.messages = array("q", self.message.tobytes())
        n = len(self.row)
        self.one_said, self.said = _column("b", n, ASK)  # at the first hop
        # the outcome of its recipients at each hop, see `Rows.settle`
        self.one_end, self.end = _column("i", n, 0)
        self.one_end_there, self.end_there = _column("i", n, 0)

    def slice(self, piece: int, someone: Mapping[int, str]) -> Slice:
        """*piece* as `Transit` has it; *someone* has an address in each domain."""
        row, domain = self.rows[piece], int(self.domain[piece])
        return (row, row + self.counts[piece], domain, someone[domain])


def _column(code: str, n: int, value: float) -> tuple[Any, NDArray[Any]]:
    column = array(code, [value]) * n
    return column, np.frombuffer(column, np.dtype(code))


class Prospects:
    """The planned messages of one run as far as their first two hops are known.

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
        self.transit, self.programs, self.servers = transit, programs, servers
        self.wishes = plan.wishes
        wishes, rows, n = plan.wishes, transit.rows, len(plan.wishes)
        m = rows.messages
        self.addresses = np.array([s.address for s in servers], dtype=np.int64)
        self.written = np.array(wishes.at)
        self.person = wishes.column("person")
        reals = np.frombuffer(wishes.reals).reshape(n, len(REAL))
        self.size, self.draws, self.luck = reals[:, 0], reals[:, 1:3], reals[:, 3]
        self.content = reals[:, 5]
        domain = np.array(boxes.domain_of, dtype=np.int64)[np.array(wishes.recipients)]
        self.first_row = np.array(wishes.first)
        self.pieces = Pieces(self.first_row, domain)
        self.someone = boxes.someone()
        group, self.place = np.array(m.group), np.array(m.place)
        self._lines(scenario, rows.groups.all, group, rows.places.all)
        asked = np.array(m.asked, dtype=np.int64)
        self._submission(scenario, rows.groups.all, group, asked, reads_pop)
        self._senders(group)
        self._next_hop()
        self.order = np.argsort(self.one.at, kind="stable")

    # ---- what does not change during a run

    def _lines(self, scenario: Scenario, groups: list[str], group: Ints, places: list[str]) -> None:
        """Latency and bandwidth of the line that each message is sent by."""
        pairs, which = _distinct(group * len(places) + self.place)
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
        pairs, which = _distinct(network * len(self.servers) + server)
        ends = [(names[p // len(self.servers)], self.servers[p % len(self.servers)].network)
                for p in pairs.tolist()]  # fmt: skip
        latency = self._latency(ends, which, self.written + self.line_latency)
        blocked = [a in transit.blocks_port_25 and a != b for a, b in ends]
        barred = np.array(blocked, dtype=bool)[which]
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
        met, self.sender = _distinct(group * len(self.servers) + self.one.server)
        one_of = np.zeros(len(met), dtype=np.int64)
        one_of[self.sender] = np.arange(len(self.sender))
        self.shown = [
            self.programs[self.person[i]].shown(self.wishes.account[i]) for i in one_of.tolist()
        ]

    def _next_hop(self) -> None:
        """The second hop of each piece, if the first relays: where to, how far."""
        of = {d: exchangers[0].number for d, exchangers in self.transit.mx.items() if exchangers}
        pieces = self.pieces
        highest = int(pieces.domain.max(initial=0))
        server = np.array([of.get(d, -1) for d in range(highest + 1)])[pieces.domain]
        self.two = Hop(server)
        servers, n, message = self.servers, len(self.servers), pieces.message
        pairs, which = _distinct(self.one.server[message] * n + server.clip(min=0))
        ends = [(servers[p // n].network, servers[p % n].network) for p in pairs.tolist()]
        self.latency = self._latency(ends, which, self.one.at[message])

    def _latency(self, ends: Sequence[tuple[str, str]], which: Ints, at: Floats) -> Floats:
        """Seconds on the way between the networks ``ends[which[i]]``, from ``at[i]`` on."""
        if self.transit.outages is not None:
            return self.transit.outages.latencies(ends, which, at)
        return np.array([self.transit.routes.latency(a, b) for a, b in ends])[which]

    # ---- what depends on the policies of the moment

    def judge(self, changed: set[int], begin: int) -> None:
        """Work out what servers *changed* (numbers) say to messages from *begin* in order."""
        one, two, pieces = self.one, self.two, self.pieces
        stale = np.zeros(len(self.servers) + 1, dtype=bool)
        stale[list(changed)] = True
        rest = self.order[begin:]
        rest = rest[(one.known[rest] != WRITE) & stale[one.server[rest]]]
        one.known[rest] = ASK
        self._first_hop(rest[~self.auth[rest]])
        onward = (pieces.said == ONWARD) & np.isnan(two.waited) & stale[two.server]
        self._second_hop(np.flatnonzero(onward))

    def _first_hop(self, some: Ints) -> None:
        """What is known of the first hop of the messages *some*."""
        one, two, pieces = self.one, self.two, self.pieces
        chosen = np.zeros(len(self.size), dtype=bool)
        chosen[some] = True
        theirs = np.flatnonzero(chosen[pieces.message])
        whose = pieces.message[theirs]
        said = self._answer(theirs, one.server[whose], self.client[whose], pieces.end)
        lost = (two.server[theirs] < 0) | (self.latency[theirs] == inf)
        said[(said == COUNT) | ((said == ONWARD) & lost)] = ASK
        pieces.said[theirs] = said

        first, count = pieces.first[some], np.diff(self.first_row)[some]
        known = pieces.said[first]
        known[(count > 1) & (known == LOCAL)] = PARTS
        known[(count > 1) & (known == REFUSAL)] = ASK
        several = pieces.first[some + 1] - first > 1
        if several.any():
            taken = np.bincount(whose[np.isin(said, (LOCAL, ONWARD))], minlength=len(chosen))
            whole = taken[some] == pieces.first[some + 1] - first
            known[several] = np.where(whole[several], PARTS, ASK)
        for i in np.flatnonzero(known == REFUSAL).tolist():
            if not self.programs[self.person[some[i]]].gives_up_at_once(int(some[i])):
                known[i] = ASK
        one.known[some] = known
        self._time(one, some, self.draws[some, 0], self.size[some], count, self.bandwidth[some])

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
        self._time(two, some, self.draws[whose, 1], self.size[whose], pieces.count[some], trunk)

    def _time(
        self, hop: Hop, some: Ints, draws: Floats, size: Floats, count: Ints, bandwidth: Floats
    ) -> None:
        """How long the sessions *some* of *hop* take (s)."""
        for number, those in _grouped(hop.server[some]):
            server = self.servers[number]
            service = server.settings.service_time.quantiles(draws[those])
            service = service + server.per_recipient * count[those]
            hop.took[some[those]] = service + size[those] * 8 / bandwidth[those]

    def _answer(self, some: Ints, servers: Ints, clients: Ints, end: Ints) -> NDArray[np.int8]:
        """What is known of the answer to each of the pieces *some*, which come from *clients* to
        *servers*; *end* is the column that it goes into."""
        known = np.full(len(some), ASK, dtype=np.int8)
        for number, those in _grouped(servers):
            server = self.servers[number]
            answers, memory = server.answers, server.memory
            if server.listing is not None or server.sessions.down or answers.reads_all_owners:
                continue
            if memory is not None or answers.reads_lists:
                known[those] = ASK if memory is not None and memory.greylists else COUNT
                continue
            said, which = self._settled(answers, some[those], clients[those])
            known[those] = np.array([_known(a, server) for a in said], np.int8)[which]
            end[some[those]] = np.array([0 if a is None else outcome(a) for a in said])[which]
        return known

    def _settled(
        self, answers: Answers, some: Ints, clients: Ints
    ) -> tuple[list[Answer | None], Ints]:
        """The answers to the pieces *some* from *clients*, and which each gets; None where it
        depends on what is not known yet."""
        stands_for, whose = answers.stands_for, self.pieces.message[some]
        bounds, draws = answers.bounds, answers.draws()
        stretch = np.searchsorted(bounds, clients, side="right") - 1
        kinds, kind = _alike(stretch, lambda i: answers.kind(bounds[i], NO_LOGIN))
        senders, sender = _alike(self.sender[whose], lambda s: stands_for[self.shown[s]])
        paths, path = _alike(self.pieces.domain[some], lambda d: stands_for[self.someone[d]])
        drawn = np.searchsorted(draws, self.content[whose], side="right") - 1 if draws[1:] else 0
        c, s, p = len(draws), len(senders), len(paths)
        asked, which = _distinct(((kind * c + drawn) * s + sender) * p + path)
        said = [
            answers.settled(
                kinds[a // (c * s * p)], draws[a // (s * p) % c], senders[a // p % s], paths[a % p]
            )
            for a in asked.tolist()
        ]
        return said, which


def outcome(answer: Answer) -> int:
    """The outcome of a recipient that has met its fate by *answer*: see `Rows.settle`."""
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


def _grouped(servers: Ints) -> Iterator[tuple[int, Ints]]:
    """Where each of *servers* (numbers) stands."""
    keys = servers.astype(np.uint16) if servers.max(initial=0) < 1 << 16 else servers
    order = np.argsort(keys, kind="stable")  # in linear time if there are at most 16 bits
    met, starts = np.unique(keys[order], return_index=True)
    yield from zip(met.tolist(), np.split(order, starts[1:]), strict=True) if len(servers) else ()
