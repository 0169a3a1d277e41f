"""Mark what a class handed in: afresh, from the data in its notebooks, against hidden cells too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path
from typing import Any

from sim.lab import recording
from sim.lab.classes import roster, work
from sim.lab.classes.roster import Student
from sim.lab.classes.work import Answer, Work
from sim.lab.exercises import TABLE, exercise
from sim.lab.exercises.marking import Mark, mark
from sim.lab.exercises.repairing import Repair, Want
from sim.records.usage import UsageError

RIGHT, WRONG, UNREAD, NOT_TRIED = "right", "wrong", "no mark", "not tried"
Hidden = Mapping[str, Iterable[Want]]


@dataclass(frozen=True, slots=True)
class Result:
    """The mark of one answer."""

    exercise: str
    state: str
    answer: Answer | None = None
    words: str = ""


@dataclass(frozen=True)
class Sheet:
    """One student's marks."""

    student: Student
    work: Work
    results: Sequence[Result]
    remarks: Sequence[str] = ()

    def count(self, state: str) -> int:
        """How many exercises are in a state."""
        return sum(result.state == state for result in self.results)


@dataclass(frozen=True, slots=True)
class Copy:
    """Why one student's work looks like another's."""

    student: str
    other: str
    reason: str


@dataclass(frozen=True)
class Collection:
    """A class that was marked."""

    sheets: Sequence[Sheet]
    copies: Sequence[Copy]
    nobodys: Sequence[str] = ()
    """Files that belong to no student of the class."""


def collect(
    folder: Path, students: Sequence[Student] = (), hidden: Hidden | None = None
) -> Collection:
    """Mark every student's notebooks below *folder*, without running any.

    *students*: the class; without it, the list in *folder*, or else every folder is a student.
    *hidden*: cells of fault exercises that no question shows, by number.
    Raises UsageError where there is no notebook.
    """
    listed = folder / roster.FILE
    known = list(students) or (roster.read(listed) if listed.is_file() else [])
    files, nobodys = sorted_out(folder, known)
    if not files:
        raise UsageError(f"{folder}: no notebook of a student there")
    sheets = [_sheet(student, work.read(paths), hidden or {}) for student, paths in files.items()]
    return Collection(sheets, list(copies(sheets)), nobodys)


def hidden_cells() -> Hidden:
    """Return the hidden cells of the teacher's package; empty where it is not installed."""
    if find_spec("mailsim_teacher") is None:
        return {}
    cells: Hidden = import_module("mailsim_teacher").HIDDEN
    return cells


def sorted_out(
    folder: Path, known: Sequence[Student]
) -> tuple[dict[Student, list[Path]], list[str]]:
    """The notebooks of each student, by folder or else by the id in the notebook; the rest."""
    files: dict[Student, list[Path]] = {student: [] for student in known}
    nobodys = []
    by_folder = {student.folder: student for student in known}
    by_number = {student.number: student for student in known}
    for path in notebooks(folder):
        parts = path.relative_to(folder).parts
        student = by_folder.get(parts[0].casefold()) if len(parts) > 1 else None
        if student is None:
            number = work.owner(recording.read(path)) or (parts[0] if len(parts) > 1 else "")
            number = " ".join(number.casefold().split())
            student = by_number.get(number) or (Student(number) if number and not known else None)
        if student is None:
            nobodys.append("/".join(parts))
        else:
            files.setdefault(student, []).append(path)
    return files, nobodys


def notebooks(folder: Path) -> Iterator[Path]:
    """The notebooks below a folder, in order; links and copies that Jupyter keeps are left out."""
    for path in sorted(folder.rglob("*.ipynb")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in parts)
        linked = any(p.is_symlink() for p in (path, *path.parents) if folder in p.parents)
        if not hidden and not linked and path.is_file():
            yield path


def _sheet(student: Student, handed: Work, hidden: Hidden) -> Sheet:
    results = [_result(n, handed.answers.get(n), student, hidden.get(n, ())) for n in sorted(TABLE)]
    others = sorted(handed.owners() - {student.number})
    remarks = [*handed.remarks, *(f"answers were marked there as {o}'s" for o in others)]
    if any(a.student == "" for a in handed.answers.values()):
        remarks.append("answers were marked there without an id")
    return Sheet(student, handed, results, remarks)


def _result(number: str, answer: Answer | None, student: Student, hidden: Iterable[Want]) -> Result:
    if answer is None or answer.value is None:
        return Result(number, NOT_TRIED)
    verdict = marked(number, answer.value, student.number)
    if verdict.right and not _holds(number, answer.value, student.number, hidden):
        verdict = Mark(number, False, "a cell that is not shown has the wrong colour")
    state = {True: RIGHT, False: WRONG, None: UNREAD}[verdict.right]
    return Result(number, state, answer, verdict.words)


def marked(number: str, answer: Any, student: str) -> Mark:
    """Mark one answer that was read from a file; never raises."""
    try:
        return mark(number, answer, student)
    except Exception as error:  # whatever stands in a file
        return Mark(number, None, f"cannot be marked ({type(error).__name__})")


def _holds(number: str, answer: Any, student: str, hidden: Iterable[Want]) -> bool:
    judge = exercise(number, student).exercise.answer
    return not isinstance(judge, Repair) or judge.judge(answer, hidden).right is True


def copies(sheets: Sequence[Sheet]) -> Iterator[Copy]:
    """Whose answer is right for somebody else and wrong for themselves, and equal files."""
    for sheet, other in permutations(sheets, 2):
        own, other_results = ({r.exercise: r for r in s.results} for s in (sheet, other))
        same = [n for n in own if _is_the_others(own[n], other_results[n])]
        if same:
            words = f"wrong here and right for {other.student.number}: {', '.join(same)}"
            yield Copy(sheet.student.number, other.student.number, words)
        alike = sorted(n for n, h in sheet.work.files.items() if other.work.files.get(n) == h)
        if alike and sheet.student.number < other.student.number:
            yield Copy(sheet.student.number, other.student.number, f"equal: {', '.join(alike)}")
        if other.student.number in sheet.work.owners():
            yield Copy(sheet.student.number, other.student.number, "answers under the other's id")


def _is_the_others(own: Result, other_results: Result) -> bool:
    if own.state not in (WRONG, UNREAD) or other_results.state != RIGHT:
        return False
    if exercise_kind(own.exercise) in ("Word", "Code"):
        return False  # of four words, a wrong one is often somebody's right one
    return (
        own.answer is not None
        and other_results.answer is not None
        and (own.answer.value == other_results.answer.value)
    )


def exercise_kind(number: str) -> str:
    """The kind of answer that an exercise asks for."""
    return type(exercise(number).exercise.answer).__name__
