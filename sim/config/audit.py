"""Who may relay through a configuration, what is wrong with it, and what would mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from sim.config.cells import Cell, Cells, Outcome
from sim.config.findings import NO_SERVICE, OPEN, REFUSES, Finding, findings
from sim.config.imported import Imported
from sim.config.importing import failing
from sim.config.reading import Absent
from sim.smtp.names import Names

RESTRICTED = "restricted"


@dataclass(frozen=True)
class Audit:
    """What is answered to whom, and what follows."""

    imported: Imported
    names: Names | None = None

    @cached_property
    def cells(self) -> Cells:
        """All questions with their answers."""
        return Cells(self.imported.configuration, self.names)

    @cached_property
    def findings(self) -> list[Finding]:
        """What is wrong, the worst first."""
        return findings(self.cells)

    @property
    def verdict(self) -> str:
        """``open relay``, ``serves nobody``, ``refuses its own mail`` or ``restricted``."""
        kinds = [finding.kind for finding in self.findings]
        return next((k for k in (OPEN, NO_SERVICE, REFUSES) if k in kinds), RESTRICTED)

    @property
    def status(self) -> int:
        """Exit status: 0 if it is restricted and takes its own mail, else 1."""
        return int(self.verdict != RESTRICTED)

    @cached_property
    def assumed(self) -> list[str]:
        """What nobody said, and how many answers hang on it."""
        assumed = list(self.imported.assumed)
        if self.names is None:
            nothing = replace(self.cells, names=Names(), given_worlds=self.cells.worlds)
            assumed.append(f"every name resolves, and no blocklist answers{self._hang(nothing)}")
        tables = self.imported.configuration.tables.read.items()
        absent = [f"{name} ({table.absent})" for name, table in tables if table.absent]
        if absent:
            failed = self.cells.of(failing(self.imported.configuration))
            assumed.append(f"of {', '.join(absent)}: {Absent.EMPTY.value}{self._hang(failed)}")
        return assumed

    def _hang(self, other: Cells) -> str:
        """How many answers are otherwise if an assumption does not hold, with one of them."""
        before = self.cells.outcomes
        changes = [
            f"{cell.client} to {cell.recipient}: {before[cell]}, else {after}"
            for cell, after in other.outcomes.items()
            if str(after) != str(before[cell])
        ]
        if not changes:
            return "; no answer hangs on it"
        return f"; {len(changes)} of {len(before)} answers hang on it, such as {changes[0]}"

    @property
    def warnings(self) -> list[str]:
        """What Postfix itself would warn of."""
        return sorted({w for policy in self.imported.policies.values() for w in policy.warnings})

    def relayers(self) -> Iterator[tuple[int, str, str, Outcome]]:
        """By port, client and credentials: what becomes of mail for elsewhere."""
        keys = set()
        for cell, outcome in self.cells.outcomes.items():
            key = (cell.port, cell.client, cell.login)
            plain = cell.sender == "a foreign sender" and cell.recipient == "elsewhere"
            if plain and key not in keys:
                keys.add(key)
                yield *key, outcome

    def as_data(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "verdict": self.verdict,
            "findings": [
                {**f._asdict(), "change": str(f.change) if f.change else None}
                for f in self.findings
            ],
            "assumed": self.assumed,
            "warnings": self.warnings,
            "cells": [
                {**cell._asdict(), "does": o.does, "code": o.code, "list": o.stage, "rule": o.rule}
                for cell, o in self.cells.outcomes.items()
            ],
        }


class CellChange(NamedTuple):
    """A cell that two configurations answer otherwise."""

    cell: Cell
    old: Outcome
    new: Outcome


def difference(old: Audit, new: Audit) -> list[CellChange]:
    """Every cell whose answer changes; both are asked what either would be asked."""
    changes: dict[Cell, CellChange] = {}
    for asking in (old.cells, new.cells):
        for cell, _, question in asking.questions():
            before, after = (one.cells.ask(cell.port, *question) for one in (old, new))
            if str(before) != str(after):
                changes.setdefault(cell, CellChange(cell, before, after))
    return list(changes.values())


def summary(changes: list[CellChange]) -> Counter[tuple[str, str]]:
    """How many cells change from what to what."""
    return Counter((str(change.old), str(change.new)) for change in changes)
