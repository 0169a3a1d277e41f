"""Keys that a conclusion rests on and that are chosen rather than sourced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.exact.lint.unread import READERS
from sim.exact.lint.view import View
from sim.results.assumptions import CHOSEN, RUN, every
from sim.scenario.keys import OF_NO_ROW

if TYPE_CHECKING:
    from sim.scenario import Scenario


def declared(scenario: Scenario) -> tuple[str, ...]:
    """The keys that the scenario declares not to know."""
    return tuple(sorted({*scenario.structures, *scenario.ranges}))


def defaults(scenario: Scenario) -> tuple[str, ...]:
    """The keys that have a chosen default in some table, and that something reads: as selectors of
    an arm, without those that are declared."""
    view = View(scenario)
    chosen = dict.fromkeys((a.table, a.key) for a in every(scenario) if a.source == CHOSEN)
    selectors = [
        key if section == RUN else f"{section}.*.{key}"
        for section, key in chosen
        if (key not in OF_NO_ROW if section == RUN else _is_read(view, section, key))
    ]
    return tuple(key for key in selectors if key not in declared(scenario))


def _is_read(view: View, section: str, key: str) -> bool:
    """Whether anything reads a key of some table of a section, in some arm."""
    first, *parts = key.split(".")
    reader = READERS.get(f"{section}.{first}" + ".*" * len(parts))
    return reader is None or any(
        reader.is_read(state.scenario, name, (first, *parts)[-1])
        for state in view.states
        for name in getattr(state.scenario, section)
    )
