"""A tornado: how far each unknown alone moves a number, the widest first, a panel a policy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import bars, words
from sim.figures import style as s
from sim.figures.data import Estimate, need, order, some
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn
from sim.measure.sweeps import CHANGE, REACH

if TYPE_CHECKING:
    import pandas as pd

LEAST, MOST, BAND, BOUND = "#56b4e9", "#e69f00", "0.9", "0.4"
DOTTED = (0, (1, 1.5))
ENDS = {"least": (LEAST, ""), "most": (MOST, "///")}
"""Colour and hatching of the bar to each end of a range: told apart in grey, too."""


@drawn
def tornado(
    style: Style,
    ranges: pd.DataFrame,
    *,
    class_: str = "honest",
    measure: str = "lost_per_day",
    arms: Sequence[str] | None = None,
) -> Figure:
    """One measure at the ends of each unknown's range, and the band over all of them together.

    *ranges* is that of `sim.results.sweep.Sweep.tornado`: a row per arm, class, measure and key.
    """
    frame = need(ranges, "ranges", figure="tornado")
    rows = frame[(frame["class"] == class_) & (frame["measure"] == measure)]
    rows = some(rows, f"{measure} of {class_}", figure="tornado")
    names = order(rows["arm"], arms, figure="tornado")
    swings = rows.groupby("key", sort=False)["swing"].max().sort_values(kind="stable")
    keys = list(swings.index)  # the widest stands on top
    scale = 100.0 if words.is_share(measure) else 1.0
    labels = _labels(rows, keys, style)
    tall = len(keys) * (s.lines(labels) + 0.6) * 1.25 * style.small / 72
    figure = s.new(style, tall * len(names))
    panels = figure.subplots(len(names), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for axes, arm in zip(panels, names, strict=True):
        s.tidy(axes, style).set_title(
            s.name(arm, int(0.55 * 72 * style.width / (0.6 * style.text)))
        )
        _panel(axes, rows[rows["arm"] == arm].set_index("key"), keys, scale, style)
    panels[0].set_yticks(range(len(keys)), labels)
    panels[-1].set_xlabel(words.label(class_, measure))
    s.legend(figure, style, _entries(style), notes=[NOTE])
    return s.settle(figure, list(panels), tall * len(names))


NOTE = (
    "Means over replications; each unknown alone at its least and most, the others as stated. "
    "At the right: the change from least to most, ± its 95 % interval in pairs. Dotted: from the "
    "least to the greatest bound of the 95 % intervals of all means that the band spans."
)


def _panel(axes: Axes, rows: pd.DataFrame, keys: list[str], scale: float, style: Style) -> None:
    own, *reach = (float(rows[name].iloc[0]) * scale for name in ("own", *REACH))
    axes.axvspan(*reach[:2], color=BAND, linewidth=0, gid="band")
    for bound in filter(math.isfinite, reach[2:]):
        axes.axvline(bound, color=BOUND, linewidth=style.line, linestyle=DOTTED, gid="chance")
    for series, (low, high) in {"the unknowns": reach[:2], "and chance": reach[2:]}.items():
        tell(axes, Estimate(own, low, high), row="all together", series=series)
    for at, key in enumerate(keys):
        for end, (colour, hatch) in ENDS.items():
            to = float(rows[f"at_{end}"][key]) * scale
            tell(axes, Estimate(to), row=key, series=f"at its {end}")
            axes.barh(
                at, to - own, left=own, height=0.7 if abs(to - own) else 0.0, color=colour,
                hatch=hatch, edgecolor="black", linewidth=0.5 * style.line, gid=f"{key}: {end}",
            )  # fmt: skip
        change, bottom, top = (float(rows[name][key]) * scale for name in CHANGE)
        bars.beside(axes, style, at, words.apart(change, (top - bottom) / 2))
    axes.axvline(own, color="black", linewidth=style.line, gid="own")
    axes.grid(axis="x", color="0.9", linewidth=0.5 * style.line)
    axes.set(axisbelow=True, ylim=(-0.5, len(keys) - 0.5))


def _labels(rows: pd.DataFrame, keys: list[str], style: Style) -> list[str]:
    ends = {row["key"]: (row["least"], row["most"]) for row in rows.to_dict("records")}
    letters = int(0.42 * 72 * style.width / (0.6 * style.small))
    return [s.name(f"{key}: {ends[key][0]} to {ends[key][1]}", letters) for key in keys]


def _entries(style: Style) -> list[tuple[Any, str]]:
    told = {"least": "at its least", "most": "at its most"}
    shown = [
        (Patch(facecolor=c, hatch=h, edgecolor="black", linewidth=0.5 * style.line), told[end])
        for end, (c, h) in ENDS.items()
    ]
    own = Line2D([], [], color="black", linewidth=style.line)
    chance = Line2D([], [], color=BOUND, linewidth=style.line, linestyle=DOTTED)
    return [
        *shown, (own, "all as stated"), (Patch(color=BAND), "all ends together: the unknowns"),
        (chance, "the same with chance"),
    ]  # fmt: skip


def caption(
    ranges: pd.DataFrame, *_: object, class_: str = "honest", measure: str = "lost_per_day",
    **__: object,
) -> str:  # fmt: skip
    """What `tornado` shows: which unknown moves the measure most."""
    rows = ranges[(ranges["class"] == class_) & (ranges["measure"] == measure)]
    widest = rows["key"].iloc[int(np.argmax(rows["swing"].fillna(-np.inf)))]
    return (
        f"Each unknown alone at the ends of its range. {words.definitions(measure)} Most depends "
        f"on {widest}. Grey: from the least to the greatest mean over all ends together, which is "
        "what the unknowns do; dotted: with chance, too."
    )
