"""The worlds that are measured, each with about as many (message, recipient) as asked for.

What grows is how many there are of people and spammers, how much they send or how long the
run is; all else stays what the scenario says.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import workload_w

from sim.scenario import Scenario, load

HERE = Path(__file__).parent
MAIN = HERE.parents[1] / "scenarios" / "open-vs-restricted.toml"
DAY = 86400.0


def main(rows: float) -> Scenario:
    """The main scenario, longer or shorter: 13 900 rows in its 49 days, on network."""
    scenario = load(MAIN)
    factor = rows / 13_900
    stretched = ("run_length", "policy_starts", "transient")
    return scenario.with_overrides(
        {name: f"{getattr(scenario, name) * factor:.3f} s" for name in stretched}
    )


def everything(rows: float) -> Scenario:
    """Every feature at once, with more or fewer people, and spammers that send more or less:
    290 000 rows as it is."""
    scenario = load(HERE / "everything.toml")
    factor = rows / 290_000
    people = {
        f"users.{name}.count": max(1, round(group.count * factor))
        for name, group in scenario.users.items()
    }
    spam = {
        f"spammers.{name}.{key}": rate
        for name, group in scenario.spammers.items()
        for key, rate in group.times(factor).items()
    }
    return scenario.with_overrides(people | spam)


def spam(recipients: int) -> Callable[[float], Scenario]:
    """Campaigns through open relays, with so many *recipients* a transaction."""

    def world(rows: float) -> Scenario:
        scenario = load(HERE / "spam.toml")
        bulk = scenario.spammers["bulk"]
        each = rows / bulk.count / (scenario.run_length / DAY)
        return scenario.with_overrides({
            "spammers.bulk.recipients": recipients,
            "spammers.bulk.capacity": {"open_relay": f"{each:.6f} / day"},
        })  # fmt: skip

    return world


WORLDS: dict[str, tuple[Callable[[float], Scenario], str]] = {
    "W": (workload_w.scenario, workload_w.ARM),
    "main": (main, "on network"),
    "spam / 1": (spam(1), "spam"),
    "spam / 10": (spam(10), "spam"),
    "spam / 100": (spam(100), "spam"),
    "everything": (everything, "everything"),
}
"""By name (spam / recipients a transaction): a scenario of so many rows, and the arm to run."""
