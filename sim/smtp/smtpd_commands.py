"""What Postfix does in a session apart from transactions: its lenient commands, its counting."""

from __future__ import annotations

import re
from typing import Any

from sim.smtp import rfc822
from sim.smtp.authentication import Exchange, Step
from sim.smtp.commands import State
from sim.smtp.decision import Outcome, step
from sim.smtp.facts import Facts
from sim.smtp.framing import Line, LooseLines
from sim.smtp.matching import Networks
from sim.smtp.opinions import Refusal
from sim.smtp.replies import Reply
from sim.smtp.session import Session
from sim.smtp.verdicts import Verdict
from sim.smtp.words import Word, words

_COMMANDS = (
    *("HELO", "EHLO", "XCLIENT", "XFORWARD", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT"),
    *("RSET", "NOOP", "VRFY", "ETRN", "QUIT"),
)
_JUNK = frozenset({"HELO", "EHLO", "RSET", "NOOP", "VRFY", "ETRN"})
"""Commands of which a client may send only so many."""
_LAST = frozenset({"HELO", "EHLO", "DATA", "NOOP", "VRFY"})
"""Commands after which a client has to wait for the reply (RFC 2920)."""
_HEADER = r"[!-9;-~]+:"
_NEUTERED = r'[ <>()\\";@]|[^ -~]'


class PostfixCommands(Session):
    """What Postfix does apart from transactions: lines, errors, greetings, AUTH."""

    closes_after = (421, 521)

    def __init__(self, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        s = self.settings = self.policy.settings
        self._max_recipients = limits.get("max_recipients") or s.smtpd_recipient_limit
        self._max_message = limits.get("max_message") or s.message_size_limit
        self._hard_limit = self._max_errors or s.smtpd_hard_error_limit
        self._lines: LooseLines = LooseLines()
        self._esmtp = False
        self._denied: Verdict | None = None
        self._errors = self._junk = self._overshoot = 0
        self._deferrals: dict[str, Refusal | None] = {}
        self._bare_before = False
        self._in_transaction = self._discarding = False

    def _greet(self) -> None:
        if not self.policy.serves:
            self.state = State.CLOSED
            return
        verdict = self._step("CONNECT").verdict
        if verdict is not None:
            self._refuse(verdict)
            self._denied = verdict
            self._errors += 1
        elif self.settings.smtpd_banner:
            self._out.append(Reply(220, "", self.settings.smtpd_banner))
        else:
            self._say("greeting")

    def _limit(self) -> int:
        return self.settings.line_length_limit

    def _sent(self) -> bytes:
        if self.settings.soft_bounce:
            self._out = [_softened(reply) for reply in self._out]
        return super()._sent()

    def _step(self, command: str, facts: Facts | None = None) -> Outcome:
        """What the policy answers at *command*."""
        return step(
            self.policy,
            self._refresh(facts or self._session_facts),
            command,
            deferral=self._deferrals.get("RCPT" if command == "VRFY" else command),
            discarding=self._discarding,
            in_transaction=self._in_transaction,
        )

    def _error(self, situation: str, detail: str = "", command: str = "") -> None:
        self._say(situation, detail, command)
        self._erred()

    def _erred(self) -> None:
        self._errors += 1

    # ---- lines

    @property
    def _watches_bare(self) -> str:
        """How a bare LF is treated: ``no``, ``normalize`` or ``reject``."""
        treatment = self.settings.smtpd_forbid_bare_newline.lower()
        if treatment == "no":
            return "no"
        setting = self.settings.smtpd_forbid_bare_newline_exclusions
        exempt = self.policy.own_networks
        if setting is not None:
            exempt = Networks.parse(setting, self.policy.tables)
        names = self._facts.client_name or ""
        if exempt.holds(self._session_facts.client, lambda: names):
            return "no"
        return "normalize" if treatment == "yes" else treatment

    def _line(self, line: Line) -> None:
        if self._errors >= self._hard_limit:
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
        line_words = words(line)
        if not line_words:
            self._error("empty_command")
            return
        verb = line_words[0].text.upper()
        if line_words[0].text.lower() in re.findall(r"[^\s,]+", self._noops):
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
            self._session_facts = self._session_facts._replace(pipelined=True)
            if self.settings.smtpd_forbid_unauth_pipelining:
                self._say("out_of_step")
                self.state = State.CLOSED
                return
        getattr(self, f"_{verb.lower()}")(line_words)
        if verb in _JUNK:
            self._junk += 1
            self._errors += self._junk > self.settings.smtpd_junk_command_limit + 1

    @property
    def _noops(self) -> str:
        return self.settings.smtpd_noop_commands.lower()

    def _stopped(self, command: str) -> bool:
        """Whether the policy refuses the message at *command*, which is then said."""
        raise NotImplementedError

    def _unknown(self, verb: str) -> None:
        forbidden = re.findall(r"[^\s,]+", self.settings.smtpd_forbidden_commands.upper())
        if re.match(_HEADER, verb) or verb in forbidden:
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
        self._in_transaction = self._discarding = self._in_chunks = False
        self._overshoot = 0
        self._bare_before = False

    def _greeted(self, line_words: list[Word], verb: str) -> bool:
        """Take a HELO or EHLO; False if it was refused."""
        if len(line_words) < 2:
            self._syntax(verb)
            return False
        name = " ".join(word.text for word in line_words[1:])
        outcome = self._step("HELO", self._session_facts._replace(helo=name))
        if outcome.verdict is not None:
            self._refuse(outcome.verdict)
            self._erred()
            return False
        self._deferrals["MAIL"] = outcome.deferral
        self._begin()
        self._session_facts = self._session_facts._replace(helo=re.sub(_NEUTERED, "?", name))
        return True

    def _helo(self, line_words: list[Word]) -> None:
        if self._greeted(line_words, "HELO"):
            self._esmtp = False
            self._say("helo")

    def _ehlo(self, line_words: list[Word]) -> None:
        if not self._greeted(line_words, "EHLO"):
            return
        self._esmtp = True
        s = self.settings
        size = str(self._max_message) if self._max_message else ""
        offered = [
            "PIPELINING",
            f"SIZE {size}".strip(),
            *(["VRFY"] if not s.disable_vrfy_command else []),
            "ETRN",
            *(word for word in self.keywords if word == "STARTTLS"),
            *self._auth_keywords(),
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "DSN",
            *(["SMTPUTF8"] if s.smtputf8_enable else []),
            "CHUNKING",
            *(word for word in self.keywords if word != "STARTTLS"),
        ]
        hidden = set(re.findall(r"[^\s,]+", s.smtpd_discard_ehlo_keywords.upper()))
        keywords = [word for word in offered if word.partition(" ")[0] not in hidden]
        self._out.append(Reply(250, "", "\n".join([self.policy.hostname, *keywords])))

    def _auth_keywords(self) -> list[str]:
        s = self.settings
        if not self.policy.auth_offered or (
            s.smtpd_tls_auth_only and not self._session_facts.encrypted
        ):
            return []
        exempt = Networks.parse(s.smtpd_sasl_exceptions_networks, self.policy.tables)
        if exempt.holds(self._session_facts.client, lambda: self._facts.client_name or ""):
            return []
        return ["AUTH PLAIN LOGIN", *(["AUTH=PLAIN LOGIN"] if s.broken_sasl_auth_clients else [])]

    def _rset(self, line_words: list[Word]) -> None:
        if len(line_words) > 1:
            self._syntax("RSET")
            return
        self._begin()
        self._say("rset")

    def _noop(self, _line_words: list[Word]) -> None:
        self._say("noop")

    def _quit(self, _line_words: list[Word]) -> None:
        self._say("quit")
        self.state = State.CLOSED

    def _starttls(self, line_words: list[Word]) -> None:
        if len(line_words) > 1:
            self._syntax("STARTTLS")
        elif self._session_facts.encrypted:
            self._error("already_encrypted")
        elif "STARTTLS" not in self.keywords:
            self._error("not_implemented")
        else:
            super()._starttls(line_words)

    def _xclient(self, line_words: list[Word]) -> None:
        if self._in_transaction:
            self._error("bad_sequence")
        elif len(line_words) < 2:
            self._syntax(line_words[0].text.upper())
        else:
            self._error("not_authorized")

    _xforward = _xclient

    def _bdat(self, line_words: list[Word]) -> None:
        count = line_words[1].text if len(line_words) > 1 else ""
        last = [word.text.upper() for word in line_words[2:]]
        if not count.isdigit() or last not in ([], ["LAST"]):
            self._syntax("BDAT")
            return
        takes = bool(self._recipients) and (self._in_chunks or not self._stopped("DATA"))
        if not self._recipients:
            self._error("no_recipients" if self._in_transaction else "need_rcpt")
        self._in_chunks = takes
        self._begin_chunk(int(count[:12]), last=bool(last), keeps=takes)

    def _etrn(self, line_words: list[Word]) -> None:
        if self.settings.smtpd_helo_required and self._session_facts.helo is None:
            self._error("need_helo", "ETRN")
        elif self._in_transaction:
            self._error("bad_sequence", "ETRN")
        elif len(line_words) != 2:
            self._syntax("ETRN")
        else:
            self._flush(line_words[1].text.lstrip("@#"))

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

    def _auth(self, line_words: list[Word]) -> None:
        outcome = self._step("AUTH")
        self._session_facts = self._session_facts._replace(
            recent_auths=self._session_facts.recent_auths + 1
        )
        if outcome.verdict is not None:
            self._refuse(outcome.verdict)
            self._erred()
            return
        fault = self._auth_fault(line_words)
        if fault:
            self._error(*fault)
            return
        self._exchange = Exchange(line_words[1].text)
        initial = line_words[2].text if len(line_words) > 2 else ""
        supported = self._exchange.supported
        self._take_step(self._exchange.begin(initial) if supported else Step(fault="auth_failed"))

    def _auth_fault(self, line_words: list[Word]) -> tuple[str, ...]:
        """Why an AUTH command is refused before its exchange; empty if it is not."""
        s = self.settings
        if s.smtpd_helo_required and self._session_facts.helo is None:
            return ("need_helo",)
        if not self.policy.auth_offered:
            return ("auth_not_offered",)
        if self._in_transaction:
            return ("bad_sequence",)
        if s.smtpd_tls_auth_only and not self._session_facts.encrypted:
            return ("auth_needs_tls",)
        if self._session_facts.login is not None:
            return ("already_authenticated",)
        return () if len(line_words) in (2, 3) else ("bad_argument", "AUTH")

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
        self._session_facts = self._session_facts._replace(login=login)
        self._say("auth_ok")


def inner(text: str) -> str:
    """*text* without the brackets around it."""
    return text[1:-1] if len(text) > 1 and text[0] == "<" and text[-1] == ">" else text


def _softened(reply: Reply) -> Reply:
    """*reply* as a temporary one, if it is a refusal."""
    if not 500 <= reply.code <= 599:
        return reply
    enhanced = f"4{reply.enhanced[1:]}" if reply.enhanced else ""
    return reply._replace(code=reply.code - 100, enhanced=enhanced)
