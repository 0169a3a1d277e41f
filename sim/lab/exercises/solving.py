"""The right answers, for the lecturer: worked out by the simulator when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sim.lab.exercises.asking import TABLE, Task, exercise


class Solution(NamedTuple):
    """One exercise and what is right."""

    task: Task
    answer: str


def solutions(begins: str = "", student: str | None = None) -> Iterator[Solution]:
    """The solutions of the exercises whose number begins so (``04``, ``04.2``; "" for all)."""
    for number in sorted(TABLE):
        if number.startswith(begins):
            task = exercise(number, student)
            yield Solution(task, task.exercise.answer.solution)
