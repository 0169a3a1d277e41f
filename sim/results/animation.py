"""The map of one run, day by day: which servers relay for whom, and what the links carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.results.tables import DAY, carried

if TYPE_CHECKING:
    import pandas as pd

    from sim.figures.stepper import Stepper
    from sim.results.results import Results
    from sim.scenario import Scenario

MOST = 30
"""Maps that are drawn: chosen, what a page holds; in longer runs a map stands for several days."""
CHANGES = 8
"""Changes of the calendar that are told for each map; the rest are counted."""


def stepper(results: Results, arm: str, replication: int = 0, *, style: str = "page") -> Stepper:
    """The map of one run in steps of whole days, all on one scale of widths."""
    import math

    from sim.figures import draw
    from sim.figures.stepper import Step, Stepper

    model = results.scenario.model
    rows = {name: results.of_run(name, arm, replication)
            for name in ("attempts", "recipients", "calendar")}  # fmt: skip
    length = DAY * math.ceil(math.ceil(model.run_length / DAY) / MOST)
    starts = [length * n for n in range(math.ceil(model.run_length / length))]
    ends = [min(start + length, model.run_length) for start in starts]
    flows = [
        carried(model, _between(rows["attempts"], *span), rows["recipients"],
                (span[1] - span[0]) / DAY)
        for span in zip(starts, ends, strict=True)
    ]  # fmt: skip
    most = max((float(flow["per_day"].max()) for flow in flows if len(flow)), default=0.0)
    steps = []
    for start, end, flow in zip(starts, ends, flows, strict=True):
        changes = _between(rows["calendar"], start, end)
        begun = end > model.policy_starts
        before = rows["calendar"][rows["calendar"]["at"] < end]
        policies = _policies(model, arm if begun else model.baseline, before)
        tables = {"topology": model.graph(), "policies": policies}
        if len(flow):
            tables["traffic"] = flow
        figure = draw("topology", tables, most=most, style=style, quick=results.quick)
        days = f"day {start / DAY + 1:g}" + (f" to {end / DAY:g}" if length > DAY else "")
        words = _told(changes)
        if start <= model.policy_starts < end:
            words.append(f"the policies start at {_at(model.policy_starts)}")
        steps.append(Step(days, figure, words))
    return Stepper(f"The map under “{arm}”, replication {replication}", steps)


def _between(rows: pd.DataFrame, start: float, end: float) -> pd.DataFrame:
    return rows[(rows["at"] >= start) & (rows["at"] < end)]


def _policies(model: Scenario, arm: str, calendar: pd.DataFrame) -> pd.DataFrame:
    """A row per server: its relay policy under *arm*, and after what *calendar* has closed."""
    import pandas as pd

    held = model.arm(arm)
    closed = calendar[calendar["change"].astype(str) == "closed"]
    closes = dict(zip(closed["server"].astype(str), closed["name"].astype(str), strict=True))
    rows = []
    for name, server in held.servers.items():
        relay = held.operators[closes[name]].closes_to if name in closes else server.relay
        text = relay if isinstance(relay, str) else ", ".join(relay)
        rows.append((arm, name, server.network, server.role, text))
    return pd.DataFrame(rows, columns=["arm", "server", "network", "role", "relay"])


def _told(changes: pd.DataFrame) -> list[str]:
    """What the calendar says of a stretch, a line each."""
    told = [
        f"{_at(row.at)}: {row.change} {row.server or 'an address'} ({row.name}, {row.reason})"
        for row in _rows(changes)
    ]
    more = len(told) - CHANGES
    return [*told[:CHANGES], f"and {more} more changes"] if more > 0 else told


def _rows(changes: pd.DataFrame) -> list[Any]:
    return list(changes.sort_values("at", kind="stable").itertuples(index=False))


def _at(moment: float) -> str:
    day, rest = divmod(moment, DAY)
    return f"day {day + 1:.0f}, {rest // 3600:02.0f}:{rest % 3600 // 60:02.0f}"
