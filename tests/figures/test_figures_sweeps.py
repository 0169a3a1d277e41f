"""Figures of sweeps and Welch's plot: what is drawn is what is in the table."""

import numpy as np
import pandas as pd
import pytest

from sim.figures.data import FigureError
from sim.figures.sweeps import caption, swept, welch

KEYS = ["users.a.count", "users.a.messages"]


def summary(points):
    rows = [
        {"point": n, **point, "arm": arm, "class": "honest", "measure": "lost_per_day",
         "mean": n + shift, "low": n + shift - 0.5, "high": n + shift + 0.5}
        for n, point in enumerate(points)
        for shift, arm in enumerate(["open", "closed"])
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_a_curve_an_arm_in_the_order_of_the_values():
    figure = swept(summary([{KEYS[0]: v} for v in (10, 5, 20)]), keys=KEYS[:1])
    (axes,) = figure.axes
    lines = {line.get_gid(): line for line in axes.lines}
    assert lines["open"].get_xdata().tolist() == [5, 10, 20]
    assert lines["closed"].get_ydata().tolist() == [2, 1, 3]
    assert axes.get_xlabel() == KEYS[0]


def test_values_that_are_no_numbers_stand_side_by_side():
    figure = swept(summary([{KEYS[1]: v} for v in ("3 / day", "5 / day")]), keys=KEYS[1:])
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["3 / day", "5 / day"]


def test_a_map_an_arm_over_two_keys():
    points = [{KEYS[0]: a, KEYS[1]: b} for a in (1, 2, 3) for b in ("x", "y")]
    figure = swept(summary(points), keys=KEYS)
    first = figure.axes[0].images[0].get_array()
    assert np.asarray(first).tolist() == [[0, 2, 4], [1, 3, 5]]
    assert len(figure.axes) == 3  # two arms and the scale


def test_three_keys_are_too_many():
    with pytest.raises(FigureError, match="one or two"):
        swept(summary([dict.fromkeys("abc", 1)]), keys=list("abc"))
    assert "sweep" in caption()


def test_welch_marks_where_the_policies_start():
    daily = pd.DataFrame({"arm": "open", "day": range(4), "mean": [4, 2, 1, 1], "smoothed": 1.5})
    figure = welch(daily, policy_starts=2 * 86400.0)
    mark = [line for line in figure.axes[0].lines if line.get_gid() == "policy change"]
    assert mark[0].get_xdata()[0] == 1.5
