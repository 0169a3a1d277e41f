"""Delay: what part of honest mail is not yet in the mailbox, so long after it was wished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sim.figures import palette
from sim.figures import style as s
from sim.figures.bars import ONE_REPLICATION, ceiling
from sim.figures.data import estimates, honest_after, need, order
from sim.figures.lines import DAY, HOUR, nested
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn
from sim.records.measures import SHARE

if TYPE_CHECKING:
    import pandas as pd

    from sim.measure.intervals import Intervals

COLUMNS = ("arm", "replication", "class", "phase", "fate", "written_at", "ended_at")
TICKS = {
    1.0: "1 s",
    10.0: "10 s",
    60.0: "1 min",
    600.0: "10 min",
    HOUR: "1 h",
    4 * HOUR: "4 h",
    DAY: "1 d",
    5 * DAY: "5 d",
    30 * DAY: "30 d",
}
HEIGHT = {"column": 3.4, "page": 4.4, "slide": 4.6}
"""Inches for both axes together."""
POINTS = 400
"""Moments at which a curve is drawn, evenly in the logarithm: chosen, 4 % apart over two weeks."""

Array = NDArray[np.float64]


@drawn
def delay(
    style: Style,
    recipients: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    run_length: float | None = None,
) -> Figure:
    """Part of honest recipients not yet delivered against the time since the wish, by arm.

    Above: all of it; below: the same, enlarged, so that the steps of retry schedules show. What
    is in transit at *run_length* (s) is censored there; what was lost never arrives.
    """
    frame = need(recipients, "recipients", COLUMNS, figure="delay")
    honest = honest_after(frame, COLUMNS, figure="delay")
    chosen = order(honest["arm"], arms, figure="delay")
    end = run_length if run_length is not None else _end(honest)
    longest = float(np.nanmax([_delays(honest).max(), 60.0]))
    moments = np.geomspace(1.0, longest, POINTS)
    curves = {arm: _curve(honest[honest["arm"] == arm], moments, end) for arm in chosen}
    figure = s.new(style, HEIGHT[style.name])
    whole, part = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    for axes in (whole, part):
        _curves(axes, style, moments, curves)
    for arm, found in curves.items():
        tell(whole, found, 100.0, x=moments, series=arm, unit="not yet delivered (%), x in s")
    whole.set_ylim(0, 100)
    whole.set_ylabel(s.name("not yet delivered (%)", 16))
    part.set_ylim(0, 100 * min(1.0, _enlarged(moments, curves)))
    part.set_ylabel("not yet delivered (%), enlarged")
    part.set_xlabel("time since the wish")
    _time(part, moments)
    one = any((found.n == 1).all() for found in curves.values())
    s.legend(figure, style, _entries(style, curves), notes=[ONE_REPLICATION] if one else [])
    return s.settle(figure, [whole, part], HEIGHT[style.name], tallest=style.height)


def caption(*_: object, **__: object) -> str:
    """What `delay` shows."""
    return (
        "Honest recipients not yet delivered, against the time since the wish (logarithmic), after "
        "the policy started; below the same, enlarged. Steps are retries; the level at the right "
        "is what never arrives. Mail in transit at the end of the run is censored there (product-"
        "limit estimate of Kaplan and Meier 1958). Bands: 95 % intervals over replications."
    )


def survival(delays: Array, censored: Array, never: int, moments: Array) -> Array:
    """Return the part that has not arrived at each of *moments* (product-limit estimate)."""
    times = np.concatenate([delays, censored])
    event = np.concatenate([np.ones(len(delays)), np.zeros(len(censored))])
    sequence = np.lexsort((1 - event, times))  # at equal times events come before censoring
    at_risk = len(times) + never - np.arange(len(times))
    left = np.cumprod(1.0 - event[sequence] / at_risk)
    place = np.searchsorted(times[sequence], moments, side="right")
    return np.asarray(np.concatenate([[1.0], left])[place])


def _delays(rows: pd.DataFrame) -> pd.Series[float]:
    arrived = rows[rows["fate"] == "delivered"]
    return arrived["ended_at"] - arrived["written_at"]


def _end(rows: pd.DataFrame) -> float:
    return float(np.nanmax(rows[["written_at", "ended_at"]].to_numpy(dtype=float)))


def _curve(rows: pd.DataFrame, moments: Array, end: float) -> Intervals:
    values, sizes = [], []
    for _, part in rows.groupby("replication", sort=True):
        waiting = part[part["fate"] == "in_transit"]
        delays: Array = np.asarray(_delays(part), dtype=np.float64)
        never = len(part) - len(waiting) - len(delays)
        censored = end - waiting["written_at"].to_numpy(dtype=float)
        values.append(survival(delays, censored, never, moments))
        sizes.append(float(len(part)))
    size = np.broadcast_to(np.array(sizes), (len(moments), len(sizes)))
    return estimates(SHARE, np.array(values).T * size, size)


def _curves(axes: Axes, style: Style, moments: Array, curves: dict[str, Intervals]) -> None:
    s.tidy(axes, style)
    axes.set_xscale("log")
    axes.grid(color="0.9", linewidth=0.5 * style.line)
    for number, (arm, found) in enumerate(curves.items()):
        look = palette.arm(number)
        axes.fill_between(
            moments,
            100 * found.low,
            100 * found.high,
            color=look.colour,
            alpha=min(0.15, 0.6 / len(curves)),
            linewidth=0,
        )
        axes.plot(
            moments,
            100 * found.mean,
            color=look.colour,
            linestyle=look.line,
            linewidth=nested(style, number, len(curves)),
            label=arm,
        )


def _enlarged(moments: Array, curves: dict[str, Intervals]) -> float:
    """Return where the enlarged axis ends: above what is left after ten minutes."""
    late = int(np.searchsorted(moments, min(600.0, moments[-1] / 2)))
    return ceiling(max(float(found.mean[late]) for found in curves.values()))


def _time(axes: Axes, moments: Array) -> None:
    ticks = {at: words for at, words in TICKS.items() if at <= moments[-1] * 1.05}
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xticks([], minor=True)
    axes.set_xlim(1.0, moments[-1])


def _entries(style: Style, curves: dict[str, Intervals]) -> list[tuple[Artist | None, str]]:
    made: list[tuple[Artist | None, str]] = []
    for number, arm in enumerate(curves):
        look = palette.arm(number)
        width = nested(style, number, len(curves))
        line = Line2D([], [], color=look.colour, linestyle=look.line, linewidth=width)
        made.append((line, s.name(arm, int(1.6 * style.wrap))))
    if any(np.isfinite(found.low).any() for found in curves.values()):
        made.append((Patch(facecolor="0.8"), s.INTERVAL))
    return made
