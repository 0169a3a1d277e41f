"""A scenario as rules look at it: what holds in each arm, and which line of the file wrote what."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from sim.scenario import arms, declared, overrides
from sim.scenario.implied import expanded, origin
from sim.scenario.overrides import matching
from sim.scenario.sections import MODELS
from sim.scenario.trees import Path, Tree, table

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.scenario.scenario import Stage

BASE = ""
"""Stands for no arm: the servers' own policies, which hold until the policies start."""


class Notice(NamedTuple):
    """One thing that a rule found: where it is written, and what about it."""

    path: Path
    text: str
    arms: tuple[str, ...] = ()
    """The arms in which it holds; none: what it says is not of some arms alone."""


class State(NamedTuple):
    """What holds in one arm from a moment on, and who wrote it."""

    arm: str
    scenario: Scenario
    writers: dict[Path, Path]
    """By path of a key that is written, where in the file: of a line that writes several keys, or
    for several arms, the same."""

    def notice(self, path: Path, text: str) -> Notice:
        """What is found at *path* in this arm, at the line that wrote it."""
        return Notice(self.writers.get(path, path), text, (self.arm,))


class View:
    """A scenario with the states of all its arms."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.tree = scenario.tree
        self.whole = arms.whole(self.tree)

    @cached_property
    def states(self) -> list[State]:
        """What holds until the policies start, and in each arm from each moment on."""
        own = State(BASE, self.scenario, _writers(self.tree))
        return [own, *(state for arm in self.scenario.arms for state in self._states(arm))]

    @property
    def arms(self) -> list[State]:
        """The states of the arms alone."""
        return self.states[1:]

    @cached_property
    def identities(self) -> dict[str, Hashable]:
        """By arm, what changes with whatever changes a row of its run."""
        return {
            arm: tuple((stage.begins, stage.scenario.hash()) for stage in self._stages(arm))
            for arm in self.scenario.arms
        }

    def says(self, section: str, name: str, key: str) -> bool:
        """Whether the file writes a key, in some arm or as declared."""
        written = any((section, name, key) in state.writers for state in self.states)
        return written or any(
            parts[0] == section and parts[-1] == key and matching(parts[1], [name])
            for _, point in declared.points(self.scenario)
            for selector in point
            for parts in [selector.split(".")]
            if len(parts) == 3
        )

    def _stages(self, arm: str) -> list[Stage]:
        return self.scenario.arm(arm).stages

    def _states(self, arm: str) -> Iterator[State]:
        tree, by_arm = self.tree, dict[Path, Path]()
        steps = arms.steps(self.whole[arm])
        for step, stage in zip(steps, self._stages(arm), strict=False):
            tree, changed, _ = overrides.apply(tree, step.changes, arm=True)
            for path, selector in changed.items():
                writer = arms.writer(self.tree, arm, str((*step.place, selector)[0]))
                by_arm[path] = ("arms", writer, *step.place, selector)
            yield State(arm, stage.scenario, _writers(tree) | _split(by_arm))


def _writers(document: Tree) -> dict[Path, Path]:
    """By path of a key that the file writes, where."""
    return {path: origin(document, path) for path in _written(document)}


def _written(document: Tree) -> Iterator[Path]:
    """The paths of the keys that the file writes, and of those in their tables."""
    full = expanded(document)
    for section in MODELS:
        for name, raw in table(full, section).items():
            keys = [*table(document, section, name)]
            if section == "servers":
                keys += table(document, "defaults", str(raw.get("role")))
            for key in dict.fromkeys(keys):
                yield section, name, key
                yield from ((section, name, key, part) for part in table(raw, key))


def _split(changed: dict[Path, Path]) -> dict[Path, Path]:
    """The same by key, where an override is of a part of it; and the parts of a whole."""
    return {path[:n]: writer for path, writer in changed.items() for n in (3, len(path))}
