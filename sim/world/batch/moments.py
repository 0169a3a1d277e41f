"""What servers say that look at the moment: at counts, at lists, at POP logins, at greylists.

How long such a session takes is known before; what it is answered is asked for when it arrives,
by the same answers that `Transport` reads. A refusal that is only for now is kept here, too; where
more follows, `Transport` asks again and sees to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.path.facts import NO_LOGIN, Credentials
from sim.records.words import Cause, Permission
from sim.smtp import Verdict
from sim.world.batch.columns import Known
from sim.world.memory import Triple
from sim.world.recorder import FATES, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.world.batch.precompute import Precomputed
    from sim.world.memory import Memory
    from sim.world.server import Server

NONE, SEVERAL, COUNTED, UNKNOWN, PUT_OFF = -1, -2, -3, -4, -5
"""Instead of the number of the group that goes on: none does, several may, it is asked for; what
follows is `Transport`'s; nothing is taken for now."""
OWN_LOGIN = Permission.OWN_LOGIN.number
RATE = Cause.RATE.number


class Moments:
    """The answers at the moment, of first hops and of second ones.

    What a server is asked it remembers, if what follows is not left to `Transport`.
    """

    def __init__(self, known: Precomputed) -> None:
        self.known, self.servers, self.arrivals = known, known.servers, known.arrivals
        self.messages, self.groups = known.messages, known.groups
        self.recorder, permissions = known.context.recorder, known.transport.permissions
        self.attempts, self.boxes = self.recorder.messages.attempts, self.recorder.recipient
        assert permissions is not None, "every world asks whose permission it was"
        self._window_of, self._listing_of = permissions.window, permissions.listing
        people = [program.person for program in known.programs]
        self._senders = [[account.sender for account in person.accounts] for person in people]
        """By person, the sender of each account."""
        self._contacts: list[tuple[Triple, float | None, Answer]] = []
        """What greylisting was asked: whom, of which age, with which answer."""

    # ---- first hop

    def welcomes(self, message: int, at: float) -> bool:
        """Whether the first server of *message* is up at *at* and greets with a welcome."""
        server = self.servers[self.messages.server_item[message]]
        if server.sessions.down and server.sessions.is_down(at):
            return False
        if not server.counts_sessions:
            return True
        client, login = self.known.client_item[message], self._login(message, server)
        return server.greet(client, login, at) is None

    def first_hop(self, message: int, at: float, done: float) -> int:
        """The group of *message* that goes on if its first server takes all of it, in a session
        that was asked for at *at* and ends at *done*."""
        server, first = self.servers[self.messages.server_item[message]], self.groups.first_item
        indices = range(first[message], first[message + 1])
        client = self.known.client_item[message]
        answers = self._answers(server, client, self._login(message, server), indices, at)
        if answers is None:
            return UNKNOWN
        if self.messages.known_item[message] == Known.REFUSAL:
            self.messages.known_item[message] = Known.COUNT  # a limit has come before it
        then = self._then(server, message, indices, answers, at, done)
        if server.memory is not None and then != UNKNOWN:
            self._note(server.memory, server.seen(client), answers, at, done)
        return then

    def _login(self, message: int, server: Server) -> Credentials:
        """What the writer of *message* shows *server*: the whole name where it asks whose it is."""
        number: int = self.known.login_number_item[message]
        login = self.known.logins.kinds[number]
        if login.login is None or not server.cache.reads_owners:
            return login
        person = self.known.programs[self.arrivals.person[message]].person
        return login._replace(login=person.accounts[self.arrivals.account[message]].address)

    def _then(
        self,
        server: Server,
        message: int,
        indices: range,
        answers: list[Answer],
        at: float,
        done: float,
    ) -> int:
        """What follows from the *answers* to the groups *indices* of *message*."""
        groups, permission, then = self.groups, 0, NONE
        for index, answer in zip(indices, answers, strict=True):
            verdict = answer.verdict
            if not verdict.accepted:
                if server.listing is not None:  # somebody may have been missed there
                    return UNKNOWN
                return self._refused(message, indices, answers, done)
            if verdict.discarded:
                return UNKNOWN
            groups.first_outcome_item[index] = answer.outcome
            groups.at_first_item[index] = Known.SECOND_HOP if verdict.relayed else Known.LOCAL
            if verdict.relayed:
                then = index
                permission = permission or self._permission(server, verdict, message, index, at)
        self.known.permission_item[message] = permission
        return then if len(indices) == 1 else SEVERAL

    def _refused(self, message: int, indices: range, answers: list[Answer], done: float) -> int:
        """What follows where one of the *answers* refuses: the message stays with its writer."""
        groups, program = self.groups, self.known.programs[self.arrivals.person[message]]
        for index, answer in zip(indices, answers, strict=True):
            groups.first_outcome_item[index] = answer.outcome
        if not any(a.verdict.permanent for a in answers if not a.verdict.accepted):
            waits = done - self.arrivals.at[message] < program.users.patience
            return PUT_OFF if waits else UNKNOWN
        index, first = indices[0], self.attempts[message] == 1
        alone = first and len(indices) == 1 and groups.count_item[index] == 1
        if not (alone and program.gives_up_at_once(message)):
            return UNKNOWN
        self.messages.known_item[message] = groups.at_first_item[index] = Known.REFUSAL
        return NONE

    def _permission(
        self, server: Server, verdict: Verdict, message: int, index: int, at: float
    ) -> int:
        """By whose permission *server* relays group *index* of *message*."""
        means = server.personal.get(verdict.rule)
        if means is None or means == "login":
            return 0 if means is None else OWN_LOGIN
        program = self.known.programs[self.arrivals.person[message]]
        if means == "listing":
            client = self.known.client_item[message]
            return Permission(self._listing_of(server, client, program.person.number)).number
        address = self.known.representative[self.groups.domain_item[index]]
        question, client = program.message(message), self.known.client_item[message]
        login = self._login(message, server)
        window = self._window_of(
            server, client, login, question, program.person.number, at, address
        )
        return Permission(window).number

    # ---- second hop

    def second_hop(
        self, server: Server, client: int, index: int, at: float, done: float
    ) -> Answer | None:
        """What *server* answers to group *index* from *client*, in a session that was asked for at
        *at* and ends at *done*; None: not one thing."""
        answers = self._answers(server, client, NO_LOGIN, range(index, index + 1), at)
        if answers is None:
            return None
        if server.memory is not None:
            self._note(server.memory, server.seen(client), answers, at, done)
        return answers[0]

    def greylist(
        self, server: Server, client: int, index: int, at: float, done: float
    ) -> Answer | None:
        """The same of a server whose answer follows from the age of triples."""
        memory, delay, groups = server.memory, server.cache.greylist_delay, self.groups
        assert memory is not None, "only then is it known so"
        assert delay is not None, "only then is it known so"
        message, greylist = groups.message_item[index], memory.greylist
        if groups.count_item[index] == 1:  # the usual case
            triple: Triple = client, self._sender(message), self.boxes[groups.row_item[index]]
            old = greylist.meet(triple, at, delay)
        else:
            triples = self._triples(client, message, index)
            if len({greylist.age(triple, at) for triple in triples}) > 1:
                return None
            for triple in triples:  # all of one age
                old = greylist.meet(triple, at, delay)
        if memory.limits:
            memory.count(client, at, done)
        outcome = groups.outcome_item[index] if old else groups.young_item[index]
        answer: Answer = self.recorder.answers[outcome // FATES]
        return answer

    # ---- both

    def _answers(
        self, server: Server, client: int, login: Credentials, indices: range, at: float
    ) -> list[Answer] | None:
        """What *server* answers to *client* at *at*, by group; None: differently within one."""
        memory, recent, groups = server.memory, 0, self.groups
        message = groups.message_item[indices[0]]
        if memory is not None:
            recent = memory.recent(server.seen(client), at)
            if memory.greylists:
                return self._greylisting(server, client, login, indices, at, recent)
        by_recipient = self._by_recipient(server, client, login, message, at, recent, None)
        return [by_recipient[self.known.representative[groups.domain_item[i]]] for i in indices]

    def _by_recipient(
        self,
        server: Server,
        client: int,
        login: Credentials,
        message: int,
        at: float,
        recent: int,
        age: float | None,
    ) -> Mapping[str, Answer]:
        content = self.arrivals.content[message]
        answers = server.answers_to(client, login, at, False, content, recent, age)
        if answers.client_class.whole_sender:
            return answers[self._sender(message)]
        return answers[self.known.senders[self.known.sender_item[message]]]

    def _sender(self, message: int) -> str:
        """The reverse-path of *message*."""
        return self._senders[self.arrivals.person[message]][self.arrivals.account[message]]

    def _greylisting(
        self,
        server: Server,
        client: int,
        login: Credentials,
        indices: range,
        at: float,
        recent: int,
    ) -> list[Answer] | None:
        """The same of a server that remembers whom it has seen."""
        assert server.memory is not None, "only then does it remember"
        age_of, seen, answers = server.memory.greylist.age, server.seen(client), []
        self._contacts.clear()
        for index in indices:
            message = self.groups.message_item[index]
            triples = self._triples(seen, message, index)
            age, *others = [age_of(triple, at) for triple in triples]
            if any(other != age for other in others):
                return None
            answers_to = self._by_recipient(server, client, login, message, at, recent, age)
            answer = answers_to[self.known.representative[self.groups.domain_item[index]]]
            answers.append(answer)
            self._contacts += [(triple, age, answer) for triple in triples]
        return answers

    def _triples(self, client: int, message: int, index: int) -> list[Triple]:
        """What greylisting goes by, of each recipient of group *index*: all have a mailbox."""
        sender = self._sender(message)
        row, count, boxes = self.groups.row_item[index], self.groups.count_item[index], self.boxes
        if count == 1:
            return [(client, sender, boxes[row])]
        return [(client, sender, box) for box in boxes[row : row + count]]

    def _note(
        self, memory: Memory, client: int, answers: list[Answer], at: float, done: float
    ) -> None:
        """Let the server remember what it was asked last."""
        if memory.limits:
            memory.open_session(client, done)
            if any(answer.cause != RATE for answer in answers):
                memory.add_transaction(client, at)
        if memory.greylists:
            for triple, age, answer in self._contacts:
                memory.greylist.note(triple, age, answer, at)
