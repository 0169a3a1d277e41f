"""The spammer's side: what comes of a campaign, and from which response rate on it pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from sim.figures import bars, palette
from sim.figures.bars import Panel
from sim.figures.data import Estimate, estimate, need, order
from sim.figures.style import Style, drawn
from sim.records.measures import RATE, RATIO

if TYPE_CHECKING:
    import pandas as pd

LOOK = palette.CLASS["spam"]


@drawn
def break_even(style: Style, spam: pd.DataFrame, *, arms: Sequence[str] | None = None) -> Figure:
    """Cost of a thousand spams delivered, the response from which they pay, and the profit."""
    frame, chosen = _frame(spam, arms, "break_even")
    cost, delivered, value = (frame[name] for name in ("cost", "delivered", "value"))
    panels = [
        _panel(frame, "cost of 1000\ndelivered", "USD", 1000 * cost, delivered, RATIO),
        _panel(frame, "break-even\nresponse", "answers / million delivered",
               1e6 * cost, value, RATIO),
        _panel(frame, "profit if response\nis as assumed", "USD / day",
               frame["revenue"] - cost, frame["days"], RATIO),
    ]  # fmt: skip
    low = min((row.mean for row in panels[2].rows.values() if row.defined), default=0.0)
    if low < 0:  # bars begin at 0: what an arm loses is said, not drawn
        panels[2] = _losses(panels[2])
    return bars.draw(style, panels, chosen)


@drawn
def funnel(style: Style, spam: pd.DataFrame, *, arms: Sequence[str] | None = None) -> Figure:
    """What becomes of spam: recipients tried, accepted somewhere, delivered, answering."""
    frame, chosen = _frame(spam, arms, "funnel")
    stages = {
        "tried": ("recipients / day", "tried"),
        "accepted": ("recipients / day", "accepted\nby a first server"),
        "delivered": ("recipients / day", "delivered"),
        "answers": ("expected / year", "answered, if response\nis as assumed"),
    }
    panels = [
        _panel(frame, title, unit, frame[name] * (365.0 if name == "answers" else 1.0),
               frame["days"], RATE)
        for name, (unit, title) in stages.items()
    ]  # fmt: skip
    figure = bars.draw(style, panels, chosen)
    for axes in figure.axes:  # numbers of four digits need room
        axes.locator_params(axis="x", nbins=2)
    return figure


def break_even_caption(*_: object, **__: object) -> str:
    """What `break_even` shows."""
    return (
        "The spammers' account after the policy started. Cost: recipients tried by each route × "
        "its price, ÷ recipients delivered. Break-even: the response at which revenue covers cost. "
        "Profit: recipients delivered × assumed response × revenue of an answer − cost. Prices, "
        "response and revenue are assumptions of the scenario. Whiskers: 95 % intervals over "
        "replications."
    )


def funnel_caption(*_: object, **__: object) -> str:
    """What `funnel` shows."""
    return (
        "Recipients of spam after the policy started: tried, accepted by the first server asked, "
        "delivered, and those that would answer if the response is as the scenario assumes. Each "
        "panel has its own axis. Whiskers: 95 % intervals over replications."
    )


def _frame(
    spam: pd.DataFrame, arms: Sequence[str] | None, figure: str
) -> tuple[pd.DataFrame, list[str]]:
    frame = need(spam, "spam", figure=figure)
    return frame, order(frame["arm"], arms, figure=figure)


def _panel(
    frame: pd.DataFrame,
    title: str,
    unit: str,
    top: pd.Series[float],
    below: pd.Series[float],
    kind: str,
) -> Panel:
    arm = frame["arm"].astype(str)
    rows: dict[str, Estimate] = {}
    for name in arm.unique():
        mine = (arm == name).to_numpy()
        rows[str(name)] = estimate(kind, top[mine], np.asarray(below[mine], dtype=float))
    return Panel(title, unit, LOOK, rows, percent=False, absent="nothing delivered")


def _losses(panel: Panel) -> Panel:
    from dataclasses import replace

    rows = {name: row for name, row in panel.rows.items() if row.defined and row.mean >= 0}
    return replace(panel, rows=rows, absent="a loss")
