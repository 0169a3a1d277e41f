"""Figures of curves on shared axes: delay, precision, and what a POP window permits to others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import layout, lines, palette, words
from sim.figures.bars import ceiling
from sim.figures.data import (
    Estimate,
    FigureError,
    Floats,
    Frame,
    Names,
    estimate,
    estimates,
    honest_after,
    of,
    some,
)
from sim.figures.layout import Entry
from sim.figures.lines import DAY, HOUR, nested
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.specification import Run, figure
from sim.figures.style import Style
from sim.measure.intervals import Intervals
from sim.records.measures import MEASURES, SHARE

# ---- delay

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
DELAY = {"column": 3.4, "page": 4.4, "slide": 4.6}
"""Inches for both axes together."""
POINTS = 400
"""Times at which a curve is drawn, evenly in the logarithm: chosen, 4 % apart over two weeks."""


@figure(
    "Honest recipients not yet delivered, against the time since the message was written "
    "(logarithmic), after the policy started; below the same, enlarged. Steps are retries; the "
    "level at the right is what never arrives. Mail in transit at the end of the run is censored "
    f"there (product-limit estimate of Kaplan and Meier 1958). {words.BANDS}",
    recipients="arm replication class phase fate written_at ended_at",
)
def delay(style: Style, recipients: Frame, arms: Names, run: Run) -> Figure:
    """Part of honest recipients not yet delivered by the time since the message was written.

    A curve an arm. Above: all of it; below: the same, enlarged, so that the steps of retry
    schedules show. What is in transit at the end of the run is censored there; what was lost
    never arrives.
    """
    honest = honest_after(recipients, delay.columns["recipients"])
    last = np.nanmax(honest[["written_at", "ended_at"]].to_numpy(dtype=float))
    end = float(last) if run.run_length is None else run.run_length
    times = np.geomspace(1.0, float(np.nanmax([_delays(honest).max(), 60.0])), POINTS)
    parts = {arm: honest[honest["arm"] == arm] for arm in arms}
    curves = {arm: _survival(part, times, end) for arm, part in parts.items() if len(part)}
    figure = layout.new(style, DELAY[style.name])
    whole, part = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
    for axes in (whole, part):
        layout.tidy(axes, style, grid="both").set_xscale("log")
        for number, means in enumerate(curves.values()):
            width = nested(style, number, len(curves))
            alpha = min(0.15, 0.6 / len(curves))
            lines.band(axes, palette.arm(number), times, means, width=width, alpha=alpha)
    for arm, means in curves.items():
        record(whole, means, x=times, series=arm, unit="not yet delivered (%), x in s")
    whole.set_ylim(0, 100)
    whole.set_ylabel("not yet delivered (%)")
    part.set_ylim(0, min(100.0, _enlarged(times, curves)))
    part.set_ylabel("not yet delivered (%), enlarged")
    part.set_xlabel("time since the message was written")
    _label_times(part, float(times[-1]))
    entries = lines.arm_entries(style, list(curves), int(1.6 * style.wrap))
    layout.legend(figure, style, entries, interval=layout.BAND)
    return layout.settle(figure, [whole, part], DELAY[style.name], tallest=style.height)


def survival(delays: Floats, censored: Floats, never: int, times: Floats) -> Floats:
    """Return the part that has not arrived at each of *times* (product-limit estimate)."""
    ends = np.concatenate([delays, censored])
    event = np.concatenate([np.ones(len(delays)), np.zeros(len(censored))])
    sequence = np.lexsort((1 - event, ends))  # at equal times events come before censoring
    at_risk = len(ends) + never - np.arange(len(ends))
    surviving = np.cumprod(1.0 - event[sequence] / at_risk)
    place = np.searchsorted(ends[sequence], times, side="right")
    return np.asarray(np.concatenate([[1.0], surviving])[place])


def _delays(rows: Frame) -> pd.Series[float]:
    arrived = rows[rows["fate"] == "delivered"]
    return arrived["ended_at"] - arrived["written_at"]


def _survival(rows: Frame, times: Floats, end: float) -> Intervals:
    values, sizes = [], []
    for _, part in rows.groupby("replication", sort=True):
        waiting = part[part["fate"] == "in_transit"]
        delays: Floats = np.asarray(_delays(part), dtype=np.float64)
        censored = end - waiting["written_at"].to_numpy(dtype=float)
        never = len(part) - len(waiting) - len(delays)
        values.append(survival(delays, censored, never, times))
        sizes.append(float(len(part)))
    size = np.broadcast_to(np.array(sizes), (len(times), len(sizes)))
    return estimates(SHARE, np.array(values).T * size, size, 100.0)


def _enlarged(times: Floats, curves: dict[str, Intervals]) -> float:
    """Return where the enlarged axis ends: above what is left after ten minutes."""
    late = int(np.searchsorted(times, min(600.0, times[-1] / 2)))
    return ceiling(max(float(means.mean[late]) for means in curves.values()))


def _label_times(axes: Axes, last: float) -> None:
    ticks = {at: label for at, label in TICKS.items() if at <= last * 1.05}
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xticks([], minor=True)
    axes.set_xlim(1.0, last)


# ---- precision

PRECISION = {"column": 2.0, "page": 2.3, "slide": 3.6}
PRECISION_MEASURES = (("honest", "delivery_rate"), ("spam", "spam_per_mailbox_day"))
LEAST = 2
"""Replications from which the width of an interval says something: chosen."""


@figure(
    "Half the width of the 95 % interval that the first so many replications give, one curve for "
    "each policy. It falls about as one over the square root of their number: half the width "
    f"takes four times the runs. {words.definitions(*(name for _, name in PRECISION_MEASURES))}"
)
def precision(
    style: Style,
    measures: Frame,
    arms: Names,
    *,
    pairs: Sequence[tuple[str, str]] = PRECISION_MEASURES,
) -> Figure:
    """Half the width of the 95 % interval after so many replications, a curve for each arm."""
    number = int(measures["replication"].nunique())
    if number < LEAST:
        raise FigureError(f"one replication; it takes {LEAST} to see a trend")
    whole = measures[(measures["by"] == "all") & (measures["phase"] == "after")]
    figure = layout.new(style, PRECISION[style.name])
    grid = figure.subplots(1, len(pairs), squeeze=False)[0]
    letters = layout.letters(style, style.width / len(pairs) - 0.5)
    for axes, (kind, measure) in zip(grid, pairs, strict=True):
        unit = f"± {words.change(measure)}"
        layout.tidy(axes, style).set_title(layout.title(words.title(kind, measure), letters))
        _widths(axes, style, of(whole, kind, measure), measure, arms, unit)
        axes.set_ylim(bottom=0)
        axes.set_xlim(LEAST, max(number, LEAST + 1))
        axes.set_xlabel("replications")
        axes.set_ylabel(layout.name(unit, 30))
        axes.xaxis.get_major_locator().set_params(integer=True)
    layout.legend(figure, style, lines.arm_entries(style, arms, style.wrap))
    return layout.settle(figure, [grid[0]], PRECISION[style.name], tallest=style.height)


def _widths(axes: Axes, style: Style, rows: Frame, measure: str, arms: Names, unit: str) -> None:
    kind, scale = MEASURES[measure].kind, words.scale(measure)
    for place, arm in enumerate(arms):
        of_arm = rows[rows["arm"].astype(str) == arm].sort_values("replication")
        numbers = range(LEAST, len(of_arm) + 1)
        means = [
            estimate(kind, of_arm.iloc[:n], "numerator", "denominator", scale) for n in numbers
        ]
        halves = [(mean.high - mean.low) / 2 for mean in means]
        look, width = palette.arm(place), nested(style, place, len(arms))
        axes.plot(
            numbers, halves, color=look.colour, linestyle=look.line, linewidth=width, label=arm
        )
        for n, half in zip(numbers, halves, strict=True):
            record(axes, Estimate(half, replications=n), row=arm, x=n, unit=unit)


# ---- how often somebody else's POP login opens relaying, by the length of the window

WINDOWS = {"column": 2.2, "page": 3.0, "slide": 4.4}
MINUTE = 60.0
ADMITTED = "also admitted by somebody else's login (%)"


def _windows_caption(closed_form: object, **_: object) -> str:
    fitted_line = (
        "what follows if others log in from the same address as a Poisson process, whose rate is "
        "fitted for each place; where a line misses the points, the logins are not one."
    )
    return (
        "Of the submissions for other domains by honest people and spammers whose own login had "
        "not opened relaying, those permitted because somebody else had logged in from the same "
        f"address within the window. Line: {'the closed form.' if closed_form else fitted_line} "
        f"{words.WHISKERS}"
    )


@figure(_windows_caption)
def windows(
    style: Style, windows: Frame, *, closed_form: Callable[[float], float] | None = None
) -> Figure:
    """Share of submissions without an own login that an open window also admits, by place.

    Against the length of the window. *closed_form* gives the share for a window of so many
    seconds; without it, logins at each place are taken as a Poisson process whose rate is
    fitted: 1 - exp(-rate × window).
    """
    frame = some(windows[windows["asked"] > 0], "submissions without a login")
    figure = layout.new(style, WINDOWS[style.name])
    axes = layout.tidy(figure.subplots(), style)
    entries: list[Entry] = []
    tops, end = [0.0], 1.08 * float(frame["window"].max())
    for number, (place, rows) in enumerate(frame.groupby("place", sort=True, observed=True)):
        look, label = palette.arm(number), str(place) or "spammers"
        points = {
            float(str(length)): estimate(SHARE, part, "let_in", "asked", 100.0)
            for length, part in rows.groupby("window", sort=True)
        }
        form = closed_form or exponential_fit([(at, e.mean / 100.0) for at, e in points.items()])
        at = np.linspace(0.0, end, 200)
        line = [100.0 * form(float(x)) for x in at]
        curve: dict[str, Any] = {
            "color": look.colour,
            "linestyle": look.line,
            "linewidth": style.line,
        }
        axes.plot(at / MINUTE, line, gid=f"closed form {place}", **curve)
        for length, value in points.items():
            _point(axes, style, look, length / MINUTE, value)
            beside = replace(value, analytic=100.0 * form(length))
            record(axes, beside, x=length / MINUTE, series=label, unit=f"{ADMITTED}, x in min")
        tops += [*line, *(value.top for value in points.values())]
        marker: dict[str, Any] = {"marker": look.marker, "markersize": 0.8 * style.small}
        entries.append((Line2D([], [], **curve, **marker), label))
    axes.set_xlim(0, end / MINUTE)
    axes.set_ylim(0, min(100.0, ceiling(max(tops))))
    axes.set_xlabel("length of the POP window (min)")
    axes.set_ylabel(layout.name(ADMITTED, 40))
    notes = ["lines: closed form" if closed_form else "lines: 1 − exp(−rate × window), rate fitted"]
    layout.legend(figure, style, entries, interval=layout.whisker(style), notes=notes)
    return layout.settle(figure, [axes], WINDOWS[style.name], tallest=style.height)


def _point(axes: Axes, style: Style, look: Look, at: float, value: Estimate) -> None:
    axes.errorbar(
        at,
        value.mean,
        yerr=value.reach if value.interval else None,
        marker=look.marker,
        color=look.colour,
        linestyle="none",
        markersize=0.8 * style.small,
        elinewidth=style.line,
        capsize=0.35 * style.small,
        clip_on=False,
    )


def exponential_fit(points: Sequence[tuple[float, float]]) -> Callable[[float], float]:
    """1 - exp(-rate × window) with the rate that leaves the smallest squares at *points*."""
    window, share = (np.asarray(column) for column in zip(*points, strict=True))
    rates = np.geomspace(1e-8, 1.0, 4000)
    misses = ((1 - np.exp(-np.outer(rates, window)) - share) ** 2).sum(axis=1)
    rate = float(rates[np.argmin(misses)])
    return lambda length: 1.0 - float(np.exp(-rate * length))
