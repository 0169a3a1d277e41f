"""What a change of policy costs honest people, once and in the long run, and what it leaves."""

from __future__ import annotations

from matplotlib.figure import Figure

from sim.figures import bars, words
from sim.figures.data import FigureError, Frame, Names, check_measures
from sim.figures.rates import Pairs, bars_of
from sim.figures.specification import figure
from sim.figures.style import Style

COSTS = (
    ("honest", "long_run_lost_per_day"),
    ("honest", "one_off_refused"),
    ("spam", "spam_per_mailbox_day"),
)
"""Class and name of the leading measures of a decision."""


@figure(
    lambda measures, **_: (
        f"By arm: {words.titles(measures)}. Not settled: the run is too short to tell what goes on "
        f"from what passes. {words.WHISKERS} {words.EXPECTATION} "
        + words.definitions(*(measure for _, measure in measures))
    ),
    first=True,
)
def costs(style: Style, summary: Frame, arms: Names, *, measures: Pairs = COSTS) -> Figure:
    """Honest mail lost in the long run, refusals once, and spam; pairs of class and measure."""
    check_measures(measures)
    panels = [bars_of(summary, kind, measure) for kind, measure in measures]
    if not any(panel.rows for panel in panels):
        names = ", ".join(measure for _, measure in measures)
        raise FigureError(f"summary has no rows of {names}")
    return bars.draw(style, panels, arms, bars.entries(style, panels))
