"""Spam by route over time: what comes through after a policy changes, and which way it takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sim.figures import lines, palette
from sim.figures import style as s
from sim.figures.bars import ONE_REPLICATION
from sim.figures.data import FigureError, codes, counts, need, order
from sim.figures.lines import DAY
from sim.figures.style import Style, drawn
from sim.records.measures import RATE
from sim.records.words import Route

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("arm", "replication", "class", "fate", "route", "written_at")


@drawn
def routes(
    style: Style,
    recipients: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    policy_starts: float | None = None,
    run_length: float | None = None,
    mailboxes: int | None = None,
) -> Figure:
    """Spam delivered by route, day by day, a panel for each arm; the policy change is marked.

    Per mailbox if *mailboxes* is known, else in all. *policy_starts* and *run_length* in seconds.
    """
    frame = need(recipients, "recipients", COLUMNS, figure="routes")
    chosen = order(frame["arm"], arms, figure="routes")
    replications = sorted(frame["replication"].unique())
    end = run_length or float(frame["written_at"].max())
    days = max(1, int(np.ceil(end / DAY - 1e-9)))
    lengths = np.minimum(DAY, end - DAY * np.arange(days)) / DAY
    per = float(mailboxes) if mailboxes else 1.0
    if mailboxes is not None and mailboxes <= 0:
        raise FigureError(f"routes: mailboxes is {mailboxes}; spam per mailbox needs one at least")
    counted = _counts(frame, chosen, replications, days)
    found = [name for number, name in enumerate(Route.texts()) if counted[:, number].any()]
    if not found:
        raise FigureError("routes: no spam was delivered in any arm, so there is nothing to draw")
    figure, panels = lines.panels(
        style,
        chosen,
        xlabel="day of the run",
        ylabel="spam delivered (messages / mailbox / day)"
        if mailboxes
        else "spam delivered (messages / day)",
    )
    tops, last = [(0.0, 0.0)], None
    for arm, axes in panels:
        part = counted[chosen.index(arm)]
        for name in found:
            value = lines.rows(RATE, part[Route(name).number], per * lengths)
            middles = np.arange(days) + lengths / 2
            tops.append(
                lines.curve(
                    axes, style, palette.look(palette.ROUTE, name), middles, value, label=name
                )
            )
        if not part.any():
            axes.text(
                0.5,
                0.5,
                "no spam delivered",
                ha="center",
                transform=axes.transAxes,
                fontsize=style.small,
                fontstyle="italic",
            )
        if policy_starts:
            axes.axvline(policy_starts / DAY, linewidth=style.line, **lines.POLICY)
        axes.set_xlim(0, end / DAY)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        last = axes
    notes = [ONE_REPLICATION] if len(replications) == 1 else []
    if last is not None:
        notes += lines.top(last, max(mean for mean, _ in tops), max(band for _, band in tops))
    s.legend(figure, style, _entries(style, found, policy_starts, len(replications)), notes=notes)
    return lines.settle(figure, style, chosen)


def caption(*_: object, **__: object) -> str:
    """What `routes` shows."""
    return (
        "Spam recipients delivered, by the way in which the spam entered and by the day on which "
        "it was sent, one panel for each policy. Vertical line: the policy starts. Bands: 95 % "
        "intervals over replications."
    )


def _counts(
    frame: pd.DataFrame, arms: Sequence[str], replications: Sequence[int], days: int
) -> NDArray[np.float64]:
    """Return spam recipients delivered, arms × routes × days × replications."""
    kept = ((frame["class"] == "spam") & (frame["fate"] == "delivered")).to_numpy()
    day = np.minimum((frame["written_at"].to_numpy() / DAY).astype(int), days - 1)
    places = [
        codes(frame["arm"], arms),
        codes(frame["route"], Route.texts()),
        np.where(kept, day, -1),
        codes(frame["replication"], replications),
    ]
    return counts((len(arms), len(Route), days, len(replications)), places)


def _entries(
    style: Style, found: Sequence[str], policy_starts: float | None, replications: int
) -> list[tuple[Artist | None, str]]:
    made: list[tuple[Artist | None, str]] = [
        lines.entry(style, palette.look(palette.ROUTE, name), name.replace("_", " "))
        for name in found
    ]
    if policy_starts:
        made.append((Line2D([], [], linewidth=style.line, **lines.POLICY), "policy starts"))
    if found and replications > 1:
        made.append((Patch(facecolor="0.8"), s.INTERVAL))
    return made
