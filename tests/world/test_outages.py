"""Servers, links and networks that go down: sessions are lost and tried again, mail is not."""

import pytest
from small_post import HOUR, SCENARIO, Post

from sim.scenario import loads
from sim.world.outages import NO_ANSWER, Outages, next_outage, up_again
from sim.world.server import Sessions

QUEUED = 102.067  # when a message written at 100 s is in the queue of the first server
ARRIVES = QUEUED + 0.030  # and reaches adatum's MX, whose session takes 1 s and 4200 octets


def test_the_moments_of_outages():
    down = [(5.0, 6.0), (6.0, 8.0), (20.0, 30.0)]
    assert [up_again(down, at) for at in (4.0, 5.5, 8.0, 20.0)] == [4.0, 8.0, 8.0, 30.0]
    assert [next_outage(down, at) for at in (0.0, 5.0, 8.0)] == [5.0, 6.0, 20.0]


def test_after_an_outage_every_session_is_free():
    sessions = Sessions(2, limit=9, down=[(50.0, 60.0)])
    for _ in range(3):
        sessions.admit(0.0, 100.0)
    sessions.cut(50.0)
    assert [sessions.admit(60.0, 5.0) for _ in range(3)] == [60, 60, 65]


# ---- a server


def test_a_session_in_progress_is_lost_and_tried_again():
    """The MX goes down half a second into the session; the client waits for an answer, then
    for its retry; what is delivered then is delivered once."""
    down = {"servers.adatum-mx.down": [["102.6 s", "10 min"]]}
    post = Post(down).write(100.0).run()
    (first, _, lost), (again, _, taken) = post.log("relay")
    assert (lost, taken) == (0, 250)
    assert first == pytest.approx(ARRIVES, abs=0.01)
    assert again == pytest.approx(102.6 + NO_ANSWER + 1800 + 0.03, abs=0.01)
    assert post.fates() == [("delivered", "", True)]
    a = post.frames["attempts"]
    a = a[a["hop"] == "relay"]
    assert a["enhanced"].tolist()[0] == "4.4.2"
    assert a["cause"].tolist()[0] == "unreachable"
    assert a["took"].tolist()[0] == pytest.approx(0.5, abs=0.01)  # up to the outage


def test_a_session_that_ends_before_the_outage_is_not_lost():
    post = Post({"servers.adatum-mx.down": [["103.2 s", "10 min"]]}).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [250]


def test_those_who_wait_for_a_session_are_lost_too():
    keys = {"servers.adatum-mx.down": [["104 s", "10 min"]], "servers.adatum-mx.sessions": 1,
            "servers.adatum-mx.service_time": "1.5 s"}  # fmt: skip
    post = Post(keys)
    for i in range(3):
        post.write(100.0, i + 1)
    post.run()
    codes = [code for _, _, code in post.log("relay")]
    assert codes == [250, 0, 0, 250, 250]  # the second is under way, the third waits
    s = post.frames["servers"]
    busy = s[s["server"] == "adatum-mx"]["busy"].sum()
    assert busy == pytest.approx(3 * 1.52 + 104 - 102.097 - 1.52, abs=0.05)


def test_a_mail_program_tries_again_after_a_lost_session():
    down = {"servers.proseware-smtp.down": [["101 s", "200 s"]]}
    post = Post(down).write(100.0).run()
    (_, _, lost), (again, _, taken) = post.log("submission")
    assert (lost, taken) == (0, 250)
    assert again == pytest.approx(101 + NO_ANSWER + 600 + 0.067, abs=0.01)  # pop_poll
    assert post.fates() == [("delivered", "", True)]


def test_the_queue_of_a_server_that_is_down_waits():
    """The retry is due while the sending server is down: it comes when that is up again."""
    down = {
        "servers.adatum-mx.down": [["0 s", "10 min"]],
        "servers.proseware-smtp.down": [["20 min", "5 h"]],
    }
    post = Post(down).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [0, 250]
    assert post.moments()[1] == pytest.approx(5 * HOUR + 0.03, abs=0.01)


