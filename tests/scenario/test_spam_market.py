"""What spam carries and brings in: the formulas, by hand."""

from math import inf

import pytest

from sim.scenario import spam_market
from sim.topology.lines import LINES, Line


def test_a_line_carries_what_it_sends_and_waits_for():
    slow = Line(latency=0.1, bandwidth=8000.0)  # 1000 octets a second
    alone = spam_market.line_rate(slow, 2700.0, 1.0)  # 2.7 s, 6 exchanges of 50 octets and 0.2 s
    assert alone == pytest.approx(1 / (2.7 + 0.3 + 1.2))
    assert spam_market.line_rate(slow, 2700.0, 1.0, connections=50) == pytest.approx(1 / 3.0)


def test_a_relay_multiplies_what_a_line_carries():
    """One copy for fifty recipients, or a copy for each."""
    line = LINES["dial-up"]
    by_relay = spam_market.line_rate(line, 2900.0, 50.0)
    direct = spam_market.line_rate(line, 2900.0, 1.0)
    assert 4 < by_relay / direct < 50


def test_people_answer_a_number_of_offers():
    assert spam_market.response(1e-5, 0.0, 10.0) == 1e-5
    assert spam_market.response(1e-5, 10.0, 10.0) == 0.5e-5
    assert spam_market.response(1e-5, 1e9, None) == 1e-5


def test_who_is_in_business():
    assert spam_market.in_business(-1.0, 1.0) == 0.0
    assert spam_market.in_business(1.0, 1.0) == 0.5
    assert spam_market.in_business(5.0, 1.0) == 1.0
    assert spam_market.in_business(0.1, 0.0) == 1.0


LIMITS = {"relay": 6.0, "direct": 2.0}


@pytest.mark.parametrize(
    ("choice", "volume", "limits", "worths", "rates"),
    [
        ("order", 10.0, LIMITS, {}, {"relay": 6.0}),
        ("order", 1.0, LIMITS, {}, {"relay": 1.0}),
        ("order", 1.0, {}, {}, {}),
        ("profit", 10.0, LIMITS, {"relay": 1.0, "direct": 2.0}, {"relay": 6.0}),
        ("profit", 10.0, LIMITS, {"relay": 1.0, "direct": 4.0}, {"direct": 2.0}),
        ("profit", 1.0, LIMITS, {"relay": 1.0, "direct": 2.0}, {"direct": 1.0}),
        ("profit", 1.0, LIMITS, {"relay": 1.0, "direct": 1.0}, {"relay": 1.0}),
        ("parallel", 10.0, LIMITS, {}, {"relay": 6.0, "direct": 2.0}),
        ("parallel", 4.0, LIMITS, {}, {"relay": 3.0, "direct": 1.0}),
        ("parallel", 4.0, {"relay": inf, "direct": 2.0}, {}, {"relay": 2.0, "direct": 2.0}),
        ("parallel", 4.0, {"relay": inf, "direct": inf}, {}, {"relay": 2.0, "direct": 2.0}),
        ("parallel", 1.0, {"relay": inf, "direct": 2.0}, {}, {"relay": 0.0, "direct": 1.0}),
    ],
)
def test_how_a_volume_is_spread(choice, volume, limits, worths, rates):
    assert spam_market.allocated(choice, volume, limits, worths) == pytest.approx(rates)
