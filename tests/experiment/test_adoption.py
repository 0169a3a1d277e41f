"""One ISP alone and all of them: pairs of arms with the same policy."""

from pathlib import Path

import sim
from sim.experiment.adoption import adoptions, changes

ROOT = Path(sim.__file__).resolve().parent.parent


def test_an_arm_that_does_a_part_of_another_stands_beside_it():
    scenario = sim.load(ROOT / "scenarios" / "open-vs-restricted.toml").model
    (pair,) = [p for p in adoptions(scenario, list(scenario.arms)) if p.all == "on network"]
    assert pair.alone == "only proseware closes"
    assert pair.servers == ("proseware-smtp", "proseware-mx")


def test_the_base_changes_nothing():
    scenario = sim.load(Path(__file__).with_name("small.toml")).model
    assert changes(scenario, "open trust") == {}
    assert set(changes(scenario, "on network")) == set(scenario.servers)
