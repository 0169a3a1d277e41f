"""Targets lie in their bands, errors are measured as stated, and the page shows the study."""

import re
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.hindcast import study, targets
from sim.hindcast.fit import within
from sim.hindcast.forecast import Forecast
from sim.hindcast.market import Intervention

PAGE = Path(sim.__file__).parents[1] / "notebooks" / "docs" / "hindcast.md"


@pytest.fixture(scope="module")
def forecast():
    return Forecast(20)


def target(name):
    return next(one for one in targets.TARGETS if one.name == name)


def test_every_held_out_target_is_asked():
    names = {re.match(r"O\d+", one.name)[0] for one in targets.TARGETS}
    assert names == {f"O{n}" for n in range(1, 19)}
    assert all(one.low <= one.value <= one.high for one in targets.TARGETS)


def test_an_error_of_one_is_the_edge_of_an_even_band():
    one = target("O12")
    assert targets._error(one, one.high) == pytest.approx(1)
    assert targets._error(one, one.value) == 0
    assert np.isnan(targets._error(one, None))


def test_the_ruler_says_what_was_computed_by_hand():
    """0.36, 0.53, 0.65, 0.76, 0.87, 0.98 for O1 to O6, as published with the targets."""
    said = targets._ruler(None)
    published = [0.36, 0.53, 0.65, 0.76, 0.87, 0.98]
    assert [said[f"O{n}"] for n in range(1, 7)] == pytest.approx(published, abs=0.015)


def test_fitted_members_lie_within_every_band(forecast):
    assert all(which.all() for which in within(forecast.fit.fitted).values())


def test_the_monthly_table_has_a_band_around_each_quantity(forecast):
    table = forecast.table()
    assert len(table) == 132
    assert (table["month"].iloc[0], table["month"].iloc[-1]) == ("1998-01", "2008-12")
    quantities = [name for name in table if f"{name}_low" in table]
    assert len(quantities) == 18
    for name in quantities:
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()


def test_scores_speak_of_every_target(forecast):
    table = targets.scores(forecast)
    assert list(table["target"]) == [one.name for one in targets.TARGETS]
    hit = table["forecast"].between(table["band_low"], table["band_high"])
    assert (table["hit"] == hit).all()


def test_the_study_fits_a_screen(forecast):
    assert max(map(len, study.lines(forecast))) <= 80


def test_an_intervention_changes_nothing_before_its_date(forecast):
    changed = Forecast(20, change=Intervention(lose_controllers=2006.0)).table()
    before = changed["month"] < "2006-01"
    assert changed[before].equals(forecast.table()[before])
    assert (changed["spam_per_day"] != forecast.table()["spam_per_day"]).any()


@pytest.mark.slow
def test_the_page_shows_what_the_command_prints():
    shown = re.search(r"```text\n(.*?)```", PAGE.read_text("utf-8"), re.S)[1]
    assert shown.splitlines() == list(study.lines(Forecast()))
