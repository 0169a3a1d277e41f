"""The right answers, computed by the simulator when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from typing import Any, NamedTuple

from sim.lab.exercises import TABLE, Task, exercise
from sim.lab.exercises.answers import Bounds, Number, Set
from sim.lab.exercises.repairing import Repair
from sim.smtp import Policy, PolicyError
from sim.smtp.restrictions import check_order, parse

LONGEST = 4
"""Restrictions of a relay list that is tried (a longer one is never needed)."""


class Solution(NamedTuple):
    """One exercise and what is right."""

    task: Task
    answer: str


def solutions(begins: str = "", student: str | None = None) -> Iterator[Solution]:
    """The solutions of the exercises whose number begins so (``04``, ``04.2``; "" for all)."""
    for number in sorted(TABLE):
        if number.startswith(begins):
            task = exercise(number, student)
            yield Solution(task, text_of(right_answer(task)))


def right_answer(task: Task) -> Any:
    """Return what a student would hand in who is right; a Bounds where there is a tolerance."""
    answer = task.exercise.answer
    if isinstance(answer, Repair):
        return next(repairs(answer), None)
    if isinstance(answer, Set):
        return set(answer.expected())
    if isinstance(answer, Number):
        return round(answer.expected(), answer.decimals)
    return answer.expected()


def text_of(right: object) -> str:
    """Return an answer as a lecturer reads it."""
    if isinstance(right, Bounds):
        return f"{right.mean:.4g} ± {right.off:.2g}"
    if isinstance(right, set):
        return ", ".join(sorted(right, key=lambda w: (w.isdigit() and int(w), w))) or "set()"
    return str(right)


def repairs(task: Repair) -> Iterator[dict[str, list[str]]]:
    """The repairs that every cell and openness accept, the shortest first."""
    candidates = (
        "permit_mynetworks",
        "permit_sasl_authenticated",
        f"permit_client_ranges({task.office})",
        "permit_all_of(permit_mynetworks, permit_sender_local)",
        "reject_unauth_destination",
    )
    servers = task.servers(task.start)
    policy = servers.policy(task.server)
    others = {k: [parse(t) for t in v] for k, v in task.start.items() if k != "relay"}
    choices: list[dict[str, Any]] = [{**others, stage: []} for stage in others] or [others]
    for length in range(1, LONGEST + 1):
        for names, rest in product(permutations(candidates, length), choices):
            trial = _policy(policy, names, rest)
            changed = servers.with_policy(task.server, trial) if trial else None
            if changed and all(task.cell(changed, w).accepted == w.through for w in task.wants):
                lists = {stage: [str(r) for r in items] for stage, items in rest.items()}
                lists["relay"] = list(names)
                if task.judge(lists).right:
                    yield lists


def _policy(policy: Policy, names: tuple[str, ...], rest: dict[str, Any]) -> Policy | None:
    relay = tuple(parse(name) for name in names)
    try:
        check_order(relay)
        lists: dict[str, Any] = {stage: tuple(items) for stage, items in rest.items()}
        return replace(policy, relay=relay, **lists)
    except PolicyError:
        return None
