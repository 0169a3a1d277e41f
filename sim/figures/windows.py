"""How often somebody else's POP login opens relaying, by the length of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import palette
from sim.figures import style as s
from sim.figures.bars import ONE_REPLICATION, ceiling
from sim.figures.data import Estimate, estimate, need, some
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn
from sim.records.measures import SHARE

if TYPE_CHECKING:
    import pandas as pd

MINUTE = 60.0
HEIGHT = {"column": 2.2, "page": 3.0, "slide": 4.4}
"""Inches for the axes alone."""


@drawn
def windows(
    style: Style, windows: pd.DataFrame, *, closed_form: Callable[[float], float] | None = None
) -> Figure:
    """Share of submissions without an own login that an open window lets through, by place.

    Against the length of the window. *closed_form* gives the share for a window of so many
    seconds; without it, logins at each place are taken as a Poisson process whose rate is
    fitted: 1 - exp(-rate × window).
    """
    frame = need(windows, "windows", figure="windows")
    frame = some(frame[frame["asked"] > 0], "submissions without a login", figure="windows")
    figure = s.new(style, HEIGHT[style.name])
    axes = s.tidy(figure.subplots(), style)
    entries: list[tuple[Artist | None, str]] = []
    tops, found = [0.0], list[Estimate]()
    end = 1.08 * float(frame["window"].max())
    at = np.linspace(0.0, end, 200)
    for number, (place, rows) in enumerate(frame.groupby("place", sort=True, observed=True)):
        look = palette.arm(number)
        points = {
            float(str(length)): estimate(SHARE, part["let_in"], part["asked"])
            for length, part in rows.groupby("window", sort=True)
        }
        form = closed_form or fitted([(length, e.mean) for length, e in points.items()])
        line = [100.0 * form(float(x)) for x in at]
        axes.plot(at / MINUTE, line, color=look.colour, linestyle=look.line,
                  linewidth=style.line, gid=f"closed form {place}")  # fmt: skip
        for length, value in points.items():
            _point(axes, style, look, length, value)
            tell(
                axes,
                value,
                100.0,
                x=length / MINUTE,
                series=str(place) or "spammers",
                analytic=100.0 * form(length),
                unit="let in by somebody else's login (%), x in min",
            )
        tops += [*line, *(100 * value.top for value in points.values())]
        found += points.values()
        mark = Line2D([], [], color=look.colour, linestyle=look.line, marker=look.marker,
                      linewidth=style.line, markersize=0.8 * style.small)  # fmt: skip
        entries.append((mark, str(place) or "spammers"))
    axes.set_xlim(0, end / MINUTE)
    axes.set_ylim(0, min(100.0, ceiling(max(tops))))
    axes.set_xlabel("length of the POP window (min)")
    axes.set_ylabel(s.name("let in by somebody else's login (%)", 40))
    if any(value.interval for value in found):
        entries.append((s.whisker(style), s.INTERVAL))
    notes = ["lines: closed form" if closed_form else "lines: 1 − exp(−rate × window), rate fitted"]
    notes += [ONE_REPLICATION] if any(value.replications == 1 for value in found) else []
    s.legend(figure, style, entries, notes=notes)
    return s.settle(figure, [axes], HEIGHT[style.name], tallest=style.height)


def _point(axes: Axes, style: Style, look: palette.Look, length: float, value: Estimate) -> None:
    error = [[100 * max(value.mean - value.low, 0.0)], [100 * max(value.high - value.mean, 0.0)]]
    axes.errorbar(
        length / MINUTE, 100 * value.mean, yerr=error if value.interval else None,
        marker=look.marker, color=look.colour, ecolor=look.colour, linestyle="none",
        markersize=0.8 * style.small, elinewidth=style.line, capsize=0.35 * style.small,
        clip_on=False,
    )  # fmt: skip


def fitted(points: list[tuple[float, float]]) -> Callable[[float], float]:
    """1 - exp(-rate × window) with the rate that leaves the smallest squares at *points*."""
    window, share = (np.asarray(column) for column in zip(*points, strict=True))
    rates = np.geomspace(1e-8, 1.0, 4000)
    misses = ((1 - np.exp(-np.outer(rates, window)) - share) ** 2).sum(axis=1)
    rate = float(rates[np.argmin(misses)])
    return lambda length: 1.0 - float(np.exp(-rate * length))


def caption(*_: object, **options: object) -> str:
    """What `windows` shows."""
    line = "the closed form." if options.get("closed_form") else (
        "what follows if others log in from the same address as a Poisson process, whose rate is "
        "fitted for each place; where a line misses the points, the logins are not one."
    )  # fmt: skip
    return (
        "Of the submissions for other domains by honest people and spammers whose own login had "
        "not opened relaying, those let through because somebody else had logged in from the same "
        f"address within the window. Line: {line} Whiskers: 95 % intervals over replications."
    )
