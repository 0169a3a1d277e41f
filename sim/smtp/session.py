"""A server's side of one SMTP session without input or output: bytes in, replies out.

`Session.receive` takes whatever bytes arrived and returns the bytes to send back. It asks the
policy for every answer about an address, a login or a message, and never raises for anything it
is fed. What commands look like and in which order they come is for the class of the server's
flavour, which `Session` makes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sim.smtp.authentication import Exchange, Step
from sim.smtp.commands import Chunk, Message, Offer, State
from sim.smtp.facts import Facts
from sim.smtp.framing import Line, Lines
from sim.smtp.policy import Policy
from sim.smtp.replies import Reply, fill
from sim.smtp.routing import Route, routes
from sim.smtp.verdicts import Verdict, places
from sim.smtp.wordings import template

MAX_MESSAGE = 10240000  # octets: postfix.message_size

Login = Callable[[str, str], bool]
"""Whether a name and a password belong together."""
Refresh = Callable[[Facts], Facts]
"""The facts at a command, from what the session knows: clocks, counts and lists move on."""
Observe = Callable[[Offer], None]
"""Told of a transaction when it is over, before the reply that ends it is sent."""


class Session:
    """One connection to a server with *policy*.

    *facts* says what is known of the client when it connects; its addresses and login are
    ignored, because those are told in the session. *refresh* is asked before each command for
    what has changed. *login* checks a name and a password. Messages taken are added to
    *messages*; *observe* is told of every transaction in which a recipient was named.
    *max_recipients*, *max_message* (octets) and *max_errors* are the server's limits.
    """

    closes_after: ClassVar[tuple[int, ...]] = (421,)
    """Codes of refusals after which the server closes (RFC 5321 section 3.8)."""
    _of_kind: ClassVar[dict[str, type[Session]]] = {}

    def __init_subclass__(cls, *, kind: str = "") -> None:
        """Make *cls* the class of sessions of that *kind*, which flavours name."""
        cls._of_kind[kind] = cls

    def __new__(cls, policy: Policy, *_: Any, **__: Any) -> Session:
        """The session of the policy's flavour."""
        return super().__new__(cls._of_kind[policy.style.session])

    def __init__(
        self,
        policy: Policy,
        facts: Facts,
        login: Login = lambda _name, _password: False,
        *,
        refresh: Refresh = lambda facts: facts,
        observe: Observe = lambda _offer: None,
        max_recipients: int | None = None,
        max_message: int | None = None,
        max_errors: int | None = None,
    ) -> None:
        self.policy = policy
        self.messages: list[Message] = []
        self.state = State.START
        self.keywords: tuple[str, ...] = ()
        """What EHLO offers besides: services of whoever carries the bytes."""
        self.awaits_tls = False
        """Whether the client was told to begin TLS: nothing is read until it has."""
        self._session_facts = facts._replace(
            login=None, auth_failed=False, reverse_path=None, forward_path="", helo=None
        )
        self._check = login
        self._refresh, self._observe = refresh, observe
        self._max_recipients = max_recipients or policy.style.most_recipients
        self._max_message = max_message or MAX_MESSAGE
        self._max_errors = max_errors
        self._lines = Lines()
        self._out: list[Reply] = []
        self._exchange = Exchange("")
        self._answers: list[tuple[str, Verdict]] = []
        self._queued, self._fault = 0, ""
        self._chunk = Chunk(0, 0, last=False, keeps=False, after=State.START)
        self._begin()

    # ---- bytes in, bytes out

    def connect(self) -> bytes:
        """The greeting, or the refusal of a client that is not wanted; call it once."""
        self._greet()
        return self._sent()

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send, which may be none yet."""
        if self.closed:
            return b""
        self._lines.feed(data)
        while not self.closed and not self.awaits_tls:
            read = self._read_chunk if self.state is State.CHUNK else self._read_line
            if not read():
                break
        return self._sent()

    def _read_line(self) -> bool:
        """Take the next line; False if it is still to come."""
        line = self._lines.take(self._limit())
        if line is None:
            return False
        if self.state is State.DATA:
            self._text(line)
        else:
            self._line(line)
        return True

    def _read_chunk(self) -> bool:
        """Take octets of a chunk; False if there are none yet."""
        octets = self._lines.octets(self._chunk.left)
        self._chunk = self._chunk._replace(left=self._chunk.left - len(octets))
        if len(self._content) + len(octets) > self._max_message:
            self._fault = self._fault or "message_too_big"
        elif not self._fault and self._chunk.keeps:
            self._content += octets
        if self._chunk.left == 0:
            self._end_of_chunk()
            return True
        return bool(octets)

    def _end_of_chunk(self) -> None:
        """Go on after a chunk: with the next command, or as after the end of DATA."""
        self.state = self._chunk.after
        if self._chunk.keeps and self._chunk.last:
            self._end_of_message()
        elif self._chunk.keeps:
            self._say("chunk_ok", str(self._chunk.size))

    def _begin_chunk(self, size: int, *, last: bool, keeps: bool) -> None:
        """Take *size* octets as they are; unless it *keeps* them, to forget them."""
        self._chunk = Chunk(size, size, last, keeps, self.state)
        self.state = State.CHUNK

    def _end_of_message(self) -> None:
        """Say what becomes of the message."""
        raise NotImplementedError

    def _greet(self) -> None:
        """Say the greeting, or why there is none."""
        raise NotImplementedError

    def _limit(self) -> int:
        """Octets that the next line may have."""
        raise NotImplementedError

    def _line(self, line: Line) -> None:
        """Answer a command, or a response of AUTH."""
        raise NotImplementedError

    def _text(self, line: Line) -> None:
        """Keep a line of the message."""
        raise NotImplementedError

    def encrypt(self) -> None:
        """TLS protects the session from now on: what came before is forgotten, and what was sent
        with the command was not protected (RFC 3207 section 4.2)."""
        self.awaits_tls = False
        self.keywords = tuple(word for word in self.keywords if word != "STARTTLS")
        self._lines.clear()
        self._begin()
        self._session_facts = self._session_facts._replace(helo=None, login=None, encrypted=True)
        self._start()

    def _start(self) -> None:
        """Be where a session begins."""
        self.state = State.START

    def _starttls(self, argument: Any) -> None:  # noqa: ARG002
        """Tell the client to begin TLS."""
        self._say("tls_ok")
        self.awaits_tls = True

    def lose(self) -> None:
        """The connection is gone: what the client had begun to send is over."""
        self.state = State.CLOSED
        self._begin()

    @property
    def closed(self) -> bool:
        """Whether the server has said its last word."""
        return self.state is State.CLOSED

    @property
    def backlog(self) -> int:
        """Octets of the message that is coming in."""
        return len(self._content)

    @property
    def routes(self) -> list[str | list[Route]]:
        """Where each message taken goes: ``discarded``, or a route for each recipient."""
        return [
            "discarded"
            if message.discarded
            else routes(
                self.policy,
                self._session_facts.names,
                [path for path, _ in message.recipients],
                message.reverse_path,
            )
            for message in self.messages
        ]

    def _sent(self) -> bytes:
        out = "".join(_wire(reply) for reply in self._out)
        self._out.clear()
        return out.encode("utf-8", "replace")

    @property
    def _facts(self) -> Facts:
        """The facts at the present command."""
        return self._refresh(self._session_facts)

    # ---- replies

    def _say(
        self, situation: str, detail: str = "", command: str = "", facts: Facts | None = None
    ) -> None:
        self._out.append(self._reply(situation, detail, command, facts))

    def _reply(
        self, situation: str, detail: str = "", command: str = "", facts: Facts | None = None
    ) -> Reply:
        """What is said in a *situation*."""
        reply = template(self.policy.words, situation, detail)
        if "{" not in reply.text:
            return reply
        values = places(self.policy, facts or self._session_facts, detail)
        values |= {"command": command, "queue_id": f"{self._queued:08X}"}
        return fill(reply, values)

    def _error(self, situation: str, detail: str = "", command: str = "") -> None:
        """Say what was wrong; a client that errs too often is sent away."""
        raise NotImplementedError

    def _refuse(self, verdict: Verdict, facts: Facts | None = None) -> None:
        """Say a refusal, worded for *facts* where they are others than it was made for."""
        self._out.append(verdict.reply if facts is None else verdict.reply_to(facts))
        if verdict.code in self.closes_after:
            self.state = State.CLOSED

    # ---- what all sessions do

    def _begin(self) -> None:
        """Forget the transaction, and tell of it if a recipient was named."""
        self._end(None)
        self._session_facts = self._session_facts._replace(
            reverse_path=None, forward_path="", recipients=0
        )
        self._recipients: list[tuple[str, Verdict]] = []
        self._content = bytearray()
        self._fault = ""

    def _end(self, content: bytes | None) -> None:
        """Tell of the transaction, whose message is *content* if one was taken."""
        answers, self._answers = tuple(self._answers), []
        if answers:
            self._observe(Offer(self._session_facts, answers, content))

    def _answer_all(self, verdict: Verdict) -> None:
        """What was said of each recipient is no more: *verdict* refuses the message."""
        self._answers = [(path, verdict if v.accepted else v) for path, v in self._answers]

    def _take(self, message: Message) -> None:
        """Take *message*: it is the server's from now on."""
        self._queued += 1
        self._end(message.content)
        self.messages.append(message)

    def _response(self, line: str) -> None:
        self.state = State.READY
        self._take_step(self._exchange.respond(line))

    def _take_step(self, step: Step) -> None:
        if step.fault:
            self._error(step.fault)
        elif step.challenge is not None:
            self.state = State.LOGIN
            self._say("auth_challenge", step.challenge)
        else:
            self._try(step.name, step.password)

    def _try(self, name: str, password: str) -> None:
        """Try a name and a password."""
        raise NotImplementedError

    def _keep(self, text: bytes) -> None:
        if len(self._content) + len(text) + 2 > self._max_message:
            self._fault = self._fault or "message_too_big"
        elif not self._fault:
            self._content += (text[1:] if text[:1] == b"." else text) + b"\r\n"


def _wire(reply: Reply) -> str:
    """*reply* with CR LF at the end of each line."""
    return "".join(f"{line}\r\n" for line in str(reply).split("\n"))
