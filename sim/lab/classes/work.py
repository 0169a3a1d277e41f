"""What one student handed in, read from notebooks as data: nothing in them is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim.lab import recording
from sim.lab.exercises.asking import TABLE, UnknownStudent, find, name_of
from sim.lab.recording import KEY, Record, whole

_CHECK = re.compile(r"""^check\(\s*["']([\w.]{1,12})["']\s*,\s*(\w+)""", re.MULTILINE)
"""A call that marks: the exercise and the name of the answer."""
LONGEST_CELL = 20_000
"""Characters of a cell in which an answer is looked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer to one exercise: *recorded* by `check`, or only written in its cell."""

    exercise: str
    value: Any
    attempts: int = 0
    time: str = ""
    recorded: bool = True
    student: str | None = None
    """The id under which it was marked there; None where nothing says."""


@dataclass
class Work:
    """Answers and predictions of one student, and what is odd about the files."""

    answers: dict[str, Answer] = field(default_factory=dict)
    predictions: dict[str, Record] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Fingerprint of each file that holds answers."""

    def owners(self) -> set[str]:
        """The ids under which answers were marked."""
        return {a.student for a in self.answers.values() if a.student}


def read(paths: Iterable[Path]) -> Work:
    """Read the notebooks of one student."""
    work = Work()
    for path in paths:
        notebook = recording.read(path)
        if not isinstance(notebook, dict):
            work.remarks.append(f"{path.name} is no notebook that can be read")
            continue
        answers = [*_written(notebook), *_recorded(notebook)]
        work.answers |= {answer.exercise: answer for answer in answers}
        if answers:
            work.files[path.name] = sha256(path.read_bytes()).hexdigest()
        for record in recording.records(notebook):
            if isinstance(record.get("prediction"), str):
                work.predictions[str(record["prediction"])[:20]] = record
    return work


def owner(notebook: object) -> str | None:
    """Return the id that a notebook says it belongs to; None where it says nothing."""
    about = notebook.get("metadata") if isinstance(notebook, dict) else None
    entry = about.get(KEY) if isinstance(about, dict) else None
    ids = [entry.get("student")] if isinstance(entry, dict) else []
    ids += [record.get("student") for record in recording.records(notebook)]
    return next(filter(None, map(identified, ids)), None)


def identified(student: object) -> str | None:
    """Return a normalised id, or None for none."""
    try:
        return name_of(student) or None
    except UnknownStudent:
        return None


def _recorded(notebook: dict[str, Any]) -> Iterator[Answer]:
    for record in recording.records(notebook):
        entry = find(record.get("exercise"))
        if entry is not None:
            yield Answer(
                entry.number,
                record.get("answer"),
                whole(record.get("attempt")),
                str(record.get("time", ""))[:25],
                student=identified(record.get("student")) or "",
            )


def _written(notebook: dict[str, Any]) -> Iterator[Answer]:
    """Answers that stand in a cell with its `check`, whether or not that was ever run."""
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        source = cell.get("source", "") if isinstance(cell, dict) else ""
        text = "".join(map(str, source)) if isinstance(source, list) else str(source)
        call = _CHECK.search(text) if len(text) <= LONGEST_CELL else None
        value = literal(text, call[2]) if call and call[1] in TABLE else None
        if call and value is not None:
            yield Answer(call[1], recording.as_data(value), recorded=False)


def literal(source: str, name: str) -> Any:
    """Return the plain value that a cell assigns to *name*; None where it computes one."""
    try:
        for statement in ast.parse(source).body:
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                return ast.literal_eval(statement.value)  # type: ignore[attr-defined]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    return None
