"""Welch's plot: days with intervals, averages that do not cross the change, what is level."""

import numpy as np
import pandas as pd
import pytest

from sim import figures
from sim.figures import FigureError
from sim.figures.numbers import numbers

DAY = 86400.0


def measures(**arms):
    """Ten replications: for each arm the share delivered on each day, a little apart."""
    rows = [
        {
            "arm": arm, "replication": r, "phase": "warm-up" if day < 2 else "after", "by": "day",
            "class": "honest", "key": str(day), "measure": "delivery_rate",
            "numerator": 1000.0 * share + r % 3, "denominator": 1010.0,
        }
        for arm, shares in arms.items()
        for r in range(10)
        for day, share in enumerate(shares)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def welch(table, baseline="", policy_starts=0.0, changes=None, **options):
    about = {"baseline": baseline, "policy_starts": policy_starts, "changes": changes or {}}
    return figures.draw("welch", {"measures": table, "about": about}, **options)


TABLE = measures(open=[0.9] + [0.8] * 9, closed=[0.9, 0.8, 0.3, 0.4] + [0.5] * 6)


def lines(axes, gid):
    return [line for line in axes.lines if line.get_gid() == gid]


def legend(figure):
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def test_each_arm_is_looked_at_from_where_it_may_change():
    figure = welch(TABLE, baseline="open", policy_starts=2 * DAY, window=1)
    opened, closed = figure.axes[:2]
    for axes, level in ((opened, 1.0), (closed, 4.0)):
        (grey,) = (patch for patch in axes.patches if patch.get_gid() == "level")
        assert grey.get_x() == level
        assert grey.get_x() + grey.get_width() == 10.0
        assert lines(axes, "policy change")[0].get_xdata()[0] == 2.0
    curves = [line for line in closed.lines if line.get_color() == "black"]
    assert [len(line.get_xdata()) for line in curves] == [2, 8]  # no average crosses the change
    mean = 100.0 * np.mean([800.0 + r % 3 for r in range(10)]) / 1010.0
    assert curves[0].get_ydata()[1] == pytest.approx(mean)
    assert len([line for line in opened.lines if line.get_color() == "black"]) == 2
    told = numbers(figure)
    assert len(told) == 20
    assert (told["low"] < told["value"]).all()


def test_each_later_change_of_an_arm_is_marked_in_its_panel():
    later = {"closed": [4 * DAY, 6.5 * DAY]}
    figure = welch(TABLE, baseline="open", policy_starts=2 * DAY, changes=later)
    marked = [[line.get_xdata()[0] for line in lines(axes, "later change")] for axes in figure.axes]
    assert marked[:2] == [[], [4.0, 6.5]]
    assert "policy changes again" in legend(figure)
    assert "policy changes again" not in legend(welch(TABLE, baseline="open"))


def test_what_is_not_level_by_the_middle_is_not_grey():
    rising = measures(open=[0.01 * day for day in range(10)])
    (axes,) = welch(rising, baseline="open").axes
    assert not axes.patches


def test_what_is_not_counted_by_day_cannot_be_drawn():
    with pytest.raises(FigureError, match="delay_median of honest is not counted by day"):
        welch(TABLE, measure="delay_median")


def test_one_replication_says_nothing():
    figure = welch(TABLE[TABLE["replication"] == 0], baseline="open", policy_starts=2 * DAY)
    assert "nothing can be said" in figure.legends[0].get_title().get_text()
    assert not figure.axes[0].patches


def test_it_is_drawn_when_asked_for_alone():
    assert "welch" in figures.TABLE
    assert "welch" not in figures.standard()
