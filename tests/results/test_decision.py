"""The verdict on each arm."""

from types import SimpleNamespace

import pytest

from sim.results.decision import _verdict


@pytest.mark.parametrize(
    ("over", "best", "verdicts"),
    [
        ({"open": [], "a": []}, "", {"open": "baseline", "a": "trade-off with"}),
        ({"open": ["a"], "a": []}, "", {"open": "dominated by", "a": "dominates all others"}),
        ({"open": [], "a": ["b"], "b": []}, "b",
         {"open": "baseline", "a": "dominated by", "b": "best for these weights"}),
        ({"open": []}, "", {"open": "baseline", "slow": "not settled"}),
    ],
)  # fmt: skip
def test_a_verdict_speaks_of_arms_that_nothing_dominates(over, best, verdicts):
    compared = SimpleNamespace(baseline="open")
    free = [arm for arm in over if not over[arm]]
    assert {arm: _verdict(arm, compared, over, free, best)[0] for arm in verdicts} == verdicts
