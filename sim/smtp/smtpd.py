"""A session with Postfix: its lenient commands, its order of them, its counting of errors."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sim.smtp import rfc822
from sim.smtp.authentication import Exchange, Step
from sim.smtp.decision import Outcome, accepted, step
from sim.smtp.facts import Facts
from sim.smtp.framing import Line, LooseLines
from sim.smtp.matching import Networks
from sim.smtp.opinions import Refusal
from sim.smtp.replies import Reply
from sim.smtp.session import Message, Session, State
from sim.smtp.verdicts import Verdict

MAX_PARAMETER = 40


class Word(NamedTuple):
    """A word of a command line; *broken*: a quote or bracket was not closed."""

    text: str
    broken: bool = False


def words(line: str) -> list[Word]:
    """Cut a command line at spaces outside quotes and brackets, and after ``TO:`` and ``FROM:``."""
    found: list[Word] = []
    text, broken, at = "", False, 0
    while at < len(line):
        letter = line[at]
        at += 1
        if letter.isspace():
            if text:
                found.append(Word(text, broken))
                text, broken = "", False
        elif letter in '<"':
            end, whole = _closing(line, at, letter)
            text += line[at - 1 : end]
            broken |= not whole
            at = end
        elif letter == ":":
            text += letter
            if text.lower() in ("to:", "from:"):
                found.append(Word(text))
                text = ""
        else:
            if letter == "\\" and at < len(line):
                letter += line[at]
                at += 1
            text += letter
    return [*found, Word(text, broken)] if text else found


def _closing(line: str, at: int, opening: str) -> tuple[int, bool]:
    """Where what *opening* began ends, and whether it does."""
    wanted = [">" if opening == "<" else opening]
    while at < len(line):
        letter = line[at]
        at += 1
        if letter == "\\":
            at += 1
        elif letter == wanted[-1]:
            wanted.pop()
            if not wanted:
                return at, True
        elif letter == '"':
            wanted.append('"')
        elif letter == "<" and wanted[-1] == ">":
            wanted.append(">")
    return len(line), False


_COMMANDS = (
    *("HELO", "EHLO", "XCLIENT", "XFORWARD", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT"),
    *("RSET", "NOOP", "VRFY", "ETRN", "QUIT"),
)
_COUNTED = frozenset({"HELO", "EHLO", "RSET", "NOOP", "VRFY", "ETRN"})
"""Commands of which a client may send only so many."""
_LAST = frozenset({"HELO", "EHLO", "DATA", "NOOP", "VRFY"})
"""Commands after which a client has to wait for the reply (RFC 2920)."""
_HEADER = re.compile(r"[!-9;-~]+:")
_NEUTERED = re.compile(r'[ <>()\\";@]|[^ -~]')
_MAIL_PARAMETER = re.compile(
    r"BODY=(?:7BIT|8BITMIME)|SMTPUTF8|AUTH=.*|RET=(?:FULL|HDRS)|ENVID=[!-~]*", re.IGNORECASE
)
_RCPT_PARAMETER = re.compile(
    r"NOTIFY=(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)"
    r"|ORCPT=[!-:<-~]+;[!-~]*",
    re.IGNORECASE,
)


class PostfixSession(Session, flavour="postfix"):
    """One connection to a server of the Postfix flavour."""

    def __init__(self, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        s = self.settings = self.policy.settings
        self._max_recipients = limits.get("max_recipients") or s.smtpd_recipient_limit
        self._max_message = limits.get("max_message") or s.message_size_limit
        self._max_errors = limits.get("max_errors") or s.smtpd_hard_error_limit
        self._lines: LooseLines = LooseLines()
        self._esmtp = False
        self._denied: Verdict | None = None
        self._junk = self._overshoot = 0
        self._held: dict[str, Refusal | None] = {}
        self._bare_before = False
        self._in_transaction = False

    # ---- bytes in, bytes out

    def connect(self) -> bytes:
        """The greeting; in its place the refusal of a client that is not wanted."""
        outcome = self._step("CONNECT")
        verdict = outcome.verdict
        if verdict is None:
            self._greet()
        else:
            self._refuse(verdict)
            self._denied = verdict
            self._errors += 1
        return self._sent()

    def _greet(self) -> None:
        if not self.settings.smtpd_banner:
            self._say("greeting")
            return
        self._out.append(Reply(220, "", self.settings.smtpd_banner))

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send, which may be none yet."""
        if self.closed:
            return b""
        self._lines.feed(data)
        while not self.closed:
            line = self._lines.take(self.settings.line_length_limit)
            if line is None:
                break
            if self.state is State.DATA:
                self._text(line)
            else:
                self._line(line)
        return self._sent()

    def _sent(self) -> bytes:
        if self.settings.soft_bounce:
            self._out = [_softened(reply) for reply in self._out]
        return super()._sent()

    def _step(self, command: str, told: Facts | None = None) -> Outcome:
        """What the policy answers at *command*."""
        return step(
            self.policy,
            self._refresh(told or self._told),
            command,
            held=self._held.get(command),
            in_transaction=self._in_transaction,
        )

    def _refuse(self, verdict: Verdict) -> None:
        self._out.append(verdict.reply)
        if verdict.code in (421, 521):  # and then closes
            self.state = State.CLOSED

    def _erred(self) -> None:
        self._errors += 1

    # ---- lines

    @property
    def _watches_bare(self) -> str:
        """How a bare LF is treated: ``no``, ``normalize`` or ``reject``."""
        how = self.settings.smtpd_forbid_bare_newline.lower()
        if how == "no":
            return "no"
        stated = self.settings.smtpd_forbid_bare_newline_exclusions
        spared = self.policy.own_networks
        if stated is not None:
            spared = Networks.stated(stated, self.policy.tables)
        names = self._facts.client_name or ""
        if spared.holds(self._told.client, lambda: names):
            return "no"
        return "normalize" if how == "yes" else how

    def _line(self, line: Line) -> None:
        if self._errors >= self._max_errors:
            self._say("too_many_errors")
            self.state = State.CLOSED
            return
        if line.fault == "bare" and self._watches_bare == "reject":
            self._say("bare_newline")
            self.state = State.CLOSED
            return
        try:
            text = line.text.decode("utf-8")
        except UnicodeDecodeError:
            if self.settings.smtputf8_enable:
                self._error("bad_utf8")
                return
            text = line.text.decode("latin-1")
        if self.state is State.LOGIN:
            self._response(text)
        else:
            self._command(text)

    def _command(self, line: str) -> None:
        found = words(line)
        if not found:
            self._error("empty_command")
            return
        verb = found[0].text.upper()
        if found[0].text.lower() in re.findall(r"[^\s,]+", self._noops):
            self._say("noop")
            return
        if verb not in _COMMANDS:
            self._unknown(verb)
            return
        if self._denied is not None and verb != "QUIT":
            self._say("access_denied_before")
            self._errors += 1
            return
        if (not self._esmtp or verb in _LAST) and self._lines.pending:
            self._told = self._told._replace(pipelined=True)
            if self.settings.smtpd_forbid_unauth_pipelining:
                self._say("out_of_step")
                self.state = State.CLOSED
                return
        getattr(self, f"_{verb.lower()}")(found)
        if verb in _COUNTED:
            self._junk += 1
            self._errors += self._junk > self.settings.smtpd_junk_command_limit + 1

    @property
    def _noops(self) -> str:
        return self.settings.smtpd_noop_commands.lower()

    def _unknown(self, verb: str) -> None:
        forbidden = re.findall(r"[^\s,]+", self.settings.smtpd_forbidden_commands.upper())
        if _HEADER.match(verb) or verb in forbidden:
            self._say("not_smtp")
            self.state = State.CLOSED
        elif self._denied is not None:
            self._error("access_denied_before")
        else:
            self._error("unknown_command")

    def _syntax(self, verb: str) -> None:
        self._error("bad_argument", verb)

    # ---- commands

    def _begin(self) -> None:
        super()._begin()
        self._in_transaction = False
        self._overshoot = 0
        self._bare_before = False

    def _greeted(self, found: list[Word], verb: str) -> bool:
        """Take a HELO or EHLO; False if it was refused."""
        if len(found) < 2:
            self._syntax(verb)
            return False
        name = " ".join(word.text for word in found[1:])
        outcome = self._step("HELO", self._told._replace(helo=name))
        if outcome.verdict is not None:
            self._refuse(outcome.verdict)
            self._erred()
            return False
        self._held["MAIL"] = outcome.held
        self._begin()
        self._told = self._told._replace(helo=_NEUTERED.sub("?", name))
        return True

    def _helo(self, found: list[Word]) -> None:  # type: ignore[override]
        if self._greeted(found, "HELO"):
            self._esmtp = False
            self._say("helo")

    def _ehlo(self, found: list[Word]) -> None:  # type: ignore[override]
        if not self._greeted(found, "EHLO"):
            return
        self._esmtp = True
        s = self.settings
        size = str(self._max_message) if self._max_message else ""
        offered = [
            "PIPELINING",
            f"SIZE {size}".strip(),
            *(["VRFY"] if not s.disable_vrfy_command else []),
            "ETRN",
            *self._auth_keywords(),
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "DSN",
            *(["SMTPUTF8"] if s.smtputf8_enable else []),
            "CHUNKING",
        ]
        hidden = set(re.findall(r"[^\s,]+", s.smtpd_discard_ehlo_keywords.upper()))
        shown = [word for word in offered if word.partition(" ")[0] not in hidden]
        self._out.append(Reply(250, "", "\n".join([self.policy.hostname, *shown])))

    def _auth_keywords(self) -> list[str]:
        s = self.settings
        if not self.policy.auth_offered or (s.smtpd_tls_auth_only and not self._told.encrypted):
            return []
        exempt = Networks.stated(s.smtpd_sasl_exceptions_networks, self.policy.tables)
        if exempt.holds(self._told.client, lambda: self._facts.client_name or ""):
            return []
        return ["AUTH PLAIN LOGIN", *(["AUTH=PLAIN LOGIN"] if s.broken_sasl_auth_clients else [])]

    def _rset(self, found: list[Word]) -> None:  # type: ignore[override]
        if len(found) > 1:
            self._syntax("RSET")
            return
        self._begin()
        self._say("rset")

    def _noop(self, _found: list[Word]) -> None:  # type: ignore[override]
        self._say("noop")

    def _quit(self, _found: list[Word]) -> None:  # type: ignore[override]
        self._say("quit")
        self.state = State.CLOSED

    def _starttls(self, found: list[Word]) -> None:
        if len(found) > 1:
            self._syntax("STARTTLS")
        else:
            self._error("not_implemented")

    def _xclient(self, found: list[Word]) -> None:
        if self._in_transaction:
            self._error("bad_sequence")
        elif len(found) < 2:
            self._syntax(found[0].text.upper())
        else:
            self._error("not_authorized")

    _xforward = _xclient

    def _bdat(self, found: list[Word]) -> None:
        count = found[1].text if len(found) > 1 else ""
        last = [word.text.upper() for word in found[2:]]
        if not count.isdigit() or last not in ([], ["LAST"]):
            self._syntax("BDAT")
        elif not self._in_transaction:
            self._error("need_rcpt")
        else:
            self._error("no_recipients")  # chunks are not modelled

    def _vrfy(self, found: list[Word]) -> None:  # type: ignore[override]
        s = self.settings
        if s.disable_vrfy_command:
            self._error("vrfy_disabled")
            return
        if s.smtputf8_enable and len(found) > 1 and found[-1].text.upper() == "SMTPUTF8":
            found = found[:-1]
        if len(found) < 2:
            self._syntax("VRFY" if s.smtputf8_enable else "VRFY_ASCII")
            return
        text = " ".join(word.text for word in found[1:])
        if not self._asked(_inner(text), "VRFY"):
            return
        self._say("vrfy", text)

    def _etrn(self, found: list[Word]) -> None:
        if self.settings.smtpd_helo_required and self._told.helo is None:
            self._error("need_helo", "ETRN")
        elif self._in_transaction:
            self._error("bad_sequence", "ETRN")
        elif len(found) != 2:
            self._syntax("ETRN")
        else:
            self._flush(found[1].text.lstrip("@#"))

    def _flush(self, domain: str) -> None:
        """Answer ETRN: only relay domains have a queue that a client may flush."""
        if not rfc822.valid_hostname(domain) and rfc822.literal_address(domain) is None:
            self._error("bad_domain")
            return
        outcome = self._step("ETRN")
        if outcome.verdict is not None:
            self._refuse(outcome.verdict)
            self._erred()
        elif domain.lower() in self.policy.relay_domains:
            self._say("etrn_ok")
        else:
            self._error("etrn_refused", domain)

    # ---- AUTH

    def _auth(self, found: list[Word]) -> None:  # type: ignore[override]
        outcome = self._step("AUTH")
        self._told = self._told._replace(recent_auths=self._told.recent_auths + 1)
        if outcome.verdict is not None:
            self._refuse(outcome.verdict)
            self._erred()
            return
        fault = self._auth_fault(found)
        if fault:
            self._error(*fault)
            return
        self._exchange = Exchange(found[1].text)
        initial = found[2].text if len(found) > 2 else ""
        known = self._exchange.known
        self._take_step(self._exchange.begin(initial) if known else Step(fault="auth_failed"))

    def _auth_fault(self, found: list[Word]) -> tuple[str, ...]:
        """Why an AUTH command is refused before its exchange; empty if it is not."""
        s = self.settings
        if s.smtpd_helo_required and self._told.helo is None:
            return ("need_helo",)
        if not self.policy.auth_offered:
            return ("auth_not_offered",)
        if self._in_transaction:
            return ("bad_sequence",)
        if s.smtpd_tls_auth_only and not self._told.encrypted:
            return ("auth_needs_tls",)
        if self._told.login is not None:
            return ("already_authenticated",)
        return () if len(found) in (2, 3) else ("bad_argument", "AUTH")

    def _take_step(self, step: Step) -> None:
        if step.fault == "auth_malformed":
            step = step._replace(fault="auth_failed")
        super()._take_step(step)

    def _try(self, name: str, password: str) -> None:
        if not name or not self._check(name, password):
            self._error("auth_failed")
            return
        realm = self.settings.smtpd_sasl_local_domain
        login = f"{name}@{realm}" if realm and "@" not in name else name
        self._told = self._told._replace(login=login)
        self._say("auth_ok")

    # ---- the transaction

    def _mail(self, found: list[Word]) -> None:  # type: ignore[override]
        if self.settings.smtpd_helo_required and self._told.helo is None:
            self._error("need_helo")
        elif self._in_transaction:
            self._error("nested_mail")
        elif len(found) < 3 or found[1].text.lower() != "from:":
            self._syntax("MAIL")
        else:
            self._begin_with(found[2], [word.text for word in found[3:]])

    def _begin_with(self, word: Word, parameters: list[str]) -> None:
        path = self._path_of(word)
        told = self._told._replace(reverse_path=path or None)
        outcome = self._step("MAIL", told)
        self._told = self._told._replace(recent=self._told.recent + 1)
        verdict = outcome.verdict
        if verdict is not None and verdict.situation in ("rate_limited", "sender_syntax"):
            self._refuse(verdict)
            self._erred()
        elif path is None:
            self._error("sender_syntax")
        elif fault := self._parameter_fault(parameters):
            self._error(*fault)
        elif verdict is not None:
            self._refuse(verdict)
            self._erred()
        else:
            self._told = told._replace(
                recent=self._told.recent, discarding=outcome.discarding, recipients=0
            )
            self._held["RCPT"] = outcome.held
            self._in_transaction = True
            self._say("mail_ok")

    def _path_of(self, word: Word) -> str | None:
        """The text of a path; None if it is none. What it means, the policy reads."""
        strict = self.settings.strict_rfc821_envelopes
        if word.broken or (strict and word.text[:1] != "<"):
            return None
        text = _inner(word.text)
        given = rfc822.extract(text, strict=strict)
        return text if given else given

    def _parameter_fault(self, parameters: list[str]) -> tuple[str, ...]:
        """What is wrong with the parameters of MAIL; empty if nothing is."""
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.upper() == "SIZE" and parameter[4:5] == "=":
                if not value.isdigit():
                    return ("bad_size",)
                if self._max_message and int(value[:20]) > self._max_message:
                    return ("size_exceeded",)
            elif parameter.upper() == "SMTPUTF8" and not self.settings.smtputf8_enable:
                return ("bad_parameter", parameter[:MAX_PARAMETER])
            elif not _MAIL_PARAMETER.fullmatch(parameter):
                known = key.upper() in ("RET", "ENVID") and "=" in parameter
                return (f"bad_{key.lower()}",) if known else ("bad_parameter", parameter)
        return ()

    def _rcpt(self, found: list[Word]) -> None:  # type: ignore[override]
        if not self._in_transaction:
            self._error("need_mail")
        elif len(found) < 3 or found[1].text.lower() != "to:":
            self._syntax("RCPT")
        else:
            self._add(found[2], [word.text for word in found[3:]])

    def _add(self, word: Word, parameters: list[str]) -> None:
        path = self._path_of(word)
        facts = self._asked(path, "RCPT", parameters)
        if facts is None:
            return
        self._recipients.append((path or "", accepted(self.policy, facts)))
        self._told = self._told._replace(recipients=len(self._recipients))
        self._say("accepted", facts=facts)

    def _asked(
        self, path: str | None, verb: str, parameters: list[str] | None = None
    ) -> Facts | None:
        """The facts of a recipient that nothing refuses; None if something did, and was said."""
        told = self._told._replace(forward_path=path or "")
        outcome = self._step("RCPT", told)
        counted = self._told.recent_recipients + 1
        self._told = self._told._replace(recent_recipients=counted)
        verdict = outcome.verdict
        if verdict is not None and verdict.situation == "recipients_limited":
            self._refuse(verdict)
            self._erred()
            return None
        if not path:
            self._error("recipient_syntax")
            return None
        bad_syntax = verdict is not None and verdict.situation == "recipient_syntax"
        if not bad_syntax and verb == "RCPT" and self._refuses_more(parameters or []):
            return None
        if verdict is not None:
            self._refuse(verdict)
            self._erred()
            return None
        if outcome.discarding:
            self._told = self._told._replace(discarding=True)
        return told

    def _refuses_more(self, parameters: list[str]) -> bool:
        """Whether a parameter or the number of recipients refuses one."""
        for parameter in parameters:
            if not _RCPT_PARAMETER.fullmatch(parameter):
                key = parameter.partition("=")[0].upper()
                if key in ("NOTIFY", "ORCPT") and "=" in parameter:
                    self._error(f"bad_{key.lower()}")
                else:
                    self._error("bad_parameter", parameter)
                return True
        if self._max_recipients and len(self._recipients) >= self._max_recipients:
            self._say("too_many_recipients")
            self._errors += self._overshoot >= self.settings.smtpd_recipient_overshoot_limit
            self._overshoot += 1
            return True
        return False

    def _data(self, found: list[Word]) -> None:  # type: ignore[override]
        if not self._recipients:
            self._error("no_recipients" if self._in_transaction else "need_rcpt")
        elif len(found) > 1:
            self._syntax("DATA")
        elif not self._stopped("DATA"):
            self.state = State.DATA
            self._say("data_ok")

    def _stopped(self, command: str) -> bool:
        """Whether the policy refuses the message at *command*, which is then said."""
        told = self._told._replace(forward_path=self._recipients[0][0])
        outcome = self._step(command, told)
        if outcome.discarding:
            self._told = self._told._replace(discarding=True)
        if outcome.verdict is None:
            return False
        self._refuse(outcome.verdict)
        self._erred()
        return True

    # ---- the message

    def _text(self, line: Line) -> None:
        bare = line.fault == "bare"
        how = self._watches_bare if bare or self._bare_before else "no"
        before, self._bare_before = self._bare_before, bare
        if bare and how == "reject":
            self._fault = self._fault or "bare_newline_in_data"
        if line.text == b".":
            if how == "no" or not (bare or before):
                self._end_of_message()
            return
        self._keep(line.text)

    def _end_of_message(self) -> None:
        self.state = State.READY
        fault, content = self._fault, bytes(self._content)
        if fault:
            self._error(fault)
            self._begin()
        elif not self._stopped("EOD"):
            told = self._told
            self.messages.append(
                Message(
                    told.reverse_path,
                    told.login,
                    tuple(self._recipients),
                    content,
                    told.discarding,
                )
            )
            self._errors = self._junk = 0
            self._say("queued")
            self._begin()
        else:
            self._content, self._fault = bytearray(), ""


def _inner(text: str) -> str:
    """*text* without the brackets around it."""
    return text[1:-1] if len(text) > 1 and text[0] == "<" and text[-1] == ">" else text


def _softened(reply: Reply) -> Reply:
    """*reply* as a temporary one, if it is a refusal."""
    if not 500 <= reply.code <= 599:
        return reply
    enhanced = f"4{reply.enhanced[1:]}" if reply.enhanced else ""
    return reply._replace(code=reply.code - 100, enhanced=enhanced)
