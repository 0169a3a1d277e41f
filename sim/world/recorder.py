"""What happened, in columns: a row a (message, recipient) and a row an attempt.

Nothing is formatted here and nothing is averaged. An outcome is one number, that of the
answer that caused it times the number of fates plus the fate, so that ending a recipient
is two array writes; names are put in once, when the run is over.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.records.rows import SERVERS, TABLES, Column
from sim.records.words import (
    Cause,
    Change,
    Fate,
    Hop,
    MailClass,
    Permission,
    Phase,
    Reason,
    Remedy,
    Route,
)
from sim.workload.columns import Columns, Floats, Ints, Names, ranges, view

if TYPE_CHECKING:
    import pandas as pd

Parts = Mapping[str, Callable[[], Sequence[NDArray[Any]]]]
"""Columns whose stretches are made when they are asked for: see `Recorder.tries`."""
DELIVERED, REFUSED, GAVE_UP, DISCARDED, BOUNCED, EXPIRED, IN_TRANSIT = range(len(Fate))


class EndedTwiceError(RuntimeError):
    """A recipient got a second fate; the message's history is in the text."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says to one recipient, with everything that rows keep of it."""

    number: int
    server: str
    accepted: bool
    discarded: bool
    relayed: bool
    permanent: bool
    stage: str
    code: int
    enhanced: str
    rule: str
    cause: str


def _ints() -> array[int]:
    return array("i")


def _codes() -> array[int]:
    return array("b")  # of words: there are few


@dataclass(slots=True)
class Messages:
    """A row a message: what is known when it is wished, and what its sender did."""

    kind: array[int] = field(default_factory=_codes)
    sender: array[int] = field(default_factory=_ints)
    group: array[int] = field(default_factory=_ints)
    account: array[int] = field(default_factory=_ints)
    place: array[int] = field(default_factory=_ints)
    asked: array[int] = field(default_factory=_ints)  # the account's submission server; -1
    written_at: array[float] = field(default_factory=lambda: array("d"))
    first_row: array[int] = field(default_factory=_ints)
    route: array[int] = field(default_factory=_codes)
    remedy: array[int] = field(default_factory=_codes)
    first_cause: array[int] = field(default_factory=_codes)
    attempts: array[int] = field(default_factory=_ints)
    calls: array[int] = field(default_factory=_ints)
    changes: array[int] = field(default_factory=_ints)
    believed: array[int] = field(default_factory=_codes)


ONCE = {"attempt": 1}
"""Columns of a first attempt that are not 0."""
UNTOUCHED = {"believed": 1, "attempts": 1, "kind": MailClass.HONEST.number}
"""Columns of a planned message that do not begin at 0."""

# message, attempt, hop, at, client, place, server, recipients, accepted, answer, waited, took,
# permission
_ATTEMPT = Struct("<iibdIhhiiiddb")
_ATTEMPT_DTYPE = np.dtype(
    [
        (name, kind)
        for name, kind in zip(
            [
                "message",
                "attempt",
                "hop",
                "at",
                "client",
                "place",
                "server",
                "recipients",
                "accepted",
                "answer",
                "waited",
                "took",
                "permission",
            ],
            [
                *("<i4", "<i4", "i1", "<f8", "<u4", "<i2", "<i2"),
                *("<i4", "<i4", "<i4", "<f8", "<f8", "i1"),
            ],
            strict=True,
        )
    ]
)


class CalendarRow(NamedTuple):
    """A row of the calendar: columns as in `sim.records.rows`."""

    at: float
    change: str
    name: str
    reason: str
    address: int
    prefix: int
    server: str


