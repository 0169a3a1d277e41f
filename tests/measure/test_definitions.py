"""The reference page is generated from the table, and the table is what is computed."""

from pathlib import Path

import pytest

from sim.measure.counters import count_measures
from sim.records import measures_page
from sim.records.definitions import BY
from sim.records.measures import COSTS, KINDS, LONG_RUN, MEASURES, RATE, SERVER
from sim.records.words import MailClass

PAGE = Path(measures_page.__file__).parents[1] / "measure" / "MEASURES.md"


def test_the_page_is_what_the_table_says():
    assert PAGE.read_text("utf-8") == measures_page.page(), (
        "write it again: sim.records.measures_page.write_page()"
    )


@pytest.mark.parametrize("name", MEASURES)
def test_each_measure_says_everything(name):
    measure = MEASURES[name]
    assert measure.kind in KINDS
    assert measure.by[0] == "all"
    assert set(measure.by) <= set(BY)
    assert set(measure.classes) <= {*MailClass, SERVER}
    assert all((measure.numerator, measure.denominator, measure.zero, measure.excluded))


def test_every_measure_is_computed_and_nothing_else():
    from sim.measure.counters import (
        EXPOSURES,
        FRICTION,
        NUMERATORS,
        PERMITTED,
        QUANTILES,
        SERVER_SUMS,
    )
    from sim.measure.leaving import COUNT, SHARE
    from sim.measure.listings import AT_ALL, TIME

    computed = [*COSTS, *NUMERATORS, *PERMITTED, *QUANTILES, *FRICTION, *SERVER_SUMS]
    computed += [COUNT, SHARE, TIME, AT_ALL]
    assert sorted(computed) == sorted(MEASURES)
    rates = {name for name, measure in MEASURES.items() if measure.kind == RATE}
    rates -= set(LONG_RUN)  # days of their own
    assert {*EXPOSURES, COUNT} == rates - set(FRICTION)  # friction has messages for its exposure
    assert callable(count_measures)
