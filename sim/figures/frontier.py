"""The trade-off: what a policy takes from the spammer against what it costs honest mail."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import palette, words
from sim.figures import style as s
from sim.figures.bars import ONE_REPLICATION, ceiling
from sim.figures.data import Estimate, FigureError, need, order
from sim.figures.numbers import tell
from sim.figures.rates import select
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

COST, GAIN = ("honest", "lost_per_day"), ("spam", "spam_per_mailbox_day")
HEIGHT = {"column": 2.6, "page": 3.6, "slide": 4.6}
"""Inches for the axes alone."""


@dataclass(frozen=True, slots=True)
class Point:
    """One arm: *number* in the legend, honest mail *lost*, *spam* delivered, *dominated* or not."""

    number: int
    arm: str
    lost: Estimate
    spam: Estimate
    dominated: bool


@drawn
def frontier(style: Style, summary: pd.DataFrame, *, arms: Sequence[str] | None = None) -> Figure:
    """Spam per mailbox and day against honest mail lost; dominated policies are hollow."""
    frame = need(summary, "summary", figure="frontier")
    chosen = order(frame["arm"], arms, figure="frontier")
    lost, spam = select(frame, *COST), select(frame, *GAIN)
    points = _points(chosen, lost, spam)
    if not points:
        raise FigureError(f"frontier: no arm has both {COST[1]} and {GAIN[1]}")
    figure = s.new(style, HEIGHT[style.name])
    axes = s.tidy(figure.subplots(), style)
    axes.set_xlim(0, ceiling(max(point.lost.top for point in points)))
    axes.set_ylim(0, ceiling(max(point.spam.top for point in points)))
    axes.set_xlabel("honest mail lost (recipients / day)")
    axes.set_ylabel(s.name("spam delivered (messages / mailbox / day)", 44))
    _staircase(axes, style, [point for point in points if not point.dominated])
    for rank, point in enumerate(points):
        _mark(axes, style, point, 1.0 - rank / (2 * len(points)))
    s.legend(figure, style, _entries(style, points), notes=_notes(points, chosen))
    s.settle(figure, [axes], HEIGHT[style.name], tallest=style.height)
    _number(axes, style, points)
    return figure


def caption(*_: object, **__: object) -> str:
    """What `frontier` shows."""
    return (
        "Each policy by the honest mail it loses and the spam it lets through; nearer to the lower "
        "left corner is better. Hollow: dominated, some other policy is no worse in both means and "
        f"better in one. Line: the policies that are not. {words.INTERVALS} "
        + words.definitions("lost_per_day", "spam_per_mailbox_day")
    )


def dominated(lost: float, spam: float, others: Sequence[tuple[float, float]]) -> bool:
    """Whether some other point is no worse in both and better in one."""
    return any(x <= lost and y <= spam and (x < lost or y < spam) for x, y in others)


def _points(
    arms: Sequence[str], lost: Mapping[str, Estimate], spam: Mapping[str, Estimate]
) -> list[Point]:
    known = [
        (number, arm)
        for number, arm in enumerate(arms, start=1)
        if arm in lost and arm in spam and lost[arm].defined and spam[arm].defined
    ]
    all_points = [(lost[arm].mean, spam[arm].mean) for _, arm in known]
    return [
        Point(
            number,
            arm,
            lost[arm],
            spam[arm],
            dominated(lost[arm].mean, spam[arm].mean, all_points),
        )
        for number, arm in known
    ]


def _staircase(axes: Axes, style: Style, best: Sequence[Point]) -> None:
    path = sorted((point.lost.mean, point.spam.mean) for point in best)
    axes.step(
        [x for x, _ in path],
        [y for _, y in path],
        where="post",
        color="0.6",
        linewidth=style.line,
        zorder=1,
        gid="frontier",
    )


def _mark(axes: Axes, style: Style, point: Point, size: float) -> None:
    """Draw one arm; each later one a little smaller, so that those that coincide stay visible."""
    look = palette.arm(point.number - 1)
    tell(axes, point.lost, row=point.arm, series=_series(point), unit=axes.get_xlabel())
    unit = axes.get_ylabel().replace("\n", " ")
    tell(axes, point.spam, row=point.arm, series=_series(point), unit=unit)
    for estimate, along in ((point.lost, "x"), (point.spam, "y")):
        if estimate.interval:
            reach = [[estimate.mean - estimate.low], [estimate.high - estimate.mean]]
            axes.errorbar(
                point.lost.mean,
                point.spam.mean,
                xerr=np.maximum(reach, 0) if along == "x" else None,
                yerr=np.maximum(reach, 0) if along == "y" else None,
                fmt="none",
                ecolor=look.colour,
                elinewidth=0.8 * style.line,
                capsize=0.25 * style.small,
                zorder=2,
            )
    axes.plot(
        point.lost.mean,
        point.spam.mean,
        **_marker(style, point, 1.3 * size),
        clip_on=False,
        zorder=3,
        gid=f"arm {point.number}",
    )


def _series(point: Point) -> str:
    return "dominated" if point.dominated else "not dominated"


def _marker(style: Style, point: Point, size: float) -> dict[str, Any]:
    look = palette.arm(point.number - 1)
    return {
        "marker": look.marker,
        "markersize": size * style.small,
        "markerfacecolor": "white" if point.dominated else look.colour,
        "markeredgecolor": look.colour,
        "markeredgewidth": style.line,
        "linestyle": "none",
    }


def _number(axes: Axes, style: Style, points: Sequence[Point]) -> None:
    """Write its number beside each point, where no other point or number is; coinciding ones share.

    Tried are ever wider rings around the point; a number that had to go far gets a line.
    """
    width = 72 * axes.get_position().width * style.width / axes.get_xlim()[1]
    height = 72 * HEIGHT[style.name] / axes.get_ylim()[1]
    clusters: dict[tuple[int, int], list[Point]] = {}
    for point in points:
        spot = (round(point.lost.mean * width / 3), round(point.spam.mean * height / 3))
        clusters.setdefault(spot, []).append(point)
    size = 1.2 * style.small
    taken = [(p.lost.mean * width, p.spam.mean * height, size, size) for p in points]
    for cluster in clusters.values():
        first = cluster[0]
        text = ", ".join(str(point.number) for point in cluster)
        box = (0.62 * style.small * len(text), style.small)
        x, y = first.lost.mean * width, first.spam.mean * height
        dx, dy = _free((x, y), box, taken, style.small)
        taken.append((x + dx, y + dy, *box))
        far = math.hypot(dx, dy) > 1.8 * style.small + box[0] / 2
        axes.annotate(
            text,
            (first.lost.mean, first.spam.mean),
            (dx, dy),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=style.small,
            zorder=4,
            arrowprops={"arrowstyle": "-", "color": "0.5", "linewidth": 0.5 * style.line}
            if far
            else None,
        )


def _free(
    at: tuple[float, float],
    box: tuple[float, float],
    taken: Sequence[tuple[float, float, float, float]],
    unit: float,
) -> tuple[float, float]:
    """Return an offset (points) from *at* for a *box* that overlaps none of *taken*."""
    (x, y), (wide, high) = at, box
    for ring in range(1, 12):
        reach = unit * (0.7 + 0.5 * ring)
        for angle in (45, 135, 90, 0, 315, 225, 180, 270, 20, 70, 110, 160):
            dx = (reach + wide / 2) * math.cos(math.radians(angle))
            dy = reach * math.sin(math.radians(angle))
            inside = x + dx > wide / 2 and y + dy > high / 2
            if inside and not any(
                abs(x + dx - tx) < (wide + tw) / 2 and abs(y + dy - ty) < (high + th) / 2
                for tx, ty, tw, th in taken
            ):
                return dx, dy
    return unit + wide / 2, unit


def _entries(style: Style, points: Sequence[Point]) -> list[tuple[Artist | None, str]]:
    made: list[tuple[Artist | None, str]] = [
        (
            Line2D([], [], **_marker(style, point, 1.0)),
            s.name(f"{point.number}  {point.arm}", int(1.6 * style.wrap)),
        )
        for point in points
    ]
    if any(point.lost.interval or point.spam.interval for point in points):
        made.append((s.whisker(style), s.INTERVAL))
    return made


def _notes(points: Sequence[Point], arms: Sequence[str]) -> list[str]:
    shown = {point.arm for point in points}
    notes = [f"not shown, no value: {arm}" for arm in arms if arm not in shown]
    if any(point.dominated for point in points):
        notes.append("hollow: dominated by another policy")
    if any(point.lost.replications == 1 for point in points):
        notes.append(ONE_REPLICATION)
    return notes
