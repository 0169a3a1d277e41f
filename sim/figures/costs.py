"""What a change of policy costs honest people, once and in the long run, and what it leaves."""

from __future__ import annotations

from matplotlib.figure import Figure

from sim.figures import bars, words
from sim.figures.data import FigureError, Frame, Names, check_measures
from sim.figures.rates import Pairs, bars_of
from sim.figures.specification import figure
from sim.figures.style import Style
from sim.measure.costs import DAILY

COSTS = (
    ("honest", "long_run_lost_per_day"),
    ("honest", "one_off_refused"),
    ("spam", "spam_per_mailbox_day"),
)
"""Class and name of the leading measures of a decision."""


def _panels(summary: Frame, measures: Pairs) -> Pairs:
    """The *measures*; of a cost that no arm but the baseline has, that since the change."""
    arms = summary[summary["mean"].notna()].groupby("measure", observed=True)["arm"].nunique()
    return tuple(
        (kind, DAILY[measure] if measure in DAILY and arms.get(measure, 0) <= 1 else measure)
        for kind, measure in measures
    )


def _caption(summary: Frame, measures: Pairs, **_: object) -> str:
    pairs = _panels(summary, measures)
    return (
        f"By arm: {words.titles(pairs)}. Not settled: the run is too short to tell what goes on "
        "from what passes; where no arm has settled, all days since the change are looked at. "
        f"{words.WHISKERS} {words.EXPECTATION} "
        + words.definitions(*(measure for _, measure in pairs))
    )


@figure(_caption, first=1)
def costs(style: Style, summary: Frame, arms: Names, *, measures: Pairs = COSTS) -> Figure:
    """Honest mail lost in the long run, refusals once, and spam; pairs of class and measure."""
    check_measures(measures)
    panels = [bars_of(summary, kind, measure) for kind, measure in _panels(summary, measures)]
    if not any(panel.rows for panel in panels):
        names = ", ".join(measure for _, measure in measures)
        raise FigureError(f"summary has no rows of {names}")
    return bars.draw(style, panels, arms, bars.entries(style, panels))
