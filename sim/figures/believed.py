"""Believed against really delivered: what a sender who sees no error may conclude."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import bars, palette, words
from sim.figures import style as s
from sim.figures.data import Estimate, FigureError, need, order
from sim.figures.numbers import tell
from sim.figures.rates import select
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

OFFSET = 0.22
"""Delivered stands this part of a row above its middle, believed below: neither hides the other."""


@drawn
def believed(style: Style, summary: pd.DataFrame, *, arms: Sequence[str] | None = None) -> Figure:
    """Honest recipients delivered and believed delivered by arm, and those silently lost."""
    frame = need(summary, "summary", figure="believed")
    chosen = order(frame["arm"], arms, figure="believed")
    delivered = select(frame, "honest", "delivery_rate")
    thought = select(frame, "honest", "believed_rate")
    lost = select(frame, "honest", "silent_loss_rate")
    if not delivered or not thought:
        raise FigureError("believed: summary has no rows of delivery_rate and believed_rate")
    across = 1 if style.across == 1 else 2
    rows = bars.fit(style, chosen, 2, across)
    across, down = rows.across, rows.down
    figure = s.new(style, down * rows.height)
    grid = figure.subplots(
        down, across, sharey=True, squeeze=False, width_ratios=(2, 1) if across == 2 else None
    )
    left, right = grid.flat
    bars.panel(right, style, _lost(lost), chosen, rows)
    _both(left, style, delivered, thought, chosen, rows)
    for number, axes in enumerate((left, right)):
        bars.label_arms(axes, style, rows, words=number % across == 0)
    found = [*delivered.values(), *thought.values(), *lost.values()]
    one = any(row.replications == 1 for row in found)
    s.legend(
        figure,
        style,
        _entries(style, any(row.interval for row in found)),
        notes=[bars.ONE_REPLICATION] if one else [],
    )
    return s.settle(figure, list(grid[:, 0]), down * rows.height)


def caption(*_: object, **__: object) -> str:
    """What `believed` shows."""
    return (
        "Honest recipients reached, and honest recipients whose sender had no reason to doubt it. "
        f"Right: mail that was accepted and then dropped silently. {words.INTERVALS} "
        + words.definitions("delivery_rate", "believed_rate", "silent_loss_rate")
    )


def _lost(lost: Mapping[str, Estimate]) -> bars.Panel:
    return bars.Panel(
        "silently lost",
        words.axis("honest", "silent_loss_rate"),
        palette.FATE["discarded"],
        lost,
    )


_DELIVERED = {"marker": "o", "color": palette.FATE["delivered"].colour}
_BELIEVED = {"marker": "s", "color": "black", "markerfacecolor": "white"}


def _both(
    axes: Axes,
    style: Style,
    delivered: Mapping[str, Estimate],
    thought: Mapping[str, Estimate],
    arms: Sequence[str],
    rows: bars.Rows,
) -> None:
    s.tidy(axes, style)
    axes.set_xlim(0, 100)
    axes.set_title("delivered / believed delivered")
    axes.set_xlabel(words.axis("honest", "delivery_rate"))
    axes.grid(axis="x", color="0.9", linewidth=0.5 * style.line)
    for place, arm in zip(rows.middles, arms, strict=True):
        for side, table, look in ((-1, delivered, _DELIVERED), (1, thought, _BELIEVED)):
            row = table.get(arm, Estimate(float("nan")))
            if not row.defined:
                continue
            tell(
                axes, row, 100.0, row=arm, series="delivered" if side < 0 else "believed delivered"
            )
            at = place + side * OFFSET * style.row
            if row.interval:
                axes.plot(
                    [100 * row.low, 100 * row.high],
                    [at, at],
                    color=look["color"],
                    linewidth=style.line,
                    marker="|",
                    markersize=0.5 * style.small,
                    clip_on=False,
                )
            axes.plot(
                100 * row.mean,
                at,
                **look,  # type: ignore[arg-type]
                markersize=0.6 * style.small,
                linestyle="none",
                clip_on=False,
                zorder=3,
            )
        pair = [table[arm].mean for table in (delivered, thought) if arm in table]
        if len(pair) == 2 and np.isfinite(pair).all():
            shown = " / ".join(bars.shown(100 * mean) for mean in pair)
            bars.beside(axes, style, place, shown)


def _entries(style: Style, interval: bool) -> list[tuple[Artist | None, str]]:
    size = {"markersize": 0.6 * style.small, "linestyle": "none"}
    made: list[tuple[Artist | None, str]] = [
        (Line2D([], [], **_DELIVERED, **size), "delivered"),  # type: ignore[arg-type]
        (Line2D([], [], **_BELIEVED, **size), "believed delivered: no error seen"),  # type: ignore[arg-type]
    ]
    return [*made, (s.whisker(style), s.INTERVAL)] if interval else made
