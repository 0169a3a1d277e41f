"""One message as it went in a run: every attempt, reply and queue.

Made by `sim.results.replay`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isnan
from os import PathLike
from typing import TYPE_CHECKING, Any

from sim.exact.blocks import Block, Grid, Line, Lines, Span
from sim.exact.capture import Connection, write
from sim.exact.page import Page
from sim.exact.transcript import Dialogue, converse
from sim.smtp import Facts, Policy, Verdict, clients
from sim.smtp.units import elapsed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


MOST_ROWS = 30
"""Attempts and recipients that are shown; `Trace.as_dict` has all (chosen)."""
MOST_DIALOGUES = 4
"""Dialogues that are shown, of those that differ (chosen)."""
FATE_STYLES = {
    "delivered": "good",
    "in_transit": "warn",
    "refused": "bad",
    "gave_up": "bad",
    "discarded": "bad",
    "bounced": "bad",
    "expired": "bad",
}
NO_SESSION = {
    "unreachable": "no connection",
    "busy": "every session was taken, and the queue of connections full",
    "temporary": "a passing fault of the server, drawn by chance",
}
"""Answers that no policy gives, by cause."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One SMTP transaction: the columns of `sim.records.rows.ATTEMPTS`, and who the client was."""

    number: int
    hop: str
    at: float
    client: int
    holder: str
    """Who offered it: a place, or the server in whose queue it was."""
    server: str
    recipients: int
    accepted: int
    code: int
    enhanced: str
    rule: str
    cause: str
    permission: str
    waited: float
    took: float

    @property
    def end(self) -> float:
        """When (s) the session ended."""
        return self.at + self.waited + self.took

    @property
    def style(self) -> str:
        """Its role of `page.STYLES`."""
        if self.accepted == self.recipients:
            return "good"
        return "bad" if 500 <= self.code < 600 else "warn"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient and its fate: columns of `sim.records.rows.RECIPIENTS`."""

    address: str
    fate: str
    cause: str
    server: str
    rule: str
    ended_at: float
    """Moment (s) of the fate; NaN in transit."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Time in a queue: *place* the message lay, from when (s) to when (s; None: to the end)."""

    place: str
    since: float
    until: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Session:
    """What the server knew in one attempt, the policy that it had, and what this gives."""

    facts: Facts
    policy: Policy
    verdict: Verdict
    port: int
    login: str | None
    """The name that the client logged in with, in vain too."""

    @property
    def knowledge(self) -> tuple[str, ...]:
        """What the server knew that rows do not keep, in words."""
        facts = self.facts
        words = {
            f"a login as {self.login}": facts.login is not None and not facts.auth_failed,
            "a login with a wrong password": facts.auth_failed,
            f"a POP login {_ago(facts.pop_age)} before": facts.pop_age is not None,
            f"a listing of the client by {', '.join(facts.listed)}": bool(facts.listed),
            f"{facts.recent} transactions by this client before": facts.recent > 0,
            f"{facts.open_sessions} other sessions of this client": facts.open_sessions > 0,
            f"the same tried {_ago(facts.greylist_age)} before": facts.greylist_age is not None,
            f"port {self.port}": self.port != 25,
        }
        return tuple(text for text, is_so in words.items() if is_so)


