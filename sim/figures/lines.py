"""The family of lines over time: a panel an arm with shared axes, a curve a series, bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from sim.figures import layout, palette
from sim.figures.bars import ceiling, columns
from sim.figures.data import Floats, Ints, Names, estimates
from sim.figures.layout import Entry
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.specification import NO_RUN, Run
from sim.figures.style import Style
from sim.measure.intervals import Intervals
from sim.records.measures import SHARES

DAY, HOUR = 86400.0, 3600.0
POLICY: dict[str, Any] = {"color": "0.55", "linestyle": "-", "gid": "policy change"}
LATER: dict[str, Any] = {"color": "0.55", "linestyle": palette.DOTTED, "gid": "later change"}
ACROSS = {"column": 2, "page": 3, "slide": 4}
CUT = 4.0
"""Bands are cut off at so many times the greatest mean, so that the means can be read: chosen."""


@dataclass(frozen=True, slots=True)
class Series:
    """One curve in each panel: its name and look, and the quotients that it is the mean of.

    *numerators* are arms × bins × replications; *denominators* have that shape, or spread to it.
    """

    label: str
    look: Look
    numerators: Floats
    denominators: Floats


@dataclass(frozen=True, slots=True)
class Days:
    """The days, or shorter bins (s), of a time that ends at *end* (s)."""

    end: float
    bin: float = DAY

    @property
    def number(self) -> int:
        """Bins that have begun."""
        return max(1, int(np.ceil(self.end / self.bin - 1e-9)))

    @property
    def lengths(self) -> Floats:
        """The part of each bin that lies within the time, in days."""
        return np.asarray(np.minimum(self.bin, self.end - self.bin * np.arange(self.number)) / DAY)

    @property
    def middles(self) -> Floats:
        """The middle of each bin, in days."""
        return np.asarray(np.arange(self.number) * self.bin / DAY + self.lengths / 2)

    def of(self, at: Any, *, mask: Any = True) -> tuple[Ints, int]:
        """Return the day of each time (s), -1 where not *mask*, and the number of days."""
        day = np.clip((np.asarray(at) / self.bin).astype(np.int64), 0, self.number - 1)
        return np.where(mask, day, -1), self.number


def draw(
    style: Style,
    arms: Names,
    days: Days,
    series: Sequence[Series],
    kind: str,
    ylabel: str,
    *,
    xlabel: str = "day of the run",
    run: Run = NO_RUN,
    nothing: str = "",
    also: Callable[[str, Axes], list[Entry]] | None = None,
) -> Figure:
    """Draw *series*, quotients of a *kind* of measures, by *days* in a panel for each arm.

    The changes of each arm in *run* are marked; *nothing* is written in a panel without anything to
    draw; *also* adds to the panel of an arm, and returns entries of the legend.
    """
    figure, panels = grid(style, arms, xlabel=xlabel, ylabel=ylabel)
    scale, tops, extra = 100.0 if kind in SHARES else 1.0, [(0.0, 0.0)], list[Entry]()
    for number, axes in enumerate(panels):
        for one in series:
            means = estimates(kind, one.numerators[number], one.denominators[number], scale)
            tops.append(curve(axes, style, one.look, days.middles, means, label=one.label))
        if nothing and not any(one.numerators[number].any() for one in series):
            _write_nothing(axes, style, nothing)
        mark_changes(axes, style, run, arms[number])
        end_at(axes, days.end / DAY)
        extra = (also(arms[number], axes) if also else []) or extra
    notes = _set_top(panels[-1], *np.max(tops, axis=0))
    if kind in SHARES and panels[-1].get_ylim()[1] > 100:
        panels[-1].set_ylim(0, 100)
    entries = [*(entry(one.look, one.label, style.line) for one in series), *extra]
    entries += change_entries(style, run, arms)
    layout.legend(figure, style, entries, interval=layout.BAND, notes=notes)
    return settle(figure, style, panels)


def grid(style: Style, arms: Names, *, xlabel: str, ylabel: str) -> tuple[Figure, list[Axes]]:
    """Return a figure with one panel for each arm, all on the same axes, and the panels."""
    across = columns(len(arms), ACROSS[style.name])
    down = -(-len(arms) // across)
    letters = int(72 * (style.width - 0.6) / across / (0.62 * style.text))
    tall = down * _height(style, across)
    figure = layout.new(style, tall)
    panels = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False)
    for axes in panels.flat[len(arms) :]:
        axes.remove()
    for number, (axes, arm) in enumerate(zip(panels.flat, arms, strict=False)):
        layout.tidy(axes, style, grid="both").set_title(layout.name(arm, letters))
        lowest = number + across >= len(arms)
        axes.tick_params(labelbottom=lowest, labelleft=number % across == 0)
        axes.set_xlabel(xlabel if lowest else "")
    figure.supylabel(layout.name(ylabel, layout.letters(style, tall)), fontsize=style.text)
    return figure, list(panels.flat[: len(arms)])


def _height(style: Style, across: int) -> float:
    """Return inches for the axes of one panel of *across* side by side."""
    return 0.11 * style.width + 0.13 * style.width / across


def settle(figure: Figure, style: Style, panels: Sequence[Axes]) -> Figure:
    """Give the panels of `grid` their height."""
    across = columns(len(panels), ACROSS[style.name])
    first = panels[::across]
    tall = len(first) * _height(style, across)
    return layout.settle(figure, first, tall, tallest=style.height)


def end_at(axes: Axes, end: float) -> None:
    """Let a panel end at *end* (days), with whole days as ticks."""
    axes.set_xlim(0, end)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def mark_changes(axes: Axes, style: Style, run: Run, arm: str) -> None:
    """Mark where the policy of *arm* starts, and where it changes again."""
    later = ((at, LATER) for at in run.changes.get(arm, ()))
    for at, look in ((run.policy_starts, POLICY), *later):
        if at:
            axes.axvline(at / DAY, linewidth=style.line, **look)


def change_entries(style: Style, run: Run, arms: Names) -> list[Entry]:
    """Return the legend's entries of what `mark_changes` draws."""
    later = any(run.changes.get(arm) for arm in arms)
    marks = (run.policy_starts, POLICY, "policy starts"), (later, LATER, "policy changes again")
    return [
        (Line2D([], [], linewidth=style.line, **look), words) for at, look, words in marks if at
    ]


