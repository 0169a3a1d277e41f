"""The matrix of one server: place × recipient × credentials under each arm, exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.exact.blocks import Block, Grid, Line, Lines, Span
from sim.exact.page import Page
from sim.exact.situations import RECIPIENTS, Cell, customers, places
from sim.path.journey import Servers
from sim.path.lookup import Lookup, changing_servers

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

SIGNS = {True: "✓", False: "✗"}


@dataclass(frozen=True, repr=False)
class Matrix(Page):
    """What the customers of one server are answered; made by `matrix`."""

    server: str
    hostname: str
    cells: tuple[Cell, ...]
    changing: tuple[str, ...] = ()
    """Servers that do not answer alike in all arms of the scenario."""

    @property
    def arms(self) -> list[str]:
        """The arms, in order."""
        return list(dict.fromkeys(cell.arm for cell in self.cells))

    def records(self) -> list[dict[str, str | int]]:
        """A row for each cell: arm, server, place, to, credentials, verdict, rule, code, reply."""
        return [cell.record() for cell in self.cells]

    def frame(self) -> pd.DataFrame:
        """The same as a table: what the figure of the matrix is drawn from."""
        import pandas as pd  # for this table alone: exact answers do without

        return pd.DataFrame(self.records())

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"server": self.server, "hostname": self.hostname, "cells": self.records()}

    def blocks(self) -> Sequence[Block]:
        """A table for each arm; credentials with the same answers share a column."""
        return [*(self._table(arm) for arm in self.arms), *self._note()]

    def _note(self) -> Sequence[Block]:
        answers = {arm: [_answer(c) for c in self.cells if c.arm == arm] for arm in self.arms}
        first = answers[self.arms[0]]
        if len(answers) == 1 or any(other != first for other in answers.values()):
            return []
        others = ", ".join(name for name in self.changing if name != self.server)
        more = f" They change what {others} answers." if others else ""
        return [Lines("", (Span(f"All arms answer alike at {self.server}.{more}", "faint"),))]

    def _table(self, arm: str) -> Block:
        cells = [cell for cell in self.cells if cell.arm == arm]
        groups = _by_answers(cells)
        rows: tuple[tuple[Line, ...], ...] = tuple(
            (first.title, to, *(_answer(answers[first.place, to]) for _, answers in groups))
            for first in {cell.place: cell for cell in cells}.values()
            for to in RECIPIENTS
        )
        heads = [_head(names) if len(groups) > 1 else "any credentials" for names, _ in groups]
        return Grid(
            f"“{arm}” at {self.server} ({self.hostname})",
            ("place", "recipient", *heads),
            rows,
            names=2,
        )


def matrix(
    scenario: Scenario, server: str | None = None, arm: str | Sequence[str] | None = None
) -> Matrix:
    """The matrix of *server*, under one arm, several, or (without *arm*) all.

    *server* is a server, or a network for its submission server; without it, the one whose
    policy the arms change and that most mail is written by. Raises QueryError with every fault
    at once.
    """
    names = Lookup(scenario)
    name = names.server(server)
    arms = list(scenario.arms) if arm is None else [arm] if isinstance(arm, str) else list(arm)
    for one in arms:
        names.arm(one)
    names.check()
    guests = places(scenario, name)
    cells = [cell for one in arms for cell in customers(Servers(scenario, one), name, guests)]
    changing = changing_servers(scenario)
    in_order = tuple(server for server in scenario.servers if server in changing)
    return Matrix(name, scenario.hostname(name), tuple(cells), in_order)


Answers = dict[tuple[str, str], Cell]


def _by_answers(cells: Sequence[Cell]) -> list[tuple[list[str], Answers]]:
    """Credentials and the answers they get; those that get the same stand together."""
    groups: list[tuple[list[str], Answers]] = []
    for credentials in dict.fromkeys(cell.credentials for cell in cells):
        answers = {(c.place, c.to): c for c in cells if c.credentials == credentials}
        for names, same in groups:
            if all(_same(answers[key], same[key]) for key in answers):
                names.append(credentials)
                break
        else:
            groups.append(([credentials], answers))
    return groups


def _same(a: Cell, b: Cell) -> bool:
    return (a.verdict.kind, a.verdict.rule) == (b.verdict.kind, b.verdict.rule)


_WORDS = {"none": "no credentials", "auth": "AUTH", "pop": "POP first", "587": "port 587"}


def _head(names: Sequence[str]) -> str:
    return " or ".join(_WORDS[name] for name in names)


def _answer(cell: Cell) -> Span:
    verdict = cell.verdict
    style = "bad" if not cell.accepted else "good" if verdict.relayed else ""
    code = f" {verdict.code}" if verdict.code else ""  # there is none without a connection
    return Span(f"{SIGNS[cell.accepted]} {verdict.kind}{code}\n  {verdict.rule}", style)
