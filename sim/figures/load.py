"""Server load through the week: sessions in use, and the wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from sim.figures import lines, palette
from sim.figures import style as s
from sim.figures.bars import ONE_REPLICATION
from sim.figures.data import codes, counts, need, order, some
from sim.figures.lines import DAY, HOUR
from sim.figures.style import Style, drawn
from sim.records.measures import RATIO

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("arm", "replication", "server", "at", "took", "waited")
WEEK, BIN = 7 * DAY, 3 * HOUR
BINS = int(WEEK / BIN)
SHOWN = 4
"""Servers that are shown each for itself: chosen, as many lines as can be told apart."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@drawn
def load(
    style: Style,
    attempts: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    servers: Sequence[str] | None = None,
    policy_starts: float = 0.0,
    run_length: float | None = None,
) -> Figure:
    """Sessions in use through the week, of the busiest *servers*, a panel for each arm."""
    return _week(style, attempts, "took", arms, servers, policy_starts, run_length)


@drawn
def waiting(
    style: Style,
    attempts: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    servers: Sequence[str] | None = None,
    policy_starts: float = 0.0,
    run_length: float | None = None,
) -> Figure:
    """Mean wait for a session through the week, of the busiest *servers*, a panel for each arm."""
    return _week(style, attempts, "waited", arms, servers, policy_starts, run_length)


def load_caption(*_: object, **__: object) -> str:
    """What `load` shows."""
    return "Sessions in use (session time used ÷ time), " + _WHERE


def waiting_caption(*_: object, **__: object) -> str:
    """What `waiting` shows."""
    return "Mean wait of a connection for a free session, " + _WHERE


_WHERE = (
    f"in bins of {BIN / HOUR:.0f} hours through the week, after the policy started, of the servers "
    "with the most session time over all arms. The run begins on a Monday at 00:00. Bands: 95 % "
    "intervals over replications."
)


def _week(
    style: Style,
    attempts: pd.DataFrame,
    what: str,
    arms: Sequence[str] | None,
    servers: Sequence[str] | None,
    policy_starts: float,
    run_length: float | None,
) -> Figure:
    figure_name = "load" if what == "took" else "waiting"
    frame = need(attempts, "attempts", COLUMNS, figure=figure_name)
    chosen = order(frame["arm"], arms, figure=figure_name)
    end = run_length or float(frame["at"].max())
    replications = sorted(frame["replication"].unique())
    names = list(servers) if servers is not None else busiest(frame, policy_starts)
    order(frame["server"], names, figure=figure_name)
    sums, numbers = _sums(frame, what, chosen, names, replications, policy_starts)
    figure, panels = lines.panels(
        style,
        chosen,
        xlabel="day of the week",
        ylabel="sessions in use" if what == "took" else "mean wait for a session (s)",
    )
    tops, last = [(0.0, 0.0)], None
    middles = np.asarray((np.arange(BINS) + 0.5) * BIN / DAY, dtype=np.float64)
    for arm, axes in panels:
        for number, server in enumerate(names):
            cell = chosen.index(arm), number
            exposure = _exposure(policy_starts, end) if what == "took" else numbers[cell].T
            value = lines.rows(RATIO, sums[cell], exposure)
            look = palette.arm(number)
            tops.append(lines.curve(axes, style, look, middles, value, label=server))
        axes.set_xlim(0, 7)
        axes.set_xticks(range(8), labels=[""] * 8)
        axes.set_xticks(np.arange(7) + 0.5, labels=[day[:1] for day in WEEKDAYS], minor=True)
        axes.tick_params(axis="x", which="minor", length=0, labelsize=style.small)
        axes.tick_params(axis="x", which="minor", labelbottom=bool(axes.get_xlabel()))
        last = axes
    notes = [ONE_REPLICATION] if len(replications) == 1 else []
    if last is not None:
        notes += lines.top(last, max(mean for mean, _ in tops), max(band for _, band in tops))
    s.legend(figure, style, _entries(style, names, len(replications)), notes=notes)
    return lines.settle(figure, style, chosen)


def busiest(attempts: pd.DataFrame, policy_starts: float) -> list[str]:
    """Return the servers with the most session time after the policy started, over all arms."""
    rows = attempts.loc[attempts["at"] >= policy_starts, ["server", "took"]]
    rows = some(rows, "attempts after the policy started", figure="load")
    used = rows.groupby("server", sort=True, observed=True)["took"].sum()
    return [str(name) for name in used.sort_values(ascending=False, kind="stable").index[:SHOWN]]


def _sums(
    frame: pd.DataFrame,
    what: str,
    arms: Sequence[str],
    servers: Sequence[str],
    replications: Sequence[int],
    policy_starts: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums of *what*, and rows: arms × servers × bins of the week × replications."""
    at = frame["at"].to_numpy(dtype=float)
    places = [
        codes(frame["arm"], arms),
        codes(frame["server"], servers),
        np.where(at >= policy_starts, (at % WEEK // BIN).astype(int), -1),
        codes(frame["replication"], replications),
    ]
    shape = (len(arms), len(servers), BINS, len(replications))
    values = frame[what].to_numpy(dtype=float)
    return counts(shape, places, values), counts(shape, places)


def _exposure(start: float, end: float) -> NDArray[np.float64]:
    """Return the seconds of the run, from *start* to *end*, in each bin of the week."""
    edges = np.arange(np.floor(start / BIN), np.ceil(end / BIN)) * BIN
    seconds = np.minimum(edges + BIN, end) - np.maximum(edges, start)
    exposure = np.zeros(BINS)
    np.add.at(exposure, (edges % WEEK // BIN).astype(int), seconds)
    return exposure


def _entries(
    style: Style, names: Sequence[str], replications: int
) -> list[tuple[Artist | None, str]]:
    made: list[tuple[Artist | None, str]] = [
        lines.entry(style, palette.arm(number), name) for number, name in enumerate(names)
    ]
    if replications > 1:
        made.append((Patch(facecolor="0.8"), s.INTERVAL))
    return made
