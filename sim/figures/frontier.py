"""The trade-off: what a policy takes from the spammer against what it costs honest mail."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import bars, layout, palette, words
from sim.figures.data import Estimate, FigureError, Frame, Names, select
from sim.figures.layout import Entry
from sim.figures.numbers import record
from sim.figures.specification import figure
from sim.figures.style import Style

GAIN = ("spam", "spam_per_mailbox_day")
COSTS = {
    "long_run_lost_per_day": "honest mail lost in the long run (recipients / day)",
    "lost_per_day": "honest mail lost while nothing has settled (recipients / day)",
}
"""What honest people lose, and the words at the axis: the first that some arm has."""
HEIGHT = {"column": 2.6, "page": 3.6, "slide": 4.6}
"""Inches for the axes alone."""
ANGLES = (45, 135, 90, 0, 315, 225, 180, 270, 20, 70, 110, 160)
"""Directions from a point in which its number may stand, best first."""

Box = tuple[float, float, float, float]
"""Middle, width and height of what is written (points)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One arm: *number* in the legend, honest mail *lost*, *spam* delivered, *dominated* or not."""

    number: int
    arm: str
    lost: Estimate
    spam: Estimate
    dominated: bool


@figure(
    "Each policy by the honest mail it loses and the spam it lets through; nearer to the lower "
    "left corner is better. Arms that have not settled are left out; where none has, the loss is "
    "that of the days after the change. Hollow: dominated, some "
    "other policy is no worse in both means and "
    f"better in one. Line: the policies that are not. {words.WHISKERS} "
    + words.definitions("long_run_lost_per_day", "spam_per_mailbox_day")
)
def frontier(style: Style, summary: Frame, arms: Names) -> Figure:
    """Spam per mailbox and day against honest mail lost; dominated policies are hollow."""
    alternatives = ((label, _points(summary, arms, cost)) for cost, label in COSTS.items())
    lost, points = next(((label, points) for label, points in alternatives if points), ("", []))
    if not points:
        raise FigureError(f"no arm has both {' or '.join(COSTS)} and {GAIN[1]}")
    figure = layout.new(style, HEIGHT[style.name])
    axes = layout.tidy(figure.subplots(), style)
    axes.set_xlim(0, bars.ceiling(max(point.lost.top for point in points)))
    axes.set_ylim(0, bars.ceiling(max(point.spam.top for point in points)))
    axes.set_xlabel(lost)
    axes.set_ylabel(layout.name("spam delivered (messages / mailbox / day)", 44))
    best = sorted((p.lost.mean, p.spam.mean) for p in points if not p.dominated)
    line: dict[str, Any] = {"color": "0.6", "linewidth": style.line, "zorder": 1}
    axes.step(*zip(*best, strict=True), where="post", gid="frontier", **line)
    for rank, point in enumerate(points):
        _mark(axes, style, point, 1.0 - rank / (2 * len(points)))
    notes = _notes(points, arms)
    entries = list(_entries(style, points))
    layout.legend(figure, style, entries, interval=layout.whisker(style), notes=notes)
    layout.settle(figure, [axes], HEIGHT[style.name], tallest=style.height)
    _number(axes, style, points)
    return figure


def dominated(lost: float, spam: float, others: Sequence[tuple[float, float]]) -> bool:
    """Whether some other point is no worse in both and better in one."""
    return any(x <= lost and y <= spam and (x < lost or y < spam) for x, y in others)


def _points(summary: Frame, arms: Names, cost: str) -> list[Point]:
    costs, gains = (select(summary, *measure, 1.0) for measure in (("honest", cost), GAIN))
    pairs = {arm: (costs.get(arm, Estimate()), gains.get(arm, Estimate())) for arm in arms}
    defined = {arm: pair for arm, pair in pairs.items() if pair[0].defined and pair[1].defined}
    means = {arm: (lost.mean, spam.mean) for arm, (lost, spam) in defined.items()}
    everyone = list(means.values())
    return [
        Point(number, arm, *defined[arm], dominated(*means[arm], everyone))
        for number, arm in enumerate(arms, start=1)
        if arm in defined
    ]


def _mark(axes: Axes, style: Style, point: Point, size: float) -> None:
    """Draw one arm; each later one a little smaller, so that those that coincide stay visible."""
    series = "dominated" if point.dominated else "not dominated"
    at = point.lost.mean, point.spam.mean
    whisker: dict[str, Any] = {
        "fmt": "none",
        "ecolor": palette.arm(point.number - 1).colour,
        "elinewidth": 0.8 * style.line,
        "capsize": 0.25 * style.small,
        "zorder": 2,
    }
    ends: dict[str, Any] = {}
    for estimate, along, label in (
        (point.lost, "xerr", axes.get_xlabel()),
        (point.spam, "yerr", axes.get_ylabel()),
    ):
        record(axes, estimate, row=point.arm, series=series, unit=label.replace("\n", " "))
        ends |= {along: estimate.reach} if estimate.interval else {}
    axes.errorbar(at[0], at[1], **ends, **whisker)
    look = _marker(style, point, 1.3 * size)
    axes.plot(*at, **look, clip_on=False, zorder=3, gid=f"arm {point.number}")


def _marker(style: Style, point: Point, size: float) -> dict[str, Any]:
    fill = {"markerfacecolor": "white"} if point.dominated else {}
    look = palette.arm(point.number - 1)
    return bars.marker(style, look, size, markeredgewidth=style.line, **fill)


def _number(axes: Axes, style: Style, points: Sequence[Point]) -> None:
    """Write its number beside each point, where no other point or number is; coinciding ones share.

    Tried are ever wider rings around the point; a number that had to go far gets a line.
    """
    width = 72 * axes.get_position().width * style.width / axes.get_xlim()[1]
    height = 72 * HEIGHT[style.name] / axes.get_ylim()[1]
    places = {point.number: (point.lost.mean * width, point.spam.mean * height) for point in points}
    clusters: dict[tuple[int, int], list[Point]] = {}
    for point in points:
        x, y = places[point.number]
        clusters.setdefault((round(x / 3), round(y / 3)), []).append(point)
    size = 1.2 * style.small
    boxes: list[Box] = [(x, y, size, size) for x, y in places.values()]
    for first, *others in clusters.values():
        text = ", ".join(str(point.number) for point in (first, *others))
        box = (0.62 * style.small * len(text), style.small)
        x, y = places[first.number]
        dx, dy = _free((x, y), box, boxes, style.small)
        boxes.append((x + dx, y + dy, *box))
        far = math.hypot(dx, dy) > 1.8 * style.small + box[0] / 2
        line: dict[str, Any] = {"arrowstyle": "-", "color": "0.5", "linewidth": 0.5 * style.line}
        axes.annotate(
            text,
            (first.lost.mean, first.spam.mean),
            (dx, dy),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=style.small,
            zorder=4,
            arrowprops=line if far else None,
        )


def _free(
    at: tuple[float, float], box: tuple[float, float], boxes: Sequence[Box], unit: float
) -> tuple[float, float]:
    """Return an offset (points) from *at* for a *box* that overlaps none of *boxes*."""
    (x, y), (wide, high) = at, box
    for ring in range(1, 12):
        reach = unit * (0.7 + 0.5 * ring)
        for angle in map(math.radians, ANGLES):
            dx, dy = (reach + wide / 2) * math.cos(angle), reach * math.sin(angle)
            inside = x + dx > wide / 2 and y + dy > high / 2
            if inside and not any(_overlap((x + dx, y + dy, *box), other) for other in boxes):
                return dx, dy
    return unit + wide / 2, unit


def _overlap(a: Box, b: Box) -> bool:
    return all(abs(a[n] - b[n]) < (a[n + 2] + b[n + 2]) / 2 for n in (0, 1))


def _entries(style: Style, points: Sequence[Point]) -> Iterator[Entry]:
    for point in points:
        label = layout.name(f"{point.number}  {point.arm}", int(1.6 * style.wrap))
        yield Line2D([], [], **_marker(style, point, 1.0)), label


def _notes(points: Sequence[Point], arms: Names) -> list[str]:
    drawn_arms = {point.arm for point in points}
    notes = [f"not shown, no value: {arm}" for arm in arms if arm not in drawn_arms]
    hollow = any(point.dominated for point in points)
    return [*notes, *(["hollow: dominated by another policy"] if hollow else [])]
