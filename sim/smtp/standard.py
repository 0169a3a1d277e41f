"""A session as the standards have it, for every flavour that has no class of its own.

It keeps the order of commands of RFC 5321 section 4.1.4. Unless its flavour is known to be more
lenient, only CR LF ``.`` CR LF ends a message, and a CR or LF by itself is refused (`framing`), so
that two servers cannot disagree about where a message ends (SMTP smuggling).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sim.smtp import paths
from sim.smtp.addresses import MAX_DOMAIN, Fault
from sim.smtp.authentication import Exchange
from sim.smtp.commands import COMMANDS, Message, State
from sim.smtp.counting import CountedSession
from sim.smtp.decision import decide, decide_at
from sim.smtp.framing import Line, Lines, LooseLines
from sim.smtp.site import LOCAL
from sim.smtp.verdicts import Verdict

RAISED = {"MAIL": 26 + 17 + 500 + 1000, "RCPT": 1000}
"""Octets that a line may be longer because of extensions (RFC 5321 section 4.5.3.1.4): SIZE
(RFC 1870), 8BITMIME (RFC 6152) and AUTH (RFC 4954 section 3); for DSN what its longest parameters
need (chosen)."""
MAX_AUTH_LINE = 12288  # RFC 4954 section 4
IDLE = frozenset({"NOOP", "VRFY", "EXPN", "HELP"})
"""Commands that move no mail, and that nobody needs often."""

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


class StandardSession(CountedSession, kind="standard"):
    """One connection to a server that keeps to the standards."""

    def __init__(self, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        style = self.policy.style
        self._lines = Lines() if style.newline == "refused" else LooseLines()
        self._after_bare = False
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
        style = self.policy.style
        limits = {State.DATA: style.text_limit + 1, State.LOGIN: MAX_AUTH_LINE}
        return limits.get(self.state, style.command_limit + max(RAISED.values()))

    # ---- command lines

    def _line(self, line: Line) -> None:
        answering, lenient = self.state is State.LOGIN, self.policy.style.newline != "refused"
        fault = "" if lenient and line.fault == "bare" else line.fault
        if answering and fault:
            self.state = State.READY
        if not fault and not answering and len(line.text) + 2 > self._longest(line.text):
            fault = "long"
        if fault == "long":
            self._error("auth_line_too_long" if answering else "line_too_long")
            self.state = State.CLOSED if lenient else self.state
        elif fault:
            self._error("bare_newline")
        elif answering:
            self._response(line.text.decode("latin-1"))
        else:
            self._command(line.text.decode("latin-1"))

    def _longest(self, line: bytes) -> int:
        """Octets that a command line may have with its end."""
        return self.policy.style.command_limit + RAISED.get(line[:4].upper().decode("latin-1"), 0)

    def _command(self, line: str) -> None:
        verb, _, argument = line.partition(" ")
        command = COMMANDS.get(verb.upper())
        if "PIPELINING" not in self.policy.style.keywords and self._lines.pending:
            self._end_session("no_pipelining")
            return
        if command is None or not paths.is_command(self.policy.style.path, line):
            self._error("unknown_command", command=line[:40])
            return
        limit = self._exceeded("idle") if verb.upper() in IDLE else None
        if limit is not None:
            self._end_session(limit.says)
            return
        refusal = command.refusal(self.state)
        if refusal is not None:
            self._out_of_place(refusal, verb, argument)
        elif not self._has_argument(verb.upper(), argument):
            getattr(self, command.method)(argument.strip(" "))

    def _out_of_place(self, refusal: str, verb: str, argument: str) -> None:
        refusals = any(not verdict.accepted for _, verdict in self._answers)
        self._error("no_recipients" if refusal == "need_rcpt" and refusals else refusal)
        if verb.upper() == "BDAT" and not self.closed:
            self._skip(argument)

    def _has_argument(self, verb: str, argument: str) -> bool:
        """Whether a command has an argument that it may not have, which is then said."""
        if not argument or verb not in _WITHOUT_ARGUMENT - {*self.policy.style.takes_arguments}:
            return False
        self._error("bad_argument", verb)
        return True

    def _helo(self, argument: str) -> None:
        if not argument or " " in argument or len(argument) > MAX_DOMAIN:
            self._error("bad_argument", "HELO")
            return
        if self._greeted and self.policy.style.greets_once:
            self._error("greeted_before")
            return
        self._begin()
        self._session_facts = self._session_facts._replace(helo=argument)
        self.state, self._greeted = State.READY, True
        self._say("helo", argument)

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

    def _rset(self, _argument: str) -> None:
        if self.state is not State.START:
            self.state = State.READY
        self._begin()
        self._say("rset")

    def _noop(self, _argument: str) -> None:
        self._say("noop")

    def _vrfy(self, argument: str) -> None:
        if not argument:
            self._error("bad_argument", "VRFY")
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

    def _quit(self, _argument: str) -> None:
        self._say("quit")
        self.state = State.CLOSED

    def _starttls(self, argument: str) -> None:
        if "STARTTLS" not in self.keywords:
            self._error("not_implemented", "STARTTLS")  # RFC 5321 section 4.2.4
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
            self._error("bad_argument", "AUTH")
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
        refusal = decide(self.policy, facts)
        self._fault_of("login", refusal.reply_to(facts._replace(login=name)))

    # ---- the transaction

    def _path(self, verb: str, text: str) -> str | None:
        """The text between the angle brackets; None if the command was refused."""
        style, keyword = self.policy.style, "FROM" if verb == "MAIL" else "TO"
        argument = paths.argument(style.path, keyword, text)
        if argument is None:
            unbalanced = style.path == "bare" and text.count("<") != text.count(">")
            self._error("bad_argument", "unbalanced" if unbalanced else verb, text[:100])
            return None
        for parameter in argument.parameters:
            key, _, value = parameter.partition("=")
            if key.upper() in style.any_value and not value.isdigit():
                continue
            if not any(re.fullmatch(rf"(?i){p}", parameter) for p in self._parameters(verb)):
                self._error("bad_parameter", key.upper(), parameter)  # RFC 5321 section 4.1.1.11
                return None
            if key.upper() == "SIZE" and int(value) > self._max_message:
                self._error("message_too_big")  # RFC 1870 section 6.1
                return None
        return argument.path

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
            self._refuse_path(verdict)
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
            self._refuse_path(refusal)
            return
        self._recipients.append((path, decide(self.policy, facts)))
        self._answers.append(self._recipients[-1])
        self._session_facts = self._session_facts._replace(recipients=len(self._recipients))
        self.state = State.RCPT
        self._say("accepted", facts=facts)

    def _data(self, _argument: str) -> None:
        self.state, self._after_bare = State.DATA, False
        self._say("data_ok")

    def _bdat(self, argument: str) -> None:
        size = _chunk_size(argument)
        if "CHUNKING" not in self.policy.style.keywords:
            self._error("unknown_command", command="BDAT")
        elif size is None:
            self._error("bad_argument", "BDAT")
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
        newline, text = self.policy.style.newline, line.text
        bare, before = line.fault == "bare", self._after_bare
        self._after_bare = bare and newline == "line"
        if newline == "closes" and (bare or b"\r" in text):
            self._end_session("bare_newline_in_data" if bare else "bare_return_in_data")
        elif text == b"." and (newline == "message" or not (line.fault or before)):
            self._end_of_message()
        elif line.fault == "long" or (bare and newline == "refused"):
            self._fault = _TEXT_FAULTS[line.fault]
        elif len(text) + 2 > self.policy.style.text_limit and text[:1] != b".":
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


def _chunk_size(argument: str) -> int | None:
    """The octets that an argument of BDAT announces; None: it is none."""
    match = re.fullmatch(r"(?i)([0-9]{1,12})( LAST)?", argument)
    return None if match is None else int(match[1])


_WITHOUT_ARGUMENT = frozenset({"RSET", "NOOP", "QUIT", "DATA", "STARTTLS", "HELP"})
_TEXT_FAULTS = {"long": "text_line_too_long", "bare": "bare_newline_in_data"}
