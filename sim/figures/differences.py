"""Paired differences: what each policy changes against the baseline, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import bars, palette, words
from sim.figures import style as s
from sim.figures.data import Estimate, FigureError, known, need, order, some
from sim.figures.numbers import tell
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

DEFAULT = (
    ("honest", "delivery_rate"),
    ("honest", "first_refusal_rate"),
    ("spam", "spam_per_mailbox_day"),
)


@drawn
def differences(
    style: Style,
    comparison: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    measures: Sequence[tuple[str, str]] = DEFAULT,
) -> Figure:
    """Differences of every arm from the baseline: a forest plot, a panel for each measure."""
    frame = need(comparison, "comparison", figure="differences")
    bases = [str(baseline) for baseline in frame["baseline"].drop_duplicates()]
    if len(bases) != 1:
        raise FigureError(f"differences: comparison has {len(bases)} baseline arms, one is drawn")
    wanted = None if arms is None else [arm for arm in arms if arm != bases[0]]
    chosen = order(frame["arm"], wanted, figure="differences")
    known(measures, figure="differences")
    panels = {
        (kind, measure): some(
            frame[(frame["class"] == kind) & (frame["measure"] == measure)],
            f"{measure} of {kind}",
            figure="differences",
        )
        for kind, measure in measures
    }
    rows = bars.fit(style, chosen, len(panels))
    across, down = rows.across, rows.down
    figure = s.new(style, down * rows.height)
    grid = figure.subplots(down, across, sharey=True, squeeze=False)
    for number, (axes, (key, part)) in enumerate(zip(grid.flat, panels.items(), strict=False)):
        _panel(axes, style, key, _rows(part), chosen, rows)
        bars.label_arms(axes, style, rows, words=number % across == 0)
    for axes in grid.flat[len(panels) :]:
        axes.remove()
    s.legend(figure, style, _entries(style, frame), notes=_notes(frame, bases[0]))
    return s.settle(figure, list(grid[:, 0]), down * rows.height)


def caption(*_: object, measures: Sequence[tuple[str, str]] = DEFAULT, **__: object) -> str:
    """What `differences` shows."""
    return (
        "Difference of each policy from the baseline, estimated in pairs: in each replication both "
        "policies meet the same wishes. Filled: the 95 % interval leaves out 0; hollow: it does "
        "not, so the direction is open. " + words.definitions(*(measure for _, measure in measures))
    )


def _rows(part: pd.DataFrame) -> dict[str, Estimate]:
    columns = ("arm", "difference", "low", "high", "replications")
    return {
        str(arm): Estimate(float(mean), float(low), float(high), replications=int(n))
        for arm, mean, low, high, n in zip(*(part[c] for c in columns), strict=True)
    }


def _panel(
    axes: Axes,
    style: Style,
    key: tuple[str, str],
    found: dict[str, Estimate],
    arms: Sequence[str],
    rows: bars.Rows,
) -> None:
    kind, measure = key
    share = words.is_share(measure)
    scale = 100.0 if share else 1.0
    letters = rows.letters
    s.tidy(axes, style)
    title = words.title(kind, measure).split("\n")
    axes.set_title("\n".join(s.name(line, letters) for line in title))
    unit = "percentage points" if share else words.axis(kind, measure)
    axes.set_xlabel(s.name(f"difference ({unit})", letters))
    axes.axvline(0, color="0.4", linewidth=style.line, zorder=1)
    axes.grid(axis="x", color="0.9", linewidth=0.5 * style.line)
    for place, arm in zip(rows.middles, arms, strict=True):
        row = found.get(arm, Estimate(float("nan")))
        tell(axes, row, scale, row=arm)
        if row.defined:
            _mark(axes, style, palette.CLASS[kind], place, row, scale)
        else:
            axes.text(
                0.02,
                place,
                bars.NOT_DEFINED,
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=style.small,
                fontstyle="italic",
                color="0.35",
            )
    ends = [x for row in found.values() for x in (row.mean, row.low, row.high) if np.isfinite(x)]
    low = -bars.ceiling(-scale * min(ends)) if min(ends, default=0.0) < 0 else 0.0
    high = bars.ceiling(scale * max(ends)) if max(ends, default=0.0) > 0 else 0.0
    room = 0.06 * (high - low) or 1.0  # so that the line at 0 is never the edge
    axes.set_xlim(min(low, -room), max(high, room))
    axes.locator_params(axis="x", nbins=max(bars.ticks(rows) - 1, 2))  # words stand beside


def _mark(
    axes: Axes, style: Style, look: palette.Look, place: float, row: Estimate, scale: float
) -> None:
    sure = row.interval and not row.low <= 0 <= row.high
    if row.interval:
        axes.plot(
            [scale * row.low, scale * row.high],
            [place, place],
            color="black",
            linewidth=style.line,
            marker="|",
            markersize=0.7 * style.small,
            zorder=2,
        )
    axes.plot(
        scale * row.mean,
        place,
        marker=look.marker,
        markersize=0.85 * style.small,
        markerfacecolor=look.colour if sure else "white",
        markeredgecolor=look.colour,
        markeredgewidth=style.line,
        linestyle="none",
        zorder=3,
    )
    told = words.apart(scale * row.mean, scale * (row.high - row.low) / 2)
    bars.beside(axes, style, place, told)


def _entries(style: Style, frame: pd.DataFrame) -> list[tuple[Artist | None, str]]:
    if not np.isfinite(frame["low"].to_numpy(dtype=float)).any():
        return []
    dot = {"marker": "o", "markersize": 0.85 * style.small, "linestyle": "none"}
    return [
        (s.whisker(style), "95 % interval, paired"),
        (Line2D([], [], color="0.2", **dot), "it leaves out 0"),  # type: ignore[arg-type]
        (Line2D([], [], color="0.2", markerfacecolor="white", **dot), "it includes 0"),  # type: ignore[arg-type]
    ]


def _notes(frame: pd.DataFrame, baseline: str) -> list[str]:
    notes = [f"differences from “{baseline}”"]
    if (frame["replications"] == 1).any():
        notes.append(bars.ONE_REPLICATION)
    return notes