def curve(
    axes: Axes, style: Style, look: Look, at: Floats, means: Intervals, *, label: str
) -> tuple[float, float]:
    """Draw a mean with its band; return the greatest value of each."""
    record(axes, means, x=at, series=label, unit=_unit(axes))
    band(axes, look, at, means, width=style.line, label=label)
    mean, high = (np.max(x[np.isfinite(x)], initial=0.0) for x in (means.mean, means.high))
    return float(mean), float(high)


def band(
    axes: Axes,
    look: Look,
    at: Floats,
    means: Intervals,
    *,
    alpha: float = 0.15,
    width: float,
    **line: Any,
) -> None:
    """Draw a line of *width* through means, and the band of their intervals."""
    axes.fill_between(at, means.low, means.high, color=look.colour, alpha=alpha, linewidth=0)
    axes.plot(at, means.mean, color=look.colour, linestyle=look.line, linewidth=width, **line)


def _unit(axes: Axes) -> str:
    figure = axes.get_figure(root=True)
    return f"{figure.get_supylabel()}, x in days".replace("\n", " ") if figure else ""


def entry(look: Look, label: str, width: float, **more: Any) -> Entry:
    """Return the legend's line for a curve."""
    line = Line2D([], [], color=look.colour, linestyle=look.line, linewidth=width, **more)
    return line, label


def arm_entries(style: Style, arms: Names, letters: int) -> list[Entry]:
    """Return the legend of a curve for each of *arms*, whose names are broken at *letters*."""
    return [
        entry(palette.arm(number), layout.name(arm, letters), nested(style, number, len(arms)))
        for number, arm in enumerate(arms)
    ]


def nested(style: Style, number: int, all_: int) -> float:
    """Return a width: earlier arms are drawn wider, so that curves that coincide stay visible."""
    return style.line * (1.0 + 1.4 * (all_ - 1 - number) / max(all_ - 1, 1))


def _write_nothing(axes: Axes, style: Style, words: str) -> None:
    look = {"transform": axes.transAxes, "fontstyle": "italic"}
    layout.write(axes, style, (0.5, 0.5), layout.name(words, 20), **look)


def _set_top(axes: Axes, mean: float, band: float) -> list[str]:
    """Let the axis begin at 0 and end above *mean* and, if it is not too wide, *band*.

    Returns the note that is due if a band is cut off.
    """
    cut = mean > 0 and band > CUT * mean
    axes.set_ylim(0, ceiling(CUT * mean if cut else max(mean, band)))
    return [f"bands are cut off above {axes.get_ylim()[1]:g}"] if cut else []
