"""What happens in a run, in columns: a row a message, a recipient and an attempt.

Nothing is formatted here and nothing is averaged. What becomes of a recipient is one number, its
*outcome*: the number of the answer that caused it times that of fates, plus the fate's. So ending
a recipient is two array writes; names are put in once the run is over (`sim.world.tables`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import nan
from struct import Struct
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.records.words import Cause, Change, Fate, Hop, MailClass, Reason, Remedy, Route
from sim.smtp import Verdict
from sim.smtp.verdicts import UNREACHABLE
from sim.workload.arrivals import RecipientGroup
from sim.workload.columns import Columns, Floats, Ints, Names, ranges, view

Parts = Mapping[str, Callable[[], Sequence[NDArray[Any]]]]
"""Columns in parts, each made when it is asked for: see `Recorder.all_attempts`."""
FATES = len(Fate)
DELIVERED, REFUSED, GAVE_UP, DISCARDED, BOUNCED, EXPIRED, IN_TRANSIT = range(FATES)

ATTEMPT = {
    "message": "i", "attempt": "i", "hop": "b", "at": "d", "client": "I", "place": "h",
    "server": "h", "recipients": "i", "accepted": "i", "answer": "i", "waited": "d", "took": "d",
    "permission": "b", "relayed": "i", "abuse": "b",
}  # fmt: skip
"""What is kept of an attempt, with type codes that `struct` and numpy share."""
_PACKED = Struct("<" + "".join(ATTEMPT.values()))
_ATTEMPT_DTYPE = np.dtype([(name, f"<{code}") for name, code in ATTEMPT.items()])


class EndedTwiceError(RuntimeError):
    """A recipient got a second fate; the message's history is in the text."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A verdict of one server, by the number under which rows have it; made once for each."""

    number: int
    server: str
    verdict: Verdict
    cause: int
    """Number of its cause."""
    outcome: int
    """That of a recipient whose fate it decides: see `Recorder.end`."""
    keeps: bool
    """Whether the server takes it for mailboxes of its own."""
    relays: bool
    """Whether it takes it to pass it on."""


@cache
def plain_verdict(code: int, enhanced: str, cause: Cause) -> Verdict:
    """A verdict that no policy gave."""
    return replace(
        UNREACHABLE,
        code=code,
        enhanced=enhanced,
        cause=cause,
        permanent=code >= 500,
        stage="",
        command="",
        rule="",
    )


NO_CONNECTION = plain_verdict(0, "", Cause.UNREACHABLE)


class CalendarRow(NamedTuple):
    """A change of the world itself: columns as in `sim.records.rows.CALENDAR`."""

    at: float
    change: Change
    name: str
    reason: Reason
    address: int = 0
    prefix: int = 32
    server: str = ""


MESSAGE = {
    "mail_class": "b", "sender": "i", "group": "i", "account": "i", "place": "i",
    "own_server": "i", "written_at": "d", "first_row": "i", "route": "b", "remedy": "b",
    "first_cause": "b", "attempts": "i", "calls": "i", "changes": "i", "believed": "b",
}  # fmt: skip
"""What is kept of a message, with type codes; words and names stand by their numbers."""
BLANK = {
    "account": 0, "place": 0, "own_server": -1, "remedy": 0, "first_cause": 0, "calls": 0,
    "changes": 0, "believed": 1,
}  # fmt: skip
"""What these columns say at first of a message that no mail program has written."""
RESERVE = 1024
"""Messages for which they are filled in at once."""


