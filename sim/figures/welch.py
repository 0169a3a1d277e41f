"""Welch's plot: how long until a run has forgotten how it began, or that its policy changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.figures import lines, words
from sim.figures import style as s
from sim.figures.data import FigureError, need, order
from sim.figures.lines import DAY
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn
from sim.measure.intervals import Intervals, student
from sim.measure.welch import by_day, first_day, level, since
from sim.measure.welch import welch as averages

if TYPE_CHECKING:
    import pandas as pd

WINDOW = 3
"""Days averaged on either side: a whole week, so that weekends do not show."""
CURVE: dict[str, Any] = {"color": "black", "linewidth": 1.2}
LEVEL: dict[str, Any] = {"color": "0.9", "linewidth": 0, "zorder": 0, "gid": "level"}


@drawn
def welch(
    style: Style,
    measures: pd.DataFrame,
    *,
    class_: str = "honest",
    measure: str = "delivery_rate",
    window: int = WINDOW,
    arms: Sequence[str] | None = None,
    baseline: str = "",
    policy_starts: float = 0.0,
) -> Figure:
    """Welch's plot: each day's mean, its moving average, and from when on it is level.

    The arm *baseline* is looked at from the start of the run, others from *policy_starts* (s).
    """
    frame = need(measures, "measures", figure="welch")
    names = order(frame["arm"], arms, figure="welch")
    try:
        table = by_day(frame, class_, measure)
    except ValueError as error:
        raise FigureError(f"welch: {error}") from None
    names = [arm for arm in names if arm in table.index.get_level_values("arm")]
    starts = since(names, baseline, policy_starts)
    found = level(frame, class_, measure, starts)
    begins = dict(zip(found["arm"], found["level"].astype(float), strict=True))
    curves = averages(frame, class_, measure, window, starts).set_index("arm")["smoothed"]
    scale = 100.0 if words.is_share(measure) else 1.0
    label = words.label(class_, measure)
    figure, panels = lines.panels(style, names, xlabel="day of the run", ylabel=label)
    for arm, axes in panels:
        days, values = table.columns.to_numpy(dtype=float), table.loc[arm].to_numpy(dtype=float)
        told = student(scale * values.T)
        tell(axes, told, x=days, series="mean of the day", row=arm, unit=label)
        _points(axes, style, days + 0.5, told)
        for piece in np.split(np.arange(len(days)), [first_day(starts[arm])]):
            axes.plot(days[piece] + 0.5, scale * curves.loc[arm].to_numpy()[piece], **CURVE)
        if np.isfinite(begins[arm]):
            axes.axvspan(begins[arm], days[-1] + 1.0, **LEVEL)
        axes.axvline(policy_starts / DAY, linewidth=style.line, **lines.POLICY)
        axes.set_xlim(0, days[-1] + 1.0)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    dot = Line2D([], [], marker="o", linestyle="none", color="0.45", markersize=3)
    entries = [
        (dot, "mean of a day, 95 % interval"),
        (Line2D([], [], **CURVE), f"moving average, ±{window} d"),
        (Line2D([], [], linewidth=style.line, **lines.POLICY), "policy starts"),
        (Patch(facecolor="0.9"), "level: as the second half"),
    ]
    s.legend(figure, style, entries, notes=_notes(found))
    return lines.settle(figure, style, names)


def _points(axes: Axes, style: Style, at: np.ndarray, told: Intervals) -> None:
    axes.vlines(at, told.low, told.high, color="0.7", linewidth=style.line)
    axes.plot(at, told.mean, color="0.45", marker="o", linestyle="", markersize=3)


def _notes(found: pd.DataFrame) -> list[str]:
    if (found["replications"] < 2).any():
        return ["one replication: nothing can be said about when it is level"]
    return []


def caption(*_: object, measure: str = "delivery_rate", **__: object) -> str:
    """What `welch` shows."""
    return (
        "The mean of each day over replications with its 95 % interval, and a moving average, to "
        "choose how long the warm-up and the transient must be. Grey: from when on no day differs "
        "from those of the second half of the same part of the week, by Student's t in all "
        "replications, 95 % for all days together; no grey where that is not so by the middle. "
        + words.definitions(measure)
    )
