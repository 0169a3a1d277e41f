"""Tables of single figures, by hand: what spam costs and brings."""

from types import SimpleNamespace

import pandas as pd
import pytest

from sim.results.tables import Tables, spam
from sim.scenario import loads

SCENARIO = """
title = "accounts"
run_length = "5 days"
policy_starts = "1 day"
transient = "1 day"
[networks]
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/25"] }
[users.people]
count = 2
accounts = { proseware = 1.0 }
[spammers.bulk]
network = "proseware"
routes = ["open_relay", "direct"]
cost = { open_relay = 2.0 }
response = 0.1
revenue = 30.0
[spammers.other]
network = "proseware"
routes = ["direct"]
response = 0.5
revenue = 10.0
[arms.open]
[arms.dear]
"spammers.bulk.cost" = { open_relay = 500.0 }
"""
ROWS = [
    # arm, class, group, route, phase, fate, how many
    ("open", "spam", "bulk", "open_relay", "transient", "delivered", 6),
    ("open", "spam", "bulk", "open_relay", "steady", "refused", 3),
    ("open", "spam", "bulk", "direct", "steady", "bounced", 2),
    ("open", "spam", "other", "direct", "steady", "delivered", 4),
    ("open", "spam", "bulk", "open_relay", "warm-up", "delivered", 50),
    ("open", "honest", "people", "submission", "steady", "delivered", 70),
    ("dear", "spam", "bulk", "open_relay", "steady", "delivered", 6),
    ("dear", "spam", "bulk", "open_relay", "steady", "in_transit", 4),
]


@pytest.fixture
def account():
    columns = ["arm", "class", "group", "route", "phase", "fate"]
    rows = [dict(zip(columns, row, strict=False)) for *row, n in ROWS for _ in range(n)]
    table = pd.DataFrame(rows).assign(replication=0).astype(dict.fromkeys(columns, "category"))
    results = SimpleNamespace(columns=lambda *_: table)
    return spam(Tables(loads(SCENARIO), results)).set_index("arm")


def test_what_spam_costs_and_brings(account):
    row = account.loc["open"]
    assert (row["tried"], row["accepted"], row["delivered"], row["days"]) == (15, 12, 10, 4)
    # the group's own price for relays; for its own line the default of 0.1 USD per 1000
    assert row["cost"] == pytest.approx(9 * 2.0 / 1000 + 6 * 0.1 / 1000)
    assert row["answers"] == pytest.approx(6 * 0.1 + 4 * 0.5)
    assert row["revenue"] == pytest.approx(6 * 0.1 * 30.0 + 4 * 0.5 * 10.0)
    assert row["value"] == pytest.approx(6 * 30.0 + 4 * 10.0)  # if everybody answered


def test_prices_are_those_of_the_arm(account):
    row = account.loc["dear"]
    assert row["cost"] == pytest.approx(10 * 0.5)
    assert (row["tried"], row["accepted"], row["delivered"]) == (10, 6, 6)
    # break-even: the response at which revenue covers cost
    assert row["cost"] / row["value"] == pytest.approx(5.0 / 180.0)
