"""Greylisting and limits per client: what a server remembers, and what it costs whom."""

from dataclasses import replace

import pytest
from small_post import DAY, HOUR, MINUTE, SPAMMER, Post

from sim.records.words import Cause
from sim.world.memory import Clients, Greylist
from sim.world.recorder import Recorder, plain_verdict

QUEUED = 102.067  # when a message written at 100 s is in the queue of the first server
GREYLIST = {"servers.adatum-mx.recipient": ["greylist(5 min)"]}


def answers():
    recorder, later = Recorder(), plain_verdict(451, "4.7.1", Cause.GREYLISTED)
    taken = replace(later, code=250, cause=Cause.NONE, accepted=True)
    return recorder.answer("s", later), recorder.answer("s", taken)


# ---- the memory itself


def test_a_triple_is_as_old_as_its_first_attempt():
    later, taken = answers()
    memory, triple = Greylist(DAY, 7 * DAY), (1, "a@b.example", 5)
    assert memory.age(triple, 100.0) is None
    memory.note(triple, None, later, 100.0)
    memory.note(triple, 100.0, later, 200.0)
    assert memory.age(triple, 450.0) == 350.0
    assert memory.age((2, "a@b.example", 5), 450.0) is None  # another client is another triple
    memory.note(triple, 350.0, taken, 450.0)
    assert memory.age(triple, 500.0) == 400.0


@pytest.mark.parametrize(
    ("passed", "away", "known"),
    [
        (False, DAY - 1, True),
        (False, DAY + 1, False),  # greylist.delay.range: a retry counts for a day
        (True, 7 * DAY - 1, True),
        (True, 7 * DAY + 1, False),  # greylist.record_lifetime
    ],
)
def test_what_is_forgotten_when(passed, away, known):
    later, taken = answers()
    memory, triple = Greylist(DAY, 7 * DAY), (1, None, 5)
    memory.note(triple, None, later, 0.0)
    if passed:
        memory.note(triple, 0.0, taken, 0.0)
    assert (memory.age(triple, away) is not None) is known


def test_recipients_are_cut_where_their_ages_change():
    later, _ = answers()
    memory = Greylist(DAY, DAY)
    for box in (10, 11, 13):
        memory.note((1, "s", box), None, later, 0.0)
    cut = [
        (p[0], p[1], age)
        for p, age, _ in memory.parts((4, 8, 0, "x"), [0, 0, 0, 0, 10, 11, 12, 13], 1, "s", 9.0)
    ]
    assert cut == [(4, 6, 9.0), (6, 7, None), (7, 8, 9.0)]


def test_mailboxes_that_do_not_exist_are_many():
    memory = Greylist(DAY, DAY)
    ((_, _, triples),) = memory.parts((4, 6, 0, "x"), [0, 0, 0, 0, -1, -1], 1, "s", 0.0)
    assert len(set(triples)) == 2


def test_counts_of_a_client():
    clients = Clients()
    for at in (0.0, 10.0, 20.0):
        clients.add_transaction(7, at)
        clients.open_session(7, at + 15.0)
    assert [clients.recent(7, at, 15.0) for at in (20.0, 25.0, 36.0)] == [2, 1, 0]
    assert clients.recent(8, 20.0, 15.0) == 0
    clients.open_session(9, 5.0)
    assert [clients.open_sessions(9, at) for at in (4.0, 5.0)] == [1, 0]
    assert [clients.open_sessions(7, at) for at in (20.0, 30.0)] == [2, 1]


# ---- greylisting in the world


def test_an_honest_server_is_greylisted_and_retries():
    post = Post(GREYLIST).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [451, 250]
    first, second = post.moments()
    assert second - first == pytest.approx(30 * MINUTE + 1.05, abs=0.1)  # its only wait
    assert post.fates() == [("delivered", "", True)]
    a = post.frames["attempts"]
    assert a["rule"].tolist()[1] == "greylist"
    assert a["cause"].tolist()[1] == "greylisted"


# Delay that greylisting for 5 min adds, by schedule; Postfix's first retry comes just in time
DELAYS = {"postfix": 300, "qmail": 441, "exim": 900}  # qmail: 1 s old, (isqrt(1) + 20)^2


@pytest.mark.parametrize("name", DELAYS)
def test_the_delay_is_that_of_the_senders_schedule(name):
    keys = {"servers.proseware-smtp.retry": name, "servers.proseware-smtp.queue_run": "0 s"}
    first, second = Post(GREYLIST | keys).write(100.0).run().moments()
    assert second - first == pytest.approx(DELAYS[name], abs=1.2)


def test_a_retry_that_comes_too_early_waits_again():
    keys = {"servers.proseware-smtp.retry": ["2 min"]}
    post = Post(GREYLIST | keys).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [451, 451, 451, 250]


def test_who_got_through_is_known_from_then_on():
    post = Post(GREYLIST).write(100.0).write(2 * DAY).write(9 * DAY + HOUR).run()
    assert [code for _, _, code in post.log("relay")] == [451, 250, 250, 451, 250]


