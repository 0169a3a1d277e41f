"""Nothing is lost from the books: what was intended is the sum of the fates, in every run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.measure import columnar
from sim.measure.columnar import Columnar, Frames, Ints
from sim.records.words import Fate, MailClass

MOST_ROWS = 20
"""Rows of a message's history that the error prints."""


class ConservationError(Exception):
    """A run whose books do not balance: a fault of the simulator, never of the scenario."""


def check(
    frames: Frames,
    intended: Mapping[str, tuple[int, int]],
    planned: tuple[int, int] | None = None,
    lost: Ints | None = None,
) -> None:
    """Compare the rows of one run with what was intended, class by class.

    *intended* is the count that the world kept beside the rows: class to (messages,
    recipients); *planned* the same of honest mail, counted in the plan, before any row was
    made; *lost* are rows in transit that are in no outbox and no queue. Raises
    ConservationError with the history of a message concerned.
    """
    rows = columnar.of(frames["recipients"])
    _one_known_fate(frames, rows)
    _times(frames, rows)
    if lost is not None and len(lost):
        _fail(frames, f"{len(lost)} recipients in transit, but in no outbox and no queue", lost)
    class_ = rows.codes("class", MailClass.texts())
    number = rows["message"]
    for code, name in enumerate(MailClass):
        of_class = np.flatnonzero(class_ == code)
        _balance(frames, of_class, number, name, *intended.get(name, (0, 0)))
        if name == "honest" and planned is not None:
            _balance(frames, of_class, number, "honest, by the plan", *planned)


def _one_known_fate(frames: Frames, rows: Columnar) -> None:
    for column, names in (("fate", Fate.texts()), ("class", MailClass.texts())):
        wrong = rows.codes(column, names) < 0
        if wrong.any():
            _fail(frames, f"{int(wrong.sum())} rows without a known {column}", wrong)


def _times(frames: Frames, rows: Columnar) -> None:
    """Only what is in transit has no end, and nothing ends before it is written."""
    ended = rows["ended_at"]
    in_transit = rows.codes("fate", Fate.texts()) == Fate.IN_TRANSIT.number
    wrong = np.isnan(ended) != in_transit
    if wrong.any():
        _fail(frames, "a fate without its moment, or a moment without its fate", wrong)
    early = ended < rows["written_at"]
    if early.any():
        _fail(frames, "ended before it was written", early)


def _balance(
    frames: Frames,
    of_class: NDArray[np.int64],
    number: NDArray[np.int64],
    class_: str,
    messages: int,
    recipients: int,
) -> None:
    if len(of_class) != recipients:
        # what has most rows is the likeliest to have too many
        distinct, counts = np.unique(number[of_class], return_counts=True)
        suspect = (
            of_class[number[of_class] == distinct[counts.argmax()]] if len(of_class) else of_class
        )
        text = (
            f"{class_}: {recipients} recipients were intended, but there are {len(of_class)} fates"
        )
        _fail(frames, text, suspect)
    message_count = _different(number[of_class])
    if message_count != messages:
        text = f"{class_}: {messages} messages were written, but {message_count} have rows"
        _fail(frames, text, of_class)


def _different(numbers: Ints) -> int:
    """How many different numbers there are; rows mostly stand in order of their message."""
    steps = np.diff(numbers)
    if (steps < 0).any():
        return len(np.unique(numbers))
    return int((steps > 0).sum()) + int(len(numbers) > 0)


def _fail(frames: Frames, fault: str, suspects: NDArray[np.bool_] | Ints) -> None:
    """Raise, with the first suspect's fates and attempts; *suspects* are rows of recipients."""
    servers = columnar.of(frames["servers"]).frame(slice(1))
    place = ""
    if len(servers):
        place = f"arm {servers['arm'].iloc[0]!r}, replication {servers['replication'].iloc[0]}: "
    raise ConservationError(place + fault + _history(frames, suspects))


def _history(frames: Frames, suspects: NDArray[np.bool_] | Ints) -> str:
    rows, tries = (columnar.of(frames[name]) for name in ("recipients", "attempts"))
    of = rows["message"][suspects]
    if not len(of):
        return " (no row is left to show)"
    message = int(of[0])
    fates = rows.frame(suspects)
    fates = fates[fates["message"] == message].head(MOST_ROWS)
    attempts = tries.frame(np.flatnonzero(tries["message"] == message)[:MOST_ROWS])
    columns = ["recipient", "class", "written_at", "fate", "cause", "ended_at", "server", "rule"]
    attempt_columns = [
        "attempt",
        "hop",
        "at",
        "server",
        "recipients",
        "accepted",
        "code",
        "rule",
        "cause",
    ]
    return (
        f"\nmessage {message}, its fates:\n{fates[columns].to_string(index=False)}"
        f"\nits attempts:\n{attempts[attempt_columns].to_string(index=False)}"
    )
