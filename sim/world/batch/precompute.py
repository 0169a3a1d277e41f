"""What follows from the workload alone: when messages reach their first two servers, and for how
long; and, for each policy in force, what these servers answer.

As long as a person has changed no setting, the first server of a message, the moment it arrives
and the duration of its session follow from the workload. So does the answer, as far as clocks,
counts and lists do not matter to it: it is then a function of four things that take few values
(the class of the client, the sender and the recipients as far as the policy tells them apart, and
the interval that the content draw falls into), and is asked for once for each combination that
occurs. Everything here is worked out for all messages at once, in columns.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.path.submission import is_blocked
from sim.records.words import Permission
from sim.topology.lines import LINES
from sim.workload.columns import Floats, Ints, packed, ranges, view
from sim.workload.people import anyone_at
from sim.world.batch.certainty import fixed_answer, known_of, known_of_hop
from sim.world.batch.columns import Hop, Indexed, Known, RecipientGroups, column, distinct, indexed
from sim.world.batch.logins import SMTP, Logins
from sim.world.batch.polls import Polls
from sim.world.context import WorldContext
from sim.world.mail_programs import MailProgram
from sim.world.queue_manager import TRUNK
from sim.world.recorder import FATES
from sim.world.verdict_cache import ClientClass, VerdictCache

if TYPE_CHECKING:
    from sim.scenario.distributions import Distribution
    from sim.scenario.people import Users

BLOCK = 1 << 18
"""Messages, or groups, that are worked on at once: bounds the memory of intermediate columns."""
OWN_LOGIN = Permission.OWN_LOGIN.number


class Precomputed:
    """The first two hops of all messages of one run.

    *reads_pop*: some policy asks for POP logins, now or later.
    """

    def __init__(
        self, context: WorldContext, programs: Sequence[MailProgram], *, reads_pop: bool
    ) -> None:
        self.context, self.transport = context, context.transport
        self.programs, self.servers = programs, context.servers
        self.arrivals = arrivals = context.arrivals
        self.representative = context.mailboxes.representative
        self.addresses = np.array([s.address for s in self.servers], dtype=np.int64)
        self.written, self.person = view(arrivals.at), view(arrivals.person)
        self.first_row = view(arrivals.first)
        self.detached = bytearray(len(arrivals))
        """1: something else has taken the message over, and nothing is worked out for it."""
        of_mailbox = np.array(context.mailboxes.domain_of, dtype=np.int64)
        mx = {d: exchangers[0].number for d, exchangers in self.transport.mx.items() if exchangers}
        self.groups = RecipientGroups(self.first_row, of_mailbox[view(arrivals.recipients)], mx)
        recorder, users = context.recorder, context.scenario.users
        group, names = np.array(recorder.messages.group), recorder.groups.all
        self.place = np.array(recorder.messages.place, dtype=np.int16)
        self.messages = Hop(np.array(recorder.messages.own_server, dtype=np.int64))
        self._set_lines([users[name] for name in names], group, recorder.places.all)
        web = np.array([users[name].program == "web" for name in names], dtype=bool)
        self._set_arrival(web[group], reads_pop)
        self._set_senders(group)
        self._set_next_hop()
        self.fixed = [Known.ASK for _ in self.servers]
        """What is known of all answers of each server, as its policy is."""
        self.permission_item, self.permission = column("b", len(self.person), 0)
        """By whose permission a first server relayed each message, or will."""
        self.permits_login: list[int] = []  # answers that relay for who has logged in, at present
        self.order = np.argsort(self.messages.at, kind="stable").astype(np.int32)
        """Messages in order of arrival at their first servers."""

    # ---- what does not change during a run

    def _set_lines(self, groups: list[Users], group: Ints, places: list[str]) -> None:
        """The lines that messages are sent by (latency, bandwidth), and the line of each."""
        n = len(places)
        pairs, line = distinct(group * n + self.place)
        lines = [LINES[groups[pair // n].line(places[pair % n])] for pair in pairs.tolist()]
        self.lines = np.array(lines).reshape(-1, 2)
        self.line = line.astype(np.int32)

    def _set_arrival(self, web: NDArray[np.bool_], reads_pop: bool) -> None:
        """The first hop: which client arrives when; nothing is known of what has no way."""
        messages, n = self.messages, len(self.servers)
        server, names = messages.server, self.arrivals.names.all
        pairs, which = distinct(self.arrivals.column("network") * n + server)
        ends = [(names[p // n], self.servers[p % n].network) for p in pairs.tolist()]
        sent = self.written + self.lines[self.line, 0]
        # web mail is sent by the ISP's own machine, which nothing blocks
        latency = np.where(web, 0.0, self._latency(ends, which, sent))
        self.read_settings()
        # the port that is asked may change with the stage of the arm
        on_25 = self.logins.on_port_25 | (len(self.transport.blocking) > 1)
        client = self.arrivals.column("client")
        client = np.where(web, self.addresses[server], client)
        self.client_item = packed("I", client)
        self.client = view(self.client_item)
        # By message, the number of the credentials that it shows.
        self.login_number_item, self.login_number = column("i", len(client), 0)
        known = (latency < inf) & (self.client != 0)
        known &= web | ~(self._blocked(ends, which) & on_25)
        # addresses in a VPN are taken for the message
        known &= ~np.array([p.person.vpn for p in self.programs], dtype=bool)[self.person]
        messages.known[~known] = Known.WRITE
        if reads_pop:
            polls = np.array([p.polls_first for p in self.programs], dtype=bool)[self.person]
            self.context.pop.before_sending = self._polls(np.flatnonzero(polls & known & ~web))
        arrival = sent + latency
        messages.at[:] = np.where(known, arrival, self.written)
        self.longest = float((arrival - self.written)[known].max(initial=0.0))
        """The most seconds from writing to arrival: what is written later is not on its way yet."""

    def _blocked(self, ends: Sequence[tuple[str, str]], which: Ints) -> NDArray[np.bool_]:
        """Whether port 25 is blocked between ``ends[which[i]]`` when message *i* is written."""
        begins, stages = zip(*self.transport.blocking, strict=True)
        blocked = [[is_blocked(a, b, SMTP, names) for a, b in ends] for names in stages]
        stage = np.searchsorted(begins, self.written, side="right") - 1
        mask: NDArray[np.bool_] = np.array(blocked, dtype=bool)[stage, which]
        return mask

    def _polls(self, some: Ints) -> Polls:
        """The looks for mail before messages *some* are sent."""
        number = {name: i for i, name in enumerate(self.context.scenario.networks)}
        networks = np.array([number[server.network] for server in self.servers], dtype=np.int64)
        network = networks[self.messages.server[some]]
        client, person, at = self.client[some], self.person[some], self.written[some]
        return Polls(number, network, client, person, at, some, self.detached)

    def read_settings(self) -> None:
        """Read what mail programs show their servers, as they are set at the moment."""
        self.logins = Logins(self.context, self.programs)

    def _set_senders(self, group: Ints) -> None:
        """The reverse-path of each message as far as policies tell senders apart: its domain."""
        keys, sender = distinct(group * len(self.servers) + self.messages.server)
        self.sender_item, self.sender = column("i", len(sender), 0)
        self.sender[:] = sender
        example = np.zeros(len(keys), dtype=np.int64)
        example[sender] = np.arange(len(sender))
        account = self.arrivals.account
        self.senders = [
            anyone_at(self.programs[self.person[i]].person.accounts[account[i]].sender)
            for i in example.tolist()
        ]

    def _set_next_hop(self) -> None:
        """Which server is the second of each group, if the first relays, and how far it is."""
        groups, servers, n = self.groups, self.servers, len(self.servers)
        number = {server.name: server.number for server in servers}
        smarthosts = [server.settings.smarthost(server.name, None) for server in servers]
        relayhost = np.array([number[host] if host else -1 for host in smarthosts])
        relayhost = relayhost[self.messages.server[groups.message]]
        groups.server[relayhost >= 0] = relayhost[relayhost >= 0]
        key = self.messages.server[groups.message] * n + groups.server.clip(min=0)
        pairs, which = distinct(key)
        ends = [(servers[p // n].network, servers[p % n].network) for p in pairs.tolist()]
        self.latency_item, self.latency = column("d", len(groups.row), 0.0)
        # outages: the routes are those at the arrival; `Accelerator` leaves it to `Transport`
        # where a network or a link goes down or comes up before the session ends
        self.latency[:] = self._latency(ends, which, self.messages.at[groups.message])

    def _latency(self, ends: Sequence[tuple[str, str]], which: Ints, at: Floats) -> Floats:
        """Seconds between the networks ``ends[which[i]]`` at ``at[i]``; infinity for no way."""
        if self.transport.outages is not None:
            return self.transport.outages.latencies(ends, which, at)
        return np.array([self.transport.routes.latency(a, b) for a, b in ends])[which]

    # ---- what depends on the policies in force

    def recompute(self, changed: set[int], begin: int) -> None:
        """Work out what servers *changed* (numbers) answer to messages from *begin* in order."""
        messages, groups = self.messages, self.groups
        self.fixed, self.permits_login = [fixed_answer(server) for server in self.servers], []
        stale = np.zeros(len(self.servers) + 1, dtype=bool)  # one more, for server -1
        stale[list(changed)] = True
        rest = self.order[begin:]
        rest = rest[(messages.known[rest] != Known.WRITE) & stale[messages.server[rest]]]
        messages.known[rest] = Known.ASK
        for some in _blocks(rest):
            self._set_first_hop(some)
        waiting = np.isin(groups.at_first, (Known.COUNT, Known.SECOND_HOP))
        waiting &= ~groups.took_place & stale[groups.server]
        for some in _blocks(np.flatnonzero(waiting)):
            self._set_second_hop(some)

    def _set_first_hop(self, some: Ints) -> None:
        """What is known of the first hop of messages *some*: together, what of their groups is."""
        messages, groups = self.messages, self.groups
        first, count = groups.first[some], np.diff(self.first_row)[some]
        parts = groups.first[some + 1] - first
        index = ranges(first, parts)
        message = groups.message[index]
        server = messages.server[message]
        self.login_number[some] = self.logins.numbers(some, self.servers, messages.server[some])
        login = self.login_number[message]
        known = self._answers(index, server, self.client[message], groups.first_outcome, login)
        lost = (groups.server[index] < 0) | (self.latency[index] == inf)  # it will be bounced
        known[np.isin(known, (Known.COUNT, Known.SECOND_HOP)) & lost] = Known.ASK
        groups.at_first[index] = known
        by_login = np.isin(groups.first_outcome[index] // FATES, self.permits_login)
        self.permission[some] = 0
        self.permission[message[by_login & (known == Known.SECOND_HOP)]] = OWN_LOGIN

        together = groups.at_first[first]
        # mail programs send nothing if one recipient is refused, and react to the worst answer
        together[(count > 1) & (together == Known.REFUSAL)] = Known.ASK
        if (several := parts > 1).any():
            accepted = np.isin(known, (Known.LOCAL, Known.SECOND_HOP)).astype(np.int64)
            all_accepted = np.add.reduceat(accepted, np.cumsum(parts) - parts) == parts
            together[several] = np.where(all_accepted[several], Known.PARTS, Known.ASK)
            counted = np.add.reduceat(accepted | (known == Known.COUNT), np.cumsum(parts) - parts)
            together[several & ~all_accepted & (counted == parts)] = Known.COUNT
        # What the writer does is drawn beforehand, too; all but giving up takes time and events.
        for i in np.flatnonzero(together == Known.REFUSAL).tolist():
            if not self.programs[self.person[some[i]]].gives_up_at_once(int(some[i])):
                together[i] = Known.ASK
        messages.known[some] = together
        bandwidth, service = self.lines[self.line[some], 1], view(self.arrivals.service)
        self._set_duration(messages, some, service[some], some, count, bandwidth)

    def _set_second_hop(self, some: Ints) -> None:
        """What is known of the second hop of groups *some*."""
        groups = self.groups
        message, server = groups.message[some], groups.server[some]
        origin = self.messages.server[message]
        nothing = np.zeros(len(some), dtype=np.int64)
        known = self._answers(
            some, server, self.addresses[origin], groups.outcome, nothing, groups.young
        )
        fails = np.array([s.temporary_failure for s in self.servers])[origin]
        # The first server may fail to reach the second for now, by the same draw as in `Transport`,
        # which has whatever would not end here.
        deferred = view(self.arrivals.luck)[message] < fails
        # A server shows what `NextHosts` says: a login to a relayhost, addresses of a pool in turn.
        settings = [server.settings for server in self.servers]
        apart = np.array([bool(s.relayhost or s.outbound_addresses) for s in settings])[origin]
        usual = np.isin(known, (Known.COUNT, Known.LOCAL, Known.GREYLIST))
        known[apart | ~usual] = Known.ASK
        open_to_all = np.array(self.fixed)[server] != Known.ASK
        known[deferred & ~apart & open_to_all] = Known.FAILS
        groups.known[some] = known
        trunk, service = np.full(len(some), TRUNK), view(self.arrivals.relay_service)
        self._set_duration(groups, some, service[message], message, groups.count[some], trunk)

    def _set_duration(
        self, hop: Hop, some: Ints, draws: Floats, message: Ints, count: Ints, bandwidth: Floats
    ) -> None:
        """How long sessions *some* of *hop* take (s), as `Transport.arrive` adds it up."""
        # The same terms in the same order: sums of floats would differ in their last digit.
        took = view(self.arrivals.size)[message] * 8 / bandwidth
        settings, of_server = self._service
        kind = of_server[hop.server[some]]
        for number, (service_time, per_recipient) in enumerate(settings):
            # All at once where servers are alike, as they mostly are.
            of_kind = slice(None) if len(settings) == 1 else np.flatnonzero(kind == number)
            service = service_time.quantiles(draws[of_kind])
            took[of_kind] = service + per_recipient * count[of_kind] + took[of_kind]
        hop.took[some] = took

    @cached_property
    def _service(self) -> tuple[list[tuple[Distribution, float]], Ints]:
        """The distinct service times of servers (of a session, of a recipient), and each one's."""

        def service(number: int) -> Hashable:
            return self.servers[number].settings.service_time, self.servers[number].per_recipient

        return indexed(np.arange(len(self.servers)), service)

    # ---- answers

    def _answers(
        self,
        some: Ints,
        servers: Ints,
        clients: NDArray[Any],
        outcome: Ints,
        logins: Ints,
        young: Ints | None = None,
    ) -> NDArray[np.int8]:
        """What is known of the answer to each of groups *some*, which come from *clients* to
        *servers* and show them *logins* (numbers); *outcome* is the column that takes what it
        means for their recipients. Where clients are servers, *young* takes what it means while a
        greylist puts them off."""
        known, servers = np.array(self.fixed, dtype=np.int8)[servers], servers.astype(np.int64)
        # Rules about the owner of a sender tell apart the people of one domain.
        owners = np.array([server.cache.reads_owners for server in self.servers])
        by_owner = owners[servers] & (logins > 0) & (known != Known.ASK)
        known[by_owner] = Known.COUNT
        open_ones = np.flatnonzero(known == Known.DEPENDS)
        if len(open_ones):
            keys = self._questions(*(a[open_ones] for a in (some, servers, clients, logins)))
            shape = tuple(len(values) for values, _ in keys)
            questions, which = distinct(np.ravel_multi_index([index for _, index in keys], shape))
            answers = [
                self._ask(
                    *(values[i] for (values, _), i in zip(keys, question, strict=True)),
                    server=young is not None,
                )
                for question in zip(
                    *(index.tolist() for index in np.unravel_index(questions, shape)), strict=True
                )
            ]
            kinds, outcomes, refusals = np.array(answers, dtype=np.int64).T
            known[open_ones] = kinds[which]
            outcome[some[open_ones]] = outcomes[which]
            if young is not None:
                young[some[open_ones]] = refusals[which]
        return known

    def _questions(
        self, some: Ints, servers: Ints, clients: NDArray[Any], logins: Ints
    ) -> list[Indexed]:
        """What the answers to groups *some* depend on: server and class of client, content draw,
        sender, recipients; each with its few values, in the order of `_ask`."""
        numbers = np.flatnonzero(np.bincount(servers)).tolist()
        caches = {number: self.servers[number].cache for number in numbers}
        message, domain = self.groups.message[some], self.groups.domain[some]
        n, m = len(self.senders), int(domain.max(initial=0)) + 1
        return [
            self._client_classes(caches, servers, clients, logins),
            _content_draws(caches, servers, view(self.arrivals.content)[message]),
            indexed(
                servers * n + self.sender[message],
                lambda i: caches[i // n].representatives[self.senders[i % n]],
            ),
            indexed(
                servers * m + domain,
                lambda i: caches[i // m].representatives[self.representative[i % m]],
            ),
        ]

    def _client_classes(
        self, caches: dict[int, VerdictCache], servers: Ints, clients: NDArray[Any], logins: Ints
    ) -> Indexed:
        """The server and the class of each client: addresses between two bounds are alike."""
        edges = [
            number << 32 | bound
            for number, cache in caches.items()
            for bound in self.servers[0].numbering.bounds(cache.ranges.bounds)
        ]
        interval = np.searchsorted(edges, servers << 32 | clients, side="right") - 1
        kinds = self.logins.kinds

        def client_class(key: int) -> tuple[int, ClientClass]:
            edge, login = divmod(key, len(kinds))
            number, bound = edges[edge] >> 32, edges[edge] & 0xFFFFFFFF
            return number, caches[number].client_class(bound, kinds[login])

        return indexed(interval * len(kinds) + logins, client_class)

    def _ask(
        self,
        client: tuple[int, ClientClass],
        draw: float,
        sender: str,
        recipient: str,
        *,
        server: bool,
    ) -> tuple[Known, int, int]:
        """What is known of one answer, its outcome, and that of being put off by a greylist."""
        number, client_class = client
        host = self.servers[number]
        answers = host.cache.possible_answers(client_class, draw, sender, recipient, server=server)
        first, last = answers[0], answers[-1]
        if first is last and host.personal.get(first.verdict.rule) == "login":
            self.permits_login.append(first.number)
        known = known_of_hop if server else known_of
        return known(answers, host), last.outcome, first.outcome


def _content_draws(caches: dict[int, VerdictCache], servers: Ints, content: Floats) -> Indexed:
    """Each content draw lowered to the last one at which the policy's answer changes."""
    lowered = np.zeros(len(servers))
    for number, cache in caches.items():
        if (breakpoints := cache.content_breakpoints())[1:]:
            of_server = servers == number
            lowered[of_server] = np.array(breakpoints)[
                np.searchsorted(breakpoints, content[of_server], side="right") - 1
            ]
    if not lowered.any():
        return [0.0], np.zeros(len(servers), dtype=np.int64)
    values, which = np.unique(lowered, return_inverse=True)
    return values.tolist(), which


def _blocks(some: Ints) -> Iterator[Ints]:
    """*some*, BLOCK at a time."""
    return (some[begin : begin + BLOCK] for begin in range(0, len(some), BLOCK))
