"""Exercises that mark themselves: the right answer is asked of the simulator when it is needed.

A new exercise is one function with its number in the module of its notebook.
"""

from __future__ import annotations

from sim.lab.exercises import (  # noqa: F401  each fills the table
    discard,
    identity,
    lists,
    one_message,
    open_and_restricted,
    own_policy,
    report,
    six_situations,
    time_and_routes,
    today,
    windows,
)
from sim.lab.exercises.asking import TABLE, Task, exercise
from sim.lab.exercises.marking import Mark, check

__all__ = ["TABLE", "Mark", "Task", "check", "exercise"]
