"""One message at a time, with constant times and an exact log."""

import pytest
from handmade import Written, add_visits, workload

from sim.scenario import loads
from sim.workload.mobility import Mobility, Visit
from sim.workload.people import populate
from sim.world.run import World

HOUR, DAY = 3600.0, 86400.0

SCENARIO = """
title = "one message"
run_length = "7 days"
policy_starts = "0 s"
transient = "0 s"
baseline = "open"

[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
links = { core = "10 ms" }
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.128/25"]
links = { core = "20 ms" }
[networks.hotel]
kind = "venue"
domain = "hotel.example"
prefixes = ["192.0.2.128/28"]
links = { core = "30 ms" }
shared_address = true

[defaults.submission]
relay = "open"
sessions = 1
service_time = "2 s"
per_recipient = "1 s"
temporary_failure = 0.1
retry = ["30 min", "1 h"]
[defaults.mx]
relay = "closed"
sessions = 1
service_time = "1 s"
per_recipient = "0 s"

[users.guests]
count = 2
accounts = { proseware = 0.5, adatum = 0.5 }
places = { home = 0.5, hotel = 0.5 }
pop_poll = "10 min"
when_refused = { GIVE }
delays = { switch_server = "10 min", dial_in = "15 min", ask_isp = "1 day" }

[arms.open]
[arms."on network"]
"servers.*-smtp.relay" = "on_network"
[arms."on network + AUTH"]
"servers.*-smtp.relay" = "on_network+auth"
[arms."on network + POP first"]
"servers.*-smtp.relay" = "on_network+pop_first"
[arms."identity check"]
"servers.*-smtp.sender" = ["reject_sender_not_local"]
"""


@pytest.fixture
def send():
    """Let guests-1 (of proseware) write one message to guests-2 (of adatum) and return the run.

    *where* lists the places of the week's blocks, as far as they are not home.
    """

    def sent(
        arm, remedy, *, where=(), at=100.0, place="home", luck=0.5, to="guests-2@adatum.com",
        person=0, settings=None,
    ):  # fmt: skip
        told = SCENARIO.replace("GIVE", ", ".join(f"{k} = {v}" for k, v in remedy.items()))
        scenario = loads(told).with_overrides(settings or {})
        population = populate(scenario)
        writer = population.people[person]
        mobility = Mobility(edges())
        away = dict(where)
        for p in population.people:
            places = [away.get(i, "home") for i in range(len(mobility.edges) - 1)]
            mobility.places.append(places if p is writer else ["home"] * len(places))
        pools = {name: scenario.pool(name) for name in scenario.networks}
        mobility.leasable = {name: pool.leasable for name, pool in pools.items()}
        network = writer.network_at(place)
        client = pools[network].take(writer.number, 0.0)
        visit = Visit(writer, place, network, client, at, at + HOUR)
        for p in population.people:
            add_visits(mobility, p, [visit] if p is writer else [])
        boxes = population.mailboxes
        recipient = boxes.find(to)
        message = Written(at, writer, place, network, client, [recipient], 12345, luck)
        given = workload(scenario, population, mobility, [message])
        return World(scenario, arm, 0, given).run().frames()

    return sent


def edges():
    import numpy as np

    from sim.workload import week

    return np.array(week.blocks(7 * DAY)[0])


def log(frames):
    a = frames["attempts"]
    return [
        (round(at, 3), server, code)
        for at, server, code in zip(a["at"], a["server"], a["code"], strict=True)
    ]


def fate(frames, row=0):
    r = frames["recipients"].iloc[row]
    return r["fate"], r["cause"], r["remedy"], bool(r["believed"])


STOP = {"give_up": 1.0}


def test_from_home_to_another_isp(send):
    frames = send("open", STOP)
    # dial-up latency 0.067 s; session 2 s + 1 recipient 1 s + 4200 octets at 33.6 kbit/s 1 s;
    # 30 ms to adatum's MX; 1 s + 4200 octets at 1544 kbit/s
    assert log(frames) == [(100.067, "proseware-smtp", 250), (104.097, "adatum-mx", 250)]
    row = frames["recipients"].iloc[0]
    assert row["ended_at"] == pytest.approx(104.097 + 1 + 4200 * 8 / 1544e3)
    assert fate(frames) == ("delivered", "", "", True)


