"""Find the fault: a broken policy to repair, judged by `decide` over cells, shown and not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING, Any

from sim.exact.situations import OTHER, SAME, SERVERS, WHO, Cell, Place, single_cell
from sim.lab.exercises.answers import Judgement
from sim.lab.exercises.asking import Draw, Exercise
from sim.lab.exercises.reading import described, lists
from sim.lab.exercises.worlds import MACHINE, world
from sim.path.journey import Servers
from sim.scenario.errors import ScenarioError, one_of
from sim.smtp.restrictions import STAGES

if TYPE_CHECKING:
    from sim.scenario import Scenario

Lists = Mapping[str, list[str]]

NETWORKS = {
    "home": "proseware",
    "work": "phone",
    "hotel": "hotel",
    "kiosk": "kiosk",
    "outside": "adatum",
}
"""The network of each place of a cell."""
LOGINS = {"none": "", "auth": " with AUTH", "pop": " after a POP login"}


@dataclass(frozen=True, slots=True)
class Want:
    """One cell and whether it should let mail through: green or red."""

    who: str
    place: str
    to: str = OTHER
    credentials: str = "none"
    through: bool = True

    def __str__(self) -> str:
        colour = "green" if self.through else "red  "
        return f"{colour}  {self.who}{LOGINS[self.credentials]}, {self.place}, to {self.to}"


@dataclass(frozen=True)
class Repair:
    """Restriction lists under which every cell of *wants* has its colour, and no more is open."""

    scenario: Scenario
    server: str
    start: Lists
    wants: tuple[Want, ...]
    office: str
    expected: Any = field(default=None, repr=False)
    form = "Hand in the lists: a dictionary such as the start of the exercise."

    @property
    def question(self) -> str:
        """The broken lists and the cells, as text."""
        broken = [f"  {stage} = {items}" for stage, items in self.start.items()]
        cells = [f"  {want}" for want in self.wants]
        kinds = {want.who for want in self.wants}
        words = [f"{kind}: {who.meaning}" for kind, who in WHO.items() if kind in kinds]
        return "\n".join([*broken, *cells, *words])

    def judge(self, answer: object, hidden: Iterable[Want] = ()) -> Judgement:
        """Ask every cell, also the *hidden* ones; lists that are not given stay as they are."""
        handed = lists(answer)
        unknown = [stage for stage in handed or () if stage not in STAGES]
        presets = [s for s, items in (handed or {}).items() if not isinstance(items, list)]
        if handed is None or unknown or presets:
            fault = repr(unknown[0]) if unknown else described(answer)
            words = f"lists such as {{'relay': [...]}}: {one_of(STAGES)}, not {fault}"
            return Judgement(None, words)
        try:
            servers = self.servers({**self.start, **handed})
        except ScenarioError as error:
            return Judgement(None, str(error))
        return self._judged(servers, tuple(hidden))

    def servers(self, full: Mapping[str, Any]) -> Servers:
        """The servers with these lists; raises ScenarioError for lists that cannot be."""
        keys = {f"servers.{self.server}.{stage}": items for stage, items in full.items()}
        scenario = self.scenario.with_overrides(keys)
        return Servers(scenario, scenario.baseline)

    def _judged(self, servers: Servers, hidden: tuple[Want, ...]) -> Judgement:
        cells = [(want, self.cell(servers, want)) for want in self.wants]
        wrong = sum(cell.accepted != want.through for want, cell in cells)
        first = f"{wrong} of {len(cells)} cells have the wrong colour" if wrong else "every cell"
        lines = [
            f"  {'✓' if cell.accepted == want.through else '✗'} {want}: {cell.verdict.kind} by "
            f"{cell.verdict.rule}"
            for want, cell in cells
        ]
        opened = next(self.opened(servers), "")
        unseen = any(self.cell(servers, want).accepted != want.through for want in hidden)
        more = [f"  ✗ opens more than asked: {opened}"] if opened else []
        more += ["  ✗ a cell that is not shown has the wrong colour"] if unseen else []
        return Judgement(not wrong and not more, "\n".join([first, *lines, *more]))

    def cell(self, servers: Servers, want: Want) -> Cell:
        """One cell of the repaired policy."""
        network = NETWORKS[want.place]
        client = servers.scenario.guest(network) or 0
        if want.who in SERVERS:
            own = [s.number for s in servers.scenario.servers.values() if s.network == network]
            client = own[0]
        place = Place(want.place, network, client)
        return single_cell(servers, self.server, want.who, place, want.to, want.credentials)

    def opened(self, servers: Servers) -> Iterator[str]:
        """Clients without credentials that may relay, though no green cell is at their place."""
        places = {w.place for w in self.wants if _is_anonymous(w) and w.through}
        for place in self._clients(servers.scenario):
            if place.label not in places:
                for who in ("stranger", "forger"):
                    if single_cell(servers, self.server, who, place, OTHER, "none").accepted:
                        yield f"a {who}, {place.label} ({IPv4Address(place.client)})"
        with_pop = {w.place for w in self.wants if w.credentials == "pop" and w.through}
        for label in sorted({"hotel", "kiosk"} - with_pop):
            if self.cell(servers, Want("sharer", label, OTHER, "pop")).accepted:
                yield f"whoever shares the address of a POP login, {label}"

    def _clients(self, scenario: Scenario) -> Iterator[Place]:
        for label, network in NETWORKS.items():
            yield Place(label, network, scenario.guest(network) or 0)
        for line in LINES:
            if line != self.office:
                yield Place("outside the office", "adatum", int(IPv4Network(line)[9]))


def _is_anonymous(want: Want) -> bool:
    return want.credentials == "none" and want.to == OTHER


def stays_red(*kinds: str, place: str = "outside") -> tuple[Want, ...]:
    """Cells through which a spammer must not get."""
    credentials = {"sharer": "pop"}  # of the customer who has the same address
    return tuple(Want(kind, place, OTHER, credentials.get(kind, "none"), False) for kind in kinds)


LINES = tuple(f"203.0.113.{32 * n}/27" for n in range(8))
"""Address ranges, of which the office of a student's question has one."""


def repair(draw: Draw, start: dict[str, list[str]], wants: tuple[Want, ...], look: str) -> Exercise:
    """A broken policy of the one machine of proseware.com, and the cells to mend."""
    office = draw.pick("office", LINES)
    keys: dict[str, Any] = {f"servers.proseware.{k}": v for k, v in start.items()}
    scenario = world(MACHINE, keys | {"networks.phone.prefixes": [office]})
    mend = Repair(scenario, "proseware", start, wants, office)
    return Exercise(
        "The policy of proseware.com, whose one machine is both submission server and MX, is "
        f"broken. The office (work) has the addresses {office}. Repair the policy so that green "
        f"cells let mail through and red ones do not, and open it to nobody else:\n"
        f"{mend.question}\n",
        mend,
        look,
        scenario,
        start,
    )


__all__ = ["OTHER", "SAME", "Repair", "Want", "repair", "stays_red"]
