"""Day by day: a panel for each arm, a curve for each role, bands over replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from sim.figures import lines
from sim.figures import style as s
from sim.figures.bars import ONE_REPLICATION
from sim.figures.data import estimates
from sim.figures.lines import DAY
from sim.figures.palette import Look
from sim.figures.style import Style
from sim.records.measures import SHARE

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Role:
    """One curve in each panel: how it looks, what it is called, its cells.

    *numerators* and *denominators* are arms × days × replications; *scale* is what a quotient
    is multiplied by to be shown.
    """

    label: str
    look: Look
    numerators: Floats
    denominators: Floats
    scale: float = 1.0


def draw(
    style: Style,
    arms: Sequence[str],
    roles: Sequence[Role],
    *,
    kind: str,
    ylabel: str,
    end: float,
    policy_starts: float | None = None,
    nothing: str = "nothing to show",
    also: Callable[[str, Axes], list[tuple[Line2D, str]]] | None = None,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw *roles*; *end* and *policy_starts* in seconds. *also* adds to the panel of an arm.

    *nothing* is written in a panel without anything to draw; *also* returns entries of the legend.
    """
    figure, panels = lines.panels(style, arms, xlabel="day of the run", ylabel=ylabel)
    tops, last, extra = [(0.0, 0.0)], None, list[tuple[Line2D, str]]()
    replications = roles[0].numerators.shape[2] if roles else 0
    for arm, axes in panels:
        number = list(arms).index(arm)
        for role in roles:
            found = estimates(kind, role.numerators[number], role.denominators[number])
            found = found._replace(
                **{name: role.scale * getattr(found, name) for name in ("mean", "low", "high")}
            )
            at = middles(role.numerators.shape[1], end)
            tops.append(lines.curve(axes, style, role.look, at, found, label=role.label))
        if not any(role.numerators[number].any() for role in roles):
            axes.text(0.5, 0.5, s.name(nothing, 16), transform=axes.transAxes, ha="center",
                      va="center", fontsize=style.small, fontstyle="italic")  # fmt: skip
        if policy_starts:
            axes.axvline(policy_starts / DAY, linewidth=style.line, **lines.POLICY)
        extra = (also(arm, axes) if also else []) or extra
        axes.set_xlim(0, end / DAY)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        last = axes
    told = [*notes, *([ONE_REPLICATION] if replications == 1 else [])]
    if last is not None:
        told += lines.top(last, max(mean for mean, _ in tops), max(band for _, band in tops))
    entries: list[tuple[Line2D | Patch | None, str]] = [
        *(lines.entry(style, role.look, role.label) for role in roles), *extra,
    ]  # fmt: skip
    if policy_starts:
        entries.append((Line2D([], [], linewidth=style.line, **lines.POLICY), "policy starts"))
    if replications > 1:
        entries.append((Patch(facecolor="0.8"), s.INTERVAL))
    if last is not None and kind == SHARE and last.get_ylim()[1] > 100:
        last.set_ylim(0, 100)
    s.legend(figure, style, entries, notes=told)
    return lines.settle(figure, style, arms)


def days(end: float) -> int:
    """Days that a run of *end* seconds has begun."""
    return max(1, int(np.ceil(end / DAY - 1e-9)))


def lengths(end: float) -> Floats:
    """The part of each day that lies within the run."""
    return np.asarray(np.minimum(DAY, end - DAY * np.arange(days(end))) / DAY)


def middles(number: int, end: float) -> Floats:
    """The middle of each day of the run, in days."""
    return np.asarray(np.arange(number) + lengths(end)[:number] / 2)


def of_day(at: Floats, end: float) -> NDArray[np.int64]:
    """The day of each moment (s)."""
    return np.asarray(np.clip((at / DAY).astype(np.int64), 0, days(end) - 1))
