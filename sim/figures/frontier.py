"""The trade-off: what a policy takes from the spammer against what it costs honest mail."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import bars, layout, palette, words
from sim.figures.data import Estimate, FigureError, Frame, Names, select
from sim.figures.layout import Entry
from sim.figures.numbers import record
from sim.figures.specification import Run, figure
from sim.figures.style import Style


class Gain(NamedTuple):
    """What a policy takes from the spammer: a *measure*, its axis, and its *band*."""

    measure: str
    label: str
    band: str


LEAVES = Gain("spam_left_per_day", "spam that left servers (recipients / day)", "spam that left")
ENTERS = Gain(
    "spam_per_mailbox_day",
    "spam delivered (messages / mailbox / day)",
    "spam per mailbox and day",
)
COSTS = {
    "long_run_lost_per_day": "honest mail lost in the long run (recipients / day)",
    "lost_per_day": "honest mail lost since the change (recipients / day)",
}
"""What honest people lose, and the words at the axis: the first that some arm has."""
LOSSES = "honest recipients lost"
"""What honest people lose, as the table of bands calls it."""
HEIGHT = {"column": 2.6, "page": 3.6, "slide": 4.6}
"""Inches for the axes alone."""
ANGLES = (45, 135, 90, 0, 315, 225, 180, 270, 20, 70, 110, 160)
"""Directions from a point in which its number may stand, best first."""

Bands = Mapping[str, tuple[float, float]]
Box = tuple[float, float, float, float]
"""Middle, width and height of what is written (points)."""


@dataclass(frozen=True, slots=True)
class Point:
    """One arm: *number* in the legend, honest mail *lost*, *spam* delivered, *dominated* or not.

    *bands* are the ends of both over what is only assumed, where that was tried.
    """

    number: int
    arm: str
    lost: Estimate
    spam: Estimate
    dominated: bool
    bands: Bands


def _caption(run: Run, bands: Frame | None, **_: object) -> str:
    gain = LEAVES if run.leaves else ENTERS
    costs = ("lost_per_day",) if bands is not None else tuple(COSTS)
    band = (
        "Pale bars: from the least to the greatest mean if what is only assumed is otherwise. "
        if bands is not None
        else "Arms that have not settled are left out of the long run; where none has, the loss is "
        "that of all days since the change. "
    )
    return (
        "Each policy by the honest mail that it loses and the spam that it lets through; nearer to "
        "the lower left corner is better. Hollow: some other policy is no worse in both means and "
        f"better in one. Line: the policies that are not. {words.WHISKERS} {band}"
        + words.definitions(*costs, gain.measure)
    )


@figure(_caption, first=1)
def frontier(
    style: Style, summary: Frame, arms: Names, run: Run, bands: Frame | None = None
) -> Figure:
    """Trade-off: spam against honest mail lost; policies that another one betters are hollow.

    *bands* are those of the whole time since the change, so that losses are, too.
    """
    gain = LEAVES if run.leaves else ENTERS
    costs = [cost for cost in COSTS if bands is None or cost == "lost_per_day"]
    alternatives = ((COSTS[cost], _points(summary, arms, (cost, gain), bands)) for cost in costs)
    lost, points = next(((label, points) for label, points in alternatives if points), ("", []))
    if not points:
        raise FigureError(f"no arm has both {' or '.join(COSTS)} and {gain.measure}")
    figure = layout.new(style, HEIGHT[style.name])
    axes = layout.tidy(figure.subplots(), style, grid="both")
    axes.set_xlim(_limits((point.lost, point.bands.get("lost", ())) for point in points))
    axes.set_ylim(_limits((point.spam, point.bands.get("spam", ())) for point in points))
    axes.set_xlabel(lost)
    axes.set_ylabel(layout.name(gain.label, 44))
    best = sorted((p.lost.mean, p.spam.mean) for p in points if not p.dominated)
    line: dict[str, Any] = {"color": "0.6", "linewidth": style.line, "zorder": 1}
    axes.step(*zip(*best, strict=True), where="post", gid="frontier", **line)
    for rank, point in enumerate(points):
        _draw_bands(axes, style, point)
        _mark(axes, style, point, 1.0 - rank / (2 * len(points)))
    notes = _notes(points, arms)
    entries = [*_entries(style, points), *_band_entries(style, points)]
    layout.legend(figure, style, entries, interval=layout.whisker(style), notes=notes)
    layout.settle(figure, [axes], HEIGHT[style.name], tallest=style.height)
    _number(axes, style, points)
    return figure


def _limits(values: Iterable[tuple[Estimate, Sequence[float]]]) -> tuple[float, float]:
    """The ends of an axis: from 0, unless all values lie close together and far from it."""
    pairs = list(values)
    low = min(min(one.bottom, *ends) if ends else one.bottom for one, ends in pairs)
    high = max(max(one.top, *ends) if ends else one.top for one, ends in pairs)
    if low < 0.6 * high or high == 0.0:
        return 0.0, bars.ceiling(high or 1.0)
    step = bars.ceiling((high - low) / 4 or high)
    return math.floor(low / step) * step, math.ceil(1.001 * high / step) * step


def _draw_bands(axes: Axes, style: Style, point: Point) -> None:
    """Draw pale bars through a point, as long as what is assumed may move it."""
    look = _band_look(style, palette.arm(point.number - 1).colour)
    for side, label in (("lost", axes.get_xlabel()), ("spam", axes.get_ylabel())):
        ends = point.bands.get(side)
        if ends is None:
            continue
        xs, ys = [point.lost.mean] * 2, [point.spam.mean] * 2
        axes.plot(ends if side == "lost" else xs, ends if side == "spam" else ys, **look)
        unit = label.replace("\n", " ")
        for name, end in zip(("least", "most"), ends, strict=True):
            series = f"structure, {name}"
            record(axes, Estimate(end), row=point.arm, series=series, unit=unit)


def _band_look(style: Style, colour: str) -> dict[str, Any]:
    """How bands are drawn: wide and pale, below all else."""
    look = {"color": colour, "linewidth": 4 * style.line, "alpha": 0.25, "zorder": 0}
    return {**look, "solid_capstyle": "butt", "gid": "structure"}


def _band_entries(style: Style, points: Sequence[Point]) -> list[Entry]:
    if not any(point.bands for point in points):
        return []
    return [(Line2D([], [], **_band_look(style, "0.2")), "if what is assumed is otherwise")]


def dominated(lost: float, spam: float, others: Sequence[tuple[float, float]]) -> bool:
    """Whether some other point is no worse in both and better in one."""
    return any(x <= lost and y <= spam and (x < lost or y < spam) for x, y in others)


def _bands(bands: Frame | None, arm: str, gain: Gain) -> Bands:
    """The ends of what an arm loses and lets through over what is assumed."""
    if bands is None:
        return {}
    rows = bands[bands["arm"].astype(str) == arm].set_index("quantity")
    sides = {"lost": LOSSES, "spam": gain.band}
    present = {side: name for side, name in sides.items() if name in rows.index}
    low, high = (rows[end].astype(float) for end in ("band_low", "band_high"))
    return {side: (low[name], high[name]) for side, name in present.items()}


def _points(
    summary: Frame, arms: Names, axes: tuple[str, Gain], bands: Frame | None
) -> list[Point]:
    cost, gain = axes
    sides = ("honest", cost), ("spam", gain.measure)
    costs, gains = (select(summary, *measure, 1.0) for measure in sides)
    pairs = {arm: (costs.get(arm, Estimate()), gains.get(arm, Estimate())) for arm in arms}
    defined = {arm: pair for arm, pair in pairs.items() if pair[0].defined and pair[1].defined}
    means = {arm: (lost.mean, spam.mean) for arm, (lost, spam) in defined.items()}
    everyone = list(means.values())
    return [
        Point(
            number, arm, *defined[arm], dominated(*means[arm], everyone), _bands(bands, arm, gain)
        )
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
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    width = 72 * axes.get_position().width * style.width / (right - left)
    height = 72 * HEIGHT[style.name] / (top - bottom)
    places = {
        point.number: ((point.lost.mean - left) * width, (point.spam.mean - bottom) * height)
        for point in points
    }
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
    return [*notes, *(["hollow: another policy is no worse on either axis"] if hollow else [])]
