"""The family of bars by arm: panels side by side, each with a row for every arm."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from sim.figures import layout
from sim.figures.data import Estimate, Names
from sim.figures.layout import Entry
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.style import Style
from sim.figures.words import digits
from sim.measure.digits import apart
from sim.measure.ranking import surely

THICK = 0.68
"""Height of a bar, as a part of the least row."""
HEAD = 5.5
"""Lines of type that title and axis of a panel take, about: for the choice of where to break."""
NARROWEST = 12
"""Letters that a panel must have room for: chosen, what a short heading has."""
FAR = 1.3
"""Of the greatest simulated value; an expectation beyond it is drawn at the edge (chosen)."""
WIDEST = 2.0
"""Of the greatest mean, where an axis ends at most: a wider interval is cut off (chosen)."""
GROUND = "0.92"
"""Of the rows of shaded arms."""
STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12)


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: a heading, the label of its axis, and what is drawn in the row of each arm."""

    title: str
    label: str

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the axis."""
        raise NotImplementedError

    def ground(self, axes: Axes, style: Style) -> None:
        """Draw what lies behind all rows."""
        if self.limits[0] < 0.0:
            axes.axvline(0, color="0.4", linewidth=style.line, zorder=1)

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw the row of *arm*, whose middle lies at *place*."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Bars(Panel):
    """A bar an arm, of a *share* (%) or not. *limit* ends the axis, else the greatest value.

    *absent* is written where an arm has no value.
    """

    look: Look
    rows: Mapping[str, Estimate]
    share: bool = False
    limit: float | None = None
    absent: str = "not defined"

    @property
    def top(self) -> float:
        """Where its axis should end: above all means, intervals and expectations but far ones."""
        means = max((row.mean for row in self.rows.values() if row.defined), default=0.0)
        tops = max((row.top for row in self.rows.values()), default=0.0)
        simulated = min(tops, WIDEST * means) if means > 0.0 else tops
        expected = [row.analytic for row in self.rows.values() if np.isfinite(row.analytic)]
        return max([simulated, *(x for x in expected if x <= FAR * simulated)])

    @property
    def limits(self) -> tuple[float, float]:
        """From 0, which bars begin at."""
        whole = 100.0 if self.share else 1.0
        limit = self.limit or (ceiling(self.top) if self.top > 0.0 else whole)
        return 0.0, min(limit, whole) if self.share else limit

    @property
    def far(self) -> set[str]:
        """The edges of the axis, as < or >, beyond which expectations lie."""
        low, high = self.limits
        values = [row.analytic for row in self.rows.values() if row.defined]
        return {">" for x in values if x > high} | {"<" for x in values if x < low}

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw a bar with its interval, the analytic expectation, and its value beside it."""
        row = self.rows.get(arm, Estimate())
        record(axes, row, row=arm)
        if not row.defined:
            absent(axes, style, place, self.absent)
            return
        self.bar(axes, style, place, row.mean)
        whisker(axes, style, place, row)
        if np.isfinite(row.analytic):
            _expect(axes, style, place, row.analytic)
        beside(axes, style, place, digits(row.mean))

    def bar(self, axes: Axes, style: Style, place: float, mean: float) -> None:
        """Draw the bar of a mean."""
        bar(axes, style, place, mean, self.look)


@dataclass(frozen=True, slots=True)
class Missing(Bars):
    """A bar an arm of what a share lacks to 100 %, on an axis that ends there."""

    @property
    def limits(self) -> tuple[float, float]:
        """As far below 100 as what is missing, and the expectations that are not far."""
        missing = {arm: _lacking(row) for arm, row in self.rows.items()}
        losses = Bars(self.title, self.label, self.look, missing, share=True)
        return 100.0 - losses.limits[1], 100.0

    def bar(self, axes: Axes, style: Style, place: float, mean: float) -> None:
        """Draw the bar from a mean to 100."""
        bar(axes, style, place, 100.0 - mean, self.look, left=mean)


def _lacking(row: Estimate) -> Estimate:
    """What a share (%) lacks to 100."""
    mean, high, low, analytic = (100.0 - x for x in (row.mean, row.low, row.high, row.analytic))
    return Estimate(mean, low, high, analytic, row.replications)


@dataclass(frozen=True, slots=True)
class Stacks(Panel):
    """A bar an arm, of parts by name, whose order and looks are those of *looks*."""

    looks: Mapping[str, Look]
    parts: Mapping[str, Mapping[str, float]]
    sums: Mapping[str, Estimate]
    limit: float
    absent: str

    @property
    def limits(self) -> tuple[float, float]:
        """From 0, which bars begin at."""
        return 0.0, self.limit

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw the parts one after the other, and the interval of their sum."""
        total = self.sums.get(arm, Estimate())
        if not total.defined:
            absent(axes, style, place, self.absent)
            return
        start = 0.0
        for name, look in self.looks.items():
            part = self.parts.get(arm, {}).get(name, 0.0)
            if part:
                bar(axes, style, place, part, look, start)
                record(axes, Estimate(part), row=arm, series=name)
                start += part
        record(axes, total, row=arm, series="sum")
        whisker(axes, style, place, total)
        beside(axes, style, place, digits(total.mean))


@dataclass(frozen=True, slots=True)
class Differences(Panel):
    """A mark an arm: filled where a difference surely is more than the *smallest* that matters."""

    look: Look
    rows: Mapping[str, Estimate]
    smallest: float
    """In the unit of the axis; NaN where none is stated."""

    @property
    def limits(self) -> tuple[float, float]:
        """Wide enough for all intervals, and for 0 to be no edge."""
        ends = [x for row in self.rows.values() for x in (row.mean, row.low, row.high)]
        ends = [x for x in ends if np.isfinite(x)]
        low = -ceiling(-min(ends)) if min(ends, default=0.0) < 0 else 0.0
        high = ceiling(max(ends)) if max(ends, default=0.0) > 0 else 0.0
        room = 0.06 * (high - low) or 1.0
        return min(low, -room), max(high, room)

    def ground(self, axes: Axes, style: Style) -> None:
        """Draw what is too little to matter, and the line at 0."""
        Panel.ground(self, axes, style)  # a class with slots is another than super() knows
        if np.isfinite(self.smallest):
            axes.axvspan(-self.smallest, self.smallest, color=GROUND, linewidth=0, gid="smallest")

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw a mark on its interval, with the difference and half its interval beside it."""
        row = self.rows.get(arm, Estimate())
        record(axes, row, row=arm)
        if not row.defined:
            absent(axes, style, place, "not defined")
            return
        filled = row.interval and surely(row.low, row.high, self.smallest)
        line(axes, style, place, row, "black", 0.7)
        look: dict[str, Any] = {} if filled else {"markerfacecolor": "white"}
        mark(axes, style, place, row.mean, self.look, size=0.85, markeredgewidth=style.line, **look)
        beside(axes, style, place, apart(row.mean, (row.high - row.low) / 2))


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of panels: wrapped *names*, the *middles* of rows, the *height* of all (in).

    *across* and *down* is how panels stand, *letters* what their headings and axes have room for.
    """

    names: tuple[str, ...]
    middles: tuple[float, ...]
    height: float
    across: int
    down: int
    letters: int


def draw(
    style: Style,
    panels: Sequence[Panel],
    arms: Names,
    entries: Sequence[Entry],
    *,
    interval: str = layout.INTERVAL,
    names: Names = (),
    across: int | None = None,
    notes: Names = (),
    shaded: Collection[str] = (),
) -> Figure:
    """Draw *panels*, as many side by side as fit, each with a row for each of *arms*.

    *interval* is what the legend calls the intervals, if they are to stand in it; *names* are
    written beside the rows instead of those of the arms. The rows of *shaded* arms have a grey
    ground.
    """
    rows = fit(style, names or arms, len(panels), across)
    figure = layout.new(style, rows.down * rows.height)
    grid = figure.subplots(rows.down, rows.across, sharey=True, squeeze=False)
    for number, (axes, panel) in enumerate(zip(grid.flat, panels, strict=False)):
        for place in (p for p, arm in zip(rows.middles, arms, strict=True) if arm in shaded):
            half = 0.5 * style.row + 0.01
            axes.axhspan(place - half, place + half, color=GROUND, linewidth=0, gid="shaded")
        _panel(axes, style, panel, arms, rows)
        axes.tick_params(axis="y", length=0, labelleft=number % rows.across == 0)
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    whiskers = layout.whisker(style, interval) if interval else None
    layout.legend(figure, style, entries, interval=whiskers, notes=notes)
    return layout.settle(figure, list(grid[:, 0]), rows.down * rows.height)


def _panel(axes: Axes, style: Style, panel: Panel, arms: Names, rows: Rows) -> None:
    layout.tidy(axes, style, grid="x").set_title(layout.title(panel.title, rows.letters))
    axes.set_xlim(*panel.limits)
    steps = 4 if rows.letters > 14 else 2
    axes.locator_params(axis="x", nbins=max(steps - (panel.limits[0] < 0.0), 2))
    if panel.label:
        axes.set_xlabel(layout.name(panel.label, rows.letters))
    panel.ground(axes, style)
    for place, arm in zip(rows.middles, arms, strict=True):
        panel.row(axes, style, place, arm)
    axes.set_yticks(rows.middles, rows.names, fontsize=style.small, parse_math=False)
    axes.set_ylim(rows.height, 0)


def columns(panels: int, across: int) -> int:
    """Return how many panels stand side by side: rows of panels are filled alike."""
    down = -(-panels // max(across, 1))
    return -(-panels // max(down, 1))


def fit(style: Style, arms: Names, panels: int, across: int | None = None) -> Rows:
    """Give each arm the height that its name needs, for as many *panels*.

    Where they would be taller than the style allows, names are broken later, then more panels
    stand side by side than its *across*; if that is not enough the figure is taller, for nothing
    may overlap.
    """
    usual = style.across if across is None else across
    most = panels if across is None else across
    layouts: list[tuple[float, Rows]] = []
    for beside in dict.fromkeys(columns(panels, n) for n in range(usual, max(most, usual) + 1)):
        for widening in (1.0, 1.4, 1.8):
            rows = _rows_of(style, arms, panels, beside, int(widening * style.wrap))
            if rows.letters >= NARROWEST or not layouts:
                layouts.append((rows.down * (rows.height + HEAD * style.text / 72) + 0.5, rows))
    lowest = min(layouts, key=lambda pair: pair[0])
    return next((rows for tall, rows in layouts if tall <= style.height), lowest[1])


def _rows_of(style: Style, arms: Names, panels: int, across: int, wrap: int) -> Rows:
    names = tuple(layout.name(arm, wrap) for arm in arms)
    heights = [
        max(style.row, (layout.lines([name]) * 1.2 + 0.4) * style.small / 72) for name in names
    ]
    ends = np.cumsum(heights)
    middles = tuple(float(end - height / 2) for end, height in zip(ends, heights, strict=True))
    longest = max((len(line) for name in names for line in name.split("\n")), default=0)
    room = (72 * style.width - 0.58 * style.small * longest) / across - 0.8 * style.text
    letters = int(room / (0.6 * style.text))
    return Rows(names, middles, float(ends[-1]), across, -(-panels // across), letters)


def ceiling(value: float) -> float:
    """Return a round number that leaves a little room above *value* (1 if that is 0)."""
    if value <= 0 or not np.isfinite(value):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in STEPS if step * power >= 1.02 * value))


def bar(
    axes: Axes, style: Style, place: float, width: float, look: Look, left: float = 0.0
) -> None:
    """Draw a bar, pale for what is drawn upon it.

    As an artist: the limits of the axes are known, and `barh` would look for them in each bar.
    """
    height = THICK * style.row
    corner = left, place - height / 2
    axes.add_artist(Rectangle(corner, width, height, linewidth=0.7 * style.line, **filling(look)))


def filling(look: Look) -> dict[str, Any]:
    """Return how bars of that look are filled."""
    return {
        "facecolor": tuple(0.45 * part + 0.55 for part in to_rgb(look.colour)),
        "edgecolor": look.colour,
        "hatch": look.hatch or None,
    }


def absent(axes: Axes, style: Style, place: float, reason: str) -> None:
    """Write in a row *reason* it has no bar: a bar of length 0 would claim a 0."""
    look = {"transform": axes.get_yaxis_transform(), "fontstyle": "italic", "color": "0.35"}
    layout.write(axes, style, (0.02, place), reason, ha="left", **look)


def whisker(axes: Axes, style: Style, place: float, row: Estimate) -> None:
    """Draw the interval of a row upon its bar, if it has one; beyond the axis goes an arrow."""
    if not row.interval:
        return
    low, high = axes.get_xlim()
    beyond = {"<": low} if row.low < low else {}
    beyond |= {">": high} if row.high > high else {}
    axes.errorbar(
        row.mean,
        place,
        xerr=row.reach,
        fmt="none",
        ecolor="black",
        elinewidth=style.line,
        capsize=0.35 * style.small,
        capthick=style.line,
        clip_on=bool(beyond),
        zorder=4,
    )
    for sign, edge in beyond.items():
        arrow = marker(style, Look("black", marker=sign), 0.5, gid="cut")
        axes.plot(edge, place, **arrow, clip_on=False, zorder=5)


def line(axes: Axes, style: Style, place: float, row: Estimate, colour: str, ends: float) -> None:
    """Draw the interval of a row below its mark, if it has one; *ends* are so many letters high."""
    if row.interval:
        axes.plot(
            [row.low, row.high],
            [place, place],
            color=colour,
            linewidth=style.line,
            marker="|",
            markersize=ends * style.small,
            clip_on=False,
            zorder=2,
        )


def mark(
    axes: Axes, style: Style, place: float, value: float, look: Look, size: float, **more: Any
) -> None:
    """Draw a mark of *size* letters at a value."""
    axes.plot(value, place, **marker(style, look, size, **more), clip_on=False, zorder=3)


def marker(style: Style, look: Look, size: float, **more: Any) -> dict[str, Any]:
    """Return how a mark of that look is drawn."""
    return {
        "marker": look.marker,
        "color": look.colour,
        "markersize": size * style.small,
        "linestyle": "none",
        **more,
    }


def beside(axes: Axes, style: Style, place: float, words: str) -> None:
    """Write *words* to the right of a row, clear of a whisker that ends at the edge."""
    axes.annotate(
        words,
        (1.0, place),
        (0.8 * style.small, 0.0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        fontsize=style.small,
    )


def _expect(axes: Axes, style: Style, place: float, value: float) -> None:
    """Draw an analytic expectation below its bar; one beyond the axis points out of it."""
    low, high = axes.get_xlim()
    sign = "<" if value < low else ">" if value > high else "^"
    at = min(max(value, low), high), place + 0.5 * THICK * style.row  # clear of the interval
    axes.plot(*at, **_analytic(style, sign), clip_on=False, zorder=5)


def _analytic(style: Style, sign: str = "^") -> dict[str, Any]:
    edge = {"markeredgecolor": "black", "markeredgewidth": 0.7 * style.line}
    return marker(style, Look("black", marker=sign), 0.65, markerfacecolor="white", **edge)


def entries(style: Style, panels: Sequence[Bars]) -> list[Entry]:
    """Return the legend of bars: only what is drawn."""
    rows = [row for panel in panels for row in panel.rows.values()]
    numbers = [row.replications for row in rows if row.defined]
    result: list[Entry] = []
    if numbers:
        result.append((Patch(facecolor="0.8", edgecolor="0.4"), f"simulated, {_mean_of(numbers)}"))
    if any(np.isfinite(row.analytic) for row in rows):
        result.append((Line2D([], [], **_analytic(style)), "analytic expectation"))
    if sides := {side for panel in panels for side in panel.far}:
        mark = Line2D([], [], **_analytic(style, ">" if ">" in sides else "<"))
        result.append((mark, "the same, beyond the axis"))
    return result


def _mean_of(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    if high == 1:
        return "one replication"
    return f"mean of {high if low == high else f'{low} to {high}'} replications"
