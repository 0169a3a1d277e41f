"""What an exercise is: a number, a question whose details a student's name varies, an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from sim.exact.page import fixed
from sim.records.outgoing import markup, visible
from sim.scenario.errors import Fault, nearest, one_of, value_text

if TYPE_CHECKING:
    from sim.lab.exercises.answers import Answer
    from sim.scenario import Scenario

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draw:
    """The details of one student's question; the same name always gets the same ones."""

    number: str
    student: str = ""

    @property
    def scenario(self) -> str:
        """How this student gets at the scenario of the question."""
        argument = f", {self.student!r}" if self.student else ""
        return f"exercise({self.number!r}{argument}).scenario"

    def pick(self, purpose: str, among: Sequence[T]) -> T:
        """One of *among*, by the student's name; the first one for nobody in particular."""
        if not self.student:
            return among[0]
        key = f"{self.number}/{self.student}/{purpose}".encode()
        return among[int.from_bytes(blake2b(key, digest_size=8).digest(), "big") % len(among)]


@dataclass(frozen=True)
class Exercise:
    """What a function of the table returns: the question, how to judge an answer, a hint."""

    text: str
    answer: Answer
    look: str
    """What to look at when the answer is wrong; it does not give the answer away."""
    scenario: Scenario | None = None
    """The world that the question is about, for ``sim.run``."""
    start: Any = None
    """What there is to repair."""


@dataclass(frozen=True)
class Task:
    """One exercise as a student gets it; made by `exercise`."""

    number: str
    title: str
    student: str
    exercise: Exercise

    @property
    def text(self) -> str:
        """The question, with this student's numbers."""
        return self.exercise.text

    @property
    def scenario(self) -> Scenario | None:
        """The world that the question is about, for ``sim.run``; None: none is needed."""
        return self.exercise.scenario

    @property
    def start(self) -> Any:
        """What there is to repair: a copy, to be changed; None where nothing is broken."""
        start = self.exercise.start
        return {k: list(v) for k, v in start.items()} if isinstance(start, dict) else start

    def __str__(self) -> str:
        owner = f", for {self.student}" if self.student else ""
        return visible(f"Exercise {self.number}{owner}: {self.title}\n{self.text}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        owner = f", for {markup(self.student)}" if self.student else ""
        title = f"Exercise {self.number}{owner}: {markup(self.title)}"
        return f"<b>{title}</b>{fixed(markup(self.text))}"


Question = Callable[[Draw], Exercise]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the table."""

    number: str
    title: str
    ask: Question


TABLE: dict[str, Entry] = {}
"""Every exercise by its number, ``04.2``: the second of notebook 04; ``.fault``: one to repair."""


def numbered(number: str, title: str) -> Callable[[Question], Question]:
    """Enter a question into the table."""

    def enter(ask: Question) -> Question:
        TABLE[number] = Entry(number, title, ask)
        return ask

    return enter


class UnknownExercise(ValueError):  # noqa: N818
    """A number that no exercise has."""


def exercise(number: str, student: object = None) -> Task:
    """The question of one exercise, with the numbers of *student* (any name; None: nobody's).

    Raises UnknownExercise, naming the nearest.
    """
    entry = find(number)
    if entry is None:
        raise UnknownExercise(unknown(number))
    return _task(entry.number, name_of(student))


@lru_cache(maxsize=256)
def _task(number: str, student: str) -> Task:
    """Kept, so that a right answer that takes a simulation is worked out once."""
    entry = TABLE[number]
    return Task(number, entry.title, student, entry.ask(Draw(number, student)))


def find(number: object) -> Entry | None:
    """The exercise of that number; ``4.2`` means ``04.2``."""
    if isinstance(number, float):
        number = str(number)
    if not isinstance(number, str):
        return None
    text = number.strip()
    return TABLE.get(text) or TABLE.get(f"0{text}")


def unknown(number: object) -> str:
    """That there is no such exercise, and which one may have been meant."""
    text = f"0{number}" if isinstance(number, str) and number[1:2] == "." else number
    near = nearest(text, TABLE)
    same = [n for n in TABLE if isinstance(text, str) and n[:2] == text.strip()[:2]]
    return str(Fault("", "exercise", _safe(number), one_of(same or sorted(TABLE)), near))


def name_of(student: object) -> str:
    """The name that varies the numbers; whatever else was given varies nothing."""
    return student.strip() if isinstance(student, str) else str(student) if _is_id(student) else ""


def _is_id(student: object) -> bool:
    return isinstance(student, int) and not isinstance(student, bool)


def _safe(value: object) -> str:
    """As a message shows it; what cannot even be shown is named by its type."""
    try:
        return value_text(value)
    except Exception:  # whatever a student hands in
        return f"an object of type {type(value).__name__}"
