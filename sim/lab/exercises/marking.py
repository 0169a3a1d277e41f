"""Right or wrong, and what to look at: marks one answer and never raises."""

from __future__ import annotations

from dataclasses import dataclass

from sim.exact.page import fixed
from sim.lab.exercises.answers import Judgement
from sim.lab.exercises.asking import exercise, find, name_of, unknown
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

    def __bool__(self) -> bool:
        return self.right is True

    def __str__(self) -> str:
        first = f"{self.number}  {SIGNS[self.right]}"
        words = [f"{first}: {self.words}" if self.words else first]
        return visible("\n".join(words + ([f"  look at: {self.look}"] if self.look else [])))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return fixed(markup(str(self)), f"color:{COLOURS[self.right]}")


def check(number: object, answer: object = None, student: object = None) -> Mark:
    """Mark *answer* to the exercise called *number*, with the numbers of *student*.

    The right answer is asked of the simulator now. Nothing that is handed in raises: what cannot
    be read is said to be so.
    """
    try:
        return _marked(number, answer, student)
    except Exception as error:  # a student may hand in anything, even a name that has no text
        return Mark("?", None, f"this cannot be read ({type(error).__name__})")


def _marked(number: object, answer: object, student: object) -> Mark:
    entry = find(number)
    if entry is None:
        return Mark("?", None, unknown(number))
    if answer is None or answer is ...:
        return Mark(entry.number, None, "no answer yet")
    task = exercise(entry.number, name_of(student))
    try:
        right, words = task.exercise.answer.judge(answer)
    except Exception as error:  # what cannot be compared; the hint stands all the same
        right, words = Judgement(None, f"this cannot be read ({type(error).__name__})")
    return Mark(entry.number, right, words, "" if right else task.exercise.look)
