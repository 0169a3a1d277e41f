"""Which policy dominates which, and which is best for somebody's weights."""

import numpy as np
import pytest

from sim.measure import choosing
from sim.measure.choosing import Comparison, Estimate, dominated, ranked

R = np.array([-0.1, 0.0, 0.1, 0.0])
"""What replications differ by."""


def compared(arms, unsettled=()):
    """Of arms with (spam, lost a day), less the first; all else is alike."""
    criteria = (*choosing.TRADED, *choosing.CRITERIA)
    excess = {(arm, name): np.zeros(len(R)) for arm in arms for name in criteria}
    first = next(iter(arms))
    for arm, values in arms.items():
        for name, value, before in zip(
            (choosing.SPAM, choosing.LOST), values, arms[first], strict=True
        ):
            noise = R if arm != first else 0.0 * R
            excess[arm, name] = value - before + noise
    estimates = {
        key: Estimate(float(values.mean()), float(values.mean()), -1.0, 1.0)
        for key, values in excess.items()
    }
    settled = {arm: arm not in unsettled for arm in arms}
    return Comparison(list(arms), first, settled, estimates, excess)


def test_who_takes_as_much_spam_and_loses_more_is_dominated():
    arms = {
        "open": (9.0, 0.0),
        "hard": (1.0, 9.0),
        "same": (1.1, 5.0),
        "less": (0.1, 9.0),
    }
    assert dominated(compared(arms)) == {
        "open": [], "hard": ["same", "less"], "same": [], "less": []
    }  # fmt: skip


def test_what_is_not_sure_dominates_nothing():
    arms = {"open": (9.0, 9.0), "a": (9.0, 9.05), "b": (0.0, 0.0)}
    assert dominated(compared(arms))["open"] == ["b"]
    assert "open" not in dominated(compared(arms))["a"]  # by 0.05 of 9: within the tie


def test_an_arm_that_has_not_settled_is_not_compared():
    arms = {"open": (9.0, 0.0), "slow": (1.0, 9.0), "hard": (1.0, 5.0)}
    assert set(dominated(compared(arms, ["slow"]))) == {"open", "hard"}
    assert set(dominated(compared(arms, arms))) == set(arms)  # nothing has: all are, so far


WEIGHTS = {"lost_message": (2.0, 2.0), "spam_message": (1.0, 1.0)}


def test_the_cheapest_is_best_in_every_draw_where_it_is_sure():
    arms = {"open": (9.0, 0.0), "hard": (1.0, 9.0), "soft": (3.0, 1.0)}
    found = ranked(compared(arms), WEIGHTS, days=10.0)
    assert {arm: one.share for arm, one in found.items()} == {"open": 0.0, "hard": 0.0, "soft": 1.0}
    assert found["soft"].mean == pytest.approx(10 * (2 * 1.0 - 6.0), abs=0.5)
    assert found["soft"].low < found["soft"].mean < found["soft"].high


def test_a_range_of_weights_shares_the_draws_out():
    """'hard' is better by 8 spam a day, and worse by 8 losses: at weights below 1."""
    arms = {"open": (9.0, 0.0), "hard": (1.0, 8.0)}
    weights = {"lost_message": (0.5, 2.5), "spam_message": (1.0, 1.0)}
    found = ranked(compared(arms), weights, days=1.0)
    assert found["hard"].share == pytest.approx(0.25, abs=0.03)
    assert found["hard"].share + found["open"].share == pytest.approx(1.0)
    assert found == ranked(compared(arms), weights, days=1.0)  # the same in every call
