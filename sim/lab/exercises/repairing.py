"""Find the fault: a broken policy to repair, judged by `decide` over given cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import permutations, product
from typing import TYPE_CHECKING, Any

from sim.exact.situations import OTHER, SAME, Cell, customers, others, places
from sim.lab.exercises.answers import Judgement, described
from sim.path.journey import Servers
from sim.scenario.errors import ScenarioError, one_of
from sim.smtp import Policy, PolicyError
from sim.smtp.restrictions import STAGES, check_order, parse

if TYPE_CHECKING:
    from sim.scenario import Scenario

Lists = Mapping[str, list[str]]

CANDIDATES = (
    "permit_mynetworks",
    "permit_sasl_authenticated",
    "permit_client_ranges",
    "permit_pop_before_smtp(30 min)",
    "permit_all_of(permit_mynetworks, permit_sender_local)",
    "permit_all_of(permit_mynetworks, permit_sasl_authenticated)",
    "reject_unauth_destination",
)
"""What the lecturer's solution is searched among."""
LONGEST = 4


@dataclass(frozen=True, slots=True)
class Want:
    """One cell and whether it should let mail through: green or red."""

    who: str
    place: str
    to: str = OTHER
    credentials: str = "none"
    through: bool = True

    def __str__(self) -> str:
        credentials = {"none": "", "auth": " with AUTH", "pop": " after a POP login"}[
            self.credentials
        ]
        colour = "green" if self.through else "red  "
        return f"{colour}  {self.who}{credentials}, {self.place}, to {self.to}"


@dataclass(frozen=True)
class Repair:
    """Restriction lists under which every cell of *wants* has its colour."""

    scenario: Scenario
    server: str
    start: Lists
    wants: tuple[Want, ...]

    @property
    def question(self) -> str:
        """The broken lists and the cells, as text."""
        lists = "\n".join(f"  {stage} = {items}" for stage, items in self.start.items())
        return f"{lists}\n" + "\n".join(f"  {want}" for want in self.wants)

    @property
    def solution(self) -> str:
        """The shortest lists that are found to do."""
        return next(self._solutions(), "none found")

    def judge(self, answer: object) -> Judgement:
        """Ask every cell; lists that are not given stay as they are."""
        lists = _lists(answer)
        unknown = [stage for stage in lists or () if stage not in STAGES]
        if lists is None or unknown:
            fault = repr(unknown[0]) if unknown else described(answer)
            return Judgement(
                None, f"lists such as {{'relay': [...]}}: {one_of(STAGES)}, not {fault}"
            )
        full = {**self.start, **lists}
        try:
            keys = {f"servers.{self.server}.{stage}": items for stage, items in full.items()}
            scenario = self.scenario.with_overrides(keys)
        except ScenarioError as error:
            return Judgement(None, str(error))
        servers = Servers(scenario, scenario.baseline)
        cells = [(want, cell, cell.accepted == want.through) for want, cell in self._cells(servers)]
        lines = [
            f"  {'✓' if right else '✗'} {want}: {cell.verdict.kind} by {cell.verdict.rule}"
            for want, cell, right in cells
        ]
        wrong = sum(not right for _, _, right in cells)
        first = f"{wrong} of {len(cells)} cells have the wrong colour" if wrong else "every cell"
        return Judgement(not wrong, "\n".join([first, *lines]))

    def _cells(self, servers: Servers) -> Iterator[tuple[Want, Cell]]:
        guests = places(servers.scenario, self.server, (servers.arm,))
        cells: dict[tuple[str, str, str, str], Cell] = {}
        for cell in (
            *customers(servers, self.server, guests),
            *others(servers, self.server, guests),
        ):
            for place in (cell.place, *cell.like):
                cells[cell.who, place, cell.to, cell.credentials] = cell
        for want in self.wants:
            yield want, cells[want.who, want.place, want.to, want.credentials]

    def _solutions(self) -> Iterator[str]:
        servers = Servers(self.scenario, self.scenario.baseline)
        policy = servers.policy(self.server)
        others = {k: [parse(t) for t in v] for k, v in self.start.items() if k != "relay"}
        choices: list[dict[str, Any]] = [others, *({**others, stage: []} for stage in others)]
        for length in range(1, LONGEST + 1):
            for names, rest in product(permutations(CANDIDATES, length), choices):
                trial = _policy(policy, names, rest)
                if trial is None:
                    continue
                changed_servers = servers.with_policy(self.server, trial)
                if all(c.accepted == w.through for w, c in self._cells(changed_servers)):
                    lists = {stage: [str(r) for r in items] for stage, items in rest.items()}
                    yield str({**lists, "relay": list(names)})


def _policy(policy: Policy, names: tuple[str, ...], rest: dict[str, Any]) -> Policy | None:
    relay = tuple(parse(name) for name in names)
    try:
        check_order(relay)
        lists: dict[str, Any] = {stage: tuple(items) for stage, items in rest.items()}
        return replace(policy, relay=relay, auth_offered=True, **lists)
    except PolicyError:
        return None


def _lists(answer: object) -> dict[str, Any] | None:
    if isinstance(answer, (list, tuple, str)):
        return {"relay": answer if isinstance(answer, str) else list(answer)}
    if not isinstance(answer, Mapping):
        return None
    return {str(k): list(v) if isinstance(v, (list, tuple)) else v for k, v in answer.items()}


def stays_red(*kinds: str, place: str = "outside") -> tuple[Want, ...]:
    """Cells through which a spammer must not get."""
    credentials = {"sharer": "pop"}  # of the customer who has the same address
    return tuple(Want(kind, place, OTHER, credentials.get(kind, "none"), False) for kind in kinds)


__all__ = ["OTHER", "SAME", "Repair", "Want", "stays_red"]
