"""A session that counts what a client does wrong, and sends it away when that is too much."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sim.smtp.commands import State
from sim.smtp.flavours import Limit
from sim.smtp.replies import Reply
from sim.smtp.session import Session
from sim.smtp.verdicts import Verdict


class CountedSession(Session):
    """A session with the limits of its flavour, or of *max_errors* faults of any kind."""

    def __init__(self, *arguments: Any, **limits: Any) -> None:
        super().__init__(*arguments, **limits)
        most = self._max_errors
        self._limits = self.policy.style.limits if most is None else (Limit("fault", most),)
        self._counts: Counter[str] = Counter()

    def _error(self, situation: str, detail: str = "", command: str = "") -> None:
        kind = "unknown" if situation == "unknown_command" else "protocol"
        self._fault_of(kind, self._reply(situation, detail, command))

    def _fault_of(self, kind: str, reply: Reply) -> None:
        """Say *reply* to a fault, and to one that is too many, that it is."""
        limit = self._exceeded("fault", kind)
        if limit is None or limit.way == "after":
            self._out.append(reply)
        if limit is None:
            return
        if limit.way == "in":
            last = self._reply(limit.says).text
            self._out.append(reply._replace(text=f"{reply.text}\n{last}"))
            self.state = State.CLOSED
        else:
            self._end_session(limit.says)

    def _end_session(self, situation: str) -> None:
        """Say why, and close."""
        self._say(situation)
        self.state = State.CLOSED

    def _exceeded(self, *kinds: str) -> Limit | None:
        """The limit that is reached when the client does something of these *kinds* once more."""
        self._counts.update(kinds)
        reached = (x for x in self._limits if x.kind in kinds and self._counts[x.kind] >= x.most)
        return next(reached, None)

    def _refuse_path(self, verdict: Verdict) -> None:
        """Say a refusal of MAIL or RCPT; what is no address is a fault, too."""
        if verdict.situation in ("sender_syntax", "recipient_syntax"):
            self._fault_of("protocol", verdict.reply)
        else:
            self._refuse(verdict)
