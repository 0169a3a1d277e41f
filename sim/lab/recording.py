"""What a notebook keeps of a student's work: answers and predictions, each with a time.

A record is metadata of the output that `check` or `predict` shows, so that saving the notebook
stores it; `mailsim class collect` reads it there as data.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Protocol

KEY = "mailsim"
"""Name of a record in the metadata of an output, and of what a notebook says about itself."""
LONGEST_TEXT, LONGEST_LIST = 2000, 200
"""Characters and items of an answer that are kept (chosen: no exercise asks for more)."""
LARGEST = 20_000_000
"""Bytes of a notebook that is read (chosen: figures make a notebook of about a megabyte)."""

Record = dict[str, Any]


class View(Protocol):
    """What a notebook can show: as HTML and, like everything, as text."""

    def _repr_html_(self) -> str: ...


def bundle(view: View, record: Record) -> tuple[dict[str, str], dict[str, Record]]:
    """Return what a notebook shows of *view*, and as metadata the *record*, unless it is empty."""
    data = {"text/plain": str(view), "text/html": view._repr_html_()}
    return data, {KEY: record} if record else {}


def now() -> str:
    """Return the time, UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def portable(value: object, depth: int = 4) -> Any:
    """Return *value* as JSON keeps it; sets become lists. Raises TypeError for what is no data."""
    value = value.tolist() if type(value).__module__ in _ARRAYS else value  # type: ignore[attr-defined]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)[:LONGEST_TEXT]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if not depth:
        raise TypeError
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, (list, tuple, range)):
        return [portable(item, depth - 1) for item in value[:LONGEST_LIST]]
    if isinstance(value, Mapping):
        items = list(value.items())[:LONGEST_LIST]
        return {str(name): portable(item, depth - 1) for name, item in items}
    raise TypeError


_ARRAYS = ("numpy", "pandas", "pandas.core.series", "pandas.core.indexes.base")


def as_data(value: object) -> Any:
    """Return *value* as JSON keeps it, or its type's name where it is no data."""
    try:
        data = portable(value)
        json.dumps(data, allow_nan=False, ensure_ascii=False).encode()
    except Exception:  # whatever a student hands in
        return f"an object of type {type(value).__name__}"
    return data


def records(notebook: object) -> Iterator[Record]:
    """The records in the outputs of a notebook (its JSON as read), in order; never raises."""
    for cell in _list(notebook, "cells"):
        for output in _list(cell, "outputs"):
            record = _dict(_dict(output, "metadata"), KEY)
            if record:
                yield record


def _list(holder: object, name: str) -> list[Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, list) else []


def _dict(holder: object, name: str) -> dict[str, Any]:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def read(path: Path) -> Any:
    """Return a notebook as JSON, read as data; None if it is none, is a link, or is too large."""
    try:
        if path.is_symlink() or path.stat().st_size > LARGEST:
            return None
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def open_notebook() -> Path | None:
    """Return the notebook that this kernel runs, where the server says which (Jupyter does)."""
    name = os.environ.get("JPY_SESSION_NAME", "")
    candidates = [Path(name), Path.cwd() / Path(name).name] if name.endswith(".ipynb") else []
    return next((path for path in candidates if path.is_file()), None)


def saved() -> list[Record]:
    """The records that the open notebook had when it was last saved."""
    path = open_notebook()
    return list(records(read(path))) if path else []


@dataclass
class Attempts:
    """How often each answer was tried, in this kernel and, as far as saved, before."""

    counted: dict[tuple[str, str], int]

    def count(self, number: str, student: str) -> int:
        """Count one more attempt at an exercise and return which it is."""
        question = (number, student)
        if question not in self.counted:
            self.counted[question] = max(
                (whole(r.get("attempt")) for r in saved() if _about(r, number, student)), default=0
            )
        self.counted[question] += 1
        return self.counted[question]


ATTEMPTS = Attempts({})


def _about(record: Record, number: str, student: str) -> bool:
    return record.get("exercise") == number and record.get("student") == student


def whole(value: object) -> int:
    """Return a count that a notebook states; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def answer_record(number: str, student: str, answer: object, right: bool | None) -> Record:
    """Return the record of one answer; what got no mark is no attempt."""
    attempt = ATTEMPTS.count(number, student) if right is not None else 0
    return {
        "exercise": number,
        "student": student,
        "answer": as_data(answer),
        "right": right,
        "attempt": attempt,
        "time": now(),
    }
