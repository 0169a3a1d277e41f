"""The worlds that are measured, each with about so many (message, recipient) as asked for.

What grows is how many there are of people and spammers, or how much is sent; all else stays
what the scenario says.
"""

from __future__ import annotations

from pathlib import Path

from sim.scenario import Scenario, load

HERE = Path(__file__).parent
MAIN = HERE.parents[1] / "scenarios" / "open-vs-restricted.toml"


def spam(rows: int, recipients: int) -> Scenario:
    """Campaigns with so many *recipients* a transaction."""
    scenario = load(HERE / "spam.toml")
    days = scenario.run_length / 86400.0
    each = rows / scenario.spammers["bulk"].count / days
    return scenario.with_overrides({
        "spammers.bulk.recipients": recipients,
        "spammers.bulk.capacity": {"open_relay": f"{each:.6f} / day"},
    })  # fmt: skip
