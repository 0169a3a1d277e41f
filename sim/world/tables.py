"""The tables of a finished run: columns of `sim.records.rows`, made from what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.records.rows import TABLES, Column
from sim.records.words import (
    Abuse,
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
    Word,
)
from sim.workload.columns import Columns, Ints, view
from sim.world.recorder import FATES, IN_TRANSIT, CalendarRow, Recorder

if TYPE_CHECKING:
    import pandas as pd

WORDS: dict[str, type[Word]] = {
    "class": MailClass, "phase": Phase, "fate": Fate, "cause": Cause, "first_cause": Cause,
    "remedy": Remedy, "route": Route, "hop": Hop, "permission": Permission, "change": Change,
    "reason": Reason, "abuse": Abuse,
}  # fmt: skip
"""Columns of words."""
VERDICT_TEXTS = ("stage", "enhanced", "rule")
"""Columns of texts that verdicts have."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What the tables of one run need besides what was recorded."""

    arm: str
    replication: int
    servers: list[str]
    domains: list[str]
    domain_of: list[int]
    """Domain of each mailbox."""
    processed: NDArray[np.bool_]
    """Whether a server (row; the last one stands for none) processes a domain."""
    phase_starts: tuple[float, float]
    """Of the transient and the steady phase (s)."""
    run_length: float
    workload: tuple[int, int]
    """Honest messages and recipients, as they were drawn."""
    events: int

    def repeated(self, count: int) -> Iterator[tuple[str, NDArray[Any]]]:
        """The columns that are the same in *count* rows."""
        yield "arm", np.zeros(count, np.int8)
        yield "replication", np.full(count, self.replication)


