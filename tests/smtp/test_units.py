"""Quantities as people write them."""

import pytest

from sim.smtp import units

QUANTITIES = {
    "0.1285714285714286 / day": (units.rate, 0.1285714285714286 / 86400.0),
    "30 min": (units.duration, 1800.0),
    "1.5 h": (units.duration, 5400.0),
    "2weeks": (units.duration, 1209600.0),
    "50 ms": (units.duration, 0.05),
    "5.5 kB": (units.size, 5500.0),
    "1 MiB": (units.size, 1048576.0),
    "33.6 kbit/s": (units.bandwidth, 33600.0),
    "200 / day": (units.rate, 200 / 86400),
    "3 per hour": (units.rate, 3 / 3600),
}


@pytest.mark.parametrize("text", QUANTITIES)
def test_quantities(text):
    read, value = QUANTITIES[text]
    assert read(text) == pytest.approx(value, rel=1e-12)


WRONG = {
    "30": units.duration,
    "-3 s": units.duration,
    "3 parsecs": units.duration,
    "nan s": units.duration,
    "1" * 20 + " s": units.duration,
    "5 kb": units.size,
    "56k": units.bandwidth,
    "200 day": units.rate,
    "200 / fortnight": units.rate,
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_quantities_name_the_units(text):
    with pytest.raises(ValueError, match=r"expected a (duration|size|bandwidth|rate) such as .*"):
        WRONG[text](text)


def test_a_length_of_time_is_said_in_the_greatest_unit_that_it_fills():
    said = {0.0: "0 s", 0.0494: "49.4 ms", 7.16: "7.16 s", 605.0: "10.1 min", 90_061.0: "1.04 d"}
    assert {seconds: units.elapsed(seconds) for seconds in said} == said