class Messages:
    """A row a message: what is known when it is written, and what its sender did."""

    mail_class: array[int]
    sender: array[int]
    group: array[int]
    account: array[int]
    place: array[int]
    own_server: array[int]  # the submission server of its account; -1 for none
    written_at: array[float]
    first_row: array[int]  # of its recipients
    route: array[int]
    remedy: array[int]
    first_cause: array[int]
    attempts: array[int]
    calls: array[int]
    changes: array[int]
    believed: array[int]

    def __init__(self) -> None:
        for name, code in MESSAGE.items():
            setattr(self, name, array(code))

    def add(
        self,
        mail_class: int,
        sender: int,
        group: int,
        written_at: float,
        first_row: int,
        route: int,
        attempts: int,
    ) -> int:
        """Add a message of no account and place. Return its number."""
        number = len(self.written_at)
        if number == len(self.believed):
            self._reserve()
        self.mail_class.append(mail_class)
        self.sender.append(sender)
        self.group.append(group)
        self.written_at.append(written_at)
        self.first_row.append(first_row)
        self.route.append(route)
        self.attempts.append(attempts)
        return number

    def _reserve(self) -> None:
        """Fill in what is alike at first for all messages to come, RESERVE of them."""
        for name, value in BLANK.items():
            column = getattr(self, name)
            column.extend(array(column.typecode, (value,)) * RESERVE)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Every column, as numpy has it."""
        count = len(self.written_at)
        return {name: view(getattr(self, name))[:count] for name in MESSAGE}

    def extend(self, count: int, columns: Mapping[str, NDArray[Any] | int]) -> None:
        """Add *count* messages; a column may be one value for all, and is 0 without one."""
        for name in MESSAGE:
            column, values = getattr(self, name), columns.get(name, 0)
            values = np.broadcast_to(np.asarray(values, dtype=column.typecode), count)
            column.frombytes(values.tobytes())


class Recorder:
    """What happened in one run so far."""

    def __init__(self) -> None:
        self.messages = Messages()
        self.recipient: array[int] = array("i")  # mailbox number; -1 - domain if there is none
        self.outcome: array[int] = array("i")
        self.ended: array[float] = array("d")  # (s)
        self.answers: list[Answer] = []
        self._answers: dict[tuple[str, Verdict], Answer] = {}
        # servers and spammers have no place and no account: number 0, as in BLANK
        self.places, self.groups, self.accounts = Names(""), Names(), Names("")
        self.attempts = bytearray()
        self.pack_attempt = _PACKED.pack
        self.calendar: list[CalendarRow] = []
        # no answer yet: number 0, so that IN_TRANSIT is its own outcome
        self.answer("", plain_verdict(0, "", Cause.NONE))
        self.no_server = self.answer("", NO_CONNECTION)

    # ---- messages and answers

    def answer(self, server: str, verdict: Verdict) -> Answer:
        """The answer that *verdict* of *server* is."""
        answer = self._answers.get((server, verdict))
        if answer is None:
            cause = Cause(verdict.cause).number
            number, fate = len(self.answers), DELIVERED if verdict.accepted else REFUSED
            takes, outcome = verdict.accepted and not verdict.discarded, number * FATES + fate
            relays = takes and verdict.relayed
            answer = Answer(number, server, verdict, cause, outcome, takes and not relays, relays)
            self._answers[server, verdict] = answer
            self.answers.append(answer)
        return answer

    def add_message(
        self,
        mail_class: MailClass,
        recipients: list[int],
        *,
        sender: int,
        group: int,
        written_at: float,
        route: Route,
        attempts: int = 0,
    ) -> int:
        """Add a message of no account and place, and its recipients; return its number."""
        number = self.messages.add(
            mail_class.number, sender, group, written_at, len(self.recipient),
            route.number, attempts,
        )  # fmt: skip
        if len(recipients) == 1:  # a notice, and much spam
            self.recipient.append(recipients[0])
            self.outcome.append(IN_TRANSIT)
            self.ended.append(nan)
        else:
            self._add_recipients(array("i", recipients))
        return number

    def add_workload(self, recipients: array[int], columns: Mapping[str, NDArray[Any]]) -> None:
        """Add all honest messages of a run, before any other message."""
        usual: dict[str, Any] = {
            "believed": 1,
            "attempts": 1,
            "mail_class": MailClass.HONEST.number,
        }
        self.messages.extend(len(columns["written_at"]), {**usual, **columns})
        self._add_recipients(recipients)

    def _add_recipients(self, recipients: array[int]) -> None:
        self.recipient.extend(recipients)
        self.outcome.extend(array("i", (IN_TRANSIT,)) * len(recipients))
        self.ended.extend(array("d", (nan,)) * len(recipients))

    # ---- fates

    def end(self, group: RecipientGroup, fate: int, answer: Answer, at: float) -> None:
        """Recipients of *group* meet their *fate* at *at* (s), caused by *answer*."""
        first, end, outcome = group.first, group.end, answer.number * FATES + fate
        if self.outcome[first] != IN_TRANSIT:
            raise self._ended_twice(first, outcome, at)
        if end - first == 1:
            self.outcome[first] = outcome
            self.ended[first] = at
        else:
            n = end - first
            self.outcome[first:end] = array("i", (outcome,)) * n
            self.ended[first:end] = array("d", (at,)) * n

    def write_outcomes(self, first: Ints, count: Ints, outcome: Ints, at: Floats) -> None:
        """The same for many groups, of *count* recipients each from rows *first*."""
        rows = ranges(first, count)
        outcomes = view(self.outcome)
        if len(again := np.flatnonzero(outcomes[rows] != IN_TRANSIT)):
            group = np.searchsorted(np.cumsum(count), again[0], side="right")
            raise self._ended_twice(int(first[group]), int(outcome[group]), float(at[group]))
        outcomes[rows] = np.repeat(outcome, count)
        view(self.ended)[rows] = np.repeat(at, count)

    def write_given_up(self, messages: Ints, outcome: Ints) -> None:
        """Their senders did not try *messages* again, which were refused with *outcome*."""
        causes = np.array([answer.cause for answer in self.answers])
        columns = self.messages
        view(columns.first_cause)[messages] = causes[outcome // FATES]
        view(columns.remedy)[messages] = Remedy.GIVE_UP.number
        view(columns.believed)[messages] = 0

    def _ended_twice(self, row: int, outcome: int, at: float) -> EndedTwiceError:
        """The error of a second *outcome* for the recipient in *row*."""
        number = int(np.searchsorted(self.messages.first_row, row, side="right")) - 1
        attempts = np.frombuffer(bytes(self.attempts), _ATTEMPT_DTYPE)
        return EndedTwiceError(
            "\n".join(
                [
                    f"message {number}, recipient row {row} ended twice: first"
                    f" {self._outcome_text(self.outcome[row])} at {self.ended[row]:.3f} s,"
                    f" then {self._outcome_text(outcome)} at {at:.3f} s",
                    *map(self._attempt_text, attempts[attempts["message"] == number]),
                ]
            )
        )

    def _outcome_text(self, outcome: int) -> str:
        answer, fate = self.answers[outcome // FATES], Fate.texts()[outcome % FATES]
        return f"{fate} by {answer.server or 'nobody'} ({answer.verdict.cause})"

    def _attempt_text(self, attempt: Any) -> str:
        answer, hop = self.answers[attempt["answer"]], Hop.texts()[attempt["hop"]]
        return (
            f"t = {attempt['at']:.3f} s: attempt {attempt['attempt']} ({hop}),"
            f" answer of {answer.server}: {answer.verdict}"
        )

    # ---- attempts

    def attempts_from(self, octet: int) -> NDArray[Any]:
        """The attempts that stand from *octet* of `attempts` on, as rows with names."""
        return np.frombuffer(bytes(self.attempts[octet:]), _ATTEMPT_DTYPE)

    def all_attempts(self, more: Parts) -> Columns:
        """All attempts in order of time; *more* are first attempts that were not packed.

        Attempts of one moment stand in the order of their messages, then of their servers.
        """
        packed = np.frombuffer(self.attempts, _ATTEMPT_DTYPE)
        n = sum(map(len, more["message"]()))

        def joined(name: str) -> NDArray[Any]:
            parts = more[name]() if name in more else [np.full(n, name == "attempt")]
            kind = packed.dtype[name]
            return np.concatenate(
                [packed[name], *(part.astype(kind, copy=False) for part in parts)]
            )

        at = joined("at")
        order = np.argsort(at, kind="stable")
        if (np.diff(at[order]) == 0.0).any():
            order = np.lexsort((joined("server"), joined("message"), at))
        return {name: joined(name)[order] for name in ATTEMPT}

    def session_totals(
        self, attempts: Columns, servers: int, begins: Sequence[float]
    ) -> dict[str, NDArray[Any]]:
        """For each phase (row) and server (column): how many *attempts* came to a connection, the
        seconds of sessions that they used, that spam used, and that they waited, and the
        recipients relayed.

        *begins* are the first moments of the phases (s).
        """
        phase = np.searchsorted(begins, attempts["at"], side="right") - 1
        cell, shape = phase * servers + attempts["server"], (len(begins), servers)
        mail_class = view(self.messages.mail_class)[attempts["message"]]
        spam = mail_class == MailClass.SPAM.number
        replied = np.array([answer.verdict != NO_CONNECTION for answer in self.answers])
        weights = {
            "connections": replied[attempts["answer"]],
            "busy": attempts["took"],
            "busy_spam": np.where(spam, attempts["took"], 0.0),
            "waited": attempts["waited"],
            "relayed": attempts["relayed"],
            "relayed_spam": np.where(spam, attempts["relayed"], 0),
        }
        return {
            name: np.asarray(np.bincount(cell, values, len(begins) * servers)).reshape(shape)
            for name, values in weights.items()
        }
