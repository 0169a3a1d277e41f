"""Right or wrong, and what to look at: marks one answer and never raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sim.exact.page import fixed
from sim.lab.exercises.answers import Judgement
from sim.lab.exercises.asking import (
    NO_ID,
    TABLE,
    UnknownStudent,
    exercise,
    find,
    name_of,
    unknown,
)
from sim.lab.recording import Record, answer_record, bundle
from sim.records.outgoing import markup, visible

SIGNS = {True: "✓ right", False: "✗ not yet", None: "? no mark"}
COLOURS = {True: "#1b7837", False: "#b2182b", None: "#666666"}


@dataclass(frozen=True, slots=True)
class Mark:
    """What `check` says: *right* is True, False, or None where nothing could be marked."""

    number: str
    right: bool | None
    words: str = ""
    look: str = ""
    record: Record = field(default_factory=dict, compare=False)
    """What the notebook keeps: exercise, student, answer, mark, attempt, time."""

    def __bool__(self) -> bool:
        return self.right is True

    def __str__(self) -> str:
        first = f"{self.number}  {SIGNS[self.right]}"
        words = [f"{first}: {self.words}" if self.words else first]
        return visible("\n".join(words + ([f"  look at: {self.look}"] if self.look else [])))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return fixed(markup(str(self)), f"color:{COLOURS[self.right]}")

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Record]]:
        return bundle(self, self.record)


def check(number: object, answer: object = None, student: object = None) -> Mark:
    """Mark *answer* to the exercise called *number*, with the numbers of *student*.

    The right answer is computed now. Nothing that is handed in raises: what cannot be read is said
    to be so, and a failure of the program is not blamed on the answer. The notebook keeps answer,
    time and attempt with the mark that it shows.
    """
    try:
        verdict = mark(number, answer, student)
        if verdict.number not in TABLE or answer is None or answer is ...:
            return verdict
        answer_data = answer_record(verdict.number, name_of(student), answer, verdict.right)
        return replace(verdict, record=answer_data)
    except UnknownStudent as error:
        return Mark("?", None, str(error))
    except Exception as error:  # a student may hand in anything, even a name that has no text
        return Mark("?", None, f"this cannot be read ({type(error).__name__})")


def mark(number: object, answer: object, student: object) -> Mark:
    """Mark one answer; may raise for a number or a student that has no text."""
    entry = find(number)
    if entry is None:
        return Mark("?", None, unknown(number))
    task = exercise(entry.number, name_of(student))
    if answer is None or answer is ...:
        return Mark(entry.number, None, "no answer yet" if task.student else NO_ID)
    try:
        right, words = task.exercise.answer.judge(answer)
    except Exception as error:
        right, words = _failure(answer, error)
    return Mark(entry.number, right, words, "" if right else task.exercise.look)


def _failure(answer: object, error: Exception) -> Judgement:
    """No mark: what is plain data can be read, so that the program has failed, not the answer."""
    if isinstance(error, ImportError) or _is_plain(answer):
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return Judgement(None, f"the program failed ({reason}); this is not your answer's fault")
    return Judgement(None, f"this cannot be read ({type(error).__name__})")


def _is_plain(answer: object) -> bool:
    if type(answer) in (list, tuple, set, frozenset):
        return all(map(_is_plain, answer))  # type: ignore[call-overload]
    if type(answer) is dict and isinstance(answer, Mapping):
        return all(_is_plain(k) and _is_plain(v) for k, v in answer.items())
    return type(answer) in (str, int, float, bool)
