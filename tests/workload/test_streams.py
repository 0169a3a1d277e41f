"""Random numbers by name: none serves two purposes."""

from itertools import islice, product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.scenario import load
from sim.workload import streams
from sim.workload.streams import Purpose, chance, counter
from sim.world import mail_programs, outbox, simulate, transport

SCENARIO = Path(__file__).parents[2] / "scenarios" / "six-cases.toml"


def test_no_two_purposes_share_a_number():
    drawn = [*product(Purpose, range(1000))]
    assert len({counter(purpose, count) for purpose, count in drawn}) == len(drawn)
    assert len({chance(7, purpose, count) for purpose, count in drawn}) == len(drawn)


def test_in_a_run_no_number_is_drawn_twice(monkeypatch):
    """Every further number that a busy run draws, by its place in the sequence of its message."""
    places = []

    def noted(key, purpose, count):
        places.append((key, streams.counter(purpose, count)))
        return chance(key, purpose, count)

    for module in (transport, mail_programs, outbox):
        monkeypatch.setattr(module, "chance", noted)
    quick = {
        "run_length": "6 days",
        "policy_starts": "1 day",
        "servers.*.temporary_failure": 0.3,
        "users.*.when_refused": {"wait": 0.3, "switch_server": 0.3, "dial_in": 0.2, "ask_isp": 0.2},
        "users.*.count": 40,
        "users.*.recipients": 1,  # transfers of one message share the numbers of a hop
        "spammers.*.recipients": 1,
    }
    simulate(load(SCENARIO).with_overrides(quick), "on network", 0)
    assert len(places) > 100
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("purpose", Purpose)
def test_numbers_of_a_purpose_are_uniform_and_independent_of_the_others(purpose):
    numbers = np.array([chance(key, purpose, 2) for key in range(4000)])
    assert abs(numbers.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 4000)
    for other in set(Purpose) - {purpose}:
        others = np.array([chance(key, other, 2) for key in range(4000)])
        assert abs(np.corrcoef(numbers, others)[0, 1]) < 4 / np.sqrt(4000)


def test_stratified_gaps_put_one_moment_into_each_stretch_evenly():
    gaps = streams.stratified(streams.stream(1, replication=0, entity="a", purpose="gaps"))
    moments = np.cumsum(list(islice(gaps, 5000)))
    assert np.floor(moments + 1e-9).tolist() == list(range(5000))
    within = moments % 1.0
    assert stats.kstest(within, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(within[1:], within[:-1])[0, 1]) < 0.05
    assert np.diff(moments).max() > 1.9  # far from evenly spaced
