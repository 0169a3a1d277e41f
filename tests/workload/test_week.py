import numpy as np
import pytest

from sim.workload import week

DAY, HOUR = 86400.0, 3600.0


@pytest.mark.parametrize(
    ("day", "hour", "kind"),
    [
        (0, 0, "evening"),  # Monday, past midnight
        (0, 8, "office_hours"),
        (4, 17, "office_hours"),  # Friday
        (4, 18, "evening"),
        (5, 7, "evening"),  # Friday's night lasts into Saturday
        (5, 8, "weekend"),
        (6, 3, "weekend"),
        (6, 17, "weekend"),
        (6, 18, "evening"),  # Sunday
    ],
)
def test_each_hour_belongs_to_a_kind_of_block(day, hour, kind):
    assert week.KINDS[week.hour_kinds()[24 * day + hour]] == kind


def test_busiest_hour_of_a_weekday_has_its_share():
    day = week.hour_weights()[:24]
    assert day.max() / day.sum() == pytest.approx(0.15)


def test_weekend_days_have_half_of_a_weekday():
    days = week.hour_weights().reshape(7, 24).sum(axis=1)
    assert days[5] / days[0] == pytest.approx(0.5)


def test_a_scenario_may_say_when_people_write():
    flat = week.Profile([1.0] * 24, weekend=1.0)
    assert week.hour_weights(flat) == pytest.approx(np.full(168, 1 / 168))
    assert week.expected(3 / DAY, DAY, flat) == pytest.approx(3.0)
    assert week.block_weights(7 * DAY, profile=flat)["office_hours"] == pytest.approx(50 / 168)


def test_rate_is_the_mean_over_whole_weeks():
    assert week.expected(3 / DAY, 14 * DAY) == pytest.approx(42.0)
    assert week.expected(3 / DAY, DAY) > 3.0  # a Monday has more than the mean day


def test_moments_follow_the_profile():
    draws = (np.arange(100_000) + 0.5) / 100_000
    at = week.times(draws, 7 * DAY)
    found = np.histogram(at, bins=168, range=(0, 7 * DAY))[0] / len(at)
    assert found == pytest.approx(week.hour_weights(), abs=1e-4)


def test_block_weights_are_the_shares_of_moments():
    draws = (np.arange(100_000) + 0.5) / 100_000
    at = week.times(draws, 14 * DAY)
    at = at[at >= 3 * DAY]
    kinds = week.hour_kinds()[(at / HOUR).astype(int) % 168]
    weights = week.block_weights(14 * DAY, start=3 * DAY)
    for k, name in enumerate(week.KINDS):
        assert weights[name] == pytest.approx((kinds == k).mean(), abs=1e-3)


def test_blocks_change_at_eight_and_eighteen_only():
    edges, kinds = week.blocks(2 * DAY)
    assert edges[:5].tolist() == [0.0, 8 * HOUR, 18 * HOUR, 32 * HOUR, 42 * HOUR]
    assert len(kinds) == len(edges) - 1
    assert [week.KINDS[k] for k in kinds[:3]] == ["evening", "office_hours", "evening"]
