"""Who changes policy in which arm: one ISP alone, some, or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sim.scenario import Scenario

Change = tuple[tuple[str, str], ...]
"""What becomes of a server's policy: keys with their values, those alone that the baseline lacks."""


class Adoption(NamedTuple):
    """Arms in which ever more networks adopt one policy: some in *parts*, most in *all*."""

    parts: tuple[str, ...]  # fewest networks first
    all: str
    networks: tuple[int, ...]  # how many adopt it in each of the parts, and in all


class _Arm(NamedTuple):
    changes: dict[str, Change]  # by server
    networks: frozenset[str]
    rest: dict[str, Any]

    def is_part_of(self, other: _Arm) -> bool:
        """Whether fewer networks do here what more do there, and nothing else differs."""
        return (
            self.networks < other.networks
            and self.changes.items() <= other.changes.items()
            and set(self.changes.values()) == set(other.changes.values())
            and self.rest == other.rest
        )


def changes(scenario: Scenario, arm: str) -> dict[str, Change]:
    """The servers whose policy *arm* changes from the baseline arm's, at once or by an operator."""
    from sim.scenario.operators import Operator
    from sim.scenario.servers import POLICY_KEYS

    baseline, changed = scenario.arm(scenario.baseline), scenario.arm(arm)
    found: dict[str, list[tuple[str, str]]] = {}
    for name, server in changed.servers.items():
        found[name] = list(_differences(baseline.servers[name], server, POLICY_KEYS))
    for name, operator in changed.operators.items():
        closing = list(
            _differences(baseline.operators[name], operator, tuple(Operator.model_fields))
        )
        for run in changed.run_by(name):
            found[run] += closing
    return {name: tuple(told) for name, told in found.items() if told}


def _differences(was: Any, becomes: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key in keys:
        if getattr(was, key) != getattr(becomes, key):
            yield key, str(getattr(becomes, key))


def adoptions(scenario: Scenario, arms: list[str]) -> list[Adoption]:
    """The policies that some of *arms* have in fewer networks than another does.

    Policies are told by what they change, never by the names of the arms; an arm that changes
    anything else besides is no part of another that does not.
    """
    told = {arm: _told(scenario, arm) for arm in arms}
    parts = {
        whole: sorted(
            (arm for arm in arms if told[arm].changes and told[arm].is_part_of(told[whole])),
            key=lambda arm: len(told[arm].networks),
        )
        for whole in arms
    }
    within = {arm for some in parts.values() for arm in some}
    return [
        Adoption(tuple(some), whole, tuple(len(told[arm].networks) for arm in (*some, whole)))
        for whole, some in parts.items()
        if some and whole not in within
    ]


def _told(scenario: Scenario, arm: str) -> _Arm:
    from sim.scenario.overriding import flat
    from sim.scenario.servers import POLICY_KEYS

    found = changes(scenario, arm)
    rest = {
        key: value
        for key, value in flat(scenario.arms[arm])
        if not key.startswith("operators.")
        and not (key.startswith("servers.") and key.rpartition(".")[2] in POLICY_KEYS)
    }
    return _Arm(found, frozenset(scenario.servers[name].network for name in found), rest)
