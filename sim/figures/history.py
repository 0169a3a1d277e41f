"""History replayed: the share of spam by each route, beside the surveys that drive the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import daily, palette
from sim.figures.data import codes, counts, need, order, some
from sim.figures.lines import DAY
from sim.figures.style import Style, drawn
from sim.records.measures import SHARE
from sim.records.words import Route

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("arm", "replication", "class", "fate", "route", "written_at")


@drawn
def history(
    style: Style,
    recipients: pd.DataFrame,
    survey: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    run_length: float | None = None,
) -> Figure:
    """Share of delivered spam by route over time; circles: open relays as surveyed."""
    frame = need(recipients, "recipients", COLUMNS, figure="history")
    points = need(survey, "survey", figure="history")
    chosen = order(frame["arm"], arms, figure="history")
    replications = sorted(frame["replication"].unique())
    kept = ((frame["class"] == "spam") & (frame["fate"] == "delivered")).to_numpy()
    some(frame[kept], "delivered spam", figure="history")
    at = frame["written_at"].to_numpy(dtype=float)
    end = run_length or float(at.max())
    shape = (len(chosen), len(Route), daily.days(end), len(replications))
    cells = counts(
        shape,
        [
            codes(frame["arm"], chosen),
            codes(frame["route"], Route.texts()),
            np.where(kept, daily.of_day(at, end), -1),
            codes(frame["replication"], replications),
        ],
    )
    total = cells.sum(axis=1)
    roles = [
        daily.Role(f"spam by {name.replace('_', ' ')}", palette.look(palette.ROUTE, name),
                   cells[:, number], total, 100.0)
        for number, name in enumerate(Route.texts())
        if cells[:, number].any()
    ]  # fmt: skip

    def surveyed(arm: str, axes: Axes) -> list[tuple[Line2D, str]]:
        del arm  # what was surveyed is the same whatever is simulated
        return _points(axes, style, points)

    figure = daily.draw(
        style, chosen, roles, kind=SHARE, end=end, also=surveyed, nothing="no spam delivered",
        ylabel="spam delivered, open relays (%)",
    )  # fmt: skip
    for axes in figure.axes:
        axes.set_ylim(0, 100)
    return figure


def caption(recipients: object, survey: pd.DataFrame, **__: object) -> str:
    """What `history` shows, with the sources of the points."""
    del recipients
    sources = "; ".join(str(x) for x in survey["source"].drop_duplicates() if x)
    return (
        "Share of the spam delivered that came by each route, by day of the run, one panel for "
        "each policy. Circles: share of relays that were open, as surveyed, which drives "
        "the policies that follow it; a bar where it leaves a band. Bands: 95 % "
        "intervals over replications." + (f" Source of the points: {sources}." if sources else "")
    )


def _points(axes: Axes, style: Style, points: pd.DataFrame) -> list[tuple[Line2D, str]]:
    at = points["at"].to_numpy(dtype=float) / DAY
    low, high = (100 * points[name].to_numpy(dtype=float) for name in ("low", "high"))
    look = {"marker": "o", "linestyle": "none", "color": "black", "markerfacecolor": "white",
            "markersize": 0.75 * style.small}  # fmt: skip
    axes.vlines(at, low, high, color="black", linewidth=2 * style.line, gid="survey band")
    axes.plot(at, (low + high) / 2, gid="survey", clip_on=False, zorder=5, **look)  # type: ignore[arg-type]
    return [(Line2D([], [], **look), "open relays as surveyed")]  # type: ignore[arg-type]
