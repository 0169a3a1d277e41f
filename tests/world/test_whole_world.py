"""A run leaves the interpreter as it was."""

import gc
from pathlib import Path

import pytest

from sim.scenario import load
from sim.world.collector import SELDOM, seldom_collected
from sim.world.run import World, simulate

SCENARIO = Path(__file__).parents[2] / "scenarios" / "six-cases.toml"


def test_garbage_is_collected_as_before_when_a_run_is_over(monkeypatch):
    usual, during = gc.get_threshold(), []

    def broken(world):
        during.append(gc.get_threshold())
        raise RuntimeError

    monkeypatch.setattr(World, "run", broken)
    with pytest.raises(RuntimeError):
        simulate(load(SCENARIO), "on network", 0)
    assert gc.get_threshold() == usual != during[0]


def test_runs_in_several_threads_share_one_setting():
    usual = gc.get_threshold()
    first, second = seldom_collected(), seldom_collected()
    with first:
        with second:
            assert gc.get_threshold()[0] == SELDOM
        assert gc.get_threshold()[0] == SELDOM
    assert gc.get_threshold() == usual
    first, second = seldom_collected(), seldom_collected()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual
