"""A run leaves the interpreter as it was."""

import gc
from pathlib import Path

import pytest

from sim.scenario import load
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
