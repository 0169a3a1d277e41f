"""Panels of horizontal bars, a row an arm: the form that most comparisons of arms take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import style as s
from sim.figures.data import Estimate
from sim.figures.numbers import tell
from sim.figures.palette import Look

ONE_REPLICATION = "one replication: no interval"
NOT_DEFINED = "not defined"
THICK = 0.68
"""Height of a bar, as a part of the least row."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: an estimate for each arm; *percent* shows a share of 1 in per cent.

    *limit* ends the axis (in the unit of the estimates); without it the greatest value does.
    *absent* is written where an arm has no value.
    """

    title: str
    label: str
    look: Look
    rows: Mapping[str, Estimate]
    percent: bool = True
    limit: float | None = None
    absent: str = NOT_DEFINED

    @property
    def scale(self) -> float:
        """What an estimate is multiplied by to be shown."""
        return 100.0 if self.percent else 1.0


def draw(
    look: s.Style, panels: Sequence[Panel], arms: Sequence[str], *, notes: Sequence[str] = ()
) -> Figure:
    """Draw *panels*, as many side by side as fit, each with a row for each of *arms*."""
    rows = fit(look, arms, len(panels))
    across, down = rows.across, rows.down
    figure = s.new(look, down * rows.height)
    grid = figure.subplots(down, across, sharey=True, squeeze=False)
    for number, (axes, item) in enumerate(zip(grid.flat, panels, strict=False)):
        panel(axes, look, item, arms, rows)
        label_arms(axes, look, rows, words=number % across == 0)
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    s.legend(figure, look, entries(panels, look), notes=[*notes, *_notes(panels)])
    return s.settle(figure, list(grid[:, 0]), down * rows.height)


HEAD = 5.5
"""Lines of type that title and axis of a panel take, about: for the choice of where to break."""


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


def columns(panels: int, across: int) -> int:
    """Return how many panels stand side by side: rows of panels are filled alike."""
    down = -(-panels // max(across, 1))
    return -(-panels // max(down, 1))


NARROWEST = 12
"""Letters that a panel must have room for: chosen, what a short heading has."""


def fit(look: s.Style, arms: Sequence[str], panels: int, across: int | None = None) -> Rows:
    """Give each arm the height that its name needs, for as many *panels*.

    Where they would be taller than the style allows, names are broken later, then more panels
    stand side by side than its *across*; if that is not enough the figure is taller, for nothing
    may overlap.
    """
    usual = look.across if across is None else across
    tried: list[tuple[float, Rows]] = []
    for wanted in dict.fromkeys(columns(panels, n) for n in range(usual, max(panels, usual) + 1)):
        for widening in (1.0, 1.4, 1.8):
            rows = _fitted(look, arms, panels, wanted, int(widening * look.wrap))
            if rows.letters >= NARROWEST or not tried:
                tried.append((rows.down * (rows.height + HEAD * look.text / 72) + 0.5, rows))
    return next((rows for tall, rows in tried if tall <= look.height), min(tried, key=_tall)[1])


def _tall(tried: tuple[float, Rows]) -> float:
    return tried[0]


def _fitted(look: s.Style, arms: Sequence[str], panels: int, across: int, wrap: int) -> Rows:
    names = tuple(s.name(arm, wrap) for arm in arms)
    heights = [
        max(look.row, (s.lines([name]) * 1.2 * look.small + 0.4 * look.small) / 72)
        for name in names
    ]
    ends = np.cumsum(heights)
    middles = tuple(float(end - height / 2) for end, height in zip(ends, heights, strict=True))
    longest = max((len(line) for name in names for line in name.split("\n")), default=0)
    room = (72 * look.width - 0.58 * look.small * longest) / across - 0.8 * look.text
    letters = int(room / (0.6 * look.text))
    return Rows(names, middles, float(ends[-1]), across, -(-panels // across), letters)


def ticks(rows: Rows) -> int:
    """Return how many steps an axis has room for."""
    return 4 if rows.letters > 14 else 2


def label_arms(axes: Axes, look: s.Style, rows: Rows, *, words: bool = True) -> None:
    """Write the arms down the left side, the first at the top."""
    axes.set_yticks(rows.middles, rows.names, fontsize=look.small, parse_math=False)
    axes.set_ylim(rows.height, 0)
    axes.tick_params(axis="y", length=0, labelleft=words)


def shown(value: float) -> str:
    """Return a value with the digits that a reader needs, and no more."""
    if value in (0, 100):
        return f"{value:.0f}"
    if abs(value) < 1:
        return f"{value:.2g}" if abs(value) < 0.1 else f"{value:.2f}"
    return f"{value:.1f}" if abs(value) < 200 else f"{value:,.0f}"


def ceiling(value: float) -> float:
    """Return a round number that leaves a little room above *value* (1 if that is 0)."""
    if value <= 0 or not np.isfinite(value):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10, 12)
    return float(next(step * power for step in steps if step * power >= 1.02 * value))


def panel(axes: Axes, look: s.Style, panel: Panel, arms: Sequence[str], rows: Rows) -> None:
    """Draw one panel."""
    s.tidy(axes, look)
    top = max((row.top for row in panel.rows.values()), default=0.0)
    limit = panel.limit if panel.limit is not None else ceiling(top)
    if panel.percent:
        limit = min(limit, 1.0)
    axes.set_xlim(0, limit * panel.scale)
    axes.locator_params(axis="x", nbins=ticks(rows))
    letters = rows.letters
    axes.set_xlabel(s.name(panel.label, letters))
    axes.set_title("\n".join(s.name(line, letters) for line in panel.title.split("\n")))
    axes.grid(axis="x", color="0.88", linewidth=0.5 * look.line)
    for place, arm in zip(rows.middles, arms, strict=True):
        row = panel.rows.get(arm, Estimate(float("nan")))
        _row(axes, look, panel, place, row)
        tell(axes, row, panel.scale, row=arm)


def _row(axes: Axes, look: s.Style, panel: Panel, place: float, row: Estimate) -> None:
    if not row.defined:
        absent(axes, look, place, panel.absent)
        return
    axes.barh(
        place,
        panel.scale * row.mean,
        height=THICK * look.row,
        facecolor=faded(panel.look.colour),
        edgecolor=panel.look.colour,
        hatch=panel.look.hatch or None,
        linewidth=0.7 * look.line,
    )
    whisker(axes, look, place, row, panel.scale)
    if np.isfinite(row.analytic):
        axes.plot(
            panel.scale * row.analytic,
            place + 0.5 * THICK * look.row,  # at the lower edge: it must not hide the interval
            **_analytic(look),
            clip_on=False,
            zorder=5,
        )
    value(axes, look, place, panel.scale * row.mean)


def absent(axes: Axes, look: s.Style, place: float, why: str) -> None:
    """Write in a row *why* it has no bar: a bar of length 0 would claim a 0."""
    axes.text(
        0.02,
        place,
        why,
        transform=axes.get_yaxis_transform(),
        va="center",
        fontsize=look.small,
        fontstyle="italic",
        color="0.35",
    )


def whisker(axes: Axes, look: s.Style, place: float, row: Estimate, scale: float) -> None:
    """Draw the interval of a row, if it has one."""
    if row.interval:
        axes.errorbar(
            scale * row.mean,
            place,
            xerr=[[scale * max(row.mean - row.low, 0.0)], [scale * max(row.high - row.mean, 0.0)]],
            fmt="none",
            ecolor="black",
            elinewidth=look.line,
            capsize=0.35 * look.small,
            capthick=look.line,
            clip_on=False,
            zorder=4,
        )


def value(axes: Axes, look: s.Style, place: float, number: float) -> None:
    """Write a value to the right of its row."""
    beside(axes, look, place, shown(number))


def beside(axes: Axes, look: s.Style, place: float, words: str) -> None:
    """Write *words* to the right of a row, clear of a whisker that ends at the edge."""
    axes.annotate(
        words,
        (1.0, place),
        (0.8 * look.small, 0.0),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        va="center",
        fontsize=look.small,
    )


def _analytic(look: s.Style) -> dict[str, Any]:
    return {
        "marker": "^",
        "markersize": 0.65 * look.small,
        "markerfacecolor": "white",
        "markeredgecolor": "black",
        "markeredgewidth": 0.7 * look.line,
        "linestyle": "none",
    }


def faded(colour: str) -> tuple[float, float, float]:
    """Return a paler colour: intervals and hatches must stand out on it."""
    from matplotlib.colors import to_rgb

    red, green, blue = (0.45 * part + 0.55 for part in to_rgb(colour))
    return red, green, blue


def entries(panels: Sequence[Panel], look: s.Style) -> list[tuple[Artist | None, str]]:
    """Return the legend of *panels*: only what is drawn in them."""
    rows = [row for panel in panels for row in panel.rows.values()]
    made: list[tuple[Artist | None, str]] = []
    if any(row.defined for row in rows):
        made.append(
            (Patch(facecolor="0.8", edgecolor="0.4"), f"simulated, {_replications(panels)}")
        )
    if any(row.interval for row in rows):
        made.append((s.whisker(look), s.INTERVAL))
    if any(np.isfinite(row.analytic) for row in rows):
        made.append((Line2D([], [], **_analytic(look)), "analytic expectation"))
    return made


def _replications(panels: Sequence[Panel]) -> str:
    numbers = {row.replications for panel in panels for row in panel.rows.values() if row.defined}
    low, high = min(numbers), max(numbers)
    if high == 1:
        return "one replication"
    return (
        f"mean of {high} replications" if low == high else f"mean of {low} to {high} replications"
    )


def _notes(panels: Sequence[Panel]) -> list[str]:
    rows = [row for panel in panels for row in panel.rows.values() if row.defined]
    return [ONE_REPLICATION] if any(row.replications == 1 for row in rows) else []
