"""Nothing is lost from the books: what was wished is the sum of the fates, in every run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.records import CLASSES, FATES

Frames = Mapping[str, pd.DataFrame]
SHOWN = 20
"""Rows of a message's history that the error prints."""


class ConservationError(Exception):
    """A run whose books do not balance: a fault of the simulator, never of the scenario."""


def check(frames: Frames, wishes: Mapping[str, tuple[int, int]]) -> None:
    """Compare the rows of one run with what was wished, class by class.

    *wishes* is the count that the world kept beside the rows: class to (messages,
    recipients). Raises ConservationError with the history of a message concerned.
    """
    rows = frames["recipients"]
    _one_known_fate(frames, rows)
    _times(frames, rows)
    class_ = _code(rows, "class", CLASSES)
    number = rows["message"].to_numpy()
    for code, name in enumerate(CLASSES):
        messages, recipients = wishes.get(name, (0, 0))
        _balance(frames, np.flatnonzero(class_ == code), number, name, messages, recipients)


def _code(rows: pd.DataFrame, column: str, names: tuple[str, ...]) -> NDArray[np.int64]:
    """Position in *names* of each value; -1 for anything else."""
    found = [names.index(c) if c in names else -1 for c in rows[column].cat.categories]
    return np.array([*found, -1], dtype=np.int64)[rows[column].cat.codes.to_numpy()]


def _one_known_fate(frames: Frames, rows: pd.DataFrame) -> None:
    for column, names in (("fate", FATES), ("class", CLASSES)):
        wrong = _code(rows, column, names) < 0
        if wrong.any():
            _fail(frames, f"{int(wrong.sum())} rows without a known {column}", rows[wrong])


def _times(frames: Frames, rows: pd.DataFrame) -> None:
    """Only what is in transit has no end, and nothing ends before it is wished."""
    ended = rows["ended_at"].to_numpy()
    in_transit = _code(rows, "fate", FATES) == FATES.index("in_transit")
    wrong = np.isnan(ended) != in_transit
    if wrong.any():
        _fail(frames, "a fate without its moment, or a moment without its fate", rows[wrong])
    early = ended < rows["wished_at"].to_numpy()
    if early.any():
        _fail(frames, "ended before it was wished", rows[early])


def _balance(
    frames: Frames,
    mine: NDArray[np.int64],
    number: NDArray[np.int64],
    class_: str,
    messages: int,
    recipients: int,
) -> None:
    found, counts = np.unique(number[mine], return_counts=True)
    rows = frames["recipients"]
    if len(mine) != recipients:
        # what has most rows is the likeliest to have too many
        suspect = rows.iloc[mine[number[mine] == found[counts.argmax()]]] if len(mine) else rows[:0]
        text = f"{class_}: {recipients} recipients were wished, but there are {len(mine)} fates"
        _fail(frames, text, suspect)
    if len(found) != messages:
        text = f"{class_}: {messages} messages were wished, but {len(found)} have rows"
        _fail(frames, text, rows.iloc[mine])


def _fail(frames: Frames, what: str, suspects: pd.DataFrame) -> None:
    """Raise, with the first suspect's fates and attempts."""
    servers = frames["servers"]
    where = ""
    if len(servers):
        where = f"arm {servers['arm'].iloc[0]!r}, replication {servers['replication'].iloc[0]}: "
    raise ConservationError(where + what + _history(frames, suspects))


def _history(frames: Frames, suspects: pd.DataFrame) -> str:
    if not len(suspects):
        return " (no row is left to show)"
    message = int(suspects["message"].iloc[0])
    fates = suspects[suspects["message"] == message].head(SHOWN)
    attempts = frames["attempts"]
    attempts = attempts[attempts["message"] == message].head(SHOWN)
    shown = ["recipient", "class", "wished_at", "fate", "cause", "ended_at", "server", "rule"]
    tried = ["attempt", "hop", "at", "server", "recipients", "accepted", "code", "rule", "cause"]
    return (
        f"\nmessage {message}, its fates:\n{fates[shown].to_string(index=False)}"
        f"\nits attempts:\n{attempts[tried].to_string(index=False)}"
    )
