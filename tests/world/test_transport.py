"""On the way: one latency to each server, one session there, and on when the session ends."""

import pytest
import small_post

BLOCKED = {"networks.hotel.blocks_port_25": True}
FAILS = {"servers.proseware-smtp.temporary_failure": 0.6}


class Post(small_post.Post):
    """Every message is an event, so that all go by `Transport`."""

    batch = False


def attempts(post):
    return post.frames["attempts"].sort_values("at", kind="stable")


def test_the_next_hop_begins_when_the_session_has_ended():
    first, second = attempts(Post().write(100.0).run()).itertuples()
    assert (first.hop, second.hop) == ("submission", "relay")
    between = 0.010 + 0.020  # proseware to core to adatum
    assert second.at == pytest.approx(first.at + first.waited + first.took + between)


def test_recipients_of_one_domain_travel_together():
    post = Post().write(100.0, 1, 2, 3).run()
    assert attempts(post)["recipients"].tolist() == [3, 3]
    assert [fate for fate, *_ in post.fates()] == ["delivered"] * 3


def test_a_service_time_is_for_a_session_and_a_recipient():
    keys = {"servers.adatum-mx.per_recipient": "0.5 s"}
    one, three = (
        attempts(Post(keys).write(100.0, *to).run())["took"].iloc[1] for to in ([1], [1, 2, 3])
    )
    assert three == pytest.approx(one + 2 * 0.5)


def test_who_has_no_way_hears_when_it_would_have_arrived_and_no_server_has_a_session():
    blocked, free = (Post(keys).write(100.0, place="hotel").run() for keys in (BLOCKED, {}))
    assert blocked.log()[0] == (free.log()[0][0], "proseware-smtp", 0)
    assert set(attempts(blocked)["took"]) == {0.0}


def test_a_blocked_port_stops_no_servers_unless_it_says_so():
    keys = {"networks.proseware.blocks_port_25": True}
    assert [fate for fate, *_ in Post(keys).write(100.0).run().fates()] == ["delivered"]
    keys["networks.proseware.blocks_port_25_of_servers"] = True
    assert [fate for fate, *_ in Post(keys).write(100.0).run().fates()] == ["expired"]


def test_what_the_next_hop_defers_waits_in_the_queue_of_the_first_server():
    post = Post(FAILS).write(100.0, luck=0.5).run()
    first, second, *_ = post.moments()
    assert second - first == pytest.approx(30 * 60.0, abs=2.0)
    codes = [code for _, _, code in post.log("relay")]
    assert set(codes[:-1]) == {451}
    assert codes[-1] == 250
    assert post.log("submission") == [(100.07, "proseware-smtp", 250)]  # asked once


def test_the_draw_of_a_failure_is_the_messages_own():
    below, above = (Post(FAILS).write(100.0, luck=luck).run() for luck in (0.59, 0.61))
    assert below.log("relay")[0][2] == 451
    assert [code for _, _, code in above.log("relay")] == [250]


def test_who_is_turned_away_is_counted_and_asks_again():
    keys = {"servers.proseware-smtp.sessions": 1, "servers.proseware-smtp.connection_queue": 0}
    post = Post(keys).write(100.0, 1).write(100.5, 2, by=1).run()
    assert [code for _, _, code in post.log("submission")] == [250, 421, 250]
    assert (
        post.frames["servers"]
        .set_index("server")["turned_away"]
        .groupby(level=0)
        .sum()["proseware-smtp"]
        == 1
    )


def test_recipients_that_no_event_has_any_more_are_none():
    post = Post().write(100.0).write(200.0, 2).run()
    assert not post.world.transport.mark_pending().any()
