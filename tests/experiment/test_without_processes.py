"""Where Python can start no processes, as in a browser, more workers are one."""

import sys

import sim
from sim.experiment.workers import processes

SHORT = {"run_length": "2 days", "transient": "1 h", "users.*.count": 4}


def test_more_workers_are_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "multiprocessing.synchronize", None)
    assert processes(2) == 1
    scenario = sim.load("six-cases").with_overrides(SHORT)
    arms = ["open trust", "on network"]
    alone, asked = (
        sim.run(scenario, arms=arms, replications=1, workers=workers, progress=False).measures
        for workers in (1, 2)
    )
    assert asked.equals(alone)
