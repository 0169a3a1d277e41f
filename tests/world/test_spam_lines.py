"""What a route carries follows from lines, transactions and the relay's own sessions."""

import numpy as np
import pytest
from test_spammers import SCENARIO

from sim.scenario import loads
from sim.workload.arrivals import RecipientGroup
from sim.world import simulate
from sim.world.spam_source import portions

HOUR, DAY = 3600.0, 86400.0


def spam(arm="open", **bulk):
    changes = {f"spammers.bulk.{key}": value for key, value in bulk.items()}
    short = {"run_length": "6 h", "policy_starts": "1 h", "transient": "1 h"}
    others = {key: changes.pop(key) for key in list(changes) if key.startswith("spammers.bulk.s:")}
    others = {key.removeprefix("spammers.bulk.s:"): value for key, value in others.items()}
    frames = simulate(loads(SCENARIO).with_overrides(changes | short | others), arm, 0).frames()
    rows = frames["recipients"]
    return rows[rows["class"] == "spam"], frames["attempts"]


FLOOD = {"routes": ["open_relay"], "capacity": {}, "volume": "5000000 / day", "recipients": 50}


def test_a_relay_slows_who_sends_through_it():
    """One session, 10 s a transaction of 50: 5 recipients a second, whatever he wishes."""
    slow = {
        "s:servers.*-smtp.sessions": 1, "s:servers.*-smtp.per_recipient": "0 s",
        "s:servers.*-smtp.service_time": {"distribution": "constant", "mean": "10 s"},
        "known_relays": 1.0, "connections": 1, "line": "lan",
    }  # fmt: skip
    rows, _ = spam(**FLOOD, **slow)
    assert len(rows) / (6 * HOUR) == pytest.approx(5.0, rel=0.02)
    rows, attempts = spam(**FLOOD, **(slow | {"connections": 4}))
    assert len(rows) / (6 * HOUR) > 5.5  # by two relays at once, at times
    theirs = attempts[attempts["message"].isin(rows["message"])]
    assert theirs["waited"].max() < 31.0  # three before it


@pytest.mark.parametrize("online", [1.0, 0.1])
def test_a_line_bounds_what_is_sent_direct(online):
    """A message a recipient, however many are wished for."""
    keys = FLOOD | {"routes": ["direct"], "recipients_at_mx": 1, "connections": 2, "online": online}
    rows, _ = spam(**keys)
    changes = {f"spammers.bulk.{key}": value for key, value in keys.items()}
    rate = loads(SCENARIO).with_overrides(changes).spammers["bulk"].limit("direct")
    assert rate < 1.4 * online
    assert len(rows) / (6 * HOUR) == pytest.approx(rate, rel=0.2)


def test_a_message_to_many_domains_takes_the_line_once_for_each():
    _, attempts = spam(routes=["direct"], recipients=20, capacity={"direct": "2000 / day"})
    both = attempts[attempts["hop"] == "submission"].groupby("message")["at"]
    apart = (both.max() - both.min())[both.count() == 2]
    assert len(apart) > 20
    assert apart.to_numpy() == pytest.approx(8 * 2900 / 33600)


def test_portions():
    groups = [RecipientGroup(0, 3, 7, "a"), RecipientGroup(3, 8, 7, "b")]
    cut = [[(g.first, g.end, g.representative) for g in part] for part in portions(groups, 4)]
    assert cut == [[(0, 3, "a"), (3, 4, "b")], [(4, 8, "b")]]
    ones = list(portions(groups, 1))
    assert [(g.first, g.end) for (g,) in ones] == [(i, i + 1) for i in range(8)]


def test_at_the_mx_each_recipient_has_a_transaction_of_its_own():
    rows, attempts = spam(routes=["direct"], recipients_at_mx=1, capacity={"direct": "500 / day"})
    theirs = attempts[attempts["message"].isin(rows["message"])]
    assert set(theirs["recipients"]) == {1}
    assert len(theirs) == pytest.approx(len(rows), abs=3)


def test_hosts_have_lines_of_their_own():
    flood = FLOOD | {"routes": ["hijacked_host"], "recruits": "0 / day", "connections": 1}
    few, _ = spam(**flood, hosts=1)
    more, _ = spam(**flood, hosts=3)
    assert len(more) / len(few) == pytest.approx(3.0, rel=0.15)
    assert np.unique(few["route"].astype(str)) == ["hijacked_host"]
