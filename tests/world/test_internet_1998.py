"""Hundreds of ISPs in one world, scaled down: who closes matters; nothing is missing at size."""

from pathlib import Path

import pytest

from sim.measure import conservation
from sim.scenario import load
from sim.workload.workload import workload
from sim.world import simulate
from sim.world.run import World

SCENARIOS = Path(__file__).parents[2] / "scenarios"
FEW = {
    "users.home-bodies.count": 800,
    "users.commuters.count": 150,
    "users.travellers.count": 300,
    "spammers.bulk.count": 3,
    "topology.isps": 120,
}


@pytest.fixture(scope="module")
def internet():
    return load(SCENARIOS / "internet-1998.toml").with_overrides(FEW)


@pytest.fixture(scope="module")
def rows(internet):
    found = {}
    for arm in internet.arms:
        run = simulate(internet, arm, 0)
        frames = run.frames()
        conservation.check(frames, run.intended, run.workload)
        r = frames["recipients"]
        found[arm] = r[r["phase"] != "warm-up"]
    return found


def refused(r):
    """Share of travellers' mail that was refused for relaying at first."""
    mine = r[(r["group"] == "travellers") & (r["place"] == "hotels")]
    return (mine["first_cause"] == "relaying").mean()


def by_relay(r):
    spam = r[r["class"] == "spam"]
    return (spam["route"] == "open_relay").sum()


def test_who_closes_matters_to_travellers_and_not_to_spam_until_all_have(rows):
    surveyed, ten, others, everybody = (rows[arm] for arm in rows)
    assert refused(surveyed) < refused(ten) < refused(everybody)
    assert refused(surveyed) < refused(others) < refused(everybody)
    # a few relays carry all of it; who has found none goes direct
    assert by_relay(ten) == pytest.approx(by_relay(surveyed), rel=0.1)
    assert by_relay(others) == pytest.approx(by_relay(surveyed), rel=0.1)
    assert by_relay(everybody) < 0.1 * by_relay(surveyed)


def test_people_are_at_isps_by_size(internet):
    population = workload(internet.arm("all close"), 0).population
    homes = [person.home for person in population.people]
    largest = homes.count("isp-001") / len(homes)
    assert largest == pytest.approx(internet.users["travellers"].accounts["isp-001"], abs=0.01)


def test_routes_are_worked_out_only_from_where_somebody_sends(internet):
    world = World(internet, "all close", 0)
    world.run()
    assert not any(name.startswith("transit") for name in world.transport.routes.latencies)
