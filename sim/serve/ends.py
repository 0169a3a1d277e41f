"""The server's ends of connections, still without sockets: bytes in, bytes out, at the time of the
world."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from sim.exact.transcript import PASSWORD
from sim.serve.conversations import Conversation, Judgement
from sim.serve.mail import Letter
from sim.serve.opening import address_text
from sim.serve.places import Origin
from sim.serve.pop3 import Item, Pop3
from sim.smtp import Session, decide
from sim.smtp.commands import Offer, State
from sim.world.visits import Visit

if TYPE_CHECKING:
    from sim.serve.living import Living
    from sim.world.server import Server

BUSY = b"421 4.3.2 Too busy, try again later\r\n"
IDLE = b"421 4.4.2 Timeout, closing connection\r\n"
NO_ROOM = b"452 4.3.1 No room for so much at once, try again later\r\n"
_XCLIENT = re.compile(rb"XCLIENT((?: [A-Z]+=\S*)+)\r?\n", re.IGNORECASE)


class Wire:
    """What passes on one connection: kept in its *conversation*, and in the capture if there is
    one, to whose *server* address and port it goes."""

    def __init__(
        self, living: Living, conversation: Conversation, origin: Origin, server: Server, port: int
    ) -> None:
        self.living, self.conversation = living, conversation
        self.flow = living.flow(origin.client, server.address, port)

    def say(self, speaker: str, data: bytes, *, excerpt: bytes | None = None) -> None:
        """Let ``C`` (client) or ``S`` (server) send *data*; the conversation has an
        *excerpt* of it, or all."""
        now = self.living.world.env.now
        self.living.log.say(self.conversation, now, speaker, data if excerpt is None else excerpt)
        if self.flow is not None:
            self.flow.say(speaker, data, now)

    def end_capture(self) -> None:
        """A capture has no more of it: the connection is over, or TLS protects it."""
        if self.flow is not None:
            self.flow.end(self.living.world.env.now)

    def close(self) -> None:
        """The connection is over."""
        self.living.log.close(self.conversation)
        self.end_capture()


class SmtpEnd:
    """One SMTP connection from *origin* to *server* by *port* (25, or that for submission)."""

    def __init__(self, living: Living, server: Server, port: int, origin: Origin) -> None:
        self.living, self.server, self.port = living, server, port
        self.conversation = living.log.open(
            "SMTP", server.name, port, address_text(living.world, origin.client), origin.place,
            living.advance(),
        )  # fmt: skip
        self.wire = Wire(living, self.conversation, origin, server, port)
        self._begin(origin)

    def _begin(self, origin: Origin) -> None:
        self.origin = origin
        self.visit = Visit(self.living.world, self.server, origin.client, origin.place, self.port)
        self.session = Session(
            self.visit.policy, self.visit.facts, partial(self.living.knows, self.server),
            refresh=self.visit.refresh, observe=self._take,
        )  # fmt: skip
        tls = ("STARTTLS",) if self.living.offers_tls else ()
        self.session.keywords = (*tls, "XCLIENT ADDR")

    # ---- bytes in, bytes out

    @property
    def starts_at(self) -> float:
        """When the server has time for the client (s)."""
        return self.visit.start or 0.0

    def connect(self) -> bytes:
        """The greeting."""
        self.living.advance()
        if self.visit.start is None:
            self.session.lose()
            return self._out(BUSY)
        return self._out(self.session.connect())

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send."""
        self.living.advance()
        self.wire.say("C", data, excerpt=b"" if self.session.state is State.DATA else None)
        move = _XCLIENT.fullmatch(data)
        if move and self.session.state is not State.DATA:
            return self._out(self._move(move[1].decode("ascii", "replace")))
        self.session.policy = self.visit.policy
        reply = self.session.receive(data)
        self.session.messages.clear()  # the spool has them
        return self._out(reply)

    @property
    def awaits_tls(self) -> bool:
        """Whether the client was told to begin TLS."""
        return self.session.awaits_tls

    def encrypt(self) -> None:
        """TLS protects the connection from now on."""
        self.wire.end_capture()
        self.session.encrypt()

    def lose(self) -> None:
        """The connection is gone."""
        self.living.advance()
        self.session.lose()
        self.wire.close()

    @property
    def closed(self) -> bool:
        """Whether the server has said its last word."""
        return self.session.closed

    @property
    def backlog(self) -> int:
        """Octets of the message that is coming in."""
        return self.session.backlog

    def _out(self, data: bytes) -> bytes:
        self.wire.say("S", data)
        return data

    def _move(self, attributes: str) -> bytes:
        """Be somewhere else, as XCLIENT says; the session begins anew."""
        values = dict(word.upper().split("=", 1) for word in attributes.split())
        try:
            origin = self.living.places.at(values["ADDR"].removeprefix("IPV6:"))
        except (KeyError, ValueError) as error:
            return f"501 5.5.4 Bad XCLIENT: {error}\r\n".encode("ascii", "replace")
        self.session.lose()
        self._begin(origin)
        self.conversation.client = address_text(self.living.world, origin.client)
        self.conversation.place = origin.place
        return self.session.connect()

    # ---- mail

    def _take(self, offer: Offer) -> None:
        """Hand a transaction over to the world, and keep the message and why it went so."""
        for path, verdict in offer.answers:
            facts = self.visit.refresh(offer.facts._replace(forward_path=path))
            walk = decide(self.visit.policy, facts, trace=True).trace
            steps = tuple((s.stage, s.rule, s.compared, s.opinion) for s in walk)
            judgement = Judgement(
                path, str(verdict.reply), verdict.accepted, verdict.rule, steps, facts
            )
            self.living.log.judge(self.conversation, judgement)
        number = self.visit.hand_over(offer)
        if offer.content is not None:
            self.living.mail.spool.put(number, self._trace_lines(offer) + offer.content)
            self.living.accepted += 1

    def _trace_lines(self, offer: Offer) -> bytes:
        """The lines that this server adds (RFC 5321 section 4.4)."""
        client = address_text(self.living.world, self.origin.client)
        return (
            f"Return-Path: <{offer.facts.reverse_path or ''}>\r\n"
            f"Received: from {offer.facts.helo or 'unknown'} ([{client}])\r\n"
            f"\tby {self.visit.policy.hostname} with SMTP; {self.living.date()}\r\n"
        ).encode("utf-8", "replace")


