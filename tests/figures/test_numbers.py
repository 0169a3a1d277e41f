"""The numbers beside a figure are those that it shows."""

from __future__ import annotations

import made_up
import numpy as np
import pytest

from sim import figures
from sim.figures import words
from sim.figures.numbers import COLUMNS, numbers

EXACT = {"topology", "matrix", "life"}
"""They show no estimates: their tables are `policies`, `traffic`, `cells` and the attempts."""


@pytest.fixture(scope="module")
def drawn():
    tables = made_up.tables(3, 4)
    return {name: figures.draw(name, tables) for name in figures.TABLE}


@pytest.mark.parametrize("name", figures.TABLE)
def test_every_figure_that_estimates_has_its_numbers(drawn, name):
    table = numbers(drawn[name])
    assert list(table.columns) == list(COLUMNS)
    assert (len(table) == 0) is (name in EXACT)
    if name not in EXACT:
        assert table["unit"].str.len().min() > 2
        assert not table[["row", "series"]].isna().all(axis=1).any()


def _says(text, value):
    """Whether *text* is *value*; one with its interval has as many digits as that."""
    number, interval, _ = text.partition(" \u00b1")
    digits = len(number.partition(".")[2])
    return number == (f"{value:.{digits}f}" if interval else words.digits(value))


@pytest.mark.parametrize(
    "name", ["rates", "places", "groups", "differences", "funnel", "break_even", "refusals"]
)
def test_numbers_of_rows_are_the_ends_of_bars_and_whiskers(drawn, name):
    table = numbers(drawn[name])
    for axes in drawn[name].axes:
        mine = table[table["panel"] == axes.get_title().replace("\n", " ")]
        written = {text.get_text().replace("\u2212", "-").lstrip("+") for text in axes.texts}
        whole = mine[mine["series"].isna() | (mine["series"] == "sum")]
        for value in whole["value"].dropna():
            said = any(_says(text, value) for text in written)
            assert said or "a loss" in written, (name, value, written)


def test_numbers_of_curves_are_their_points(drawn):
    for name in ("routes", "load", "waiting", "history", "collateral", "listings"):
        table = numbers(drawn[name])
        for axes in drawn[name].axes:
            mine = table[table["panel"] == axes.get_title().replace("\n", " ")]
            for series, rows in mine.groupby("series"):
                line = next(line for line in axes.lines if line.get_label() == series)
                assert rows["x"].to_numpy() == pytest.approx(line.get_xdata())
                assert rows["value"].to_numpy() == pytest.approx(line.get_ydata(), nan_ok=True)


def test_one_replication_has_no_interval_in_its_numbers_either():
    table = numbers(figures.draw("rates", made_up.tables(3, 1)))
    assert np.isnan(table[["low", "high"]].to_numpy(dtype=float)).all()
    assert set(table["replications"]) == {1}


def test_shares_are_in_per_cent_and_static_stands_beside(drawn):
    table = numbers(drawn["rates"])
    frame = made_up.summary(3, 4)
    mine = table[table["panel"] == "delivery rate: honest mail delivered"]
    rows = frame[frame["measure"] == "delivery_rate"]
    for column, of in (
        ("value", "mean"),
        ("low", "low"),
        ("high", "high"),
        ("analytic", "analytic"),
    ):
        assert mine[column].to_numpy() == pytest.approx(100 * rows[of].to_numpy())
