"""What results say of warm-up and transient: whether both are long enough, and how sure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.cli.render import size

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from sim.results.results import Results


def levels(found: pd.DataFrame) -> Table:
    """From which day on each arm is level, a measure a column (see `Results.levels`)."""
    from rich import box
    from rich.table import Table

    from sim.records.measures import MEASURES, SHARE

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("arm", max_width=28, overflow="fold")
    table.add_column("looked at from", max_width=9, overflow="fold")
    rows: dict[str, list[str]] = {}
    for (class_, name), part in found.groupby(["class", "measure"], sort=False):
        measure = MEASURES[str(name)]
        share = measure.kind == SHARE
        table.add_column(f"{class_}: {measure.title}, level from", justify="right", max_width=20)
        row: Any
        for row in part.itertuples(index=False):
            unseen = f"  ±{size((100.0 if share else 1.0) * row.margin, 2)}{' %' * share}"
            cells = rows.setdefault(str(row.arm), [f"day {row.since}"])
            cells.append(_when(row) + unseen * bool(row.tested))
    for arm, cells in rows.items():
        table.add_row(arm, *cells)
    return table


def _when(row: Any) -> str:
    if not row.tested:
        return "-"
    if not math.isfinite(row.level):
        return "not yet"
    return "at once" if row.level == row.since else f"day {row.level:.0f}"


def warm_up(results: Results, found: pd.DataFrame) -> Iterator[str]:
    """What follows for the keys of the scenario, in sentences."""
    model = results.scenario.model
    if (found["replications"] < FEWEST).any():
        yield "One replication: there is no interval, so nothing can be said. Run more."
        return
    yield (
        "Days count from 0. Not yet: not by the middle of what is looked at. ±: smaller "
        "differences than this go unseen (95 %, all days together); more replications see more. By "
        "chance alone one cell in twenty is later than it should be."
    )
    baseline = found["arm"] == model.baseline
    for key, part, has in (
        ("policy_starts", found[baseline], model.policy_starts),
        ("transient", found[~baseline], model.transient),
    ):
        if len(part):
            yield f"{HEADS[key]}: {_advice(key, part, has / DAY)}"


DAY = 86400.0
FEWEST = 2
"""Replications that an interval takes."""
HEADS = {"policy_starts": "Warm-up", "transient": "Transient"}


def _advice(key: str, found: pd.DataFrame, has: float) -> str:
    """What *found* says about a key of the scenario that *has* so many days."""
    stated = f"the scenario has {key} = {_days(has)}"
    late = found[found["level"].isna() & (found["tested"] > 0)]
    if len(late):
        arms = list(dict.fromkeys(late["arm"]))
        who = ", ".join(f"'{arm}'" for arm in arms)
        return (
            f"{who} {'is' if len(arms) == 1 else 'are'} not level by the middle, so no steady "
            f"state is seen: make run_length longer, or speak of these days alone; {stated}."
        )
    needs = float((found["level"] - found["since"]).max())
    enough = "that is enough" if needs <= has else f"make it {_days(needs)} at least"
    return f"{_days(needs) if needs else 'none'} as far as can be seen; {stated}: {enough}."


def _days(number: float) -> str:
    return f'"{number:g} day{"s" * (number != 1)}"'
