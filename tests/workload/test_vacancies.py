"""Vacancies of a network: counted as many as are found one by one."""

from pathlib import Path

import numpy as np
import pytest

from sim.scenario import load
from sim.workload.people import populate
from sim.workload.vacancies import Vacancies
from sim.workload.workload import draw

SMALL = Path(__file__).parents[1] / "experiment" / "small.toml"


@pytest.mark.parametrize("seed", range(5))
def test_as_many_are_free_as_are_found_one_by_one(seed):
    draws = np.random.default_rng(seed)
    address = np.sort(draws.integers(8, size=60))
    start = draws.integers(50, size=60).astype(float)
    start = start[np.lexsort((start, address))]
    end = start + draws.integers(20, size=60)
    vacancies = Vacancies(10, address, start, end)
    for now in np.arange(0.0, 70.0, 0.5):
        begun = [np.flatnonzero((address == a) & (start <= now)) for a in range(10)]
        held = sum(bool(len(rows)) and end[rows[-1]] >= now for rows in begun)
        assert vacancies.at(now) == 10 - held


def test_a_pool_of_a_run_that_is_full_is_known_to_be(monkeypatch):
    scenario = load(SMALL).with_overrides({
        "users.travellers.count": 60,
        "users.travellers.places": {"home": 0.3, "hotel": 0.7},
        "networks.hotel.shared_address": False,
        "networks.hotel.lease": "10 hours",
    })  # fmt: skip
    mobility = draw(scenario, populate(scenario), 0).mobility
    free = mobility.leasable["hotel"]
    moments = np.linspace(0.0, scenario.run_length, 200)
    counts = [sum(mobility.is_idle("hotel", address, now) for address in free) for now in moments]
    assert [mobility._vacancies("hotel").at(now) for now in moments] == counts
    assert min(counts) == 0
    assert max(counts) > 0
    monkeypatch.setattr(type(mobility), "is_idle", lambda *_: pytest.fail("they are tried"))
    person = next(
        p for p in mobility.people if mobility.visit_at(p, moments[counts.index(0)]) is None
    )
    assert mobility.client(person, "hotel", moments[counts.index(0)]) == 0
