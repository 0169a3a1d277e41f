"""Numbers as a reader wants them."""

import pytest

from sim.measure.digits import apart, between, number


@pytest.mark.parametrize(
    ("value", "half", "share", "text"),
    [
        (-0.1162, 0.0154, False, "−0.116 ±0.015"),
        (-0.0432, 0.0017, True, "−4.32 ±0.17"),
        (444.4, 66.6, False, "+444 ±67"),
        (2998.4, 1715.2, False, "+2,998 ±1,715"),
        (0.1, 1e-9, False, "+0.1000 ±0.0000"),
        (0.0, 0.0, False, "no change"),
        (-0.4, 12.0, False, "+0 ±12"),
        (0.5, 0.0, False, "+0.50 ±0"),
        (0.5, float("nan"), True, "+50"),
    ],
)
def test_a_difference_has_the_digits_that_its_interval_bears(value, half, share, text):
    assert apart(value, half, share=share) == text


@pytest.mark.parametrize(
    ("value", "how", "text"),
    [
        (float("nan"), {}, "–"),
        (0.9571, {"share": True}, "95.7"),
        (-0.1162, {"sign": True}, "−0.116"),
        (1234.5, {}, "1,234"),
        (0.0, {}, "0.00"),
    ],
)
def test_numbers_have_the_digits_that_say_something(value, how, text):
    assert number(value, **how) == text


def test_an_interval_is_short_and_none_is_nothing():
    assert between(0.0699, 0.0865) == "0.070–0.086"
    assert between(-2.5, 1.25) == "−2.50 to 1.25"
    assert between(0.5, float("nan"), share=True) == ""
