"""A session as the standards have it, for every flavour that has no class of its own.

It keeps the order of commands of RFC 5321 section 4.1.4. Only CR LF ``.`` CR LF ends a message,
and a CR or LF by itself is refused (`framing`), so that two servers cannot disagree about where
a message ends (SMTP smuggling).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sim.smtp.addresses import MAX_DOMAIN, Fault
from sim.smtp.authentication import Exchange
from sim.smtp.commands import COMMANDS, Message, State
from sim.smtp.decision import decide, decide_at
from sim.smtp.framing import Line
from sim.smtp.session import Session
from sim.smtp.site import LOCAL
from sim.smtp.verdicts import Verdict

MAX_LINE = 512  # RFC 5321 section 4.5.3.1.4: smtp.limit.command_line, with CR LF
RAISED = {"MAIL": 26 + 17 + 500 + 1000, "RCPT": 1000}
"""Octets that a line may be longer because of extensions (the same section): SIZE (RFC 1870),
8BITMIME (RFC 6152) and AUTH (RFC 4954 section 3); for DSN what its longest parameters need
(chosen)."""
MAX_AUTH_LINE = 12288  # RFC 4954 section 4
MAX_TEXT_LINE = 1000  # section 4.5.3.1.6: smtp.limit.text_line; a hiding dot is not counted

_ADDRESSED = r'(?i)(FROM|TO):[ ]?<((?:[^<>"]|"(?:[^"\\]|\\.)*")*)>(?: +(.*))?'
_PARAMETERS = {
    "MAIL": {
        "": r"SIZE=[0-9]{1,20}|BODY=(?:7BIT|8BITMIME)|AUTH=[!-~]+",
        "DSN": r"RET=(?:FULL|HDRS)|ENVID=[!-~]{1,100}",  # RFC 3461
        "SMTPUTF8": r"SMTPUTF8",  # RFC 6531
        "DELIVERBY": r"BY=-?[0-9]{1,9};[NR]T?",  # RFC 2852
    },
    "RCPT": {
        "": r"(?!)",
        "DSN": r"NOTIFY=(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)"
        r"|ORCPT=[!-:<-~]+;[!-~]{1,500}",
    },
}
"""By command and keyword, the parameters that it brings."""


class StandardSession(Session, kind="standard"):
    """One connection to a server that keeps to the standards."""

    def __init__(self, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        self._max_errors = limits.get("max_errors") or self.policy.style.most_errors
        self._start()

    def _start(self) -> None:
        self.state = State.START if self.policy.style.helo_demanded else State.READY
        self._greeted = False

    def _greet(self) -> None:
        verdict = decide_at(self.policy, self._facts, "CONNECT")
        if verdict is None:
            self._say("greeting")
        else:
            self._refuse(verdict)

    def _limit(self) -> int:
        return _LIMITS.get(self.state, MAX_LINE + max(RAISED.values()))

    # ---- command lines

    def _line(self, line: Line) -> None:
        answering = self.state is State.LOGIN
        if answering and line.fault:
            self.state = State.READY
        if not line.fault and not answering and len(line.text) + 2 > _longest(line.text):
            line = line._replace(fault="long")
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
            if verb.upper() == "BDAT" and not self.closed:
                self._skip(argument)
            return
        if "PIPELINING" not in self.policy.style.keywords and self._lines.pending:
            self._say("no_pipelining")
            self.state = State.CLOSED
            return
        getattr(self, command.method)(argument.strip(" "))

    def _helo(self, argument: str) -> None:
        if not argument or len(argument) > MAX_DOMAIN:
            self._error("bad_argument")
            return
        if self._greeted and self.policy.style.greets_once:
            self._error("greeted_before")
            return
        self._begin()
        self._session_facts = self._session_facts._replace(helo=argument.split(" ")[0])
        self.state, self._greeted = State.READY, True
        self._say("helo", argument.split(" ")[0])

    def _ehlo(self, argument: str) -> None:
        self._helo(argument)
        if self._out[-1].code == 250:
            greeting = self._out.pop()
            self._out.append(greeting._replace(text="\n".join((greeting.text, *self._offers()))))

    def _offers(self) -> Iterator[str]:
        """What EHLO offers; what the carrier of the bytes adds is last."""
        more = [*self.keywords]
        for keyword in self.policy.style.keywords:
            name = keyword.partition(" ")[0]
            if name in more:
                more.remove(name)
            elif name == "STARTTLS" or (name == "AUTH" and not self._offers_auth):
                continue
            yield keyword.format(size=self._max_message)
        yield from more

    @property
    def _offers_auth(self) -> bool:
        """Whether the client may log in at present."""
        waits = self.policy.style.auth_over_tls and "STARTTLS" in self.keywords
        return self.policy.auth_offered and (self._session_facts.encrypted or not waits)

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
            self._say("vrfy", *self._verified(argument))

    def _verified(self, argument: str) -> tuple[str, str]:
        """What VRFY tells of a mailbox, where the server says so (RFC 5321 section 3.5.3)."""
        read = self.policy.read(argument.strip("<>"))
        if isinstance(read, Fault):
            return read.reason, argument
        known = read.kind == LOCAL and self.policy.has_mailbox(read.address)
        return ("known", str(read.address)) if known else ("unknown", argument)

    def _expn(self, argument: str) -> None:
        self._say("expn", argument)

    def _help(self, _argument: str) -> None:
        self._say("help")

    def _quit(self, argument: str) -> None:
        if argument:
            self._error("bad_argument")
            return
        self._say("quit")
        self.state = State.CLOSED

    def _starttls(self, argument: str) -> None:
        if "STARTTLS" not in self.keywords:
            self._error("not_implemented")  # RFC 5321 section 4.2.4
        elif argument:
            self._error("bad_argument")
        else:
            super()._starttls(argument)

    # ---- AUTH

    def _auth(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        self._exchange = Exchange(mechanism)
        if self._session_facts.login is not None:
            self._error("already_authenticated")
        elif self.policy.auth_offered and not self._offers_auth:
            self._error("auth_not_offered")
        elif not self.policy.auth_offered:
            self._refuse(decide(self.policy, self._facts._replace(auth_failed=True)))
        elif not mechanism:
            self._error("bad_argument")
        elif not self._exchange.supported:
            self._error("auth_mechanism")
        else:
            self._take_step(self._exchange.begin(initial))

    def _try(self, name: str, password: str) -> None:
        if name and self._check(name, password):
            self._session_facts = self._session_facts._replace(login=name)
            self._say("auth_ok")
            return
        facts = self._facts._replace(auth_failed=True)
        self._refuse(decide(self.policy, facts), facts._replace(login=name))
        self._erred()

    # ---- the transaction

    def _path(self, verb: str, argument: str) -> str | None:
        """The text between the angle brackets; None if the command was refused."""
        match = re.fullmatch(_ADDRESSED, argument)
        keyword = "FROM" if verb == "MAIL" else "TO"
        if match is None or match[1].upper() != keyword:
            self._error("bad_argument")
            return None
        for parameter in (match[3] or "").split():
            if not any(re.fullmatch(rf"(?i){p}", parameter) for p in self._parameters(verb)):
                self._error("bad_parameter")  # RFC 5321 section 4.1.1.11
                return None
            key, _, value = parameter.partition("=")
            if key.upper() == "SIZE" and int(value) > self._max_message:
                self._error("message_too_big")  # RFC 1870 section 6.1
                return None
        return match[2]

    def _parameters(self, verb: str) -> Iterator[str]:
        """The parameters that a command may have, as patterns."""
        for keyword, pattern in _PARAMETERS[verb].items():
            if not keyword or keyword in self.policy.style.keywords:
                yield pattern

    def _mail(self, argument: str) -> None:
        path = self._path("MAIL", argument)
        if path is None:
            return
        facts = self._session_facts._replace(reverse_path=path or None)
        verdict = decide_at(self.policy, self._refresh(facts), "MAIL")
        if verdict is not None:
            self._refuse(verdict)
            return
        self._session_facts = facts
        self.state = State.MAIL
        self._say("mail_ok")

    def _rcpt(self, argument: str) -> None:
        path = self._path("RCPT", argument)
        if path is None:
            return
        if len(self._recipients) >= self._max_recipients:
            self._say("too_many_recipients")  # RFC 5321 section 4.5.3.1.10: no fault of the client
            return
        facts = self._refresh(self._session_facts._replace(forward_path=path))
        refusal = decide_at(self.policy, facts, "RCPT")
        if refusal is not None:
            self._answers.append((path, refusal))
            self._refuse(refusal)
            return
        self._recipients.append((path, decide(self.policy, facts)))
        self._answers.append(self._recipients[-1])
        self._session_facts = self._session_facts._replace(recipients=len(self._recipients))
        self.state = State.RCPT
        self._say("accepted", facts=facts)

    def _data(self, argument: str) -> None:
        if argument:
            self._error("bad_argument")
            return
        self.state = State.DATA
        self._say("data_ok")

    def _bdat(self, argument: str) -> None:
        size = _chunk_size(argument)
        if "CHUNKING" not in self.policy.style.keywords:
            self._error("unknown_command", command="BDAT")
        elif size is None:
            self._error("bad_argument")
        else:
            self._begin_chunk(size, last=" " in argument, keeps=True)

    def _skip(self, argument: str) -> None:
        """Let the octets pass that follow a BDAT which was refused."""
        size = _chunk_size(argument)
        if size is not None and "CHUNKING" in self.policy.style.keywords:
            self._begin_chunk(size, last=False, keeps=False)

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
            self._answer_all(refused)
            self._refuse(refused)
            return
        delivered = tuple((path, verdict) for path, verdict in recipients if not verdict.discarded)
        if delivered:
            facts = self._session_facts
            self._take(Message(facts.reverse_path, facts.login, delivered, content))
        self._end(content)
        self._say("queued")


def _longest(line: bytes) -> int:
    """Octets that a command line may have with its end."""
    return MAX_LINE + RAISED.get(line[:4].upper().decode("latin-1"), 0)


def _chunk_size(argument: str) -> int | None:
    """The octets that an argument of BDAT announces; None: it is none."""
    match = re.fullmatch(r"(?i)([0-9]{1,12})( LAST)?", argument)
    return None if match is None else int(match[1])


_LIMITS = {State.DATA: MAX_TEXT_LINE + 1, State.LOGIN: MAX_AUTH_LINE}
_TEXT_FAULTS = {"long": "text_line_too_long", "bare": "bare_newline_in_data"}