def test_another_recipient_of_the_same_message_is_greylisted_alone():
    post = Post(GREYLIST).write(100.0, 1).write(DAY, 1, 2, 3).run()
    a = post.frames["attempts"]
    a = a[a["hop"] == "relay"]
    assert a[["recipients", "accepted", "code"]].to_numpy().tolist() == [
        [1, 0, 451], [1, 1, 250], [3, 1, 451], [2, 2, 250],
    ]  # fmt: skip
    assert {fate for fate, _, _ in post.fates()} == {"delivered"}


def test_a_spammer_that_does_not_retry_gets_nothing_through():
    assert (
        Post(GREYLIST).send_spam(100.0, 1, 2).run().fates("spam")
        == [("gave_up", "greylisted", True)] * 2
    )


def test_a_relay_retries_for_the_spammer():
    post = Post(GREYLIST).send_spam(100.0, 1, 2, through="proseware-smtp").run()
    assert [fate for fate, _, _ in post.fates("spam")] == ["delivered"] * 2


def test_a_client_that_may_relay_is_not_greylisted():
    keys = {"servers.proseware-smtp.recipient": ["greylist(5 min)"]}
    post = Post(keys).write(100.0).run()
    assert [code for _, _, code in post.log()] == [250, 250]


# ---- limits


def test_a_client_over_its_rate_is_slowed_down_and_not_shut_out():
    """2 an hour are let through, at once or when the last two are an hour old."""
    keys = {
        "servers.adatum-mx.client": ["limit_client_rate(2 / hour)"],
        "servers.proseware-smtp.retry": ["20 min"],
    }
    post = Post(keys)
    for i in range(6):
        post.write(100.0 + 5 * i, i + 1)
    post.run()
    taken = [at for at, _, code in post.log("relay") if code == 250]
    assert len(taken) == 6
    assert [int((at - QUEUED) // HOUR) for at in taken] == [0, 0, 1, 1, 2, 2]
    refused = {code for _, _, code in post.log("relay") if code != 250}
    assert refused == {450}
    assert set(post.frames["attempts"]["cause"]) == {"", "rate"}


def test_a_client_over_its_rate_that_is_greylisted_too_is_not_shut_out_either():
    """What the rate forbade is not held against it; what greylisting put off is."""
    keys = GREYLIST | {
        "servers.adatum-mx.client": ["limit_client_rate(2 / hour)"],
        "servers.proseware-smtp.retry": ["20 min"],
    }
    post = Post(keys)
    for i in range(4):
        post.write(100.0 + 5 * i, i + 1)
    post.run()
    passed = [
        (int((at - QUEUED) // HOUR), code) for at, _, code in post.log("relay") if code != 450
    ]
    assert passed == [(0, 451)] * 2 + [(1, 250)] * 2 + [(2, 451)] * 2 + [(3, 250)] * 2
    assert {fate for fate, _, _ in post.fates()} == {"delivered"}


def test_a_limit_is_each_clients_own():
    keys = {"servers.adatum-mx.client": ["limit_client_rate(1 / hour)"]}
    post = Post(keys).write(100.0).send_spam(101.0, 1).send_spam(102.0, 1).run()
    assert post.fates()[0][0] == "delivered"
    assert [(fate, cause) for fate, cause, _ in post.fates("spam")] == [
        ("delivered", ""), ("gave_up", "rate"),
    ]  # fmt: skip


def test_a_limit_on_a_shared_address_hits_all_guests():
    """What one guest sends uses up the limit of the other: honest mail waits for spam."""
    keys = {"servers.proseware-smtp.client": ["limit_client_rate(1 / hour)"],
            "users.people.pop_poll": "25 min"}  # fmt: skip
    alone = Post(keys).write(200.0, place="hotel").run()
    post = Post(keys | {"users.people.patience": "10 min"}).write(200.0, place="hotel", by=0)
    post.write(201.0, place="hotel", by=1).run()
    assert [code for _, _, code in alone.log("submission")] == [250]
    assert sorted(fate for fate, _, _ in post.fates()) == ["delivered", "gave_up"]


def test_connections_of_one_client_are_limited_before_they_take_a_session():
    keys = {"servers.adatum-mx.client": ["limit_connections(2)"],
            "servers.adatum-mx.service_time": "100 s"}  # fmt: skip
    post = Post(keys)
    for i in range(4):
        post.send_spam(100.0 + i, i + 1)
    post.send_spam(300.0, 5).write(101.0).run()
    a = post.frames["attempts"]
    a = a[a["server"] == "adatum-mx"].sort_values("at")
    spam = a[a["client"] == SPAMMER]
    assert spam["code"].tolist() == [250, 250, 421, 421, 250]
    assert spam["rule"].tolist()[2] == "limit_connections"
    assert (spam["took"] > 0).tolist() == [True, True, False, False, True]
    assert a[a["client"] != SPAMMER]["code"].tolist() == [250]  # another client is not concerned
    s = post.frames["servers"]
    assert s[s["server"] == "adatum-mx"]["turned_away"].sum() == 2
