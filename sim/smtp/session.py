"""A server's side of one SMTP session without input or output: bytes in, replies out.

`Session.receive` takes whatever bytes arrived and returns the bytes to send back. It keeps
the order of commands of RFC 5321 section 4.1.4, asks the policy for every answer about an
address, a login or a message, and never raises for anything it is fed.

Only CR LF ``.`` CR LF ends a message, and a CR or LF by itself is refused (`framing`). So two
servers cannot disagree about where a message ends (SMTP smuggling). A flavour whose sessions
go otherwise has a class of its own, which `Session` makes for its policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from sim.smtp.addresses import MAX_DOMAIN
from sim.smtp.authentication import Exchange, Step
from sim.smtp.decision import decide, decide_at
from sim.smtp.facts import Facts
from sim.smtp.framing import Line, Lines
from sim.smtp.policy import Policy
from sim.smtp.replies import Reply, filled
from sim.smtp.routing import Route, routes
from sim.smtp.verdicts import Verdict, places
from sim.smtp.wordings import template

MAX_LINE = 512  # RFC 5321 section 4.5.3.1.4: smtp.limit.command_line, with CR LF
MAX_AUTH_LINE = 12288  # RFC 4954 section 4
MAX_TEXT_LINE = 1000  # section 4.5.3.1.6: smtp.limit.text_line; a hiding dot is not counted
MAX_RECIPIENTS = 100  # section 4.5.3.1.8: smtp.limit.recipients
MAX_MESSAGE = 10240000  # octets: postfix.message_size
MAX_ERRORS = 20  # postfix.errors.hard_limit

Login = Callable[[str, str], bool]
"""Whether a name and a password belong together."""
Refresh = Callable[[Facts], Facts]
"""The facts at a command, from what the session knows: clocks, counts and lists move on."""


class State(Enum):
    """Where the session stands."""

    START = "start"  # greeted, no HELO or EHLO yet
    READY = "ready"  # between transactions
    MAIL = "mail"  # a reverse-path was accepted
    RCPT = "rcpt"  # so was a recipient
    DATA = "data"  # in the message
    LOGIN = "login"  # AUTH waits for a response
    CLOSED = "closed"


IDLE = frozenset({State.START, State.READY, State.MAIL, State.RCPT})


@dataclass(frozen=True, slots=True)
class Command:
    """A row of `COMMANDS`: the method that answers, where it may come, what is said elsewhere."""

    method: str
    states: frozenset[State] = IDLE
    elsewhere: str = "bad_sequence"
    elsewhere_by_state: tuple[tuple[State, str], ...] = ()

    def refusal(self, state: State) -> str | None:
        """The situation if the command may not come in *state*; None if it may."""
        if state in self.states:
            return None
        return dict(self.elsewhere_by_state).get(state, self.elsewhere)


_START = ((State.START, "need_helo"),)

COMMANDS: dict[str, Command] = {
    "HELO": Command("_helo"),
    "EHLO": Command("_ehlo"),
    "AUTH": Command("_auth", frozenset({State.READY}), "bad_sequence", _START),
    "MAIL": Command("_mail", frozenset({State.READY}), "nested_mail", _START),
    "RCPT": Command("_rcpt", frozenset({State.MAIL, State.RCPT}), "need_mail", _START),
    "DATA": Command(
        "_data", frozenset({State.RCPT}), "need_rcpt", (*_START, (State.READY, "need_mail"))
    ),
    "RSET": Command("_rset"),
    "NOOP": Command("_noop"),
    "VRFY": Command("_vrfy"),
    "QUIT": Command("_quit"),
    "STARTTLS": Command("_not_implemented"),  # not offered: RFC 5321 section 4.2.4, 502
    "EXPN": Command("_not_implemented"),
    "HELP": Command("_not_implemented"),
}
"""The state machine: what each command does, and in which states it may come."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was taken: one forward-path and verdict for each recipient."""

    reverse_path: str | None
    login: str | None
    recipients: tuple[tuple[str, Verdict], ...]
    content: bytes
    discarded: bool = False


_ADDRESSED = re.compile(
    r'(FROM|TO):[ ]?<((?:[^<>"]|"(?:[^"\\]|\\.)*")*)>(?: +(.*))?', re.IGNORECASE
)
_PARAMETERS = {
    "MAIL": re.compile(r"SIZE=[0-9]{1,20}|BODY=(?:7BIT|8BITMIME)|AUTH=[!-~]+", re.IGNORECASE),
    "RCPT": re.compile(r"(?!)"),
}


