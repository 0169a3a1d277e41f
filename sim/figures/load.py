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
from sim.figures.data import need, order, some
from sim.figures.lines import DAY, HOUR
from sim.figures.style import Style, drawn
from sim.measure.definitions import RATIO

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
    rows = some(
        frame[frame["at"] >= policy_starts], "attempts after the policy started", figure=figure_name
    )
    replications = sorted(frame["replication"].unique())
    names = list(servers) if servers is not None else busiest(rows)
    order(rows["server"], names, figure=figure_name)
    figure, panels = lines.panels(
        style,
        chosen,
        xlabel="day of the week",
        ylabel="sessions in use" if what == "took" else "mean wait for a session (s)",
    )
    top, last = 0.0, None
    middles = np.asarray((np.arange(BINS) + 0.5) * BIN / DAY, dtype=np.float64)
    for arm, axes in panels:
        part = rows[rows["arm"].astype(str) == arm]
        for number, server in enumerate(names):
            of = part[part["server"] == server]
            sums, counts = _sums(of, what, replications)
            exposure = _exposure(policy_starts, end) if what == "took" else counts.T
            value = lines.rows(RATIO, sums, exposure)
            look = palette.arm(number)
            top = max(top, lines.curve(axes, style, look, middles, value, label=server))
        axes.set_xlim(0, 7)
        axes.set_xticks(range(8), labels=[""] * 8)
        axes.set_xticks(np.arange(7) + 0.5, labels=[day[:1] for day in WEEKDAYS], minor=True)
        axes.tick_params(axis="x", which="minor", length=0, labelsize=style.small)
        axes.tick_params(axis="x", which="minor", labelbottom=bool(axes.get_xlabel()))
        last = axes
    if last is not None:
        lines.top(last, top)
    notes = [ONE_REPLICATION] if len(replications) == 1 else []
    s.legend(figure, style, _entries(style, names, len(replications)), notes=notes)
    return lines.settle(figure, style, chosen)


def busiest(rows: pd.DataFrame) -> list[str]:
    """Return the servers with the most session time over all arms."""
    used = rows.groupby(rows["server"].astype(str), sort=True)["took"].sum()
    return [str(name) for name in used.sort_values(ascending=False, kind="stable").index[:SHOWN]]


def _sums(
    rows: pd.DataFrame, what: str, replications: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sums of *what* and numbers of rows, bins of the week × replications."""
    place = np.searchsorted(replications, rows["replication"].to_numpy())
    hour = (rows["at"].to_numpy(dtype=float) % WEEK // BIN).astype(int)
    sums, counts = np.zeros((BINS, len(replications))), np.zeros((BINS, len(replications)))
    np.add.at(sums, (hour, place), rows[what].to_numpy(dtype=float))
    np.add.at(counts, (hour, place), 1.0)
    return sums, counts


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
