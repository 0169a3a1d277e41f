"""The decision as rows of the page: an arm a line, and the assumptions that move the result."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from sim.measure.digits import NONE, number
from sim.results.assumptions import assumptions
from sim.results.cells import difference
from sim.results.choice import DOMINATED, TRADED, Choice, Decision
from sim.results.drivers import Driver

if TYPE_CHECKING:
    import pandas as pd

    from sim.measure.choosing import Estimate
    from sim.results.analysis import Analysis

COSTS = (
    ("lost once", "lost_once"),
    ("lost a day", "lost"),
    ("calls once", "calls_once"),
    ("calls a day", "calls"),
)
"""Heading, and name in a choice, of what honest people lose more than under the baseline."""
LEAST = 0.01
"""Share of what the arms differ by that an assumption must move to be shown; chosen."""

Change = tuple[str, bool]
"""A difference in words, and whether it is surely not 0."""


class Row(NamedTuple):
    """One arm in the table of the decision."""

    number: int
    arm: str
    spam: str
    change: Change
    costs: list[Change]
    who: str
    verdict: str


class Assumption(NamedTuple):
    """One assumption that moves the result: where it does most, and how far."""

    key: str
    as_stated: str
    value: str
    quantity: str
    arm: str
    change: str
    share: str


def rows(decision: Decision) -> Iterator[Row]:
    """The arms, numbered in their order."""
    numbers = {choice.arm: at for at, choice in enumerate(decision.choices, 1)}
    for choice in decision.choices:
        base = choice.arm == decision.baseline
        yield Row(
            numbers[choice.arm],
            choice.arm,
            _amount(choice.spam.mean),
            (NONE, False) if base else _change(choice.spam),
            [(NONE, False) if base else _change(getattr(choice, name)) for _, name in COSTS],
            choice.who,
            _verdict(choice, numbers),
        )


def _amount(value: float) -> str:
    return number(value) if value else "0"


def _change(estimate: Estimate) -> Change:
    text = difference(estimate.more, estimate.low, estimate.high, share=False)
    return text or NONE, estimate.sure


def _verdict(choice: Choice, numbers: dict[str, int]) -> str:
    """The verdict on an arm, with the number of one that dominates it."""
    rival = f" {numbers[choice.rivals[0]]}" if choice.verdict == DOMINATED else ""
    best = f"; best in {choice.best:.0%} of draws" if choice.best >= 0.005 else ""
    return f"{choice.verdict.removesuffix(' with')}{rival}{best}"


def trade_off(decision: Decision) -> str:
    """Between which arms there is a trade-off, by their numbers; empty where there is none."""
    numbers = {choice.arm: at for at, choice in enumerate(decision.choices, 1)}
    traded = [choice for choice in decision.choices if choice.verdict == TRADED]
    between = sorted({numbers[arm] for choice in traded for arm in (choice.arm, *choice.rivals)})
    if not between:
        return ""
    return (
        f"Trade-off: each of {', '.join(map(str, between))} takes more spam away, or costs less, "
        "than the others."
    )


def matters(results: Analysis, decision: Decision) -> list[Assumption]:
    """The assumptions that were tried otherwise and move the result, the strongest first."""
    if results.structures is None:
        return []
    keys = assumptions(results.scenario.model)
    first: dict[str, Driver] = {}
    for influence in results.structures.influences(leaves=decision.leaves):
        first.setdefault(influence[0], Driver(*influence))
    return [
        Assumption(
            key=key,
            as_stated=as_stated(keys, key),
            value=driver.value,
            quantity=driver.quantity,
            arm=driver.arm,
            change=number(driver.change, sign=True),
            share=f"{driver.share:.0%}",
        )
        for key, driver in first.items()
        if math.isfinite(driver.share) and driver.share >= LEAST
    ]


def as_stated(keys: pd.DataFrame, pattern: str) -> str:
    """The values that the scenario has for a key such as ``users.*.learning``."""
    section, _, rest = pattern.partition(".")
    _, _, name = rest.partition(".")
    of_name = keys["key"].map(lambda key: _is_of(key, name))
    chosen = keys[(keys["table"] == section) & of_name]
    pairs = (
        f"{str(row.key).removeprefix(name).lstrip('.')} {row.value}".strip()
        for row in chosen.itertuples(index=False)
    )
    return ", ".join(dict.fromkeys(pairs))


def _is_of(key: str, name: str) -> bool:
    return fnmatchcase(key, name) or key.startswith(f"{name}.")