def test_a_session_is_lost_when_the_sending_server_goes_down():
    down = {"servers.proseware-smtp.down": [["102.6 s", "5 h"]]}
    post = Post(down).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [0, 250]
    assert post.moments()[1] == pytest.approx(5 * HOUR + 0.03, abs=0.01)


# ---- links and networks


def test_a_link_that_is_down():
    """The second key of a link; everything else about it stays."""
    link = {"networks.adatum.links": {"core": {"latency": "20 ms", "down": [["50 s", "1 h"]]}}}
    post = Post(link).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [0, 0, 250]
    assert post.moments() == pytest.approx([QUEUED, QUEUED + 1800, QUEUED + 3600.03], abs=0.01)


def test_a_link_that_breaks_a_session():
    link = {"networks.adatum.links": {"core": {"latency": "20 ms", "down": [["102.6 s", "1 h"]]}}}
    post = Post(link).write(100.0).run()
    assert [code for _, _, code in post.log("relay")] == [0, 0, 250]
    assert post.frames["attempts"]["enhanced"].tolist()[1:3] == ["4.4.2", ""]


DETOUR = """
[networks.detour]
kind = "transit"
links = { proseware = "100 ms", adatum = "100 ms" }
"""


def test_a_new_route_is_taken_and_a_session_survives_the_change():
    """While the link is down the way is longer, and nothing is refused or lost."""
    link = {"networks.adatum.links": {"core": {"latency": "20 ms", "down": [["102.6 s", "1 h"]]}}}
    post = Post(link, DETOUR).write(100.0).write(1000.0).write(2 * HOUR).run()
    assert {code for _, _, code in post.log("relay")} == {250}
    ways = [at % 100 for at in post.moments()]
    assert ways[0] == pytest.approx(2.097, abs=0.01)  # before: 30 ms
    assert ways[1] == pytest.approx(2.267, abs=0.01)  # meanwhile: 200 ms
    assert ways[2] == pytest.approx(2.097, abs=0.01)  # and back


def test_nothing_enters_or_leaves_a_network_that_is_down():
    post = Post({"networks.proseware.down": [["50 s", "1 h"]]}).write(100.0).run()
    # home is on proseware: its server takes the message, and cannot pass it on
    assert [(s, c) for _, s, c in post.log()] == [
        ("proseware-smtp", 250), ("adatum-mx", 0), ("adatum-mx", 0), ("adatum-mx", 250),
    ]  # fmt: skip


def test_a_guest_of_a_network_that_is_down_tries_until_it_is_up():
    post = Post({"networks.hotel.down": [["50 s", "25 min"]]}).write(100.0, place="hotel").run()
    assert [code for _, _, code in post.log("submission")] == [0, 0, 0, 250]


# ---- everything at once


def test_nothing_is_lost_however_often_servers_fail():
    """Every minute the MX is down for half of it; every message arrives once."""
    minutes = [[f"{60 * i} s", f"{60 * i + 30} s"] for i in range(1, 900)]
    keys = {
        "servers.adatum-mx.down": minutes,
        "servers.proseware-smtp.down": [[f"{a} h", f"{a}.05 h"] for a in range(1, 9)],
        "servers.adatum-mx.service_time": "10 s",
        "servers.proseware-smtp.retry": ["7 min"],
    }  # fmt: skip
    post = Post(keys)
    for i in range(200):
        post.write(100.0 + 97.0 * i, i % 9 + 1)
    post.run()
    assert set(post.fates()) == {("delivered", "", True)}
    codes = [code for _, _, code in post.log("relay")]
    assert codes.count(250) == 200
    assert codes.count(0) > 100


def test_without_outages_there_is_nothing_to_ask():
    assert Outages.of(loads(SCENARIO)) is None
