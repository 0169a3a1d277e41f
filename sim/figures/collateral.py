"""What a blocklist costs honest mail, day by day, beside what was listed and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from sim.figures import daily, palette, words
from sim.figures.data import codes, counts, need, order, some
from sim.figures.lines import DAY
from sim.figures.style import Style, drawn
from sim.records.measures import SHARE

if TYPE_CHECKING:
    import pandas as pd

MARKS = {"listed": ("^", "listed"), "delisted": ("v", "delisted"), "closed": ("s", "relay closed")}


@drawn
def collateral(
    style: Style,
    measures: pd.DataFrame,
    calendar: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    policy_starts: float | None = None,
    run_length: float | None = None,
) -> Figure:
    """Honest mail lost to a listing, day by day; marks below show each listing and its end."""
    frame = need(measures, "measures", figure="collateral")
    kept = (frame["measure"] == "collateral_rate") & (frame["class"] == "honest")
    rows = some(frame[kept & (frame["by"] == "day")], "collateral by day", figure="collateral")
    chosen = order(frame["arm"], arms, figure="collateral")
    replications = sorted(rows["replication"].unique())
    day = rows["key"].astype(str).astype(int).to_numpy()
    end = run_length or DAY * (float(day.max()) + 1)
    shape = (len(chosen), daily.days(end), len(replications))
    places = [
        codes(rows["arm"], chosen),
        np.where(day < shape[1], day, -1),
        codes(rows["replication"], replications),
    ]
    top, below = (
        counts(shape, places, rows[name].to_numpy(dtype=float))
        for name in ("numerator", "denominator")
    )
    changes = need_columns(calendar)

    def marks(arm: str, axes: Axes) -> list[tuple[Line2D, str]]:
        return _marks(axes, style, changes[changes["arm"].astype(str) == arm])

    role = daily.Role("honest recipients lost", palette.CLASS["honest"], top, below, 100.0)
    return daily.draw(
        style, chosen, [role], kind=SHARE, end=end, policy_starts=policy_starts, also=marks,
        ylabel="honest recipients lost to a listing (%)", nothing="nothing lost to a listing",
    )  # fmt: skip


def caption(*_: object, **__: object) -> str:
    """What `collateral` shows."""
    return (
        "Honest recipients lost because a server stood on a blocklist, by the day of the wish, one "
        "panel for each policy. Marks at the foot: moments at which an address was listed, taken "
        "off, or a relay closed, in all replications. Bands: 95 % intervals over replications. "
        + words.definitions("collateral_rate")
    )


def need_columns(calendar: pd.DataFrame) -> pd.DataFrame:
    """The calendar, which may be empty, but not without its columns."""
    return need(calendar, "calendar", figure="collateral") if len(calendar) else calendar


def _marks(axes: Axes, style: Style, changes: pd.DataFrame) -> list[tuple[Line2D, str]]:
    made = []
    for number, (change, (marker, label)) in enumerate(MARKS.items()):
        at = changes.loc[changes["change"] == change, "at"].to_numpy(dtype=float) / DAY
        look: dict[str, Any] = {"marker": marker, "linestyle": "none", "color": "0.25",
                "markersize": 0.6 * style.small, "markerfacecolor": "white"}  # fmt: skip
        if len(at):
            axes.plot(at, np.full(len(at), 0.04 + 0.07 * number), gid=f"calendar {change}",
                      transform=axes.get_xaxis_transform(), clip_on=False, **look)  # fmt: skip
        made.append((Line2D([], [], **look), label))
    return made
