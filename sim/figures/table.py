"""Every figure there is, in the order of a report; a line for each."""

from __future__ import annotations

from collections.abc import Container, Mapping
from types import MappingProxyType

from sim.figures import (
    by_arm,
    by_day,
    causes,
    costs,
    curves,
    frontier,
    life,
    matrix,
    rates,
    structures,
    sweeps,
    topology,
)
from sim.figures.data import TABLES
from sim.figures.specification import SEVERAL, Specification

FIGURES = (
    costs.costs,
    frontier.frontier,
    rates.rates,
    causes.causes,
    by_day.routes,
    by_arm.differences,
    by_arm.places,
    matrix.matrix,
    topology.topology,
    by_arm.groups,
    structures.structures,
    sweeps.tornado,
    rates.believed,
    by_arm.refusals,
    curves.delay,
    by_day.history,
    by_day.collateral,
    curves.windows,
    by_day.listings,
    by_arm.funnel,
    by_arm.break_even,
    by_day.load,
    by_day.waiting,
    curves.precision,
    by_day.welch,
    life.life,
)
TABLE: Mapping[str, Specification] = MappingProxyType({entry.name: entry for entry in FIGURES})


def _columns(table: str) -> frozenset[str]:
    entries = [entry for entry in FIGURES if table in entry.needs]
    parts = [entry.columns.get(table, TABLES[table]) for entry in entries]
    return frozenset(column for columns in parts for column in columns)


COLUMNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: _columns(name) for name in ("recipients", "attempts")}
)
"""The columns of the large tables that some figure needs: no others need be read."""


def standard(available: Container[str] = TABLES) -> tuple[str, ...]:
    """Return the standard figures, by name, that the *available* tables suffice for."""
    return tuple(
        entry.name
        for entry in FIGURES
        if entry.standard and all(need in available for need in entry.needs)
    )


def first(available: Container[str] = TABLES, replications: int = SEVERAL) -> tuple[str, ...]:
    """Return the figures that every run of so many *replications* draws, by name, as far as
    *available* tables suffice."""
    return tuple(name for name in standard(available) if 0 < TABLE[name].first <= replications)
