"""Who changes policy in which arm: one ISP alone, or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sim.scenario import Scenario

Changes = dict[str, tuple[str, ...]]
"""Server to what its policy becomes, of those that do not keep the base's."""


class Adoption(NamedTuple):
    """Two arms with the same policy: *alone* at some servers, *all* at more of them."""

    alone: str
    all: str
    servers: tuple[str, ...]  # where *alone* changes something


def changes(scenario: Scenario, arm: str) -> Changes:
    """The servers whose policy in *arm* differs from that of the base arm."""
    from sim.scenario.servers import POLICY_KEYS

    base, changed = scenario.arm(scenario.base), scenario.arm(arm)
    found = {}
    for name, server in changed.servers.items():
        was, becomes = (
            tuple(str(getattr(s, key)) for key in POLICY_KEYS) for s in (base.servers[name], server)
        )
        if was != becomes:
            found[name] = becomes
    return found


def adoptions(scenario: Scenario, arms: list[str]) -> list[Adoption]:
    """Arms of which one does at some servers what the other does at more."""
    all_changes = {arm: changes(scenario, arm) for arm in arms}
    return [
        Adoption(alone, universal, tuple(few))
        for alone, few in all_changes.items()
        for universal, many in all_changes.items()
        if few and few.items() < many.items()
    ]
