"""Who is in a class: ids as exercises know them, names, and folders that every system can have."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sim.lab.exercises.asking import name_of
from sim.records.outgoing import field
from sim.records.usage import UsageError

FILE = "students.csv"
"""The list of students, as a class folder holds it."""
IDS = ("id", "student", "student_id", "student id", "matriculation", "username")
"""Names of a column of ids, in any case; without one the first column is that."""
_RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
"""Names that Windows keeps for devices."""


@dataclass(frozen=True, slots=True)
class Student:
    """One student: *number* is the id that varies the questions."""

    number: str
    name: str = ""

    @property
    def folder(self) -> str:
        """A folder name for every operating system, which differs in case nowhere."""
        safe = re.sub(r"[^a-z0-9_-]+", "-", self.number).strip("-")[:60] or "student"
        return f"{safe}-" if safe in _RESERVED else safe


def read(path: Path) -> list[Student]:
    """Read a list of students: CSV with a column of ids and, if there is one, of names.

    Raises UsageError with every fault: an id that is missing, and two that are one.
    """
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), _dialect(path)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from None
    students = list(_students([[cell.strip() for cell in row] for row in rows]))
    faults = list(_faults(students))
    if faults or not students:
        raise UsageError("\n".join(f"{path}: {fault}" for fault in faults or ["no students"]))
    return [student for _, student in students]


def _dialect(path: Path) -> type[csv.Dialect]:
    first = path.read_text("utf-8-sig").partition("\n")[0]
    return type("dialect", (csv.excel,), {"delimiter": ";" if ";" in first else ","})


def _students(rows: list[list[str]]) -> Iterator[tuple[int, Student]]:
    """Line and student of each row that is not empty."""
    header = [cell.casefold() for cell in rows[0]] if rows else []
    at = next((header.index(name) for name in IDS if name in header), None)
    named = header.index("name") if "name" in header else None
    for line, row in enumerate(rows, 1):
        if any(row) and not (line == 1 and at is not None):
            name = row[named] if named is not None and named < len(row) else ""
            yield line, Student(name_of(row[at or 0]) if len(row) > (at or 0) else "", name)


def _faults(students: list[tuple[int, Student]]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for line, student in students:
        if not student.number:
            yield f"line {line}: no id"
        elif student.folder in seen:
            yield f"line {line}: {student.number!r} is the id of line {seen[student.folder]} too"
        seen.setdefault(student.folder, line)


def write(path: Path, students: list[Student]) -> None:
    """Write the list with the folder of each."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(["id", "name", "folder"])
        lines.writerows([field(s.number), field(s.name), s.folder] for s in students)
