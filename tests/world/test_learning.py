"""Learning is a choice: whose the preferences are, what is remembered, what newcomers know."""

from collections import Counter

import pytest
from small_post import DAY, HOUR, Post
from test_remedies import CLOSED, HOTEL, LOCAL, OWN, asked, effort

from sim.scenario import loads
from sim.workload.customers import successive
from sim.workload.streams import stream

REFUSED, REPAIRED = [(OWN, 550), (LOCAL, 250)], [(LOCAL, 250)]
PEOPLE = """
title = "people"
[networks.isp]
kind = "isp"
domain = "isp.example"
prefixes = ["192.0.2.0/24"]
[users.people]
count = 1
accounts = { isp = 1.0 }
when_refused = { wait = 0.5, dial_in = 0.2, give_up = 0.3 }
learning = "person"
turnover = "0.1 / day"
[arms.only]
"""


def post(learning, remedies, **changes):
    users = {"users.people.learning": learning, "users.people.when_refused": remedies}
    return Post(CLOSED | users | changes, HOTEL)


def named(purpose):
    return stream(0, replication=0, entity="users.people", purpose=purpose)


def customers(count, **changes):
    overrides = {f"users.people.{name}": value for name, value in changes.items()}
    users = loads(PEOPLE).with_overrides(overrides).users["people"]
    return successive(users, count, 100 * DAY, named)


@pytest.mark.parametrize("learning", ["person", "message"])
def test_what_worked_is_remembered(learning):
    sent = post(learning, {"switch_server": 1.0})
    sent.write(100.0, place="hotel").write(3 * DAY, place="hotel").run()
    assert asked(sent) == [REFUSED, REPAIRED]


def test_nothing_is_remembered_where_nobody_learns():
    sent = post("none", {"switch_server": 1.0})
    sent.write(100.0, place="hotel").write(3 * DAY, place="hotel").run()
    assert asked(sent) == [REFUSED, REFUSED]


@pytest.mark.parametrize("offer", ["auth", "pop_first"])
def test_the_help_desks_advice_is_for_one_message_where_nobody_learns(offer):
    sent = post("none", {"ask_isp": 1.0}, **{f"servers.{OWN}.relay": f"on_network+{offer}"})
    sent.write(100.0, place="hotel").write(100.0 + 5 * HOUR, place="hotel")
    sent.write(3 * DAY, place="hotel").run()
    assert asked(sent) == [[(OWN, 550), (OWN, 250)]] * 3
    assert effort(sent) == [(offer, 1, 1, 2)] * 3


def test_a_corrected_password_too():
    auth = {f"servers.{OWN}.relay": "on_network+auth", "users.people.auth": 1.0}
    sent = post("none", {"ask_isp": 1.0}, **auth, **{"users.people.wrong_password": 1.0})
    sent.write(100.0, place="hotel").write(3 * DAY, place="hotel").run()
    assert asked(sent) == [[(OWN, 535), (OWN, 250)]] * 2
    assert effort(sent) == [("password", 1, 1, 2)] * 2


def test_a_person_prefers_the_same_each_time():
    """Of two people who give up or switch by halves, each does always the same."""

    found = set()
    for seed in range(12):
        sent = post("person", {"switch_server": 0.5, "give_up": 0.5}, seed=seed)
        for day in (1, 3, 5, 7):
            sent.write(day * DAY, place="hotel")
        last = [log[-1][1] for log in asked(sent.run())]
        found.add(tuple(last))
    assert found == {(550,) * 4, (250,) * 4}


def test_nobody_asks_in_vain_twice():
    calls = {}
    for learning in ("person", "message"):
        sent = post(learning, {"ask_isp": 1.0}, **{f"servers.{OWN}.relay": "on_network"})
        sent.write(100.0, place="hotel").write(3 * DAY, place="hotel").run()
        calls[learning] = [calls for _, calls, _, _ in effort(sent)]
    assert calls == {"person": [1, 0], "message": [1, 1]}


def test_who_never_comes_home_does_not_wait_for_ever():
    """Mail that waited for ever would be neither delivered nor lost."""
    sent = post("person", {"wait": 1.0}, **{"users.people.places": {"home": 0.0, "hotel": 1.0}})
    assert sent.write(100.0, place="hotel").run().fates() == [("refused", "relaying", False)]


def test_preferences_are_drawn_by_the_shares():
    orders = [c.preferences[0] for c in customers(20_000)]
    first = Counter(order[0] for order in orders)
    assert {name: n / 20_000 for name, n in first.items()} == pytest.approx(
        {"wait": 0.5, "dial_in": 0.2, "give_up": 0.3}, abs=0.012
    )
    second = Counter(order[1] for order in orders if order[0] == "wait")
    assert second["dial_in"] / second.total() == pytest.approx(0.4, abs=0.02)


def test_a_group_of_ten_has_the_shares_that_are_stated():
    """Else chance would make a tenth, or four tenths, of a small group give up for good."""
    first = Counter(c.preferences[0][0] for c in customers(10))
    assert first == {"wait": 5, "dial_in": 2, "give_up": 3}


def test_a_group_that_chooses_anew_has_no_preferences():
    assert {c.preferences for c in customers(5, learning="message")} == {()}


def test_people_leave_by_the_turnover():
    people = customers(2000)
    assert sum(len(c.arrivals) for c in people) / 2000 == pytest.approx(10.0, abs=0.3)
    assert all(len(c.preferences) == len(c.careless) == len(c.arrivals) + 1 for c in people)
    assert not any(c.arrivals for c in customers(50, turnover="0 / day"))


def test_nobody_is_drawn_anew_by_a_turnover():
    """The customers of the start are the same with and without newcomers."""
    with_newcomers, without = customers(50), customers(50, turnover="0 / day")
    assert [(c.careless[0], c.preferences[0]) for c in with_newcomers] == [
        (c.careless[0], c.preferences[0]) for c in without
    ]


def test_a_newcomer_has_nothing_learned():
    turnover = {"users.people.turnover": "0.2 / day", "seed": 0}
    sent = post("person", {"switch_server": 1.0}, **turnover)
    moments = [day * DAY for day in range(1, 15)]
    for at in moments:
        sent.write(at, place="hotel")
    log = asked(sent.run())
    users = loads(PEOPLE).users["people"].model_copy(update={"turnover": 0.2 / DAY})
    (first, _) = successive(users, 2, 15 * DAY, named)
    assert len(first.arrivals) > 1
    newcomer = [first.at(at) for at in moments]
    expected = [a != b for a, b in zip([-1, *newcomer], newcomer, strict=False)]
    assert log == [REFUSED if new else REPAIRED for new in expected]


def test_a_newcomer_has_the_settings_of_the_start():
    auth = {f"servers.{OWN}.relay": "on_network+auth", "users.people.turnover": "0.2 / day"}
    sent = post("person", {"ask_isp": 1.0}, **auth)
    for day in range(1, 15):
        sent.write(day * DAY, place="hotel")
    calls = [calls for _, calls, _, _ in effort(sent.run())]
    assert calls[0] == 1
    assert sum(calls) > 1