def test_to_the_own_isp_needs_no_relaying(send):
    frames = send("on network", STOP, place="hotel", where={0: "hotel"}.items(),
                  to="guests-1@proseware.com")  # fmt: skip
    assert log(frames) == [(100.041, "proseware-smtp", 250)]
    assert frames["attempts"]["rule"].tolist() == ["end_of_list"]


def test_a_guest_is_refused_and_gives_up(send):
    frames = send("on network", STOP, place="hotel", where=[(0, "hotel")])
    assert log(frames) == [(100.041, "proseware-smtp", 550)]
    assert fate(frames) == ("refused", "relaying", "give_up", False)
    assert frames["recipients"]["first_cause"].tolist() == ["relaying"]


def test_waiting_until_home(send):
    frames = send("on network", {"wait": 1.0}, place="hotel", where=[(0, "hotel")])
    (first, *_), (second, server, code), _ = log(frames)
    assert first == 100.041
    assert 8 * HOUR <= second <= 8 * HOUR + 7200.1  # home again in the block that begins at 08:00
    assert (server, code) == ("proseware-smtp", 250)
    assert fate(frames) == ("delivered", "", "wait", True)


def test_who_is_not_home_again_before_the_end_keeps_the_message(send):
    always = [(i, "hotel") for i in range(40)]
    frames = send("on network", {"wait": 1.0}, place="hotel", where=always)
    assert fate(frames)[:3] == ("in_transit", "", "wait")


def test_switching_to_the_server_of_the_hotel(send):
    frames = send("on network", {"switch_server": 1.0}, place="hotel", where=[(0, "hotel")])
    asked = [(server, code) for _, server, code in log(frames)]
    assert asked == [("proseware-smtp", 550), ("hotel-smtp", 250), ("adatum-mx", 250)]
    # refused at 103.045 (2 s, 1 recipient, a LAN of 10 Mbit/s), 10 min to find the other server
    assert log(frames)[1][0] == pytest.approx(100.041 + 3.003 + 600 + 0.001, abs=2e-3)
    assert fate(frames) == ("delivered", "", "switch_server", True)
    assert frames["recipients"]["changes"].tolist() == [1]


def test_the_travellers_trap_when_the_hotel_checks_identity(send):
    frames = send(
        "identity check", {"switch_server": 1.0}, place="hotel", where=[(0, "hotel")],
        settings={"servers.proseware-smtp.relay": "on_network"},
    )  # fmt: skip
    assert [(s, c) for _, s, c in log(frames)] == [("proseware-smtp", 550), ("hotel-smtp", 550)]
    assert fate(frames)[:2] == ("refused", "sender")


def test_changing_the_sender_where_it_was_refused(send):
    frames = send(
        "identity check", {"switch_server": 0.5, "change_sender": 0.5}, place="hotel",
        where=[(0, "hotel")], settings={"servers.proseware-smtp.relay": "on_network"},
    )  # fmt: skip
    asked = [(s, c) for _, s, c in log(frames)]
    assert asked[-2:] == [("hotel-smtp", 250), ("adatum-mx", 250)]
    assert fate(frames)[:3] == ("delivered", "", "change_sender")


def test_dialling_in(send):
    frames = send("on network", {"dial_in": 1.0}, place="hotel", where=[(0, "hotel")])
    assert [(s, c) for _, s, c in log(frames)][:2] == [
        ("proseware-smtp", 550), ("proseware-smtp", 250),
    ]  # fmt: skip
    clients = frames["attempts"]["client"].tolist()
    assert clients[0] == 0xC0000281  # 192.0.2.129, which all guests share
    assert 0xC6336400 < clients[1] < 0xC6336480  # on proseware's own network
    assert fate(frames)[2] == "dial_in"


