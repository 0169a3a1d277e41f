"""Rates by arm: what came of honest mail, and how much of the relaying was for spammers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from sim.figures import bars, palette, words
from sim.figures.data import Estimate, FigureError, known, need, order
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

DEFAULT = (
    ("honest", "delivery_rate"),
    ("honest", "first_refusal_rate"),
    ("spam", "spam_abuse_rate"),
)


@drawn
def rates(
    style: Style,
    summary: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    measures: Sequence[tuple[str, str]] = DEFAULT,
) -> Figure:
    """Delivery, rejection and spam-abuse by arm; *measures* are pairs (class, measure)."""
    frame = need(summary, "summary", figure="rates")
    chosen = order(frame["arm"], arms, figure="rates")
    known(measures, figure="rates")
    panels = [_panel(frame, kind, measure) for kind, measure in measures]
    if not any(panel.rows for panel in panels):
        wanted = ", ".join(measure for _, measure in measures)
        raise FigureError(f"rates: summary has no rows of {wanted}")
    return bars.draw(style, panels, chosen)


def caption(*_: object, measures: Sequence[tuple[str, str]] = DEFAULT, **__: object) -> str:
    """What `rates` shows."""
    return (
        f"By arm, after the policy started: {words.titles(measures)}. {words.INTERVALS} "
        "Triangles: the analytic expectation, which follows from the inputs alone. "
        + words.definitions(*(measure for _, measure in measures))
    )


def select(frame: pd.DataFrame, kind: str, measure: str) -> dict[str, Estimate]:
    """Return the estimate of one measure of one class for each arm of a summary."""
    rows = frame[(frame["class"] == kind) & (frame["measure"] == measure)]
    columns = ("arm", "mean", "low", "high", "analytic", "replications")
    return {
        str(arm): Estimate(float(mean), float(low), float(high), float(analytic), int(n))
        for arm, mean, low, high, analytic, n in zip(*(rows[c] for c in columns), strict=True)
    }


_LOOKS: Mapping[str, palette.Look] = {
    "delivery_rate": palette.FATE["delivered"],
    "first_refusal_rate": palette.FATE["refused"],
    "refusal_rate": palette.FATE["refused"],
    "gave_up_rate": palette.FATE["gave_up"],
    "silent_loss_rate": palette.FATE["discarded"],
    "bounce_rate": palette.FATE["bounced"],
    "in_transit_rate": palette.FATE["in_transit"],
}


def _panel(frame: pd.DataFrame, kind: str, measure: str) -> bars.Panel:
    rows = select(frame, kind, measure)
    look = _LOOKS.get(measure, palette.CLASS.get(kind, palette.CLASS["notice"]))
    share = words.is_share(measure)
    return bars.Panel(
        title=words.title(kind, measure),
        label=words.axis(kind, measure),
        look=look,
        rows=rows,
        percent=share,
        limit=1.0 if measure == "delivery_rate" else None,
        absent=words.undefined(measure),
    )
