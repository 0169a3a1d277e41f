"""Schedules of retries, delay notices and the end of patience, by exact logs."""

from itertools import pairwise

import pytest
from small_post import HOUR, MINUTE, SCENARIO, Post

from sim.scenario import loads
from sim.scenario.retries import SCHEDULES
from sim.world.deferred import Deferred, Retries

ALWAYS = [["0 s", "15 days"]]
QUEUED = 102.067  # written at 100 s: 0.067 s of dial-up, 1 s of session, 4200 octets at 33.6 kbit/s

# Ages (s) at which a message is due that fails at once whenever it is tried, without queue runs
AGES = {
    # retry.postfix.rule: wait as long as it is old, 300 to 4000 s
    "postfix": [300, 600, 1200, 2400, 4800, 8800, 12800, 16800],
    # retry.exim: nine times 15 min (at 2 h it is still in the first rule), then 1 h, 1.5 h, ...
    "exim": [*range(900, 8101, 900), 11700, 17100, 25200, 37350, 55575, 82912.5, 104512.5],
    # retry.qmail.remote: 400 n^2
    "qmail": [400 * n**2 for n in range(1, 9)],
}  # fmt: skip


def settings(**keys):
    changed = {f"servers.proseware-smtp.{k}": v for k, v in keys.items()}
    return loads(SCENARIO).with_overrides(changed).servers["proseware-smtp"]


def ages(retries, *, most=10_000):
    """Ages at which a message is tried that came at 0 s and fails at once each time."""
    kept, now, found = Deferred(0.0), 0.0, []
    while len(found) < most and (at := retries.next_attempt(kept, now)) is not None:
        assert at > now
        found.append(at)
        now = at
    return found


@pytest.mark.parametrize("name", AGES)
def test_a_schedule_without_queue_runs(name):
    tried = ages(Retries("s", settings(retry=name, queue_run="0 s")))
    assert tried[: len(AGES[name])] == pytest.approx(AGES[name])


@pytest.mark.parametrize("name", SCHEDULES)
def test_tried_until_the_lifetime_is_over_and_once_more(name):
    """qmail says so (retry.qmail.lifetime); the others notice at the attempt that fails."""
    tried = ages(Retries("s", settings(retry=name)))
    assert tried[-2] < SCHEDULES[name].lifetime <= tried[-1]


@pytest.mark.parametrize("name", ["postfix", "sendmail", "exim"])
def test_tried_at_runs_of_the_queue_only(name):
    retries, run = Retries("s", settings(retry=name)), SCHEDULES[name].queue_run
    tried = ages(retries, most=50)
    spans = [(b - a) / run for a, b in pairwise(tried)]
    assert spans == pytest.approx([round(span) for span in spans])


def test_sendmail_tries_everything_at_each_run():
    tried = ages(Retries("s", settings(retry="sendmail")), most=5)
    assert 0 < tried[0] <= HOUR
    assert [b - a for a, b in pairwise(tried)] == [HOUR] * 4


def test_exims_15_minutes_are_30_with_its_queue_runner():
    tried = ages(Retries("s", settings(retry="exim")), most=4)
    assert [b - a for a, b in pairwise(tried)] == [30 * MINUTE] * 3


def test_servers_do_not_work_in_step():
    first = [ages(Retries(f"s{i}", settings(retry="sendmail")), most=1)[0] for i in range(20)]
    assert len(set(first)) == 20


# The same in the world: adatum's only MX never answers. (schedule, first attempts, how many)
IN_THE_WORLD = {
    "postfix": ([0, 300, 600, 1200, 2400, 4800, 8800, 12800], 6 + 107),  # 4800 + 107 * 4000
    "exim": ([0, 900, 1800, 2700, 3600, 4500, 5400, 6300], 9 + 6 + 13),  # by rule F, G, F
    "qmail": ([0, 400, 1600, 3600, 6400, 10000, 14400, 19600], 1 + 39),  # 400 * 39^2 > 7 days
    "sendmail": ([0], 1 + 120 + 1),
}


