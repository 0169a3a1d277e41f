"""Messages that are sent at their moments: by mail programs whose settings have changed, or that
look for mail first, and again where they were refused for now.

What others know of theirs beforehand, these know as soon as they are written: which server is
asked, from where, when they arrive and how long the session takes. It is entered into the columns
then, and what the server answers is asked for on arrival, as for any message whose answer depends
on the moment. Where more can happen, the mail program sends it as without the accelerator.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from simpy.events import NORMAL

from sim.workload.streams import Purpose, chance
from sim.world.abuse import NONE as NO_ABUSE
from sim.world.batch.columns import Known
from sim.world.engine import Occurrence
from sim.world.queue_manager import TRUNK
from sim.world.recorder import FATES
from sim.world.transfers import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sim.world.batch.precompute import Precomputed
    from sim.world.mail_programs import MailProgram
    from sim.world.outbox import SubmissionSettings, Way
    from sim.world.recorder import Answer
    from sim.world.server import Server


SUBMISSION, NOBODYS, NONE = 0, 0, 0
"""In rows: the hop, the permission, and recipients that were taken."""


class FirstHop(Occurrence):
    """A written message on its way to its first server."""

    __slots__ = ("message", "transfer", "way")

    def __init__(self, message: int, way: Way) -> None:
        super().__init__()
        self.message, self.way = message, way
        self.transfer: Transfer | None = None
        """The same as `Transport` has it, where something has changed since it was sent."""


class InOutbox(Occurrence):
    """A message that its mail program will send again."""

    __slots__ = ("message",)

    def __init__(self, message: int) -> None:
        super().__init__()
        self.message = message


class Written:
    """The messages that are written at their moments, of one run."""

    def __init__(
        self,
        known: Precomputed,
        arrive: Callable[[FirstHop, float], None],
        send_again: Callable[[InOutbox], None],
    ) -> None:
        self.known, self.arrivals, self.transport = known, known.arrivals, known.transport
        self.messages, self.groups = known.messages, known.groups
        self.recorder, self.env = known.transport.recorder, known.transport.env
        self.on_their_way: dict[int, FirstHop] = {}
        self._relayhosts = any(server.settings.relayhost for server in known.servers)
        self.arrive = arrive
        self._arrive, self._send_again = (self._arrive_as_event,), (send_again,)

    def send(self, message: int, attempt: int, way: Way, at: float, until: float = -inf) -> bool:
        """Send *message* at *at* that *way*, if nothing but what columns hold can happen; *until*
        then no other message comes that is known beforehand."""
        program, (settings, network, client) = self.program(message), way
        server, network, client, login = program.offer(settings, network, client, None)
        if settings.reverse_path != settings.account.sender:
            return False
        sent = at + settings.line.latency
        latency = self.transport.latency(network, server, sent)
        if client == 0 or latency == inf:
            return self._find_no_way(message, attempt, settings, server, client, at, sent)
        if self.transport.blocks(network, server, login.port):
            return self._find_no_way(message, attempt, settings, server, client, at, sent + latency)
        apart = self._relayhosts or self.known.fixed[server.number] == Known.ASK
        if apart or not self._set_second_hop(message, server, sent + latency):
            return False
        if program.polls_first:
            program.poll(settings, server, client, at)
        self._set_first_hop(message, attempt, server, settings, sent + latency)
        self.known.client_item[message] = client
        self.known.login_number_item[message] = self.known.logins.number_of(login)
        self.known.place[message] = settings.place
        event, arrival = FirstHop(message, way), sent + latency
        if arrival < until and arrival < self.env.peek():
            self.arrive(event, arrival)  # nothing happens before
        else:
            self.on_their_way[message] = event
            event.callbacks = self._arrive
            self.env.schedule(event, NORMAL, arrival - self.env.now)
        return True

    def _arrive_as_event(self, event: FirstHop) -> None:
        del self.on_their_way[event.message]
        self.arrive(event, self.env.now)

    def program(self, message: int) -> MailProgram:
        """The mail program of the writer of *message*."""
        return self.known.programs[self.arrivals.person[message]]

    def transfer(self, event: FirstHop) -> Transfer:
        """What is on its way, as `Transport` has it."""
        return event.transfer or self.program(event.message).by_way(event.way, event.message)

    # ---- what stays in the outbox

    def _find_no_way(
        self,
        message: int,
        attempt: int,
        settings: SubmissionSettings,
        server: Server,
        client: int,
        at: float,
        failure: float,
    ) -> bool:
        """Notice that *server* is not reached; whether the writer just tries again."""
        program = self.program(message)
        waits = failure - self.arrivals.at[message] < program.users.patience
        if not waits or failure >= self.transport.end:
            return False
        if program.polls_first:
            program.poll(settings, server, client, at)
        answer = server.own["unreachable"]
        if attempt == 1:
            self.recorder.messages.first_cause[message] = answer.cause
        row = client, settings.place, server.number
        self._keep(message, attempt, row, answer, failure, 0.0, 0.0, failure)
        return True

    def put_off(self, message: int, at: float, start: float, took: float) -> None:
        """Keep *message*, refused for now in a session that was asked for at *at*."""
        groups, recorder, known = self.groups, self.recorder, self.known
        first, end = groups.first_item[message], groups.first_item[message + 1]
        outcomes = groups.first_outcome_item[first:end]
        answers = [recorder.answers[outcome // FATES] for outcome in outcomes]
        worst = max(answers, key=lambda answer: answer.verdict.code)
        attempt = recorder.messages.attempts[message]
        if attempt == 1:
            refusal = next(answer for answer in answers if not answer.verdict.accepted)
            recorder.messages.first_cause[message] = refusal.cause
        server = self.messages.server_item[message]
        row = known.client_item[message], known.place[message], server
        self._keep(message, attempt, row, worst, at, start - at, took, start + took)

    def _keep(
        self,
        message: int,
        attempt: int,
        row: tuple[int, int, int],
        answer: Answer,
        at: float,
        waited: float,
        took: float,
        done: float,
    ) -> None:
        """Keep *message* in the outbox from *done* until it is sent again, and the attempt in a
        *row* of that client, place and server."""
        client, place, server = row
        count = self.arrivals.first[message + 1] - self.arrivals.first[message]
        self.recorder.attempts += self.recorder.pack_attempt(
            message, attempt, SUBMISSION, at, client, place, server, count, NONE, answer.number,
            waited, took, NOBODYS, NONE, NO_ABUSE,
        )  # fmt: skip
        event = InOutbox(message)
        event.callbacks = self._send_again
        self.env.at(event, done + self.program(message).users.pop_poll)

    # ---- what is on its way

    def _set_first_hop(
        self,
        message: int,
        attempt: int,
        server: Server,
        settings: SubmissionSettings,
        arrival: float,
    ) -> None:
        """Enter who is asked, when, and for how long."""
        messages, arrivals = self.messages, self.arrivals
        count = arrivals.first[message + 1] - arrivals.first[message]
        service, bandwidth = arrivals.service[message], settings.line.bandwidth
        if attempt > 1:
            service = chance(arrivals.key[message], Purpose.SUBMISSION, attempt)
        messages.server_item[message], messages.at_item[message] = server.number, arrival
        size = arrivals.size[message]
        messages.took_item[message] = server.duration(service, count, size, bandwidth)

    def _set_second_hop(self, message: int, origin: Server, at: float) -> bool:
        """Enter where each group goes from *origin*; whether all have somewhere to go."""
        groups, arrivals, known = self.groups, self.arrivals, self.known
        fails = arrivals.luck[message] < origin.temporary_failure
        usual = Known.FAILS if fails else Known.COUNT
        apart = bool(origin.settings.outbound_addresses)
        for index in range(groups.first_item[message], groups.first_item[message + 1]):
            if (number := groups.server_item[index]) < 0:
                return False
            server, count = known.servers[number], groups.count_item[index]
            if (latency := self.transport.latency(origin.network, server, at)) == inf:
                return False
            ask = apart or known.fixed[number] == Known.ASK
            known.latency_item[index] = latency
            groups.known_item[index] = Known.ASK if ask else usual
            service = arrivals.relay_service[message]
            size = arrivals.size[message]
            groups.took_item[index] = server.duration(service, count, size, TRUNK)
        return True

    def before_change(self, person: int | None) -> None:
        """Something that *person* (None: anybody) sent under is about to change."""
        for message, event in self.on_their_way.items():
            writer = self.arrivals.person[message]
            if person in (None, writer):
                event.transfer = self.transfer(event)
