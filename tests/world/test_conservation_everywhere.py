"""Nothing is lost and nothing is doubled: whatever the scenario, wished is the sum of the fates."""

import random
from pathlib import Path

import pytest
from drawn import scenario_texts
from hypothesis import HealthCheck, Phase, given, settings

from sim.measure import conservation
from sim.scenario import load, loads
from sim.smtp import restrictions
from sim.world import simulate
from sim.world.rows import Rows

EVERYTHING = Path(__file__).parents[1] / "benchmarks" / "everything.toml"


def balanced(scenario, arm, replication=0):
    """The frames of a run whose books balance."""
    run = simulate(scenario, arm, replication)
    frames = run.frames()
    conservation.check(frames, run.wishes, run.planned, run.lost)
    return frames


# ---- every feature at once


@pytest.fixture(scope="module")
def everything():
    few = {"users.*.count": 60, "users.home-bodies.count": 300, "topology.isps": 60}
    return load(EVERYTHING).with_overrides(few)


def test_with_every_feature_switched_on(everything):
    frames = balanced(everything, "everything")
    told = set(frames["recipients"]["fate"])
    assert told >= {"delivered", "refused", "gave_up", "bounced", "in_transit"}
    causes = set(frames["attempts"]["cause"])
    assert causes >= {
        "relaying", "sender", "authentication", "blocklist", "content", "unknown_recipient",
        "greylisted", "unreachable", "temporary",
    }  # fmt: skip
    assert set(frames["recipients"]["class"]) == {"honest", "spam", "notice"}
    assert set(frames["calendar"]["change"]) >= {"listed", "closed"}


def test_and_before_it_is(everything):
    frames = balanced(everything, "open trust", replication=1)
    assert (frames["recipients"]["fate"] == "delivered").mean() > 0.7


# ---- whatever is drawn

QUICK = settings(
    max_examples=25, deadline=None, database=None, derandomize=True,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip
LONG = settings(QUICK, max_examples=300, derandomize=False, phases=[Phase.generate, Phase.shrink])


def books_balance(text):
    scenario = loads(text, "drawn.json")
    base, changed = (balanced(scenario, arm)["recipients"] for arm in scenario.arms)
    wished = ["message", "recipient", "wished_at"]
    honest = [r.loc[r["class"] == "honest", wished].reset_index(drop=True) for r in (base, changed)]
    assert honest[0].equals(honest[1])  # the same people wish the same, whatever happens


@QUICK
@given(scenario_texts())
def test_whatever_is_drawn(text):
    books_balance(text)


@pytest.mark.slow
@LONG
@given(scenario_texts())
def test_whatever_is_drawn_at_length(text):
    books_balance(text)


def test_what_is_drawn_has_every_restriction():
    seen = set()

    @settings(QUICK, max_examples=60)
    @given(scenario_texts())
    def look(text):
        seen.update(name for name in restrictions.TABLE if f'"{name}' in text)

    look()
    assert seen >= set(restrictions.TABLE) - {"reject_unlisted_recipient"}


def test_a_lost_recipient_is_noticed(everything):
    run = simulate(everything, "everything", 0)
    frames = run.frames()
    rows = frames["recipients"]
    lost = random.Random(1).randrange(len(rows))
    frames["recipients"] = rows.drop(index=lost).reset_index(drop=True)
    with pytest.raises(conservation.ConservationError):
        conservation.check(frames, run.wishes, run.planned)


def test_a_message_that_nothing_has_is_noticed(everything, monkeypatch):
    end = Rows.end

    def forgetful(rows, first, *rest):
        if first % 1000 != 7:
            end(rows, first, *rest)

    monkeypatch.setattr(Rows, "end", forgetful)
    with pytest.raises(conservation.ConservationError) as raised:
        balanced(everything, "everything")
    told = str(raised.value)
    assert "in transit, but in no outbox and no queue" in told
    assert "its attempts:" in told