@pytest.mark.parametrize("name", IN_THE_WORLD)
def test_a_schedule_in_the_world(name):
    keys = {"servers.proseware-smtp.retry": name, "servers.adatum-mx.down": ALWAYS}
    if name != "sendmail":
        keys["servers.proseware-smtp.queue_run"] = "0 s"
    post = Post(keys).write(100.0).run()
    first, count = IN_THE_WORLD[name]
    moments = [at - QUEUED for at in post.moments()]
    # each attempt is 30 ms on its way before it fails, and the next wait begins then
    assert moments[: len(first)] == pytest.approx(first, abs=2.0)
    assert len(moments) == count
    assert post.fates() == [("expired", "unreachable", False)]
    assert [(route, fate) for _, route, fate in post.notices()][-1] == ("dsn", "delivered")


def test_a_list_of_waits_whose_last_repeats():
    post = Post({
        "servers.proseware-smtp.retry": ["10 min", "1 h"],
        "servers.proseware-smtp.queue_lifetime": "3 h",
        "servers.adatum-mx.down": ALWAYS,
    })  # fmt: skip
    moments = [at - QUEUED for at in post.write(100.0).run().moments()]
    assert moments == pytest.approx([0, 600, 4200, 7800, 11400], abs=0.5)


# Delay notices: (schedule, age at which the sender hears of it)
WARNED = {"sendmail": 4 * HOUR, "exim": 24 * HOUR}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_delay_notice_is_written_once_and_the_sender_goes_on_believing(name):
    down = [["0 s", "3 days"]]
    keys = {"servers.proseware-smtp.retry": name, "servers.adatum-mx.down": down}
    post = Post(keys).write(100.0).run()
    assert post.fates() == [("delivered", "", True)]
    notices = post.notices()
    if name not in WARNED:
        assert notices == []
        return
    ((at, route, fate),) = notices
    assert (route, fate) == ("delay_notice", "delivered")
    # at the first attempt that fails after that age
    failed = [m for m, _, code in post.log("relay") if code == 0 and m - QUEUED >= WARNED[name]]
    assert at == pytest.approx(failed[0], abs=0.1)


def test_the_key_of_the_delay_notice():
    post = Post({
        "servers.proseware-smtp.delay_warning": "45 min", "servers.adatum-mx.down": ALWAYS,
        "servers.proseware-smtp.queue_lifetime": "2 h",
    }).write(100.0).run()  # fmt: skip
    assert post.notices() == [
        (pytest.approx(QUEUED + HOUR, abs=0.2), "delay_notice", "delivered"),
        (pytest.approx(QUEUED + 2 * HOUR, abs=0.2), "dsn", "delivered"),
    ]
    assert post.fates() == [("expired", "unreachable", False)]


def test_nothing_is_sent_about_a_notice():
    """A DSN that is late, and then dies, has a null reverse-path: nobody hears of it."""
    post = Post({
        "servers.adatum-mx.check_recipients": "later", "servers.adatum-mx.retry": ["1 h"],
        "servers.adatum-mx.queue_lifetime": "1 day", "servers.adatum-mx.delay_warning": "2 h",
        "servers.proseware-mx.down": ALWAYS,
    }).send_spam(100.0, 0, sender="people-1@proseware.com").run()  # fmt: skip
    ((_, route, fate),) = post.notices()
    assert (route, fate) == ("backscatter", "expired")
    assert post.fates("spam")[0][0] == "bounced"
    assert len(post.moments()) == pytest.approx(25)


def test_the_next_mx_is_asked_at_once():
    """RFC 5321 section 5.1: each of the addresses in turn, then the schedule."""
    second = '[servers.adatum-mx]\n[servers.second]\nrole = "mx"\nnetwork = "adatum"\n'
    post = Post({"servers.adatum-mx.down": ALWAYS}, second).write(100.0).run()
    assert [(s, c) for _, s, c in post.log("relay")] == [("adatum-mx", 0), ("second", 250)]
    first, again = post.moments()
    assert again - first == pytest.approx(0.03, abs=0.011)
