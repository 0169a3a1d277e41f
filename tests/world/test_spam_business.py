"""Spammers choose by profit, enter and leave: what they earn falls with volume, filters, lists."""

from types import SimpleNamespace

import pytest
from test_spammers import SCENARIO

from sim.scenario import loads, spam_market
from sim.world import simulate
from sim.world.experience import Experience
from sim.world.recorder import DELIVERED, IN_TRANSIT

DAY = 86400.0


def spam(arm="open", others=(), **bulk):
    changes = {f"spammers.bulk.{key}": value for key, value in bulk.items()} | dict(others)
    rows = simulate(loads(SCENARIO).with_overrides(changes), arm, 0).frames()["recipients"]
    return rows[rows["class"] == "spam"].astype({"route": str, "server": str})


MANY = {"entry": "profit", "count": 40, "capacity": {"open_relay": "500 / day"}}
GAIN = 500 * (1.5e-5 * 50 - 0.01 / 1000)
"""USD a day of one who sends as much as it may, and all of it arrives."""


@pytest.mark.parametrize("overhead", [0.25 * GAIN, GAIN, 2.0 * GAIN])
def test_those_send_whose_profit_covers_their_overhead(overhead):
    rows = spam(**MANY, overhead=overhead)
    share = spam_market.in_business(GAIN, overhead)
    assert rows["sender"].nunique() / 40 == pytest.approx(share, abs=0.16)
    assert (spam(**MANY | {"entry": "fixed"}, overhead=overhead)["sender"].nunique()) == 40


def test_the_more_they_send_the_fewer_stay():
    """What a mailbox gets halves the answers: there is room for a part of them."""
    boxes = 70  # 20 people and 50 mailboxes
    long = {"run_length": "12 days"}
    halved = spam(**MANY, overhead=0.25 * GAIN, response_halves_at=20.0, others=long)
    late = len(halved[halved["written_at"] > 4 * DAY]) / 8 / boxes
    # n spammers bring 500 n / 70 to a mailbox; those stay for whom 1 / (1 + spam / 20) pays
    low, high = 0.0, 40.0
    for _ in range(50):
        n = (low + high) / 2
        gain = 500 * (1.5e-5 * 50 / (1 + 500 * n / boxes / 20) - 1e-5)
        low, high = (n, high) if spam_market.in_business(gain, 0.25 * GAIN) > n / 40 else (low, n)
    assert late == pytest.approx(500 * n / boxes, rel=0.25)
    assert late < 0.4 * 40 * 500 / boxes


def test_where_nothing_arrives_they_leave():
    filters = {"servers.*-smtp.content": ["discard_outbound_spam(1.0, 0.0)"]}
    rows = spam(**MANY, overhead=0.25 * GAIN, routes=["open_relay"], others=filters)
    assert (rows["written_at"] < 1 * DAY).sum() > 20 * (rows["written_at"] > 3 * DAY).sum()


LISTED = """
[blocklists.known]
ranges = ["198.51.100.62"]
"""


def test_a_listed_relay_has_lost_its_worth():
    text = SCENARIO + LISTED
    scenario = loads(text).with_overrides({"servers.*-mx.client": ["reject_rbl_client(known)"]})
    relay = scenario.model_dump()["servers"]["proseware-smtp"]["address"]
    assert str(relay) == "198.51.100.62"
    for choice, listed in (("order", 0.5), ("profit", 0.05)):
        run = scenario.with_overrides(
            {"spammers.bulk.choice": choice, "spammers.bulk.recipients": 2}
        )
        frames = simulate(run, "open", 0).frames()
        rows, asked = frames["recipients"], frames["attempts"]
        theirs = set(rows.loc[(rows["class"] == "spam") & (rows["written_at"] > DAY), "message"])
        asked = asked[asked["message"].isin(theirs) & (asked["hop"] == "submission")]
        share = (asked["server"] == "proseware-smtp").mean()
        assert share == pytest.approx(listed, abs=0.07), choice


def test_what_goes_on_by_another_way_did_not_arrive_by_the_first():
    """Each of 19 of 20 recipients that one way does not reach, and the other does."""
    recorder = SimpleNamespace(outcome=[IN_TRANSIT] * 20)
    seen = Experience(recorder)
    for row in range(20):
        seen.note("first", range(row, row + 1), now=0.0)
    for row in range(1, 20):
        seen.move("first", "second", [row], now=1.0)
    assert seen.delivered("first", 2.0) == 1 / 20
    recorder.outcome = [DELIVERED] * 20
    assert seen.delivered("first", 2.0) == 2 / 21
    assert seen.delivered("second", 2.0) == 1.0
    seen.move("second", "first", [5], now=3.0)
    assert seen.delivered("second", 3.0) == 19 / 20
