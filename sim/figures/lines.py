"""Curves over time: a panel an arm with shared axes, bands for intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from sim.figures import style as s
from sim.figures.bars import ceiling, columns
from sim.figures.data import estimates
from sim.figures.numbers import tell
from sim.figures.palette import Look

if TYPE_CHECKING:
    from sim.measure.intervals import Intervals

DAY, HOUR = 86400.0, 3600.0
POLICY: dict[str, Any] = {"color": "0.55", "linestyle": "-", "gid": "policy change"}


def panels(
    look: s.Style, arms: Sequence[str], *, xlabel: str, ylabel: str
) -> tuple[Figure, Iterator[tuple[str, Axes]]]:
    """Return a figure with one panel for each arm, all on the same axes, and the panels."""
    across = columns(len(arms), {"column": 2, "page": 3, "slide": 4}[look.name])
    down = -(-len(arms) // across)
    letters = int(72 * (look.width - 0.6) / across / (0.62 * look.text))
    names = [s.name(arm, letters) for arm in arms]
    figure = s.new(look, down * height(look, len(arms)))
    grid = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(arms) :]:
        axes.remove()
    for number, (axes, name) in enumerate(zip(grid.flat, names, strict=False)):
        s.tidy(axes, look).set_title(name)
        lowest = number + across >= len(arms)
        axes.tick_params(labelbottom=lowest, labelleft=number % across == 0)
        axes.set_xlabel(xlabel if lowest else "")
        axes.grid(color="0.9", linewidth=0.5 * look.line)
    tall = int(72 * down * height(look, len(arms)) / (0.6 * look.text))
    figure.supylabel(s.name(ylabel, tall), fontsize=look.text)
    return figure, iter(zip(arms, grid.flat, strict=False))


def height(look: s.Style, arms: int) -> float:
    """Return inches for the axes of one panel of *arms*."""
    across = columns(arms, {"column": 2, "page": 3, "slide": 4}[look.name])
    return 0.11 * look.width + 0.13 * look.width / across


def curve(
    axes: Axes, look: s.Style, role: Look, at: NDArray[np.float64], found: Intervals, *, label: str
) -> tuple[float, float]:
    """Draw a mean with its band; return the greatest value of each."""
    tell(axes, found, x=at, series=label, unit=_unit(axes))
    axes.fill_between(at, found.low, found.high, color=role.colour, alpha=0.18, linewidth=0)
    axes.plot(
        at, found.mean, color=role.colour, linestyle=role.line, linewidth=look.line, label=label
    )
    mean, high = (np.max(x[np.isfinite(x)], initial=0.0) for x in (found.mean, found.high))
    return float(mean), float(high)


def _unit(axes: Axes) -> str:
    figure = axes.get_figure(root=True)
    return f"{figure.get_supylabel()}, x in days".replace("\n", " ") if figure else ""


def rows(kind: str, cells: NDArray[np.float64], exposure: float | NDArray[np.float64]) -> Intervals:
    """Return intervals of *cells* (bins × replications) over the *exposure* of each bin."""
    shape = np.broadcast_to(np.asarray(exposure, dtype=float), (cells.shape[1], cells.shape[0])).T
    return estimates(kind, cells, np.ascontiguousarray(shape))


def entry(look: s.Style, role: Look, label: str, width: float | None = None) -> tuple[Line2D, str]:
    """Return the legend's line for a role."""
    width = look.line if width is None else width
    return Line2D([], [], color=role.colour, linestyle=role.line, linewidth=width), label


def nested(look: s.Style, number: int, all_: int) -> float:
    """Return a width: earlier arms are drawn wider, so that curves that coincide stay visible."""
    return look.line * (1.0 + 1.4 * (all_ - 1 - number) / max(all_ - 1, 1))


CUT = 4.0
"""Bands are cut off at so many times the greatest mean, so that the means can be read: chosen."""


def top(axes: Axes, mean: float, band: float) -> list[str]:
    """Let the axis begin at 0 and end above *mean* and, if it is not too wide, *band*.

    Returns the note that is due if a band is cut off.
    """
    cut = mean > 0 and band > CUT * mean
    axes.set_ylim(0, ceiling(CUT * mean if cut else max(mean, band)))
    return [f"bands are cut off above {axes.get_ylim()[1]:g}"] if cut else []


def settle(figure: Figure, look: s.Style, arms: Sequence[str]) -> Figure:
    """Give the panels of `panels` their height."""
    across = columns(len(arms), {"column": 2, "page": 3, "slide": 4}[look.name])
    first = figure.axes[: len(arms) : across]
    high = len(first) * height(look, len(arms))
    return s.settle(figure, first, high, tallest=look.height)
