"""What an exercise is: a number, a question whose details a student's name varies, an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, TypeVar

from sim.exact.page import fixed
from sim.lab.exercises.reading import described
from sim.records.outgoing import markup, visible
from sim.scenario.errors import Fault, nearest, one_of

if TYPE_CHECKING:
    from sim.lab.exercises.answers import Answer
    from sim.scenario import Scenario

T = TypeVar("T")

VOLUMES = tuple(float(f"{2000 * 1.3**step:.2g}") for step in range(20))
"""Recipients of mail: 2 000 to 290 000, each 30 % more than the one before (chosen)."""


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
        return among[self._digest(purpose) % len(among)]

    def sample(self, purpose: str, among: Sequence[T], count: int) -> list[T]:
        """*count* of *among* in an order of the student's own; the first ones for nobody."""
        if not self.student:
            return list(among[:count])
        return sorted(among, key=lambda item: self._digest(f"{purpose}/{item}"))[:count]

    @property
    def volume(self) -> float:
        """How much mail a simulated share is to be applied to: far apart for most students."""
        return self.pick("volume", VOLUMES)

    def _digest(self, purpose: str) -> int:
        key = f"{self.number}/{self.student}/{purpose}".encode()
        return int.from_bytes(blake2b(key, digest_size=8).digest(), "big")


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
        """The question with this student's numbers, and in which form the answer is expected."""
        exercise = self.exercise
        gap = "" if exercise.text.endswith("\n") else " "
        return f"{exercise.text}{gap}{exercise.answer.form}".strip()

    @property
    def scenario(self) -> Scenario | None:
        """The world that the question is about, for ``sim.run``; None: none is needed."""
        return self.exercise.scenario

    @property
    def start(self) -> Any:
        """What there is to repair: a copy, to be changed; None where nothing is broken."""
        start = self.exercise.start
        return {k: list(v) for k, v in start.items()} if isinstance(start, dict) else start

    @property
    def statement(self) -> str:
        """The question, and a request for the student id where none was given."""
        return self.text if self.student else f"{self.text}\n({NO_ID})"

    def __str__(self) -> str:
        owner = f", for {self.student}" if self.student else ""
        return visible(f"Exercise {self.number}{owner}: {self.title}\n{self.statement}")

    __repr__ = __str__

    def _repr_html_(self) -> str:
        owner = f", for {markup(self.student)}" if self.student else ""
        title = f"Exercise {self.number}{owner}: {markup(self.title)}"
        return f"<b>{title}</b>{fixed(markup(self.statement))}"


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
    """Return the question of one exercise, with the numbers of *student* (None: common numbers).

    Raises UnknownExercise, naming the nearest, and UnknownStudent.
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
    return str(Fault("", "exercise", described(number), one_of(same or sorted(TABLE)), near))


NO_ID = 'no student id: set ME = "s123" (yours) in the first cell; these are the common numbers'
"""What is asked of somebody who gave no id."""


def name_of(student: object) -> str:
    """Return the normalised id: ``S123``, ``" s123"`` and ``s123`` are one; "" for None.

    Raises UnknownStudent for what is no id.
    """
    if student is None:
        return ""
    if isinstance(student, int) and not isinstance(student, bool):
        return str(student)
    if isinstance(student, str):
        return " ".join(student.split()).casefold()
    raise UnknownStudent(f'a student id is text such as "s123", not {described(student)}')


class UnknownStudent(ValueError):  # noqa: N818
    """Something that is no student id."""
