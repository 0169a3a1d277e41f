"""What changes from one arm to another: every cell whose verdict is another one, wanted or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.exact.blocks import Block, Grid, Line, Lines, Span
from sim.exact.page import Page
from sim.exact.situations import CREDENTIALS, WHO, Cell, Place, answer, customers, others, places
from sim.path.journey import Servers
from sim.path.lookup import Lookup
from sim.smtp import Verdict

if TYPE_CHECKING:
    from sim.scenario import Scenario

MARKS = {
    "wanted": ("a stranger can no longer relay", "good"),
    "gain": ("honest mail gets through that did not", "good"),
    "cost": ("honest mail is refused, delayed or dropped", "bad"),
    "abuse": ("somebody can relay who should not", "bad"),
    "mixed": ("an abuse and an honest use that nobody can tell apart", "warn"),
    "other": ("the answer is another one, and no better or worse", "faint"),
}
"""What a change means, and its style."""


@dataclass(frozen=True, slots=True)
class Change:
    """One cell before and after."""

    before: Cell
    after: Cell

    @property
    def mark(self) -> str:
        """A key of `MARKS`."""
        old, new = _goes_through(self.before.verdict), _goes_through(self.after.verdict)
        if old == new:
            return "other"
        honest = WHO[self.before.who].honest
        if honest is None:
            return "mixed"
        return {(True, True): "gain", (True, False): "cost", (False, True): "abuse"}.get(
            (honest, new > old), "wanted"
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        answers = {"before": answer(self.before.verdict), "after": answer(self.after.verdict)}
        return self.before.question() | {"mark": self.mark} | answers

    def record(self) -> dict[str, str | int]:
        """A row for a table."""
        before, after = answer(self.before.verdict), answer(self.after.verdict)
        row = self.before.question() | {"mark": self.mark}
        row |= {f"{key}_before": value for key, value in before.items()}
        return row | {f"{key}_after": value for key, value in after.items()}


@dataclass(frozen=True, repr=False)
class Diff(Page):
    """Every cell whose verdict changes from arm *a* to arm *b*; made by `diff`."""

    a: str
    b: str
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def records(self) -> list[dict[str, str | int]]:
        """A row for each change, for a DataFrame."""
        return [change.record() for change in self.changes]

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"a": self.a, "b": self.b, "changes": [change.as_dict() for change in self.changes]}

    def blocks(self) -> Sequence[Block]:
        """One table for each mark; servers with the same change share a row."""
        title = f"From “{self.a}” to “{self.b}”"
        if not self.changes:
            return [Lines(title, ("No verdict changes.",))]
        counts = ", ".join(
            f"{number} {mark}"
            for mark in MARKS
            if (number := sum(change.mark == mark for change in self.changes))
        )
        heading = Lines(title, (f"{len(self.changes)} cells change: {counts}",))
        columns = ("who", "place and recipient", "before", "after", "servers")
        tables = [
            Grid(f"{mark}: {MARKS[mark][0]}", columns, tuple(self._rows(mark)), names=2)
            for mark in MARKS
            if any(change.mark == mark for change in self.changes)
        ]
        kinds = {change.before.who for change in self.changes}
        legend = Lines(
            "", tuple(Span(f"{w}: {WHO[w].meaning}", "faint") for w in WHO if w in kinds)
        )
        return [heading, *tables, legend]

    def _rows(self, mark: str) -> Iterator[tuple[Line, ...]]:
        style = MARKS[mark][1]
        credentials: dict[tuple[str, ...], list[str]] = {}
        for change in self.changes:
            if change.mark == mark:
                cell = change.before
                answers = (_answer(cell.verdict), _answer(change.after.verdict))
                row = (cell.server, cell.who, cell.title, cell.to, *answers)
                credentials.setdefault(row, []).append(cell.credentials)
        servers: dict[tuple[str, ...], list[str]] = {}
        for (server, *group), names in credentials.items():
            servers.setdefault((*group, _with(names)), []).append(server)
        for (who, place, to, before, after, login), hosts in servers.items():
            place_text = f"{place}\n  to {to}"
            yield f"{who}{login}", place_text, before, Span(after, style), ", ".join(hosts)


def diff(scenario: Scenario, a: str, b: str) -> Diff:
    """Compare two arms, cell by cell: server × who × place × recipient × credentials.

    Raises QueryError for an unknown arm.
    """
    names = Lookup(scenario)
    names.arm(a)
    names.arm(b)
    names.check()
    return Diff(a, b, tuple(changes(Servers(scenario, a), Servers(scenario, b))))


def changes(first: Servers, second: Servers) -> Iterator[Change]:
    """The cells whose verdict changes from the servers of one arm to those of another."""
    scenario = first.baseline
    same_networks = first.scenario.networks == second.scenario.networks
    for server in scenario.servers:
        if server not in first.scenario.servers or server not in second.scenario.servers:
            continue
        unchanged = first.policy(server) == second.policy(server) and (
            first.scenario.servers[server].port_587 == second.scenario.servers[server].port_587
        )
        if same_networks and unchanged:
            continue
        guests = places(scenario, server, (first, second))
        for before, after in zip(
            _cells(first, server, guests), _cells(second, server, guests), strict=True
        ):
            if _differs(before.verdict, after.verdict):
                yield Change(before, after)


def _cells(servers: Servers, server: str, guests: Sequence[Place]) -> Iterator[Cell]:
    """The cells of one server, each asked when its turn comes."""
    if servers.scenario.servers[server].role != "mx":
        yield from customers(servers, server, guests)
    yield from others(servers, server, guests)


def _differs(before: Verdict, after: Verdict) -> bool:
    return (before.kind, before.code) != (after.kind, after.code)


def _goes_through(verdict: Verdict) -> bool:
    """Whether the message is taken at once; a temporary rejection counts as a refusal."""
    return verdict.accepted and not verdict.discarded


def _with(credentials: Sequence[str]) -> str:
    """With which credentials a change holds; nothing is said where they make no difference."""
    if set(credentials) == {"none"} or {*CREDENTIALS} - {"587"} <= set(credentials):
        return ""
    return f"\n  {' or '.join(credentials)}"


def _answer(verdict: Verdict) -> str:
    return f"{verdict.kind} {verdict.code or ''}".rstrip() + f"\n{verdict.rule}"