class Session:
    """One connection to a server with *policy*.

    *facts* says what is known of the client when it connects; its addresses and login are
    ignored, because those are told in the session. *refresh* is asked before each command for
    what has changed. *login* checks a name and a password. Messages taken are added to
    *messages*. *max_recipients*, *max_message* (octets) and *max_errors* are the server's limits.
    """

    _of_flavour: ClassVar[dict[str, type[Session]]] = {}

    def __init_subclass__(cls, *, flavour: str) -> None:
        """Make *cls* the class of sessions with servers of that flavour."""
        cls._of_flavour[flavour] = cls

    def __new__(cls, policy: Policy, *_: Any, **__: Any) -> Session:
        """The session of the policy's flavour."""
        return super().__new__(cls._of_flavour.get(policy.flavour, cls))

    def __init__(
        self,
        policy: Policy,
        facts: Facts,
        login: Login = lambda _name, _password: False,
        *,
        refresh: Refresh = lambda facts: facts,
        max_recipients: int | None = None,
        max_message: int | None = None,
        max_errors: int | None = None,
    ) -> None:
        self.policy = policy
        self.messages: list[Message] = []
        self.state = State.START
        self._told = facts._replace(
            login=None, auth_failed=False, reverse_path=None, forward_path="", helo=None
        )
        self._check = login
        self._refresh = refresh
        self._max_recipients = max_recipients or MAX_RECIPIENTS
        self._max_message = max_message or MAX_MESSAGE
        self._max_errors = max_errors or MAX_ERRORS
        self._errors = 0
        self._lines = Lines()
        self._out: list[Reply] = []
        self._exchange = Exchange("")
        self._begin()

    # ---- bytes in, bytes out

    def connect(self) -> bytes:
        """The greeting, or 421 if the client has too many connections; call it once."""
        verdict = decide_at(self.policy, self._facts, "CONNECT")
        if verdict is None:
            self._say("greeting")
        else:
            self._refuse(verdict)
        return self._sent()

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send, which may be none yet."""
        if self.closed:
            return b""
        self._lines.feed(data)
        while not self.closed:
            line = self._lines.take(_LIMITS.get(self.state, MAX_LINE))
            if line is None:
                break
            if self.state is State.DATA:
                self._text(line)
            else:
                self._line(line)
        return self._sent()

    @property
    def closed(self) -> bool:
        """Whether the server has said its last word."""
        return self.state is State.CLOSED

    @property
    def routes(self) -> list[str | list[Route]]:
        """Where each message taken goes: ``discarded``, or a route for each recipient."""
        return [
            "discarded"
            if message.discarded
            else routes(
                self.policy,
                self._told.names,
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
        return self._refresh(self._told)

    # ---- replies

    def _say(
        self, situation: str, detail: str = "", command: str = "", facts: Facts | None = None
    ) -> None:
        reply = template(self.policy.words, situation, detail)
        known = places(self.policy, facts or self._told, detail)
        known |= {"command": command, "queue_id": f"{len(self.messages):08X}"}
        self._out.append(filled(reply, known))

    def _error(self, situation: str, detail: str = "", command: str = "") -> None:
        """Say what was wrong; a client that errs too often is sent away."""
        self._say(situation, detail, command)
        self._erred()

    def _erred(self) -> None:
        self._errors += 1
        if self._errors >= self._max_errors:
            self._say("too_many_errors")
            self.state = State.CLOSED

    def _refuse(self, verdict: Verdict) -> None:
        self._out.append(verdict.reply)
        if verdict.code == 421:  # RFC 5321 section 3.8: and then closes
            self.state = State.CLOSED

    # ---- command lines

    def _line(self, line: Line) -> None:
        answering = self.state is State.LOGIN
        if answering and line.fault:
            self.state = State.READY
        if line.fault == "long":
            self._error("auth_line_too_long" if answering else "line_too_long")
        elif line.fault:
            self._error("bare_newline")
        elif answering:
            self._response(line.text.decode("latin-1"))
        else:
            self._command(line.text.decode("latin-1"))

    def _command(self, line: str) -> None:
        verb, _, argument = line.partition(" ")
        command = COMMANDS.get(verb.upper())
        if command is None:
            self._error("unknown_command", command=line[:40])
            return
        refusal = command.refusal(self.state)
        if refusal is not None:
            self._error(refusal)
            return
        getattr(self, command.method)(argument.strip(" "))

    def _begin(self) -> None:
        """Forget the transaction."""
        self._told = self._told._replace(
            reverse_path=None, forward_path="", recipients=0, discarding=False
        )
        self._recipients: list[tuple[str, Verdict]] = []
        self._content = bytearray()
        self._fault = ""

    def _helo(self, argument: str) -> None:
        if not argument or len(argument) > MAX_DOMAIN:
            self._error("bad_argument")
            return
        self._begin()
        self._told = self._told._replace(helo=argument.split(" ")[0])
        self.state = State.READY
        self._say("helo", argument.split(" ")[0])

    def _ehlo(self, argument: str) -> None:
        self._helo(argument)
        if self._out[-1].code == 250:
            greeting = self._out.pop()
            keywords = [greeting.text, "PIPELINING", f"SIZE {self._max_message}", "8BITMIME"]
            if template(self.policy.words, "mail_ok").enhanced:
                keywords.append("ENHANCEDSTATUSCODES")
            if self.policy.auth_offered:
                keywords.append("AUTH PLAIN LOGIN")
            self._out.append(greeting._replace(text="\n".join(keywords)))

    def _rset(self, argument: str) -> None:
        if argument:
            self._error("bad_argument")
            return
        if self.state is not State.START:
            self.state = State.READY
        self._begin()
        self._say("rset")

    def _noop(self, _argument: str) -> None:
        self._say("noop")

    def _vrfy(self, argument: str) -> None:
        if not argument:
            self._error("bad_argument")
        else:
            self._say("vrfy", argument)

    def _quit(self, argument: str) -> None:
        if argument:
            self._error("bad_argument")
            return
        self._say("quit")
        self.state = State.CLOSED

    def _not_implemented(self, _argument: str) -> None:
        self._error("not_implemented")

    # ---- AUTH

    def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        self._exchange = Exchange(mechanism)
        if self._told.login is not None:
            self._error("already_authenticated")
        elif not self.policy.auth_offered:
            self._refuse(decide(self.policy, self._facts._replace(auth_failed=True)))
        elif not mechanism:
            self._error("bad_argument")
        elif not self._exchange.known:
            self._error("auth_mechanism")
        else:
            self._take_step(self._exchange.begin(initial))

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
        if name and self._check(name, password):
            self._told = self._told._replace(login=name)
            self._say("auth_ok")
            return
        self._refuse(decide(self.policy, self._facts._replace(auth_failed=True)))
        self._erred()

    # ---- the transaction

    def _path(self, verb: str, argument: str) -> str | None:
        """The text between the angle brackets; None if the command was refused."""
        match = _ADDRESSED.fullmatch(argument)
        wanted = "FROM" if verb == "MAIL" else "TO"
        if match is None or match[1].upper() != wanted:
            self._error("bad_argument")
            return None
        for parameter in (match[3] or "").split():
            if not _PARAMETERS[verb].fullmatch(parameter):
                self._error("bad_parameter")  # RFC 5321 section 4.1.1.11
                return None
            key, _, value = parameter.partition("=")
            if key.upper() == "SIZE" and int(value) > self._max_message:
                self._error("message_too_big")  # RFC 1870 section 6.1
                return None
        return match[2]

    def _mail(self, argument: str) -> None:
        path = self._path("MAIL", argument)
        if path is None:
            return
        told = self._told._replace(reverse_path=path or None)
        verdict = decide_at(self.policy, self._refresh(told), "MAIL")
        if verdict is not None:
            self._refuse(verdict)
            return
        self._told = told
        self.state = State.MAIL
        self._say("mail_ok")

    def _rcpt(self, argument: str) -> None:
        path = self._path("RCPT", argument)
        if path is None:
            return
        if len(self._recipients) >= self._max_recipients:
            self._say("too_many_recipients")  # RFC 5321 section 4.5.3.1.10: no fault of the client
            return
        facts = self._refresh(self._told._replace(forward_path=path))
        refusal = decide_at(self.policy, facts, "RCPT")
        if refusal is not None:
            self._refuse(refusal)
            return
        self._recipients.append((path, decide(self.policy, facts)))
        self._told = self._told._replace(recipients=len(self._recipients))
        self.state = State.RCPT
        self._say("accepted", facts=facts)

    def _data(self, argument: str) -> None:
        if argument:
            self._error("bad_argument")
            return
        self.state = State.DATA
        self._say("data_ok")

    # ---- the message

    def _text(self, line: Line) -> None:
        """Keep one line, without the dot that hid another (RFC 5321 section 4.5.2)."""
        text = line.text
        if text == b"." and not line.fault:
            self._end_of_message()
        elif line.fault:
            self._fault = _TEXT_FAULTS[line.fault]
        elif len(text) + 2 > MAX_TEXT_LINE and text[:1] != b".":
            self._fault = _TEXT_FAULTS["long"]
        else:
            self._keep(text)

    def _keep(self, text: bytes) -> None:
        if len(self._content) + len(text) + 2 > self._max_message:
            self._fault = self._fault or "message_too_big"
        elif not self._fault:
            self._content += (text[1:] if text[:1] == b"." else text) + b"\r\n"

    def _end_of_message(self) -> None:
        recipients, fault = self._recipients, self._fault
        content = bytes(self._content)
        self.state = State.READY
        if fault:
            self._error(fault)
        else:
            self._deliver(recipients, content)
        self._begin()

    def _deliver(self, recipients: list[tuple[str, Verdict]], content: bytes) -> None:
        """Take the message for those whom the content list lets through.

        The filter sees one message: it is refused if it is refused for any recipient.
        """
        refused = next((v for _, v in recipients if not v.accepted), None)
        if refused is not None:
            self._refuse(refused)
            return
        kept = tuple((path, verdict) for path, verdict in recipients if not verdict.discarded)
        if kept:
            told = self._told
            self.messages.append(Message(told.reverse_path, told.login, kept, content))
        self._say("queued")


_LIMITS = {State.DATA: MAX_TEXT_LINE + 1, State.LOGIN: MAX_AUTH_LINE}
_TEXT_FAULTS = {"long": "text_line_too_long", "bare": "bare_newline_in_data"}


def _wire(reply: Reply) -> str:
    """*reply* with CR LF at the end of each line."""
    return "".join(f"{line}\r\n" for line in str(reply).split("\n"))
