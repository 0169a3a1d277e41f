"""Most messages are worked out before the run; what is lost on the way is missed."""

from pathlib import Path

import numpy as np
import pytest

from sim.scenario import load
from sim.workload.arrivals import RecipientGroup
from sim.world.batch.columns import Known
from sim.world.recorder import EndedTwiceError
from sim.world.run import World

ROOT = Path(__file__).parents[3]
SCENARIOS = ROOT / "scenarios"
EVERYTHING = ROOT / "tests" / "benchmarks" / "everything.toml"


def world(path, arm):
    """A world of at most a hundred people in a group."""
    scenario = load(path)
    counts = {f"users.{n}.count": min(u.count, 100) for n, u in scenario.users.items()}
    return World(scenario.with_overrides(counts), arm, 0)


@pytest.fixture
def open_trust():
    return world(SCENARIOS / "open-vs-restricted.toml", "open trust")


@pytest.fixture
def on_network():
    return world(SCENARIOS / "open-vs-restricted.toml", "on network")


def test_a_kept_row_is_small(on_network):
    run = on_network.run()
    for table in (run.recipients, run.attempts):
        assert sum(column.dtype.itemsize for column in table.values()) <= 60, "octets a row"


def test_most_is_known_where_policies_read_no_clock(on_network):
    messages = on_network.messages.messages
    on_network.run()
    assert messages.took_place.mean() > 0.7
    assert (messages.known == Known.ASK).any(), "travellers are refused: that is not done here"
    learned = messages.known == Known.WRITE
    assert messages.took_place[learned].mean() > 0.5, "so is what they send once they have learned"


@pytest.mark.slow
def test_most_is_known_with_every_feature_on():
    everything = world(EVERYTHING, "everything")
    messages, groups = everything.messages.messages, everything.messages.groups
    everything.run()
    counted = groups.known == Known.COUNT
    assert messages.took_place.mean() > 0.5
    assert counted.sum() > 100 < groups.took_place[counted].sum()


def test_a_message_that_is_dropped_here_is_missed(open_trust):
    dropped = int(open_trust.messages.order[5])
    open_trust.messages.detached[dropped] = 1  # nobody writes it now
    first = open_trust.workload.arrivals.first
    assert len(open_trust.run().lost) == first[dropped + 1] - first[dropped]


def test_a_second_fate_of_what_was_worked_out_stops_the_run(open_trust):
    recorder, groups = open_trust.recorder, open_trust.messages.groups
    write_outcomes = open_trust.messages.write_outcomes

    def once_more():
        row = groups.row_item[int(np.flatnonzero(groups.took_place)[-1])]
        group = RecipientGroup(row, row + 1, 0, "")
        recorder.end(group, 0, recorder.answers[0], 1.0)
        write_outcomes()

    open_trust.messages.write_outcomes = once_more
    with pytest.raises(EndedTwiceError, match="ended twice"):
        open_trust.run()