@pytest.mark.parametrize(
    ("arm", "remedy"),
    [("on network + AUTH", "auth"), ("on network + POP first", "pop_first")],
)
def test_asking_the_isp(send, arm, remedy):
    frames = send(arm, {"ask_isp": 1.0}, place="hotel", where=[(i, "hotel") for i in range(9)])
    (_, _, first), (again, server, second), _ = log(frames)
    assert (first, server, second) == (550, "proseware-smtp", 250)
    assert again == pytest.approx(100.041 + 3.003 + DAY, abs=0.1)
    assert fate(frames) == ("delivered", "", remedy, True)
    assert frames["recipients"][["calls", "changes"]].iloc[0].tolist() == [1, 1]


def test_asking_an_isp_that_offers_nothing_costs_a_call(send):
    frames = send("on network", {"ask_isp": 1.0}, place="hotel", where=[(0, "hotel")])
    assert fate(frames)[:3] == ("refused", "relaying", "give_up")
    assert frames["recipients"][["calls", "changes"]].iloc[0].tolist() == [1, 0]


def test_a_deferred_message_is_tried_again_by_the_schedule(send):
    frames = send("open", STOP, luck=0.05)  # below the share of temporary failures
    a = frames["attempts"]
    assert a["code"].tolist()[:2] == [250, 451]
    # the attempt that failed took 1 s and 4200 octets; then 30 min; then 30 ms on the way
    at = a["at"].tolist()
    assert at[2] - at[1] == pytest.approx(1 + 4200 * 8 / 1544e3 + 1800 + 0.030)
    assert a["attempt"].tolist()[1:3] == [1, 2]


def test_a_message_that_never_gets_through_expires_and_its_sender_is_told(send):
    down = {
        "servers.adatum-mx.down": [["0 s", "7 days"]],
        "servers.proseware-smtp.queue_lifetime": "2 h",
    }
    frames = send("open", STOP, settings=down)
    # once, then after 30 min and 1 h and 1 h: the first to fail after 2 h is the last
    assert [c for _, _, c in log(frames)] == [250, 0, 0, 0, 0]
    rows = frames["recipients"]
    assert rows["class"].tolist() == ["honest", "notice"]
    assert rows["fate"].tolist() == ["expired", "delivered"]
    assert rows["cause"].tolist()[0] == "unreachable"
    assert not rows["believed"].iloc[0]  # the notice reached the sender
    assert rows["ended_at"].iloc[0] == pytest.approx(104.097 + 1800 + 2 * 3600, abs=0.2)


def test_no_connection_from_a_network_that_blocks_port_25(send):
    blocked = {"networks.hotel.blocks_port_25": True}
    frames = send("open", STOP, place="hotel", where=[(i, "hotel") for i in range(40)],
                  settings=blocked)  # fmt: skip
    assert set(frames["attempts"]["code"]) == {0}
    assert fate(frames)[:2] == ("gave_up", "unreachable")
    # every 10 min for a day
    assert len(frames["attempts"]) == pytest.approx(144, abs=2)


@pytest.mark.parametrize(
    ("content", "ends"),
    [
        # the draw is 0.5: caught where the rate of false positives is above it
        ("discard_outbound_spam(0.9, 0.6)", ("discarded", "content", "", True)),
        ("discard_outbound_spam(0.9, 0.4)", ("delivered", "", "", True)),
        ("reject_outbound_spam(0.9, 0.6)", ("refused", "content", "give_up", False)),
        ("reject_outbound_spam(0.9, 0.4)", ("delivered", "", "", True)),
    ],
)
def test_an_outbound_filter_hits_honest_mail_by_mistake(send, content, ends):
    frames = send("open", STOP, settings={"servers.proseware-smtp.content": [content]})
    assert fate(frames) == ends


def test_a_discarded_message_is_answered_like_a_delivered_one(send):
    quiet = {"servers.proseware-smtp.content": ["discard_outbound_spam(0.9, 0.6)"]}
    discarded, delivered = send("open", STOP, settings=quiet), send("open", STOP)
    assert log(discarded) == log(delivered)[:1]
