"""The map of one run, day by day: which servers relay for whom, and what the links carry."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from sim.figures import draw
from sim.figures.stepper import Step, Stepper
from sim.results.analysis import Analysis
from sim.results.tables import DAY, carried, relay_words
from sim.scenario import Scenario

MOST = 30
"""Maps that are drawn: chosen, what a page holds; in longer runs a map stands for several days."""
CHANGES = 8
"""Changes of the calendar that are listed for each map; the rest are counted."""


def stepper(results: Analysis, arm: str, replication: int = 0, *, style: str = "page") -> Stepper:
    """The map of one run in steps of whole days, all on one scale of widths."""
    model = results.scenario.model
    attempts, recipients, calendar = (
        results.of_run(name, arm, replication) for name in ("attempts", "recipients", "calendar")
    )
    length = DAY * math.ceil(math.ceil(model.run_length / DAY) / MOST)
    spans = _spans(model.run_length, length)
    flows = [
        carried(model, _between(attempts, start, end), recipients, (end - start) / DAY)
        for start, end in spans
    ]
    most = max((float(flow["per_day"].max()) for flow in flows if len(flow)), default=0.0)
    steps = []
    for (start, end), flow in zip(spans, flows, strict=True):
        in_force = arm if end > model.policy_starts else model.baseline
        policies = _policies(model, in_force, calendar[calendar["at"] < end])
        tables = {"topology": model.graph(), "policies": policies}
        tables |= {"traffic": flow} if len(flow) else {}
        figure = draw("topology", tables, most=most, style=style, quick=results.quick)
        days = f"day {start / DAY + 1:g}" + (f" to {end / DAY:g}" if length > DAY else "")
        words = _in_words(_between(calendar, start, end))
        if start <= model.policy_starts < end:
            words.append(f"the policies start at {_at(model.policy_starts)}")
        steps.append(Step(days, figure, words))
    return Stepper(f"The map under “{arm}”, replication {replication}", steps)


def _spans(end: float, length: float) -> list[tuple[float, float]]:
    """Start and end (s) of each step of a run."""
    starts = [length * n for n in range(math.ceil(end / length))]
    return [(start, min(start + length, end)) for start in starts]


def _between(rows: pd.DataFrame, start: float, end: float) -> pd.DataFrame:
    return rows[(rows["at"] >= start) & (rows["at"] < end)]


def _policies(model: Scenario, arm: str, calendar: pd.DataFrame) -> pd.DataFrame:
    """A row per server: its relay policy under *arm*, and after what *calendar* has closed."""
    scenario = model.arm(arm)
    closed = calendar[calendar["change"].astype(str) == "closed"]
    closes = dict(zip(closed["server"].astype(str), closed["name"].astype(str), strict=True))
    rows = []
    for name, server in scenario.servers.items():
        relay = scenario.operators[closes[name]].closes_to if name in closes else server.relay
        rows.append((arm, name, server.network, server.role, relay_words(relay)))
    return pd.DataFrame(rows, columns=["arm", "server", "network", "role", "relay"])


def _in_words(changes: pd.DataFrame) -> list[str]:
    """What the calendar says of some days, a line each."""
    rows: list[Any] = list(changes.sort_values("at", kind="stable").itertuples(index=False))
    lines = [
        f"{_at(row.at)}: {row.change} {row.server or 'an address'} ({row.name}, {row.reason})"
        for row in rows
    ]
    more = len(lines) - CHANGES
    return [*lines[:CHANGES], f"and {more} more changes"] if more > 0 else lines


def _at(time: float) -> str:
    day, rest = divmod(time, DAY)
    return f"day {day + 1:.0f}, {rest // 3600:02.0f}:{rest % 3600 // 60:02.0f}"
