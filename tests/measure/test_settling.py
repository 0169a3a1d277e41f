"""When a policy has settled, against series whose start and long run are known."""

import numpy as np
import pytest

from sim.measure.settling import (
    Settling,
    last_part,
    long_run,
    one_off,
    settling,
)

PROFILE = np.array([1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5])
"""Messages by weekday, from a Monday on."""


def series(days, start, rate, decay=3.0, replications=10, seed=1, profile=PROFILE, first=3):
    """Poisson counts: *rate* a day for ever, and *start* in all that fades away."""
    mean = rate + start / decay * np.exp(-np.arange(days) / decay)
    mean = mean * np.resize(np.roll(profile, -first), days)
    return np.random.default_rng(seed).poisson(mean, (replications, days)).astype(float)


def estimates(counts):
    settled = settling({"lost": counts})
    assert settled is not None
    once = one_off(counts, np.ones(counts.shape[1]), settled.until)
    total, days = long_run(counts, settled.until)
    return once, total / days


def half(values):
    return 2.262 * values.std(ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize(("days", "last"), {20: 0, 21: 14, 27: 14, 41: 14, 42: 21, 56: 28}.items())
def test_the_last_part_is_whole_weeks_and_leaves_one_before_it(days, last):
    assert last_part(days) == last


def test_too_short_a_run_has_not_settled():
    assert settling({"lost": series(20, 0, 10.0)}) is None
    assert settling({"lost": series(21, 0, 10.0)}) is not None


def test_what_never_changes_has_settled_at_once():
    """Chance is allowed one wrong alarm in a hundred for each of the two tests."""
    found = [settling({"lost": series(35, 0, 20.0, seed=seed)}) for seed in range(300)]
    assert sum(s != Settling(0, 7) for s in found) <= 12


def test_nothing_at_all_has_settled_at_once():
    assert settling({"lost": np.zeros((3, 21)), "calls": np.zeros((3, 21))}) == Settling(0, 7)


def test_all_series_must_have_settled():
    slow, steady = series(56, 600, 20.0), series(56, 0, 20.0, seed=2)
    alone = settling({"lost": slow})
    assert alone is not None
    assert alone.day > 0
    both = settling({"lost": steady, "calls": slow})
    assert both is not None
    assert both.day >= alone.day - 1
    assert settling({"lost": steady, "calls": np.cumsum(slow, axis=1)}) is None


def test_what_still_falls_has_not_settled():
    assert settling({"lost": series(35, 6000, 20.0, decay=30.0)}) is None
    assert settling({"lost": series(35, 6000, 20.0, decay=2.0)}) is not None


def test_what_is_less_than_the_smallest_effect_of_interest_has_settled():
    """Nobody waits for a tail that does not matter; what does matter is still seen."""
    slow = {"lost": series(42, 600, 20.0, decay=8.0, replications=40)}
    surely = settling(slow)
    enough = settling(slow, {"lost": 5.0})
    assert surely is None or surely.day > 20
    assert enough is not None
    assert 7 < enough.day < 20
    assert settling({"lost": series(35, 6000, 20.0, decay=30.0)}, {"lost": 5.0}) is None


def test_what_rises_only_in_the_last_part_has_not_settled():
    counts = series(56, 0, 20.0)
    counts[:, 35:] += np.arange(21) * 2.0
    assert settling({"lost": counts}) is None


def test_one_replication_has_the_band_of_its_weeks():
    one = series(56, 3000, 20.0, replications=1)
    found = settling({"lost": one})
    assert found is not None
    assert 3 < found.day < 28


@pytest.mark.parametrize("length", [35, 70, 140])
def test_the_one_off_cost_and_the_long_run_are_those_that_were_put_in(length):
    """The same whatever the length of the run, though it begins on a Thursday."""
    start, rate = 900.0, 12.0
    once, rates = estimates(series(length, start, rate, decay=4.0, replications=40, seed=7))
    mean = np.exp(-np.arange(length) / 4.0) / 4.0 * np.resize(np.roll(PROFILE, -3), length)
    assert once.mean() == pytest.approx(start * mean.sum(), rel=0.05)
    assert rates.mean() == pytest.approx(rate, rel=0.05)
    assert half(once) < 0.15 * once.mean()
    assert half(rates) < 0.15 * rates.mean()


def test_a_first_day_that_is_a_part_of_one_is_not_taken_for_a_lull():
    counts = series(35, 0, 40.0, replications=60)
    counts[:, 0] /= 2.0
    lengths = np.ones(35)
    lengths[0] = 0.5
    assert abs(one_off(counts, lengths, 7).mean()) < 6.0
    assert one_off(counts, np.ones(35), 7).mean() < -15.0
