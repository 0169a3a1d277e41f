"""Figures of sweeps and Welch's plot: what is drawn is what is in the table."""

import numpy as np
import pandas as pd
import pytest

from sim.figures import sweeps
from sim.figures.data import FigureError
from sim.figures.numbers import numbers

KEYS = ["users.a.count", "users.a.messages"]


def swept(points, **options):
    return sweeps.swept.figure({"points": points}, **options)


def tornado(ranges, **options):
    return sweeps.tornado.figure({"ranges": ranges}, **options)


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


@pytest.mark.parametrize(("last", "scale"), [(40, "linear"), (10_000, "log")])
def test_values_over_orders_of_magnitude_stand_on_a_logarithmic_axis(last, scale):
    figure = swept(summary([{KEYS[0]: v} for v in (10, 20, last)]), keys=KEYS[:1])
    assert figure.axes[0].get_xscale() == scale
    assert not [t for t in figure.axes[0].get_xticklabels() if "$" in t.get_text()]


def test_a_figure_of_a_sweep_is_no_taller_than_it_is_wide():
    over_two = [{KEYS[0]: a, KEYS[1]: b} for a in (1, 2, 3) for b in ("x", "y")]
    for points, keys in (([{KEYS[0]: v} for v in (1, 2)], KEYS[:1]), (over_two, KEYS)):
        width, height = swept(summary(points), keys=keys).get_size_inches()
        assert height < 0.8 * width


def test_values_that_are_no_numbers_stand_side_by_side():
    figure = swept(summary([{KEYS[1]: v} for v in ("open", "closed")]), keys=KEYS[1:])
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["open", "closed"]


def test_a_map_an_arm_over_two_keys():
    points = [{KEYS[0]: a, KEYS[1]: b} for a in (1, 2, 3) for b in ("x", "y")]
    figure = swept(summary(points), keys=KEYS)
    first = figure.axes[0].images[0].get_array()
    assert np.asarray(first).tolist() == [[0, 2, 4], [1, 3, 5]]
    assert len(figure.axes) == 3  # two arms and the scale
    told = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    assert told == {(x, y): f"{2 * x + y}" for x in range(3) for y in range(2)}


def test_a_map_of_many_cells_has_no_numbers_that_would_overlap():
    points = [{KEYS[0]: a, KEYS[1]: b} for a in range(40) for b in ("x", "y")]
    figure = swept(summary(points), keys=KEYS)
    assert not figure.axes[0].texts


def test_long_values_under_a_map_stand_upright_and_do_not_overlap():
    away = ["{ home = 0.9, hotel = 0.1 }", "{ home = 0.6, hotel = 0.4 }"]
    points = [{KEYS[0]: a, KEYS[1]: b} for a in away for b in (1, 2)]
    figure = swept(summary(points), keys=KEYS)
    figure.draw_without_rendering()
    labels = figure.axes[0].get_xticklabels()
    assert labels[0].get_text() == "home = 0.9, hotel = 0.1"
    first, second = (label.get_window_extent() for label in labels)
    assert not first.overlaps(second)
    figure = swept(
        summary([{KEYS[0]: a} for a in [*away, away[0] * 2]]), keys=KEYS[:1], style="column"
    )
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {90}


def test_numbers_of_one_unit_stand_where_they_are():
    def axes(*values):
        return swept(summary([{KEYS[0]: v} for v in values]), keys=KEYS[:1]).axes[0]

    of_one = axes("2 / day", "6 / day", "12 / day")
    assert of_one.lines[0].get_xdata().tolist() == [2.0, 6.0, 12.0]
    assert of_one.get_xlabel() == f"{KEYS[0]} (/ day)"
    mixed = axes("30 min", "1 h", "2 h")
    assert mixed.lines[0].get_xdata().tolist() == [0.0, 1.0, 2.0]
    assert [t.get_text() for t in mixed.get_xticklabels()] == ["30 min", "1 h", "2 h"]
    assert axes("open", "on_network").get_xlabel() == KEYS[0]


def test_three_keys_are_too_many():
    with pytest.raises(FigureError, match="one or two"):
        swept(summary([dict.fromkeys("abc", 1)]), keys=list("abc"))
    assert "sweep" in sweeps.swept.caption({"points": summary([{"a": 1}])}, keys=["a"])


RANGES = pd.DataFrame(
    [
        # arm, key, least, most, own, at_least, at_most, band_low, band_high
        ("open", "a.count", "1", "9", 5.0, 5.0, 5.0, 4.0, 6.0),
        ("open", "b.share", "0.1", "0.2", 5.0, 4.0, 6.0, 4.0, 6.0),
        ("closed", "a.count", "1", "9", 7.0, 6.5, 7.5, 2.0, 12.0),
        ("closed", "b.share", "0.1", "0.2", 7.0, 11.0, 3.0, 2.0, 12.0),
    ],
    columns=["arm", "key", "least", "most", "own", "at_least", "at_most", "band_low", "band_high"],
).assign(**{"class": "honest", "measure": "lost_per_day", "swing": [0.0, 2.0, 1.0, 8.0]})
RANGES["change"] = RANGES["at_most"] - RANGES["at_least"]
HALF = [0.0, 0.5, 0.5, 0.5]  # the first unknown moves nothing under open trust
RANGES["reach_low"], RANGES["reach_high"] = RANGES["band_low"] - 1.0, RANGES["band_high"] + 1.0
RANGES["change_low"], RANGES["change_high"] = RANGES["change"] - HALF, RANGES["change"] + HALF


def test_a_tornado_has_a_bar_to_each_end_of_each_unknown_the_widest_on_top():
    figure = tornado(RANGES)
    assert [axes.get_title() for axes in figure.axes] == ["open", "closed"]
    axes = figure.axes[1]
    bars = {bar.get_gid(): bar for bar in axes.patches if ": " in (bar.get_gid() or "")}
    assert (bars["b.share: least"].get_x(), bars["b.share: least"].get_width()) == (7.0, 4.0)
    assert bars["b.share: most"].get_width() == -4.0
    assert bars["b.share: most"].get_y() < bars["a.count: most"].get_y()  # from the top down
    labels = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert labels == ["b.share: 0.1 to 0.2", "a.count: 1 to 9"]
    assert {text.get_text() for text in axes.texts} == {"+1.00 ±0.50", "\u22128.00 ±0.50"}
    assert "no change" in {text.get_text() for text in figure.axes[0].texts}
    (own,) = (line for line in axes.lines if line.get_gid() == "own")
    assert list(own.get_xdata()) == [7.0, 7.0]
    (band,) = (patch for patch in axes.patches if patch.get_gid() == "band")
    assert (band.get_x(), band.get_x() + band.get_width()) == (2.0, 12.0)
    legend = {text.get_text() for text in figure.legends[0].get_texts()}
    assert legend == {
        "at its least", "at its most", "all as stated", "all ends together: the unknowns",
        "the same with chance",
    }  # fmt: skip
    chance = [line.get_xdata()[0] for line in axes.lines if line.get_gid() == "chance"]
    assert chance == [1.0, 13.0]
    told = numbers(figure).query("panel == 'closed' and row == 'all together'")
    assert told[["series", "value", "low", "high"]].to_numpy().tolist() == [
        ["the unknowns", 7.0, 2.0, 12.0], ["and chance", 7.0, 1.0, 13.0],
    ]  # fmt: skip


def test_a_tornado_of_another_measure_is_refused_and_its_caption_says_what_matters():
    with pytest.raises(FigureError, match="delivery_rate of honest"):
        tornado(RANGES, measure="delivery_rate")
    assert "Most depends on b.share" in sweeps.tornado.caption({"ranges": RANGES})