@dataclass(slots=True)
class Run:
    """The tables of a finished run, and how much work it was.

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
    intended: dict[str, tuple[int, int]]
    """By class of mail, messages written and their recipients."""
    workload: tuple[int, int]
    """The same of honest mail, as it was drawn and not as rows have it."""
    lost: Ints
    """Rows of recipients in transit without an event: there must be none."""
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

    return pd.DataFrame(
        {
            name: pd.Categorical.from_codes(
                values[name].astype(np.int32), categories=pd.Index(categories[name])
            )
            if column.dtype == "category"
            else values[name].astype(column.dtype, copy=False)
            for name, column in columns.items()
        }
    )


def to_tables(
    recorder: Recorder,
    attempts: Columns,
    server_rows: Sequence[Mapping[str, Any]],
    pending: NDArray[np.bool_],
    outline: Outline,
) -> Run:
    """Put names to the numbers of a run: *attempts* are all of them, *pending* marks recipients
    (rows) that still have an event."""
    verdicts = Verdicts(recorder, outline)
    recipients = Recipients(recorder, pending, outline)
    categories = _categories(recorder, verdicts, outline)
    tables = {
        "recipients": recipients.columns(verdicts),
        "attempts": _attempts(attempts, verdicts, outline),
        "servers": _servers(server_rows, outline),
        "calendar": _calendar(recorder.calendar, categories["calendar"], outline),
    }
    return Run(
        arm=outline.arm,
        replication=outline.replication,
        categories=categories,
        intended=recipients.intended(),
        workload=outline.workload,
        lost=recipients.lost,
        mailboxes=len(outline.domain_of),
        events=outline.events,
        **{name: _typed(tables[name], TABLES[name], categories[name]) for name in TABLES},
    )


class Verdicts:
    """The answers of a run as columns: a row an answer."""

    def __init__(self, recorder: Recorder, outline: Outline) -> None:
        answers = recorder.answers
        verdicts = [answer.verdict for answer in answers]
        self.code = np.array([verdict.code for verdict in verdicts])
        self.cause = np.array([answer.cause for answer in answers])
        self.server_names = ["", *outline.servers]
        self.server = _codes([answer.server for answer in answers], self.server_names)
        self.names = {
            name: sorted({"", *map(attrgetter(name), verdicts)}) for name in VERDICT_TEXTS
        }
        self.texts = {
            name: _codes(map(attrgetter(name), verdicts), self.names[name])
            for name in VERDICT_TEXTS
        }


class Recipients:
    """What became of the recipients of messages that were written before the run ended."""

    def __init__(self, recorder: Recorder, pending: NDArray[np.bool_], outline: Outline) -> None:
        self.outline = outline
        self.messages = recorder.messages.columns()
        self.recipient, self.ended = view(recorder.recipient), view(recorder.ended)
        self.outcome = view(recorder.outcome)
        self.counts = np.diff(np.append(self.messages["first_row"], len(self.recipient)))
        self.message = np.repeat(np.arange(len(self.counts), dtype=np.int32), self.counts)
        without_event = (self.outcome == IN_TRANSIT) & ~pending
        # Ends are worked out when sessions begin: what would end after the run is in transit,
        # and a notice that would be written then is not written.
        late = self.ended > outline.run_length
        self.outcome[late], self.ended[late] = IN_TRANSIT, np.nan
        self.written = self.messages["written_at"] <= outline.run_length
        if not self.written.all():
            rows = self.written[self.message]
            self.recipient, self.ended = self.recipient[rows], self.ended[rows]
            self.outcome, self.message = self.outcome[rows], self.message[rows]
            without_event = without_event[rows]
        self.lost = np.flatnonzero(without_event)

    def columns(self, verdicts: Verdicts) -> Iterator[tuple[str, NDArray[Any]]]:
        """The columns of the table."""
        outline, message, messages = self.outline, self.message, self.messages
        yield from outline.repeated(len(self.recipient))
        yield "message", message
        yield "recipient", self.recipient.clip(min=-1)
        of_mailbox = np.array([*outline.domain_of, 0], dtype=np.int32)
        known = of_mailbox[self.recipient.clip(min=0)]
        domain = np.where(self.recipient >= 0, known, -1 - self.recipient)
        yield "domain", domain
        yield "same_isp", outline.processed[messages["own_server"][message], domain]
        answer, fate = np.divmod(self.outcome, FATES)
        yield "fate", fate
        yield "cause", verdicts.cause[answer]
        yield "server", verdicts.server[answer]
        yield "rule", verdicts.texts["rule"][answer]
        yield "ended_at", self.ended
        starts = np.array(outline.phase_starts)
        yield "phase", np.searchsorted(starts, messages["written_at"], side="right")[message]
        yield "class", messages["mail_class"][message]
        for name, column in messages.items():
            if name in TABLES["recipients"]:
                yield name, column[message]

    def intended(self) -> dict[str, tuple[int, int]]:
        """By class of mail, messages written and their recipients."""
        totals = {}
        for mail_class in MailClass:
            mask = (self.messages["mail_class"] == mail_class.number) & self.written
            totals[mail_class.value] = int(mask.sum()), int(self.counts[mask].sum())
        return totals


def _attempts(
    attempts: Columns, verdicts: Verdicts, outline: Outline
) -> Iterator[tuple[str, NDArray[Any]]]:
    answer = attempts["answer"]
    yield from outline.repeated(len(answer))
    yield "code", verdicts.code[answer]
    yield "cause", verdicts.cause[answer]
    for name, codes in verdicts.texts.items():
        yield name, codes[answer]
    yield "server", attempts["server"] + 1
    for name in TABLES["attempts"]:
        if name in attempts and name != "server":
            yield name, attempts[name]


def _servers(
    rows: Sequence[Mapping[str, Any]], outline: Outline
) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from outline.repeated(len(rows))
    for name in TABLES["servers"]:
        if name not in ("arm", "replication"):
            yield name, np.array([row[name] for row in rows])


def _calendar(
    rows: Sequence[CalendarRow], categories: Mapping[str, Sequence[str]], outline: Outline
) -> Iterator[tuple[str, NDArray[Any]]]:
    yield from outline.repeated(len(rows))
    for name in CalendarRow._fields:
        values = [getattr(row, name) for row in rows]
        yield name, _codes(values, categories[name]) if name in categories else np.array(values)


def _categories(
    recorder: Recorder, verdicts: Verdicts, outline: Outline
) -> dict[str, dict[str, list[str]]]:
    """By table and column, the texts behind the codes."""
    names = {
        "arm": [outline.arm],
        "domain": outline.domains,
        "group": recorder.groups.all,
        "account": recorder.accounts.all,
        "place": recorder.places.all,
        "server": verdicts.server_names,
        "name": sorted({row.name for row in recorder.calendar}),
        **verdicts.names,
        **{column: words.texts() for column, words in WORDS.items()},
    }
    categories = {
        table: {name: names[name] for name, column in columns.items() if column.dtype == "category"}
        for table, columns in TABLES.items()
    }
    categories["servers"]["server"] = outline.servers
    return categories


def _codes(values: Iterable[str], names: Sequence[str]) -> Ints:
    """The place of each of *values* in *names*."""
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[value] for value in values], dtype=np.int64)


def _typed(
    values: Iterable[tuple[str, NDArray[Any]]],
    columns: Mapping[str, Column],
    categories: Mapping[str, Sequence[str]],
) -> Columns:
    """Columns in the types of `sim.records.rows`, codes in the smallest type that holds them.

    They come one by one, so that only one at a time is there in full width.
    """
    return {
        name: column.astype(
            np.min_scalar_type(-len(categories[name]) - 1)
            if name in categories
            else columns[name].dtype,
            copy=False,
        )
        for name, column in values
    }
