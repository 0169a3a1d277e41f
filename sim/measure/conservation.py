"""Nothing is lost from the books: what was wished is the sum of the fates, in every run."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

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
    for class_ in CLASSES:
        messages, recipients = wishes.get(class_, (0, 0))
        _balance(frames, rows[rows["class"] == class_], class_, messages, recipients)


def _one_known_fate(frames: Frames, rows: pd.DataFrame) -> None:
    for column, names in (("fate", FATES), ("class", CLASSES)):
        wrong = ~rows[column].isin(names)
        if wrong.any():
            _fail(frames, f"{int(wrong.sum())} rows without a known {column}", rows[wrong])


def _times(frames: Frames, rows: pd.DataFrame) -> None:
    """Only what is in transit has no end, and nothing ends before it is wished."""
    ended = rows["ended_at"].to_numpy()
    in_transit = (rows["fate"] == "in_transit").to_numpy()
    wrong = np.isnan(ended) != in_transit
    if wrong.any():
        _fail(frames, "a fate without its moment, or a moment without its fate", rows[wrong])
    early = ended < rows["wished_at"].to_numpy()
    if early.any():
        _fail(frames, "ended before it was wished", rows[early])


def _balance(
    frames: Frames, rows: pd.DataFrame, class_: str, messages: int, recipients: int
) -> None:
    if len(rows) != recipients:
        counts = rows.groupby(["message"], observed=True).size()
        suspect = rows[rows["message"] == counts.idxmax()] if len(rows) else rows
        text = f"{class_}: {recipients} recipients were wished, but there are {len(rows)} fates"
        _fail(frames, text, suspect)
    seen = rows["message"].nunique()
    if seen != messages:
        text = f"{class_}: {messages} messages were wished, but {seen} have rows"
        _fail(frames, text, rows)


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
