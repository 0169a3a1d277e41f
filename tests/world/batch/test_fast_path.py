"""What is worked out for all messages at once happens as it would one by one."""

import gc
from pathlib import Path

import numpy as np
import pytest

from sim.scenario import load
from sim.world.batch.precompute import ASK, COUNT, LOCAL, ONWARD, WRITE
from sim.world.recorder import EndedTwiceError
from sim.world.run import World, simulate

ROOT = Path(__file__).parents[3]
SCENARIOS = ROOT / "scenarios"
EVERYTHING = ROOT / "tests" / "benchmarks" / "everything.toml"
ROUNDING = 1e-5  # s: moments are added up in another order

CASES = {
    # what changes on the way           scenario               arm                  keys
    "nothing": ("open-vs-restricted", "open trust", {}),
    "policies, and people learn": ("open-vs-restricted", "on network + AUTH", {}),
    "POP logins are asked for": ("open-vs-restricted", "on network + POP first", {}),
    "a relay at a time": ("adoption-1998-2002", "as surveyed, 1 in 100 at the end", {}),
    "servers with few sessions": (
        "open-vs-restricted",
        "on network",
        {"servers.*.sessions": 1, "servers.*.connection_queue": 0},
    ),
    "policies, while mail is on its way": (
        "open-vs-restricted",
        "on network + AUTH",
        {
            "networks.hotel.links": {"core": "6 h"},
            "networks.phone.links": {"core": "3 h"},
            "users.travellers.auth": 1.0,
        },
    ),
    "servers that remember": ("servers-in-trouble", "greylisting", {}),
    "links that fail": ("servers-in-trouble", "a bad week", {}),
    "links that fail under long sessions": (
        "servers-in-trouble",
        "a bad week",
        {"servers.*.service_time": "4 h", "servers.*.sessions": 1000},
    ),
    "servers that count": (
        "open-vs-restricted",
        "on network",
        {
            "servers.*-mx.client": ["limit_client_rate(2 / hour)", "limit_connections(2)"],
            "servers.*.service_time": "20 min",
            "servers.*.sessions": 100,
        },
    ),
    "filters": (
        "open-vs-restricted",
        "on network + POP first",
        {
            "servers.*.content": ["reject_outbound_spam(0.5, 0.02)"],
            "servers.proseware-smtp.content": ["discard_outbound_spam(0.5, 0.05)"],
        },
    ),
    "lists": ("blocklist-collateral", "everybody asks", {}),
    "everything": (EVERYTHING, "everything", {}),
}


def small(scenario, keys):
    """The scenario with at most a hundred people in a group, for a week."""
    found = load(SCENARIOS / f"{scenario}.toml" if isinstance(scenario, str) else scenario)
    counts = {f"users.{n}.count": min(u.count, 100) for n, u in found.users.items()}
    return found.with_overrides(counts | keys)


def one_by_one(scenario, arm):
    """A world in which nothing is foreseen: every mail program writes at the time of the wish."""
    world = World(scenario, arm, 0)
    foreseen = world.foreseen
    foreseen.one.known[:] = WRITE
    foreseen.one.at[:] = foreseen.prospects.written
    foreseen.order = foreseen.place = np.arange(len(foreseen.out))
    return world


def settled(frame):
    """Recorder in an order that does not depend on which of two things of one moment came first."""
    keys = [
        name for name in ("message", "recipient", "attempt", "hop", "server", "at") if name in frame
    ]
    return frame.sort_values(keys, kind="stable").reset_index(drop=True)


@pytest.mark.parametrize(("scenario", "arm", "keys"), CASES.values(), ids=CASES)
def test_the_rows_are_those_of_one_by_one(scenario, arm, keys):
    scenario = small(scenario, keys)
    told = World(scenario, arm, 0).run().frames()
    expected = one_by_one(scenario, arm).run().frames()
    for table in ("recipients", "attempts", "servers", "calendar"):
        a, b = settled(told[table]), settled(expected[table])
        assert len(a) == len(b) > 0 or table == "calendar"
        for name in a:
            if a[name].dtype.kind == "f":
                assert np.allclose(a[name], b[name], rtol=1e-6, atol=ROUNDING, equal_nan=True)
            else:
                assert (a[name].astype(str) == b[name].astype(str)).all(), (table, name)


def test_a_kept_row_is_small():
    run = World(small("open-vs-restricted", {}), "on network", 0).run()
    for table in (run.recipients, run.attempts):
        assert sum(column.dtype.itemsize for column in table.values()) <= 60, "octets a row"


def test_most_is_foreseen_where_policies_read_no_clock():
    world = World(small("open-vs-restricted", {}), "on network", 0)
    known = world.foreseen.one.known
    world.run()
    assert np.isin(known, [LOCAL, ONWARD]).mean() > 0.5
    assert (known == ASK).any(), "travellers are refused, and that is not done here"


def test_most_is_foreseen_with_every_feature_on():
    world = World(small(EVERYTHING, {}), "everything", 0)
    one, two = world.foreseen.one, world.foreseen.two
    world.run()
    counted = two.known == COUNT
    assert np.isin(one.known, [LOCAL, ONWARD]).mean() > 0.4
    assert counted.sum() > 100 < two.made[counted].sum()


def test_a_message_that_is_dropped_here_is_missed():
    world = World(small("open-vs-restricted", {}), "open trust", 0)
    dropped = int(world.foreseen.order[5])
    world.foreseen.out[dropped] = 1  # nobody writes it now
    assert len(world.run().lost) == np.diff(world.workload.arrivals.first)[dropped]


def test_garbage_is_collected_as_before_when_a_run_is_over(monkeypatch):
    usual, during = gc.get_threshold(), []
    scenario = small("open-vs-restricted", {})
    simulate(scenario, "on network", 0)
    assert gc.get_threshold() == usual

    def broken(world):
        during.append(gc.get_threshold())
        raise RuntimeError

    monkeypatch.setattr(World, "run", broken)
    with pytest.raises(RuntimeError):
        simulate(scenario, "on network", 0)
    assert gc.get_threshold() == usual != during[0]


def test_a_second_fate_of_what_was_foreseen_stops_the_run():
    world = World(small("open-vs-restricted", {}), "open trust", 0)
    ended, foreseen = world.rows, world.foreseen
    settle, pieces = foreseen.settle, foreseen.pieces

    def once_more():
        row = pieces.rows[int(np.flatnonzero(foreseen.two.made)[-1])]
        ended.settle(row, row + 1, 0, 1.0)
        settle()

    foreseen.settle = once_more
    with pytest.raises(EndedTwiceError, match="ended twice"):
        world.run()
