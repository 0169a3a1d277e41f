"""A session with Postfix: transactions and messages."""

from __future__ import annotations

import re
from dataclasses import replace

from sim.smtp import rfc822
from sim.smtp.commands import Message, State
from sim.smtp.decision import accepted
from sim.smtp.facts import Facts
from sim.smtp.framing import Line
from sim.smtp.smtpd_commands import PostfixCommands, inner
from sim.smtp.verdicts import Verdict
from sim.smtp.words import Word

MAX_PARAMETER = 40
_MAIL_PARAMETER = r"(?i)BODY=(?:7BIT|8BITMIME)|SMTPUTF8|AUTH=.*|RET=(?:FULL|HDRS)|ENVID=[!-~]*"
_RCPT_PARAMETER = (
    r"(?i)NOTIFY=(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)"
    r"|ORCPT=[!-:<-~]+;[!-~]*"
)


class PostfixSession(PostfixCommands, kind="lenient"):
    """One connection to a server of the Postfix flavour."""

    # ---- the transaction

    def _mail(self, line_words: list[Word]) -> None:
        if self.settings.smtpd_helo_required and self._session_facts.helo is None:
            self._error("need_helo")
        elif self._in_transaction:
            self._error("nested_mail")
        elif len(line_words) < 3 or line_words[1].text.lower() != "from:":
            self._syntax("MAIL")
        else:
            self._begin_with(line_words[2], [word.text for word in line_words[3:]])

    def _begin_with(self, word: Word, parameters: list[str]) -> None:
        path = self._path_of(word)
        facts = self._session_facts._replace(reverse_path=path or None)
        outcome = self._step("MAIL", facts)
        self._session_facts = self._session_facts._replace(recent=self._session_facts.recent + 1)
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
            self._session_facts = facts._replace(recent=self._session_facts.recent, recipients=0)
            self._discarding = outcome.discarding
            self._deferrals["RCPT"] = outcome.deferral
            self._in_transaction = True
            self._say("mail_ok")

    def _path_of(self, word: Word) -> str | None:
        """The text of a path; None if it is none. What it means, the policy reads."""
        strict = self.settings.strict_rfc821_envelopes
        if word.broken or (strict and word.text[:1] != "<"):
            return None
        text = inner(word.text)
        internal = rfc822.extract(text, strict=strict)
        return text if internal else internal

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
            elif not re.fullmatch(_MAIL_PARAMETER, parameter):
                dsn = key.upper() in ("RET", "ENVID") and "=" in parameter
                return (f"bad_{key.lower()}",) if dsn else ("bad_parameter", parameter)
        return ()

    def _rcpt(self, line_words: list[Word]) -> None:
        if not self._in_transaction:
            self._error("need_mail")
        elif len(line_words) < 3 or line_words[1].text.lower() != "to:":
            self._syntax("RCPT")
        else:
            self._add(line_words[2], [word.text for word in line_words[3:]])

    def _add(self, word: Word, parameters: list[str]) -> None:
        path = self._path_of(word)
        facts = self._accepted_facts(path, "RCPT", parameters)
        if facts is None:
            return
        self._recipients.append((path or "", accepted(self.policy, facts)))
        self._answers.append(self._recipients[-1])
        self._session_facts = self._session_facts._replace(recipients=len(self._recipients))
        self._say("accepted", facts=facts)

    def _accepted_facts(
        self, path: str | None, verb: str, parameters: list[str] | None = None
    ) -> Facts | None:
        """The facts of a recipient that nothing refuses; None if something did, and was said."""
        facts = self._session_facts._replace(forward_path=path or "")
        outcome = self._step(verb, facts)
        recent = self._session_facts.recent_recipients + 1
        self._session_facts = self._session_facts._replace(recent_recipients=recent)
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
            if verb == "RCPT":
                self._answers.append((path, verdict))
            self._refuse(verdict)
            self._erred()
            return None
        self._discarding = outcome.discarding
        return facts

    def _refuses_more(self, parameters: list[str]) -> bool:
        """Whether a parameter or the number of recipients refuses one."""
        for parameter in parameters:
            if not re.fullmatch(_RCPT_PARAMETER, parameter):
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

    def _vrfy(self, line_words: list[Word]) -> None:
        s = self.settings
        if s.disable_vrfy_command:
            self._error("vrfy_disabled")
            return
        if s.smtputf8_enable and len(line_words) > 1 and line_words[-1].text.upper() == "SMTPUTF8":
            line_words = line_words[:-1]
        if len(line_words) < 2:
            self._syntax("VRFY" if s.smtputf8_enable else "VRFY_ASCII")
            return
        text = " ".join(word.text for word in line_words[1:])
        if not self._accepted_facts(inner(text), "VRFY"):
            return
        self._say("vrfy", text)

    def _data(self, line_words: list[Word]) -> None:
        if not self._recipients:
            self._error("no_recipients" if self._in_transaction else "need_rcpt")
        elif len(line_words) > 1:
            self._syntax("DATA")
        elif not self._stopped("DATA"):
            self.state = State.DATA
            self._say("data_ok")

    def _stopped(self, command: str) -> bool:
        """Whether the policy refuses the message at *command*, which is then said."""
        facts = self._session_facts._replace(forward_path=self._recipients[0][0])
        outcome = self._step(command, facts)
        self._discarding = outcome.discarding
        if outcome.verdict is None:
            return False
        self._answer_all(outcome.verdict)
        self._refuse(outcome.verdict)
        self._erred()
        return True

    # ---- the message

    def _text(self, line: Line) -> None:
        bare = line.fault == "bare"
        treatment = self._watches_bare if bare or self._bare_before else "no"
        before, self._bare_before = self._bare_before, bare
        if bare and treatment == "reject":
            self._fault = self._fault or "bare_newline_in_data"
        if line.text == b".":
            if treatment == "no" or not (bare or before):
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
            facts = self._session_facts
            if self._discarding:
                self._answers = [(path, _dropped(verdict)) for path, verdict in self._answers]
            delivery = (tuple(self._recipients), content, self._discarding)
            self._take(Message(facts.reverse_path, facts.login, *delivery))
            self._errors = self._junk = 0
            self._say("queued")
            self._begin()
        else:
            self._content, self._fault = bytearray(), ""


def _dropped(verdict: Verdict) -> Verdict:
    """*verdict* of a recipient whose message is accepted and then dropped."""
    return replace(verdict, discarded=True) if verdict.accepted else verdict
