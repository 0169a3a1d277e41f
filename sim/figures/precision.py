"""How sure the numbers are: the width of intervals against the number of replications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from sim.figures import palette, words
from sim.figures import style as s
from sim.figures.data import Estimate, FigureError, estimates, need, order, some
from sim.figures.lines import entry, nested
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn
from sim.records.measures import MEASURES, RATIO

if TYPE_CHECKING:
    import pandas as pd

HEIGHT = {"column": 2.0, "page": 2.3, "slide": 3.6}
DEFAULT = (("honest", "delivery_rate"), ("spam", "spam_per_mailbox_day"))
LEAST = 2
"""Replications from which the width of an interval says something: chosen."""


@drawn
def precision(
    style: Style,
    measures: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    shown: Sequence[tuple[str, str]] = DEFAULT,
) -> Figure:
    """Half the width of the 95 % interval after so many replications, a curve for each arm."""
    frame = need(measures, "measures", figure="precision")
    chosen = order(frame["arm"], arms, figure="precision")
    number = int(frame["replication"].nunique())
    if number < LEAST:
        raise FigureError(f"precision: one replication; it takes {LEAST} to see a trend")
    kept = frame[(frame["by"] == "all") & (frame["phase"] == "after")]
    figure = s.new(style, HEIGHT[style.name])
    grid = figure.subplots(1, len(shown), squeeze=False)[0]
    at = np.arange(LEAST, number + 1)
    for axes, (kind, measure) in zip(grid, shown, strict=True):
        rows = kept[(kept["class"] == kind) & (kept["measure"] == measure)]
        rows = some(rows, f"{measure} of {kind}", figure="precision")
        scale = 100.0 if words.is_share(measure) else 1.0
        s.tidy(axes, style)
        for place, arm in enumerate(chosen):
            mine = rows[rows["arm"].astype(str) == arm].sort_values("replication")
            halves = [_half(measure, mine.iloc[:n]) for n in at[: max(len(mine) - LEAST + 1, 0)]]
            look = palette.arm(place)
            axes.plot(at[: len(halves)], scale * np.asarray(halves), color=look.colour,
                      linestyle=look.line, linewidth=nested(style, place, len(chosen)),
                      label=arm)  # fmt: skip
            for n, half in zip(at, halves, strict=False):
                told = Estimate(half, replications=int(n))
                tell(axes, told, scale, row=arm, x=int(n), unit=_unit(measure, scale))
        axes.set_ylim(bottom=0)
        axes.set_xlim(LEAST, max(number, LEAST + 1))
        room = int(72 * (style.width / len(shown) - 0.5) / (0.6 * style.text))
        axes.set_title("\n".join(s.name(t, room) for t in words.title(kind, measure).split("\n")))
        axes.set_xlabel("replications")
        axes.set_ylabel(s.name(_unit(measure, scale), 30))
        axes.xaxis.get_major_locator().set_params(integer=True)
    s.legend(figure, style, [
        entry(style, palette.arm(n), s.name(arm, style.wrap), nested(style, n, len(chosen)))
        for n, arm in enumerate(chosen)
    ])  # fmt: skip
    return s.settle(figure, [grid[0]], HEIGHT[style.name], tallest=style.height)


def _unit(measure: str, scale: float) -> str:
    return f"± {'percentage points' if scale > 1 else MEASURES[measure].unit}"


def _half(measure: str, rows: pd.DataFrame) -> float:
    kind = MEASURES[measure].kind if measure in MEASURES else RATIO
    top, below = (
        rows[name].to_numpy(dtype=float)[None, :] for name in ("numerator", "denominator")
    )
    found = estimates(kind, top, below)
    return float((found.high[0] - found.low[0]) / 2)


def caption(*_: object, **__: object) -> str:
    """What `precision` shows."""
    return (
        "Half the width of the 95 % interval that the first so many replications give, one curve "
        "for each policy. It falls about as one over the square root of their number: half the "
        "width takes four times the runs. "
        + words.definitions(*(measure for _, measure in DEFAULT))
    )
