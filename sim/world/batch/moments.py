"""What servers say that look at the moment: at counts, at lists, at POP logins.

How long such a session takes is known before; what it is answered is asked for when it arrives,
by the same answers that `Transport` reads. Where something is refused, or greeted otherwise than
with a welcome, `Transport` asks again and sees to what follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sim.path.facts import NO_LOGIN, Credentials
from sim.records.words import Permission
from sim.smtp import Verdict
from sim.world.batch.columns import Known
from sim.world.recorder import Answer

if TYPE_CHECKING:
    from sim.world.batch.precompute import Precomputed
    from sim.world.server import Server

NONE, SEVERAL, COUNTED, UNKNOWN = -1, -2, -3, -4
"""Instead of the number of the group that goes on: it is asked for, or it is `Transport`'s."""
OWN_LOGIN = Permission.OWN_LOGIN.number


class Moments:
    """The answers at the moment, of first hops and of second ones."""

    def __init__(self, known: Precomputed) -> None:
        self.known, self.servers, self.arrivals = known, known.servers, known.arrivals
        self.messages, self.groups = known.messages, known.groups
        permissions = known.transport.permissions
        assert permissions is not None, "every world asks whose permission it was"
        self._window_of = permissions.window

    def first_hop(self, message: int, at: float) -> int:
        """The group of *message* that goes on if its first server takes all of it at *at*."""
        groups, server = self.groups, self.servers[self.messages.server_item[message]]
        client = self.known.client_item[message]
        login = self.known.logins.kinds[self.known.login_number_item[message]]
        answers = self._answers(server, client, login, message, at)
        if answers is None:
            return UNKNOWN
        first, end = groups.first_item[message], groups.first_item[message + 1]
        permission, then = 0, NONE
        for index in range(first, end):
            address = self.known.representative[groups.domain_item[index]]
            answer = answers[address]
            verdict = answer.verdict
            if not verdict.accepted or verdict.discarded:
                return UNKNOWN
            groups.first_outcome_item[index] = answer.outcome
            groups.at_first_item[index] = Known.SECOND_HOP if verdict.relayed else Known.LOCAL
            if verdict.relayed:
                then = index
                permission = permission or self._permission(server, verdict, message, address, at)
        self.known.permission_item[message] = permission
        return then if end - first == 1 else SEVERAL

    def accepts(self, server: Server, client: int, index: int, at: float) -> bool:
        """Whether *server* takes group *index* from *client* for mailboxes of its own at *at*."""
        groups = self.groups
        answers = self._answers(server, client, NO_LOGIN, groups.message_item[index], at)
        if answers is None:
            return False
        answer = answers[self.known.representative[groups.domain_item[index]]]
        groups.outcome_item[index] = answer.outcome
        verdict = answer.verdict
        return verdict.accepted and not verdict.relayed and not verdict.discarded

    def count(self, server: Server, client: int, at: float, until: float) -> None:
        """*server* has had a transaction of *client*, in a session from *at* to *until*."""
        if server.memory is not None:
            clients, seen = server.memory.clients, server.seen(client)
            clients.open_session(seen, until)
            clients.add_transaction(seen, at)

    def _answers(
        self, server: Server, client: int, login: Credentials, message: int, at: float
    ) -> Mapping[str, Answer] | None:
        """What *server* answers to *client* at *at*, by recipient; None: it is not welcome."""
        memory, recent = server.memory, 0
        if memory is not None:
            if server.counts_sessions and server.greet(client, login, at) is not None:
                return None
            recent = memory.recent(server.seen(client), at)
        content = self.arrivals.content[message]
        answers = server.answers_to(client, login, at, False, content, recent)
        return answers[self.known.senders[self.known.sender_item[message]]]

    def _permission(
        self, server: Server, verdict: Verdict, message: int, address: str, at: float
    ) -> int:
        """By whose permission *server* relays *message* to *address*."""
        means = server.personal.get(verdict.rule)
        if means != "window":
            return OWN_LOGIN if means == "login" else 0
        program = self.known.programs[self.arrivals.person[message]]
        login = self.known.logins.kinds[self.known.login_number_item[message]]
        question = program.message(message)
        client = self.known.client_item[message]
        window = self._window_of(
            server, client, login, question, program.person.number, at, address
        )
        return Permission(window).number