class Recorder:
    """The rows of one run, while it happens."""

    def __init__(self) -> None:
        self.messages = Messages()
        self.recipient: array[int] = _ints()  # mailbox number; -1 - domain if there is none
        self.outcome: array[int] = _ints()
        self.ended: array[float] = array("d")
        self.answers: list[Answer] = []
        self.places, self.groups, self.accounts = Names(), Names(), Names()
        self.nowhere = self.places[""]  # number 0: servers and spammers have no place
        self.attempts = bytearray()
        self.add_attempt = _ATTEMPT.pack
        self.changes: list[CalendarRow] = []
        self.nothing = self.answer("", cause="")
        self.nobody = self.answer("", cause="unreachable")  # no server takes this mail

    def tries(self, more: Parts) -> Columns:
        """All attempts in order of time; *more* are first attempts that were not packed one by
        one, in a few stretches that are in order themselves.

        Attempts of one moment stand in the order of their messages, then of their servers.
        """
        packed = np.frombuffer(self.attempts, _ATTEMPT_DTYPE)
        n = sum(map(len, more["message"]()))

        def joined(name: str) -> NDArray[Any]:
            one_by_one = packed[name]
            parts = more[name]() if name in more else [np.full(n, ONCE.get(name, 0))]
            kind = one_by_one.dtype
            return np.concatenate([one_by_one, *(part.astype(kind, copy=False) for part in parts)])

        at = joined("at")
        order = np.argsort(at, kind="stable")
        if (np.diff(at[order]) == 0.0).any():
            order = np.lexsort((joined("server"), joined("message"), at))
        return {name: joined(name)[order] for name in packed.dtype.names or ()}

    def sessions(
        self, tries: Columns, servers: int, begins: Sequence[float]
    ) -> dict[str, NDArray[Any]]:
        """What *tries* tell of each phase (row) and server (column): how many there were, and
        the seconds of sessions that they used, that spam used, and that they waited.

        *begins* are the moments at which phases begin (s).
        """
        phase = np.searchsorted(begins, tries["at"], side="right") - 1
        where, shape = phase * servers + tries["server"], (len(begins), servers)
        kinds = np.array(self.messages.kind, dtype=np.int32)[tries["message"]]
        weights = {
            "connections": np.ones(len(phase)),
            "busy": tries["took"],
            "busy_spam": np.where(kinds == MailClass.SPAM.number, tries["took"], 0.0),
            "waited": tries["waited"],
        }
        return {
            name: np.asarray(np.bincount(where, values, len(begins) * servers)).reshape(shape)
            for name, values in weights.items()
        }

    def answer(
        self,
        server: str,
        *,
        cause: str,
        accepted: bool = False,
        discarded: bool = False,
        relayed: bool = False,
        permanent: bool = False,
        stage: str = "",
        code: int = 0,
        enhanced: str = "",
        rule: str = "",
    ) -> Answer:
        """A new answer, numbered."""
        made = Answer(
            len(self.answers), server, accepted, discarded, relayed, permanent, stage, code,
            enhanced, rule, cause,
        )  # fmt: skip
        self.answers.append(made)
        return made

    def message(
        self,
        kind: str,
        recipients: list[int],
        *,
        sender: int,
        group: str,
        written_at: float,
        route: str,
        account: str = "",
        place: str = "",
        asked: int = -1,
    ) -> int:
        """Add a message and its recipients, all in transit; return its number."""
        m = self.messages
        number = len(m.kind)
        m.kind.append(MailClass(kind).number)
        m.sender.append(sender)
        m.group.append(self.groups[group])
        m.account.append(self.accounts[account])
        m.place.append(self.places[place])
        m.asked.append(asked)
        m.written_at.append(written_at)
        m.first_row.append(len(self.recipient))
        m.route.append(Route(route).number)
        for column in (m.remedy, m.first_cause, m.attempts, m.calls, m.changes):
            column.append(0)
        m.believed.append(1)
        self.recipient.extend(recipients)
        n = len(recipients)
        self.outcome.extend([IN_TRANSIT] * n)
        self.ended.extend([np.nan] * n)
        return number

    def plan_messages(self, recipients: array[int], **columns: NDArray[Any]) -> None:
        """Put in all messages of a plan at once, before any other; nothing has a fate."""
        for name in Messages.__slots__:
            column = getattr(self.messages, name)
            if name in columns:
                column.frombytes(columns[name].astype(column.typecode, copy=False).tobytes())
            else:
                untouched = array(column.typecode, (UNTOUCHED.get(name, 0),))
                column.extend(untouched * len(columns["written_at"]))
        self.recipient = recipients[:]
        self.outcome = array("i", (IN_TRANSIT,)) * len(recipients)
        self.ended = array("d", (np.nan,)) * len(recipients)

    @staticmethod
    def numbered(names: Names, texts: Sequence[str], which: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers in *names* of ``texts[i]`` for each i of *which*, new ones as they are met."""
        first = np.full(len(texts), len(which))
        first[which[::-1]] = np.arange(len(which))[::-1]  # the last one that is put in stays
        met = np.flatnonzero(first < len(which))
        number = np.zeros(len(texts), dtype=np.int64)
        for i in met[np.argsort(first[met])].tolist():
            number[i] = names[texts[i]]
        return number[which]

    def change(
        self,
        at: float,
        change: str,
        name: str,
        *,
        reason: str,
        address: int = 0,
        prefix: int = 32,
        server: str = "",
    ) -> None:
        """Note a change of the world itself at *at* (s)."""
        self.changes.append(CalendarRow(at, change, name, reason, address, prefix, server))

    def end(self, first: int, end: int, fate: int, answer: Answer, at: float) -> None:
        """Recipients *first* to *end* (rows) meet their fate, caused by *answer*."""
        self.settle(first, end, answer.number * len(Fate) + fate, at)

    def settle(self, first: int, end: int, outcome: int, at: float) -> None:
        """The same by the number of the answer times that of fates, plus the fate's."""
        if self.outcome[first] != IN_TRANSIT:
            raise self.ended_twice(first, outcome, at)
        if end - first == 1:
            self.outcome[first] = outcome
            self.ended[first] = at
        else:
            n = end - first
            self.outcome[first:end] = array("i", (outcome,)) * n
            self.ended[first:end] = array("d", (at,)) * n

    def settle_all(self, first: Ints, count: Ints, outcome: Ints, at: Floats) -> None:
        """The same for pieces of *count* recipients each, from rows *first*, in columns."""
        rows = ranges(first, count)
        outcomes = view(self.outcome)
        if len(again := np.flatnonzero(outcomes[rows] != IN_TRANSIT)):
            piece = np.searchsorted(first, rows[again[0]], side="right") - 1
            raise self.ended_twice(int(first[piece]), int(outcome[piece]), float(at[piece]))
        outcomes[rows] = np.repeat(outcome, count)
        view(self.ended)[rows] = np.repeat(at, count)

    def gave_up(self, messages: Ints, outcome: Ints) -> None:
        """Their senders did not try *messages* again, which were refused with *outcome*."""
        causes = np.array([Cause(answer.cause).number for answer in self.answers])
        told = self.messages
        view(told.first_cause)[messages] = causes[outcome // len(Fate)]
        view(told.remedy)[messages] = Remedy.GIVE_UP.number
        view(told.believed)[messages] = 0

    def ended_twice(self, row: int, outcome: int, at: float) -> EndedTwiceError:
        """What to raise when the recipient of *row* would get a second *outcome*."""
        return EndedTwiceError(self._history(row, outcome, at))

    def _history(self, row: int, outcome: int, at: float) -> str:
        def told(number: int) -> str:
            answer, fate = self.answers[number // len(Fate)], [*Fate][number % len(Fate)]
            return f"{fate} by {answer.server or 'nobody'} ({answer.cause})"

        number = int(np.searchsorted(self.messages.first_row, row, side="right")) - 1
        tries = np.frombuffer(bytes(self.attempts), _ATTEMPT_DTYPE)
        lines = [
            f"t = {t['at']:.3f} s: attempt {t['attempt']} ({Hop.texts()[t['hop']]}),"
            f" answer {self.answers[t['answer']]}"
            for t in tries[tries["message"] == number]
        ]
        return "\n".join(
            [
                f"message {number}, recipient row {row} ended twice: first"
                f" {told(self.outcome[row])} at {self.ended[row]:.3f} s,"
                f" then {told(outcome)} at {at:.3f} s",
                *lines,
            ]
        )


@dataclass(slots=True)
class Run:
    """The rows of a finished run, and how much work it was.

    *recipients*, *attempts*, *servers* and *calendar* hold the columns of `sim.records.rows`; a
    category column holds codes into ``categories[table][column]``.
    """

    arm: str
    replication: int
    recipients: Columns
    attempts: Columns
    servers: Columns
    calendar: Columns
    categories: dict[str, dict[str, list[str]]]
    wishes: dict[str, tuple[int, int]]  # class -> messages, recipients
    planned: tuple[int, int]  # the same of honest mail, counted in the plan, not in rows
    lost: NDArray[np.int64]  # rows of recipients in transit that nothing has: there must be none
    mailboxes: int
    events: int

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables as data frames, with the columns and types of `sim.records.rows`."""
        return {
            name: _frame(getattr(self, name), columns, self.categories[name])
            for name, columns in TABLES.items()
        }


def _frame(
    values: Columns, columns: dict[str, Column], categories: dict[str, list[str]]
) -> pd.DataFrame:
    import pandas as pd

    made: dict[str, Any] = {}
    for name, column in columns.items():
        if column.dtype == "category":
            made[name] = pd.Categorical.from_codes(
                values[name].astype(np.int32), categories=pd.Index(categories[name])
            )
        else:
            made[name] = values[name].astype(column.dtype, copy=False)
    return pd.DataFrame(made)


def finish(
    rows: Recorder,
    tries: Columns,
    *,
    arm: str,
    replication: int,
    domains: list[str],
    domain_of: list[int],
    servers: list[str],
    held: NDArray[np.bool_],
    server_rows: list[dict[str, Any]],
    phase_starts: tuple[float, float],
    run_length: float,
    events: int,
    planned: tuple[int, int],
    waiting: NDArray[np.bool_],
) -> Run:
    """Put names to the numbers: *tries* are all attempts (used up), *held* says which server (row)
    processes which domain, *waiting* which recipients (rows) something has to which they can
    still happen."""
    m = {name: view(getattr(rows.messages, name)) for name in Messages.__slots__}
    recipient, outcome, ended = view(rows.recipient), view(rows.outcome), view(rows.ended)
    counts = np.diff(np.append(m["first_row"], len(recipient)))
    message = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    # Ends are worked out when sessions begin: what would end after the run is in transit,
    # and a notice that would be written then is not written.
    lost = (outcome == IN_TRANSIT) & ~waiting
    late = ended > run_length
    outcome[late], ended[late] = IN_TRANSIT, np.nan
    if not (written := (m["written_at"] <= run_length)[message]).all():
        recipient, outcome, ended = recipient[written], outcome[written], ended[written]
        message, lost = message[written], lost[written]
    facts = _answer_codes(rows.answers)
    server_names = ["", *servers]
    server_number = {name: i for i, name in enumerate(server_names)}
    phase = np.searchsorted(np.array(phase_starts), m["written_at"], side="right")

    def recipients() -> Iterator[tuple[str, NDArray[Any]]]:
        n = len(recipient)
        yield "arm", np.zeros(n, np.int8)
        yield "replication", np.full(n, replication)
        yield "message", message
        yield "recipient", recipient.clip(min=-1)
        box_domain = np.array([*domain_of, 0], dtype=np.int32)
        domain = np.where(recipient >= 0, box_domain[recipient.clip(min=0)], -1 - recipient)
        yield "domain", domain
        yield "same_isp", held[m["asked"][message], domain]
        answer, fate = np.divmod(outcome, len(Fate))
        yield "fate", fate
        yield "cause", facts["cause"][0][answer]
        yield "server", np.array([server_number[a.server] for a in rows.answers])[answer]
        yield "rule", facts["rule"][0][answer]
        yield "ended_at", ended
        yield "phase", phase[message]
        for name, column in m.items():
            if name not in ("first_row", "asked"):
                yield ("class" if name == "kind" else name), column[message]

    def attempts() -> Iterator[tuple[str, NDArray[Any]]]:
        said = tries.pop("answer")
        yield "arm", np.zeros(len(said), np.int8)
        yield "replication", np.full(len(said), replication)
        yield "code", np.array([a.code for a in rows.answers])[said]
        for name in ("stage", "enhanced", "rule", "cause"):
            yield name, facts[name][0][said]
        yield "server", tries.pop("server") + 1
        for name in list(tries):  # waited, took: in half the digits, now that they are summed
            yield name, tries.pop(name)

    calendar, calendar_names = _calendar_columns(rows.changes, replication, server_names)
    names = {k: v[1] for k, v in facts.items()}
    in_time = m["written_at"] <= run_length
    categories = {
        "recipients": {
            "arm": [arm], "domain": domains, "class": MailClass.texts(), "group": rows.groups.all,
            "account": rows.accounts.all, "place": rows.places.all, "phase": Phase.texts(),
            "fate": Fate.texts(), "cause": Cause.texts(), "first_cause": Cause.texts(),
            "server": server_names, "rule": names["rule"], "remedy": Remedy.texts(),
            "route": Route.texts(),
        },
        "attempts": {
            "arm": [arm], "hop": Hop.texts(), "place": rows.places.all,
            "server": server_names, "cause": Cause.texts(), "permission": Permission.texts(),
            **{k: names[k] for k in ("stage", "enhanced", "rule")},
        },
        "servers": {"arm": [arm], "phase": Phase.texts(), "server": servers},
        "calendar": {"arm": [arm], **calendar_names},
    }  # fmt: skip
    tables = {
        "attempts": attempts(), "recipients": recipients(), "calendar": calendar.items(),
        "servers": _server_columns(server_rows, replication).items(),
    }  # fmt: skip
    kept = {
        name: _slim(columns, TABLES[name], categories[name]) for name, columns in tables.items()
    }
    return Run(
        arm=arm,
        replication=replication,
        **kept,
        categories=categories,
        wishes={
            name: (int(of.sum()), int(counts[of].sum()))
            for k, name in enumerate(MailClass.texts())
            for of in [(m["kind"] == k) & in_time]
        },
        planned=planned,
        lost=np.flatnonzero(lost),
        mailboxes=len(domain_of),
        events=events,
    )  # fmt: skip


def _slim(
    values: Iterable[tuple[str, NDArray[Any]]],
    columns: Mapping[str, Column],
    categories: Mapping[str, Sequence[str]],
) -> Columns:
    """The columns in the types of `sim.records.rows`, codes in the smallest that holds them.

    They come one by one, so that only one is there in full width.
    """

    def kind(name: str) -> np.dtype[Any]:
        if name in categories:
            return np.min_scalar_type(-len(categories[name]) - 1)
        return np.dtype(columns[name].dtype)

    return {name: column.astype(kind(name), copy=False) for name, column in values}


def _answer_codes(answers: list[Answer]) -> dict[str, tuple[NDArray[np.int64], list[str]]]:
    """For each text field of answers: the code of each answer, and the names by code."""
    found: dict[str, tuple[NDArray[np.int64], list[str]]] = {}
    for name in ("stage", "enhanced", "rule"):
        names = sorted({getattr(a, name) for a in answers} | {""})
        codes = {text: i for i, text in enumerate(names)}
        found[name] = np.array([codes[getattr(a, name)] for a in answers]), names
    found["cause"] = np.array([Cause(a.cause).number for a in answers]), Cause.texts()
    return found


def _calendar_columns(
    changes: list[CalendarRow], replication: int, servers: list[str]
) -> tuple[Columns, dict[str, list[str]]]:
    """The calendar in columns, and the names by code of its categories."""
    names = {
        "change": Change.texts(),
        "reason": Reason.texts(),
        "name": sorted({change.name for change in changes}),
        "server": servers,
    }
    codes = {column: {text: i for i, text in enumerate(known)} for column, known in names.items()}
    columns: Columns = {
        "arm": np.zeros(len(changes), np.int8),
        "replication": np.full(len(changes), replication),
    }
    for column in CalendarRow._fields:
        values = [getattr(change, column) for change in changes]
        if column in codes:
            values = [codes[column][text] for text in values]
        columns[column] = np.array(values, dtype=None if values else np.int64)
    return columns, names


def _server_columns(server_rows: list[dict[str, Any]], replication: int) -> Columns:
    columns: Columns = {
        name: np.array([row.get(name, 0) for row in server_rows])
        for name in SERVERS
        if name not in ("arm", "replication")
    }
    columns["arm"] = np.zeros(len(server_rows), np.int8)
    columns["replication"] = np.full(len(server_rows), replication)
    return columns
