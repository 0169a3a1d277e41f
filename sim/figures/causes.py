"""Spam by how it came through: whose trust it abused, and by which route it entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from sim.figures import bars, palette, words
from sim.figures.bars import Stacks
from sim.figures.data import Estimate, Frame, Names, estimate, some
from sim.figures.palette import Look
from sim.figures.specification import SEVERAL, figure
from sim.figures.style import Style
from sim.records.measures import MEASURES


class Split(NamedTuple):
    """A panel: a *measure* of spam *by* a key, under a *title*, with the *looks* of its parts."""

    measure: str
    by: str
    title: str
    looks: Mapping[str, Look]
    absent: str


SPLITS = (
    Split(
        "spam_left_per_day",
        "abuse",
        "spam that left the servers that change,\nby whose trust it abused",
        palette.ABUSE,
        "none left",
    ),
    Split(
        "spam_per_mailbox_day",
        "route",
        "spam that arrived,\nby the route it took",
        palette.ROUTE,
        "none arrived",
    ),
)


@figure(
    "Spam by arm after the policy started. Left: recipients that the servers whose policy the arms "
    "change relayed, by whose trust was abused; right: what arrived anywhere, by route. Whiskers: "
    "95 % intervals of the sum, over replications. "
    + words.definitions("spam_left_per_day", "spam_per_mailbox_day"),
    first=SEVERAL,
)
def causes(style: Style, measures: Frame, arms: Names) -> Figure:
    """Spam that left the servers by cause, and spam that arrived by route."""
    chosen = (measures["class"] == "spam") & (measures["phase"] == "after")
    rows = some(measures[chosen], "spam after the policy started")
    panels = [_stacks(rows, split) for split in SPLITS]
    entries = [
        (Patch(**bars.filling(look)), f"{split.by}: {name.replace('_', ' ')}")
        for split, panel in zip(SPLITS, panels, strict=True)
        for name, look in split.looks.items()
        if any(parts.get(name) for parts in panel.parts.values())
    ]
    return bars.draw(style, panels, arms, entries, interval="95 % interval of the sum")


def _stacks(spam: Frame, split: Split) -> Stacks:
    """The panel of one measure, split by its key."""
    of_measure = some(spam[spam["measure"] == split.measure], split.measure)
    kind = MEASURES[split.measure].kind
    parts: dict[str, dict[str, float]] = {}
    keyed = of_measure[of_measure["by"] == split.by]
    for (arm, key), rows in keyed.groupby(["arm", "key"], observed=True):
        mean = estimate(kind, rows, "numerator", "denominator").mean
        parts.setdefault(str(arm), {})[str(key)] = mean
    whole = of_measure[of_measure["by"] == "all"]
    sums = {
        str(arm): estimate(kind, rows, "numerator", "denominator")
        for arm, rows in whole.groupby("arm", observed=True)
    }
    return Stacks(
        split.title, words.axis(split.measure), split.looks, parts, sums, _end(sums), split.absent
    )


def _end(sums: Mapping[str, Estimate]) -> float:
    """Where the axis ends: above all sums, and their intervals unless these are far wider."""
    means = max((sum_.mean for sum_ in sums.values() if sum_.defined), default=0.0)
    tops = max((sum_.top for sum_ in sums.values()), default=0.0)
    return bars.ceiling(min(tops, bars.WIDEST * means) if means else tops)
