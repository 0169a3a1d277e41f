"""Arms: tables of changes, which may begin as those of another arm.

What an arm is like is worked out here alone: all else sees whole arms.
"""

from __future__ import annotations

from collections.abc import Iterator

from sim.scenario.errors import value_text
from sim.scenario.keys import Table, key
from sim.scenario.overrides import ARMS, LIKE, flat
from sim.scenario.problems import Problem, unknown
from sim.scenario.trees import Tree, table


class Arm(Table):
    """What an arm says besides its changes."""

    like: str | None = key(None)
    """the arm that it begins as: it has all changes of that arm, and its own are laid over them"""


def whole(source: Tree) -> Tree:
    """The arms of *source*, each with what it has from the arm that it is like.

    What is malformed stays as it is, for the checks to name.
    """
    arms = table(source, ARMS)
    return {
        name: _whole(arms, name) if isinstance(arm, dict) else arm for name, arm in arms.items()
    }


def problems(source: Tree) -> Iterator[Problem]:
    """What is wrong with the names of arms that others are like."""
    arms = table(source, ARMS)
    for name in arms:
        like = table(arms, name).get(LIKE, name)
        if not isinstance(like, str):
            yield Problem((ARMS, name, LIKE), value_text(like), "the name of an arm")
        elif LIKE in table(arms, name):
            yield from unknown(like, arms, ARMS, name, LIKE)
            yield from _circle(arms, name)


def writer(source: Tree, name: str, selector: str) -> str:
    """The arm that says *selector* for arm *name*: itself, or one that it is like."""
    arms = table(source, ARMS)
    return next((arm for arm in _chain(arms, name) if selector in _own(arms, arm)), name)


def _whole(arms: Tree, name: str) -> Tree:
    changes: Tree = {}
    for arm in reversed(_chain(arms, name)):
        own = _own(arms, arm)
        changes = {key: value for key, value in changes.items() if key not in own} | own
    return changes


def _own(arms: Tree, name: str) -> Tree:
    """The changes that an arm states itself, by selector."""
    own = dict(flat(table(arms, name)))
    own.pop(LIKE, None)
    return own


def _chain(arms: Tree, name: str) -> list[str]:
    """The arm and all that it is like, itself first, as far as there is no circle."""
    chain = [name]
    while (like := _like(arms, chain[-1])) in arms and like not in chain:
        chain.append(like)
    return chain


def _like(arms: Tree, name: str) -> str:
    return str(table(arms, name).get(LIKE, ""))


def _circle(arms: Tree, name: str) -> Iterator[Problem]:
    """The fault of a circle, at the arm of it that stands first in the file."""
    chain = _chain(arms, name)
    if _like(arms, chain[-1]) == name == min(chain, key=[*arms].index):
        circle = " -> ".join(map(value_text, [*chain, name]))
        expected = f"an arm that is not like this one (a circle: {circle})"
        yield Problem((ARMS, name, LIKE), value_text(_like(arms, name)), expected)
