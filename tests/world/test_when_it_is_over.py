"""A run from its building to its end: what is left of it is its rows."""

import gc
import weakref
from pathlib import Path

import pytest

from sim.scenario import load
from sim.world import run

SMALL = Path(__file__).parents[1] / "experiment" / "small.toml"


@pytest.fixture
def no_collector():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
def test_the_columns_of_a_world_are_gone_with_it(monkeypatch):
    columns = []

    class Watched(run.World):
        def run(self):
            accelerator = self.messages
            columns.extend(
                weakref.ref(column) for column in (accelerator.order, accelerator.groups.took)
            )
            return super().run()

    monkeypatch.setattr(run, "World", Watched)
    scenario = load(SMALL)
    made = run.simulate(scenario, next(iter(scenario.arms)), 0)
    assert [column() for column in columns] == [None, None]
    assert len(made.recipients["message"]) > 0
