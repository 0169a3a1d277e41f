"""Figures of lists, windows, the spammer's account, precision and history: what is drawn."""

from __future__ import annotations

import made_up
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from sim import figures
from sim.figures import FigureError
from sim.figures.curves import exponential_fit


@pytest.fixture
def tables():
    return made_up.tables(3, 4)


def texts(figure):
    return [text.get_text().replace("\n", " ") for text in figure.findobj(Text)]


def curve(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


def lines(axes, gid):
    return [line for line in axes.lines if str(line.get_gid()).startswith(gid)]


def test_collateral_is_the_share_lost_by_day_with_the_calendar_at_its_foot(tables):
    figure = figures.draw("collateral", tables)
    axes = figure.axes[2]
    lost = curve(axes, "honest recipients lost")
    assert lost.get_ydata()[:7] == pytest.approx([0, 0, 0, 8.5, 8.5, 8.5, 8.5])
    assert lost.get_xdata() == pytest.approx(np.arange(14) + 0.5)
    (listed,) = lines(axes, "calendar listed")
    assert listed.get_xdata() == pytest.approx([3.2, 3.3])
    assert not lines(figure.axes[0], "calendar")
    assert "nothing lost to a listing" in texts(figure)


def test_collateral_with_an_empty_calendar_has_no_marks(tables):
    tables["calendar"] = tables["calendar"].iloc[:0]
    assert not lines(figures.draw("collateral", tables).axes[2], "calendar")


def test_listings_are_submissions_a_day_by_what_the_list_did(tables):
    figure = figures.draw("listings", tables)
    refused = curve(figure.axes[1], "false refusal: listed, but by another address")
    assert refused.get_ydata()[:7] == pytest.approx([0, 0, 0, 11.75, 11.75, 11.75, 11.75])
    accepted = curve(figure.axes[1], "false acceptance: by a listing for somebody else")
    assert accepted.get_ydata()[6] == pytest.approx(21.75)
    assert "no submission turned on the list" in texts(figure)


def test_windows_lie_on_the_closed_form_that_made_them(tables):
    figure = figures.draw("windows", tables)
    for place, rate in made_up.RATE.items():
        (line,) = lines(figure.axes[0], f"closed form {place}")
        minutes, shares = line.get_xdata(), line.get_ydata()
        expected = 100 * (1 - np.exp(-rate * 60 * np.asarray(minutes)))
        assert shares == pytest.approx(expected, abs=0.5)
    assert "lines: 1 − exp(−rate × window), rate fitted" in texts(figure)


def test_windows_take_a_closed_form_instead_of_a_fit(tables):
    figure = figures.draw("windows", tables, closed_form=lambda seconds: seconds / 20_000)
    (line,) = lines(figure.axes[0], "closed form hotel")
    assert line.get_ydata() == pytest.approx(100 * 60 * np.asarray(line.get_xdata()) / 20_000)
    assert "lines: closed form" in texts(figure)


def test_the_fit_finds_the_rate():
    form = exponential_fit([(60.0, 1 - np.exp(-0.06)), (600.0, 1 - np.exp(-0.6))])
    assert form(300.0) == pytest.approx(1 - np.exp(-0.3), rel=0.01)


def test_break_even_is_cost_by_worth_and_profit_may_be_a_loss(tables):
    frame = tables["spam"]
    cost, response, profit = figures.draw("break_even", tables).axes
    rows = frame[frame["arm"] == made_up.ARMS[1]]
    per_thousand = 1000 * (rows["cost"] / rows["delivered"]).mean()
    assert cost.patches[1].get_width() == pytest.approx(per_thousand, rel=0.01)
    assert response.patches[1].get_width() == pytest.approx(1000 * per_thousand / 50, rel=0.01)
    assert len(profit.patches) == 3
    dear = tables | {"spam": frame.assign(cost=frame["cost"] * 1000)}
    figure = figures.draw("break_even", dear)
    assert not figure.axes[2].patches
    assert "a loss" in texts(figure)


def test_the_funnel_narrows(tables):
    widths = [axes.patches[0].get_width() for axes in figures.draw("funnel", tables).axes[:3]]
    assert widths == sorted(widths, reverse=True)
    delivered = tables["spam"].query("arm == 'open trust'")["delivered"].mean() / 10
    assert widths[2] == pytest.approx(delivered)


def test_precision_draws_half_the_interval_of_the_first_replications():
    tables = made_up.tables(2, 9)
    axes = figures.draw("precision", tables).axes[1]
    line = curve(axes, "open trust")
    summary = figures.data.estimate(
        "rate",
        tables["measures"].query(
            "arm == 'open trust' and measure == 'spam_per_mailbox_day' and by == 'all'"
        ),
        "numerator",
        "denominator",
    )
    assert list(line.get_xdata()) == list(range(2, 10))
    assert line.get_ydata()[-1] == pytest.approx((summary.high - summary.low) / 2)


def test_precision_of_one_replication_is_refused():
    with pytest.raises(FigureError, match="one replication; it takes 2"):
        figures.draw("precision", made_up.tables(3, 1))


def test_history_adds_up_and_shows_survey_band_and_source(tables):
    figure = figures.draw("history", tables)
    for axes in figure.axes:
        shares = [line.get_ydata() for line in axes.lines
                  if str(line.get_label()).startswith("spam by")]  # fmt: skip
        total = np.nansum(shares, axis=0)
        assert total[np.isfinite(shares[0])] == pytest.approx(100)
        (points,) = lines(axes, "survey")
        assert points.get_xdata() == pytest.approx([0, 3, 6])
        assert points.get_ydata() == pytest.approx([55, 20, 3])
    band = next(c for c in figure.axes[0].collections if c.get_gid() == "survey band")
    assert band.get_segments()[2][:, 1] == pytest.approx([1, 5])
    assert "Source of the points: a survey." in figures.caption("history", tables)


@pytest.mark.parametrize(
    ("name", "table"),
    [("collateral", "measures"), ("listings", "permissions"), ("windows", "windows"),
     ("funnel", "spam"), ("break_even", "spam"), ("precision", "measures"), ("history", "survey")],
)  # fmt: skip
def test_an_empty_table_and_a_missing_column_are_named(tables, name, table):
    with pytest.raises(FigureError, match=f"{name}: {table} has no rows"):
        figures.draw(name, tables | {table: tables[table].iloc[:0]})
    column = figures.TABLES[table][-1]
    with pytest.raises(FigureError, match=f"{name}: {table} lacks the column '{column}'"):
        figures.draw(name, tables | {table: pd.DataFrame(tables[table]).drop(columns=column)})