class PopEnd:
    """One POP3 connection from *origin* to the ISP that has *network*."""

    def __init__(self, living: Living, network: str, port: int, origin: Origin) -> None:
        self.living, self.network, self.origin = living, network, origin
        client = address_text(living.world, origin.client)
        now = living.advance()
        conversation = living.log.open("POP3", network, port, client, origin.place, now)
        self.session = Pop3(f"pop.{living.domain(network)}", self._open, self._remove)
        self._letters: dict[str, Letter] = {}
        server = living.server(living.world.scenario.submission_servers()[network])
        self.wire = Wire(living, conversation, origin, server, port)

    starts_at = 0.0
    backlog = 0
    awaits_tls = False

    def encrypt(self) -> None:
        """Nobody is told to begin TLS here."""
        raise NotImplementedError

    def connect(self) -> bytes:
        """The greeting."""
        return self._out(self.session.connect())

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send."""
        self.living.advance()
        self.wire.say("C", data)
        return self._out(self.session.receive(data))

    def lose(self) -> None:
        """The connection is gone."""
        self.wire.close()

    @property
    def closed(self) -> bool:
        """Whether the server has said its last word."""
        return self.session.closed

    def _out(self, data: bytes) -> bytes:
        self.wire.say("S", data, excerpt=data[:2000])
        return data

    def _open(self, name: str, password: str) -> Sequence[Item] | None:
        """Log in: from now on the address of this client may have sent mail before SMTP."""
        living = self.living
        address = name if "@" in name else f"{name}@{living.domain(self.network)}"
        box = living.world.mailboxes.find(address.lower())
        if box is None or password != PASSWORD or not living.at_home(self.network, address):
            return None
        living.log_in(self.network, self.origin.client, address.lower())
        self._letters = {str(letter.row): letter for letter in living.mail.letters(address.lower())}
        return [
            Item(uid, partial(living.mail.text, letter)) for uid, letter in self._letters.items()
        ]

    def _remove(self, uids: Sequence[str]) -> None:
        self.living.mail.deleted.update(map(int, uids))
