"""The short form of a scenario: short phases, few replications, and no more mail than a few
seconds allow. It shows that everything works; its numbers are not for quoting."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.scenario.arms import moved
from sim.scenario.overrides import AT

if TYPE_CHECKING:
    from sim.scenario import Scenario

LONGEST = {"policy_starts": 86400.0, "transient": 86400.0, "steady": 2 * 86400.0}
"""Longest phases (s) of a quick run; this and all below are chosen to take a few seconds."""
REPLICATIONS = 3
ROWS = 150_000
"""(message, recipient) of all arms and replications together, about."""
DAY = 86400.0


class QuickForm(NamedTuple):
    """A scenario cut short, its replications, and the share of people and spam that is left."""

    scenario: Scenario
    replications: int
    scale: float


def shortened(scenario: Scenario, *, days: bool = False) -> QuickForm:
    """The quick form of *scenario*.

    Its phases are cut short, unless its *days* are what is looked at, and its own ``quick`` is laid
    over that. Where there would still be too much mail, people, mailboxes and what spammers send
    are scaled by one factor.
    """
    cut = scenario.with_overrides({**({} if days else _phases(scenario)), **scenario.quick})
    replications = min(cut.replications, REPLICATIONS)
    scale = ROWS / max(1, sum(recipients(cut)) * len(cut.arms) * replications)
    if scale >= 1.0:
        return QuickForm(cut, replications, 1.0)
    return QuickForm(scaled(cut, scale), replications, scale)


def _phases(scenario: Scenario) -> dict[str, Any]:
    """The same phases, each cut short, with what arms change at moments within them."""
    starts = min(scenario.policy_starts, LONGEST["policy_starts"])
    transient = min(scenario.transient, LONGEST["transient"])
    end = min(scenario.run_length, starts + transient + LONGEST["steady"])
    lengths = {"policy_starts": starts, "transient": transient, "run_length": end}
    long = scenario.policy_starts, scenario.policy_starts + scenario.transient, scenario.run_length
    move = partial(_moved, (0.0, *long), (0.0, starts, starts + transient, end))
    dated = {f"arms.{name}.{AT}": moved(arm, move) for name, arm in scenario.arms.items()}
    return {
        **{name: f"{value:g} s" for name, value in lengths.items()},
        **{name: entries for name, entries in dated.items() if entries},
    }


def _moved(edges: Sequence[float], cut: Sequence[float], moment: float) -> float:
    """Where *moment* is when phases, which are between *edges*, are *cut* (s)."""
    phase = bisect_right(edges, moment, hi=len(edges) - 1) - 1
    part = (moment - edges[phase]) / (edges[phase + 1] - edges[phase])
    return cut[phase] + part * (cut[phase + 1] - cut[phase])


def scaled(scenario: Scenario, scale: float) -> Scenario:
    """The scenario with that share of its people (one at least of each), mailboxes and spam."""
    changes: dict[str, int | str] = {}
    for name, users in scenario.users.items():
        changes[f"users.{name}.count"] = max(1, round(users.count * scale))
    for name, network in scenario.networks.items():
        if network.mailboxes:
            changes[f"networks.{name}.mailboxes"] = max(1, round(network.mailboxes * scale))
    for name, spammers in scenario.spammers.items():
        changes |= {f"spammers.{name}.{key}": rate for key, rate in spammers.times(scale).items()}
    return scenario.with_overrides(changes)


def recipients(scenario: Scenario) -> tuple[float, float]:
    """About how many (message, recipient) one run has: honest mail; spam by first routes."""
    honest = sum(u.count * u.messages * u.recipients for u in scenario.users.values())
    spam = sum(s.count * s.rate(s.routes[0]) for s in scenario.spammers.values())
    return honest * scenario.run_length, spam * scenario.run_length
