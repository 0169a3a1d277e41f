"""What results say of warm-up and transient: whether both are long enough, and how sure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sim.records.measures import SETTLING_TIME

if TYPE_CHECKING:
    import pandas as pd

    from sim.scenario import Scenario

DAY = 86400.0
FEWEST = 2
"""Replications that an interval takes."""
HEADS = {"policy_starts": "Warm-up", "transient": "Transient"}


def warm_up(model: Scenario, levels: pd.DataFrame) -> Iterator[str]:
    """What follows from `Results.levels` for the keys of the scenario, in sentences."""
    if (levels["replications"] < FEWEST).any():
        yield "One replication: there is no interval, so nothing can be said. Run more."
        return
    yield (
        "Days count from 0. Not yet: not by the middle of what is looked at. ±: smaller "
        "differences than this go unseen (95 %, all days together); more replications see more. By "
        "chance alone one cell in twenty is later than it should be."
    )
    baseline = levels["arm"] == model.baseline
    for key, part, configured in (
        ("policy_starts", levels[baseline], model.policy_starts),
        ("transient", levels[~baseline], model.transient),
    ):
        if len(part):
            yield f"{HEADS[key]}: {_advice(key, part, configured / DAY)}"


def settled(summary: pd.DataFrame) -> str:
    """When what each arm costs honest people has settled, in a sentence."""
    times = summary[summary["measure"] == SETTLING_TIME].set_index("arm")["mean"]
    known = [f"'{arm}' after {days:.0f} days" for arm, days in times.dropna().items()]
    missing = [f"'{arm}'" for arm in times.index[times.isna()]]
    parts = [f"settled: {', '.join(known)}"] if known else []
    parts += [f"not settled within the run: {', '.join(missing)}"] if missing else []
    return f"What the change costs honest people has {'; '.join(parts)}." if parts else ""


def _advice(key: str, levels: pd.DataFrame, configured: float) -> str:
    """What *levels* say about a key of the scenario that is *parse* as so many days."""
    scenario = f"the scenario has {key} = {_days(configured)}"
    late = levels[levels["level"].isna() & (levels["tested"] > 0)]
    if len(late):
        arms = list(dict.fromkeys(late["arm"]))
        quoted = ", ".join(f"'{arm}'" for arm in arms)
        return (
            f"{quoted} {'is' if len(arms) == 1 else 'are'} not level by the middle, so no steady "
            f"state is seen: make run_length longer, or speak of these days alone; {scenario}."
        )
    needs = float((levels["level"] - levels["since"]).max())
    enough = "that is enough" if needs <= configured else f"make it {_days(needs)} at least"
    return f"{_days(needs) if needs else 'none'} as far as can be seen; {scenario}: {enough}."


def _days(number: float) -> str:
    return f'"{number:g} day{"s" * (number != 1)}"'
