"""What an experiment would do and how long it would take, told before it runs."""

from pathlib import Path

import pytest

import sim
from sim.experiment import plan as planning
from sim.experiment.plan import LEAST, MOST, pace, plan
from sim.experiment.quick import scaled

SMALL = Path(__file__).with_name("small.toml")
ALONE, MAIL = 0.25, 3.0
SHARES = 400.0, 100.0  # recipients of the arms in the short run


@pytest.fixture
def small(monkeypatch):
    """A scenario whose runs are said to take a known time, in proportion to their mail."""

    def known(scenario, arms):
        counted = {arm: SHARES[place] for place, arm in enumerate(arms)}
        return ALONE + MAIL * planning._work(scenario), counted

    monkeypatch.setattr(planning, "_measure_run", known)
    return sim.load(SMALL).model


def test_a_run_takes_its_time_alone_and_that_of_its_mail(small):
    found = pace(small, list(small.arms))
    assert (found.alone, found.mail) == pytest.approx((ALONE, MAIL))
    twice = scaled(small, 2.0)
    assert found.seconds(twice) == pytest.approx(ALONE + 2 * MAIL * planning._work(small))


def test_an_arm_with_less_mail_is_told_with_less(small):
    most, less = plan(small, workers=1).recipients.values()
    assert most == round(sum(planning.recipients(small))) == pytest.approx(4 * less, abs=4)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (119.0, "about 119 s (71 to 202 s)"),
        (1200.0, "about 20 min (12 to 34 min)"),
        (1e6, "about 12 days (7 to 20 days)"),
    ],
)
def test_time_is_told_in_the_unit_that_suits_it(small, seconds, told):
    assert plan(small, workers=1)._duration(seconds) == told


def test_runs_are_told_with_a_range(small):
    told = plan(small, workers=1)
    each = ALONE + MAIL * planning._work(small)
    assert told.seconds == pytest.approx(6 * each)
    between = told.as_dict()["seconds_between"]
    assert between == [round(LEAST * told.seconds, 1), round(MOST * told.seconds, 1)]
    assert not told.measured


def test_a_stated_precision_has_a_first_batch_and_a_maximum(small):
    precise = small.with_overrides(
        {"precision": {"measure": "delivery_rate", "half_width": 0.005, "most": 40}}
    )
    told = plan(precise, workers=1)
    assert (told.replications, told.most, len(told.todo)) == (5, 40, 10)
    assert told.seconds_of_all == pytest.approx(8 * told.seconds)
    assert plan(precise, replications=2, workers=1).most == 2  # stated: no more than that


def test_points_of_a_sweep_take_what_their_mail_takes(small):
    text = SMALL.read_text() + '[sweep]\n[sweep.over]\n"users.travellers.count" = [20, 400]\n'
    scenario = sim.loads(text).model
    told = plan(scenario, workers=1)
    points = [scenario.with_overrides(point) for point in scenario.sweep.all()]
    works = [planning._work(point) for point in points]
    assert told.sweep_seconds_each == pytest.approx(ALONE + MAIL * sum(works) / 2)


def test_the_short_runs_that_tell_it_leave_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert 0.0 < plan(sim.load(SMALL).model, workers=1).seconds < 60.0
    assert list(tmp_path.iterdir()) == []
