"""A measure along one swept key, or over two: how much an input matters under each policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import palette, words
from sim.figures import style as s
from sim.figures.data import FigureError, need, order, some
from sim.figures.lines import panels, settle
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("point", "arm", "class", "measure", "mean", "low", "high")


@drawn
def swept(
    style: Style,
    summary: pd.DataFrame,
    *,
    keys: Sequence[str],
    class_: str = "honest",
    measure: str = "lost_per_day",
    arms: Sequence[str] | None = None,
    follow: Sequence[str] = (),
    difference: bool = False,
) -> Figure:
    """A measure at the points of a sweep: a curve an arm over one key, a map an arm over two.

    *summary* is that of `sim.results.sweep.Sweep`: a row per point, arm, class and measure; or a
    *difference* of two arms, the means and intervals being those of pairs. The keys that *follow*
    change with the first.
    """
    frame = need(summary, "summary", (*COLUMNS, *keys), figure="swept")
    rows = frame[(frame["class"] == class_) & (frame["measure"] == measure)]
    rows = some(rows, f"{measure} of {class_}", figure="swept")
    names = order(rows["arm"], arms, figure="swept")
    scale = 100.0 if words.is_share(measure) else 1.0
    label = words.label(class_, measure)
    if difference:
        label = f"difference in\n{label}"
    if len(keys) == 1:
        notes = ["Bands: 95 % intervals over replications" + " in pairs" * difference + "."]
        if follow:
            notes.append(f"With it change: {', '.join(follow)}.")
        return _curves(style, rows, keys[0], names, scale, label, notes, nought=difference)
    if len(keys) == 2:
        return _maps(style, rows, (keys[0], keys[1]), names, scale, label)
    raise FigureError(f"swept: {len(keys)} keys; one or two can be drawn")


def _curves(
    style: Style, rows: pd.DataFrame, key: str, names: list[str], scale: float, label: str,
    notes: Sequence[str], *, nought: bool,
) -> Figure:  # fmt: skip
    figure = s.new(style, 0.55 * style.width)
    axes = s.tidy(figure.subplots(), style)
    if nought:  # where the order of the two flips
        axes.axhline(0.0, color="black", linewidth=style.line, linestyle=":", gid="nought")
    values = list(dict.fromkeys(rows[key]))
    at, ticks, unit = _positions(values)
    if ticks is None and min(at) > 0 and max(at) >= LOGARITHMIC * min(at):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    entries: list[Any] = []
    for number, arm in enumerate(names):
        look = palette.arm(number)
        part = rows[rows["arm"] == arm]
        x = np.array([at[values.index(value)] for value in part[key]])
        turn = np.argsort(x, kind="stable")
        mean, low, high = (part[c].to_numpy(float)[turn] * scale for c in ("mean", "low", "high"))
        axes.fill_between(x[turn], low, high, color=look.colour, alpha=0.15, linewidth=0)
        axes.plot(
            x[turn], mean, color=look.colour, marker=look.marker, linestyle=look.line, gid=arm,
            markersize=4,
        )  # fmt: skip
        handle = Line2D(
            [], [], color=look.colour, marker=look.marker, linestyle=look.line, markersize=4
        )
        entries.append((handle, arm))
    if ticks is not None:
        letters = max(map(len, ticks)) * len(ticks)
        wide = 0.6 * style.small * letters > 0.8 * 72 * style.width
        axes.set_xticks(at, ticks, rotation=90 if wide else 0)
    axes.set(xlabel=f"{key}{unit}", ylabel=label)
    s.legend(figure, style, entries, notes=notes)
    return s.settle(figure, [axes], 0.45 * style.width)


LOGARITHMIC = 50.0
"""From so many times the least value on, the axis of a key is logarithmic; chosen."""


def _positions(values: list[Any]) -> tuple[list[float], list[str] | None, str]:
    """Where values stand, their names unless they are numbers, and the unit of those.

    Numbers stand where they are, also such as "30 min" if all are of one unit; else side by side.
    """
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        return [float(v) for v in values], None, ""
    try:
        sizes, units = zip(*(v.split(maxsplit=1) for v in values), strict=True)
        if len(set(units)) == 1:
            return [float(size) for size in sizes], None, f" ({units[0]})"
    except (AttributeError, ValueError):
        pass  # not such text
    return [float(n) for n in range(len(values))], [_label(v) for v in values], ""


def _maps(
    style: Style, rows: pd.DataFrame, keys: tuple[str, str], names: list[str], scale: float,
    label: str,
) -> Figure:  # fmt: skip
    across, up = (list(dict.fromkeys(rows[key])) for key in keys)
    mean = rows["mean"].to_numpy(float) * scale
    low, high = float(np.nanmin(mean)), float(np.nanmax(mean))
    figure, grid = panels(style, names, xlabel=keys[0], ylabel=keys[1])
    drawn_on: list[Axes] = []
    image = None
    for arm, axes in grid:
        part = rows[rows["arm"] == arm]
        cells = np.full((len(up), len(across)), np.nan)
        for x, y, value in zip(part[keys[0]], part[keys[1]], part["mean"], strict=True):
            cells[up.index(y), across.index(x)] = float(value) * scale
        axes.grid(visible=False)
        image = axes.imshow(
            cells, origin="lower", aspect="auto", vmin=low, vmax=high, cmap="cividis"
        )
        _write(axes, cells, (low + high) / 2, style)
        labels = [_label(value) for value in across]
        upright = max(map(len, labels)) > FITS
        axes.set_xticks(range(len(across)), labels, rotation=90 if upright else 0)
        axes.set_yticks(range(len(up)), [_label(value) for value in up])
        drawn_on.append(axes)
    if image is not None:
        figure.colorbar(image, ax=drawn_on, label=label)
    return settle(figure, style, names)


def _write(axes: Axes, cells: np.ndarray, middle: float, style: Style) -> None:
    """The value of each cell in it, where there is room: white on what is dark, else black."""
    spec = axes.get_subplotspec()
    panels = spec.get_gridspec().ncols if spec else 1
    room = MAPS * 72 * style.width / panels / cells.shape[1] / (0.6 * style.small)
    told = {at: f"{value:.3g}" for at, value in np.ndenumerate(cells) if np.isfinite(value)}
    if max(map(len, told.values()), default=0) + 1 > room:
        return
    for (y, x), text in told.items():
        colour = "black" if cells[y, x] > middle else "white"
        axes.text(x, y, text, color=colour, fontsize=style.small, ha="center", va="center")


MAPS = 0.45
"""Share of a figure's width that maps take, with words on either side; about."""
FITS = 6
"""Letters of a value that fit under a cell of a map; longer ones stand upright."""


def _label(value: Any) -> str:
    """A value at an axis; a table without its braces."""
    return str(value).strip("{} ")


def caption(*_: object, measure: str = "lost_per_day", **__: object) -> str:
    """What `swept` shows."""
    return f"The same scenario at every point of a sweep. {words.definitions(measure)}"