@dataclass(frozen=True, repr=False)
class Trace(Page):
    """What happened to one message; made by ``results.trace``."""

    arm: str
    replication: int
    message: int
    about: Mapping[str, Any]
    """What is the same for all its recipients: class, group, place, written_at, remedy, ..."""
    sender: str | None
    recipients: tuple[Recipient, ...]
    attempts: tuple[Attempt, ...]
    queues: tuple[Wait, ...]
    rows: pd.DataFrame = field(repr=False, compare=False)
    """The rows of attempts that this was made of."""
    sessions: tuple[Session | None, ...] = field(repr=False, compare=False)
    """For each attempt, what the server knew; None where no policy answered: no connection, every
    session taken, a passing fault."""
    hostnames: Mapping[int, str] = field(repr=False, compare=False)
    """Names of servers by address."""

    @cached_property
    def dialogues(self) -> tuple[Dialogue | None, ...]:
        """For each attempt, what client and server said about one of the recipients."""
        return tuple(
            self._dialogue(attempt, session)
            for attempt, session in zip(self.attempts, self.sessions, strict=True)
        )

    def pcap(self, path: str | PathLike[str]) -> int:
        """Write the dialogues as a capture, for Wireshark (extra ``pcap``); return how many."""
        return write(
            path,
            [
                Connection(
                    attempt.client, session.policy.address, session.port, attempt.at, d.turns
                )
                for attempt, session, d in zip(
                    self.attempts, self.sessions, self.dialogues, strict=True
                )
                if session is not None and d is not None
            ],
        )

    def figure(self, **options: Any) -> Figure:
        """The attempts as a sequence diagram, times since it was written.

        *options* are those of `sim.figures.life`.
        """
        from sim.figures import draw

        usual = {"since": self.about["written_at"], "arm": self.arm, "message": self.message}
        return draw(
            "life", {"attempts": self.rows}, replication=self.replication, **(usual | options)
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs: plain numbers and texts, moments in seconds since the run began."""
        return {
            "arm": self.arm,
            "replication": self.replication,
            "message": self.message,
            "sender": self.sender,
            **self.about,
            "recipients": [_plain(recipient) for recipient in self.recipients],
            "attempts": [
                {
                    **_plain(attempt),
                    "client": clients.text(attempt.client),
                    "known": list(session.knowledge) if session else [],
                    "dialogue": [f"{t.speaker}: {t.text}" for t in d.turns] if d else [],
                }
                for attempt, session, d in zip(
                    self.attempts, self.sessions, self.dialogues, strict=True
                )
            ],
            "queues": [_plain(wait) for wait in self.queues],
        }

    def _dialogue(self, attempt: Attempt, session: Session | None) -> Dialogue | None:
        if session is None:
            return None
        facts = session.facts
        user = facts.reverse_path.partition("@")[0] if facts.reverse_path else "client"
        helo = self.hostnames.get(attempt.client, f"{user}-pc")
        lines = [
            f"From: {f'<{facts.reverse_path}>' if facts.reverse_path else 'Mail Delivery System'}",
            f"To: <{facts.forward_path}>",
            f"Subject: message {self.message}",
            "",
            "...",
        ]
        return converse(
            session.policy, facts, helo, lines, session.login if facts.auth_failed else None
        )

    # ---- shown

    def blocks(self) -> Sequence[Block]:
        """What is shown, in order."""
        return [
            self._summary(),
            self._recipients(),
            self._attempts(),
            *self._queues(),
            *self._dialogues(),
        ]

    def _repr_html_(self) -> str:
        """For a notebook: the sequence diagram, then the tables and dialogues."""
        if not self.attempts:
            return super()._repr_html_()
        return f"{self.figure()._repr_html_()}{super()._repr_html_()}"

    def _summary(self) -> Block:
        about = self.about
        sender = f"{about['group']}: <{self.sender or ''}>"
        rows: list[tuple[Line, ...]] = [
            ("arm", f"{self.arm}, replication {self.replication}"),
            ("message", f"{self.message} ({about['class']}, {about['route']})"),
            ("from", sender),
            ("written", ", ".join(filter(None, (_day(about["written_at"]), about["place"])))),
        ]
        if about["class"] == "honest":
            efforts = {
                "submission attempt": about["attempts_made"],
                "call": about["calls"],
                "changed setting": about["changes"],
            }
            effort = ", ".join(f"{n} {noun}{'s' * (n != 1)}" for noun, n in efforts.items())
            belief = "that it arrived" if about["believed"] else "that it did not arrive"
            rows += [("remedy", about["remedy"] or "none"), ("effort", effort)]
            rows += [("the sender believes", belief)]
        return Grid("", (), tuple(rows))

    def _recipients(self) -> Block:
        begin = self.about["written_at"]
        rows = tuple(
            (
                r.address,
                Span(r.fate, FATE_STYLES[r.fate]),
                r.cause,
                "" if isnan(r.ended_at) else f"+{elapsed(r.ended_at - begin)}",
                r.server,
                r.rule,
            )
            for r in self.recipients[:MOST_ROWS]
        )
        columns = ("recipient", "fate", "cause", "after", "server", "rule")
        return Grid("Recipients", columns, rows, _more(len(self.recipients)))

    def _attempts(self) -> Block:
        if not self.attempts:
            return Lines("Attempts", ("none: the run ended first, or no server takes this mail",))
        begin = self.about["written_at"]
        rows: list[tuple[Line, ...]] = []
        for number, a in enumerate(self.attempts[:MOST_ROWS], 1):
            reply = f"{a.code} {a.enhanced}".strip() if a.code else "no connection"
            rows.append(
                (
                    str(number),
                    f"+{elapsed(a.at - begin)}",
                    f"{a.holder}\n{clients.text(a.client)}",
                    a.server,
                    Span(f"{reply}\n{a.accepted} of {a.recipients}", a.style),
                    "\n".join(filter(None, (a.rule or a.cause, a.permission.replace("_", " ")))),
                )
            )
        columns = ("", "after", "client", "server", "reply, accepted", "rule, permission")
        return Grid("Attempts", columns, tuple(rows), _more(len(self.attempts)))

    def _queues(self) -> Iterable[Block]:
        if not self.queues:
            return
        begin = self.about["written_at"]
        rows = tuple(
            (
                wait.place,
                f"+{elapsed(wait.since - begin)}",
                "to the end" if wait.until is None else elapsed(wait.until - wait.since),
                wait.reason,
            )
            for wait in self.queues[:MOST_ROWS]
        )
        note = _more(len(self.queues))
        yield Grid("Where it waited", ("place", "from", "for", "reason"), rows, note)

    def _dialogues(self) -> Iterable[Block]:
        groups: dict[tuple[object, ...], list[int]] = {}
        for number, dialogue in enumerate(self.dialogues):
            if dialogue is not None:
                groups.setdefault((self.attempts[number].server, dialogue.turns), []).append(number)
        for numbers in list(groups.values())[:MOST_DIALOGUES]:
            first = numbers[0]
            attempt, dialogue, session = (
                self.attempts[first],
                self.dialogues[first],
                self.sessions[first],
            )
            assert dialogue is not None
            assert session is not None
            numbers_text = ", ".join(str(n + 1) for n in numbers)
            host = f"{attempt.server} ({session.policy.hostname})"
            yield Lines(
                f"Dialogue with {host}, attempt {numbers_text}", dialogue.lines(), fixed=True
            )
            if session.knowledge:
                words = "; ".join(session.knowledge)
                yield Lines("", (Span(f"Known to the server: {words}", "faint"),))
        if len(groups) > MOST_DIALOGUES:
            yield Lines("", (f"{len(groups) - MOST_DIALOGUES} more dialogues: trace.dialogues",))


# ---- in words


def _plain(value: Any) -> dict[str, Any]:
    """The fields of a value; NaN is None, since JSON has none."""
    fields = {name: getattr(value, name) for name in type(value).__slots__}
    return {k: None if isinstance(v, float) and isnan(v) else v for k, v in fields.items()}


def _ago(seconds: float | None) -> str:
    return "" if seconds is None else elapsed(seconds)


def _more(count: int) -> str:
    return f"{count - MOST_ROWS} more: trace.as_dict()" if count > MOST_ROWS else ""


def _day(at: float) -> str:
    minutes = int(at // 60)
    return f"day {minutes // 1440}, {minutes // 60 % 24:02}:{minutes % 60:02}"
