"""Sessions with a living world: places, windows, greylists, arms, and what became of the mail."""

import pytest
from visiting import ALICE, BOB, check_mail, connection, living, send

from sim.records.words import Fate
from sim.serve.places import NoSuchPlaceError

POP_FIRST = "on network + POP first"


def test_a_guest_of_the_hotel_may_not_relay_and_somebody_at_home_may():
    world = living("on network")
    assert send(world, place="hotel")[0].startswith("550 5.7.1")
    assert send(world, place="proseware")[0].startswith("250")


def test_a_pop_login_opens_a_window_that_closes_again():
    world = living(POP_FIRST)
    assert send(world)[0].startswith("550")
    check_mail(world)
    assert send(world)[0].startswith("250")
    world.step(31 * 60)
    assert send(world)[0].startswith("550")


def test_facts_are_asked_at_each_command():
    world = living(POP_FIRST)
    with connection(world) as end:
        end.say("EHLO client")
        end.say(f"MAIL FROM:<{ALICE}>")
        assert end.say(f"RCPT TO:<{BOB}>").startswith("550")
        check_mail(world)
        assert end.say(f"RCPT TO:<{BOB}>").startswith("250")
        world.step(31 * 60)
        assert end.say(f"RCPT TO:<{BOB}>").startswith("550")


def test_the_arm_can_be_switched_within_a_session():
    world = living("open trust")
    with connection(world) as end:
        end.say("EHLO client")
        end.say(f"MAIL FROM:<{ALICE}>")
        assert end.say(f"RCPT TO:<{BOB}>").startswith("250")
        world.switch("on network")
        assert world.arm == "on network"
        assert end.say(f"RCPT TO:<{BOB}>").startswith("550")


CLOSING = """
extends = "six-cases"
[arms."closes later"]
"servers.*.relay" = "open"
[[arms."closes later".at]]
when = "2 days"
"servers.*.relay" = "on_network"
[arms."opens later"]
"servers.*.relay" = "on_network"
[[arms."opens later".at]]
when = "4 days"
"servers.*.relay" = "open"
"""


@pytest.mark.parametrize(
    ("arms", "codes"),
    [
        (["closes later"], "250 550 550"),
        (["closes later", "opens later"], "550 550 250"),
        (["opens later", "closes later", "opens later", "on network"], "550 550 550"),
    ],
)
def test_dated_changes_are_those_of_the_arm_in_force(tmp_path, arms, codes):
    (tmp_path / "closing.toml").write_text(CLOSING)
    world = living(arms[0], str(tmp_path / "closing.toml"))
    for arm in arms[1:]:
        world.switch(arm)
    replies = []
    for days in (0, 2, 1):
        world.step(days * 86400.0)
        replies.append(send(world)[0][:3])
    assert " ".join(replies) == codes


def test_a_greylisted_message_passes_after_the_delay():
    world = living("on network", changes={"servers.proseware-mx.recipient": ["greylist(5 min)"]})
    mail = {"server": "proseware-mx", "sender": "x@elsewhere.example", "to": [ALICE]}
    assert send(world, **mail)[0].startswith("451")
    world.step(60)
    assert send(world, **mail)[0].startswith("451")
    world.step(240)
    assert send(world, **mail)[0].startswith("250")


def test_connections_are_counted_while_they_last():
    changes = {"servers.proseware-smtp.client": ["limit_connections(1)"]}
    world = living("open trust", changes=changes | {"servers.proseware-smtp.service_time": "60 s"})
    with connection(world) as one, connection(world) as other:
        assert one.greeting.startswith("220")
        assert other.greeting.startswith("421")
    world.step(61)
    with connection(world) as later:
        assert later.greeting.startswith("220")


def test_a_server_without_a_free_session_is_busy():
    changes = {"sessions": 1, "connection_queue": 0, "service_time": "60 s"}
    world = living(
        "open trust", changes={f"servers.proseware-smtp.{k}": v for k, v in changes.items()}
    )
    with connection(world) as one, connection(world) as other:
        assert one.greeting.startswith("220")
        assert other.greeting.startswith("421")
        assert other.closed


def test_a_session_is_busy_for_as_long_as_a_simulated_one_with_as_many_recipients():
    changes = {"sessions": 1, "connection_queue": 0, "service_time": "60 s", "per_recipient": "5 s"}
    world = living(
        "open trust", changes={f"servers.proseware-smtp.{k}": v for k, v in changes.items()}
    )
    send(world, to=[BOB, "ann@adatum.com"])
    for seconds, code in ((69, "421"), (2, "220")):
        world.step(seconds)
        with connection(world) as end:
            assert end.greeting[:3] == code


def test_relayed_mail_is_in_the_mailbox_of_the_next_hop_and_a_bounce_comes_back():
    world = living("on network")
    send(world, place="proseware", to=[BOB, "nobody@adatum.com"])
    assert check_mail(world, "adatum", user=BOB) == []  # it is on its way
    world.step(60)
    (text,) = check_mail(world, "adatum", user=BOB)
    assert "Return-Path: <alice@proseware.com>" in text
    assert "\r\nhello\r\n" in text
    (notice,) = check_mail(world, user=ALICE)
    assert "<...@adatum.com>: adatum-mx said: 550 5.1.1 (unknown_recipient)" in notice
    assert sorted(world.mail.fates()) == ["bounced", "delivered"]


def test_mail_that_an_alias_sends_on_is_in_the_mailbox_it_ends_in_alone():
    aliases = {ALICE: [BOB], "ann@proseware.com": ["alias@proseware.com"],
               "alias@proseware.com": ["postmaster@proseware.com"]}  # fmt: skip
    world = living("on network", changes={"servers.proseware-mx.aliases": aliases})
    to = [ALICE, "ann@proseware.com"]
    send(world, "x@elsewhere.example", to, server="proseware-mx", place="adatum")
    world.step(60)
    boxes = {"adatum": [BOB], "proseware": ["postmaster@proseware.com", *to]}
    found = [len(check_mail(world, isp, user=u)) for isp, users in boxes.items() for u in users]
    assert found == [1, 1, 0, 0]
    assert world.mail.fates() == ["delivered", "delivered"]


def test_mail_that_a_client_does_not_send_in_the_end_is_not_taken():
    world = living("on network")
    with connection(world, place="proseware") as end:
        end.say("EHLO client")
        end.say(f"MAIL FROM:<{ALICE}>")
        end.say(f"RCPT TO:<{BOB}>")
    recorder = world.world.recorder
    assert Fate.texts()[recorder.outcome[-1] % len(Fate)] == "gave_up"
    assert world.accepted == 0


def test_a_login_by_auth():
    world = living("on network + AUTH")
    with connection(world) as end:
        assert "250 AUTH PLAIN LOGIN" in end.say("EHLO client").replace("-", " ")
        assert end.say("AUTH PLAIN AGFsaWNlQHByb3Nld2FyZS5jb20AcGFzc3dvcmQ=").startswith("235")
        end.say(f"MAIL FROM:<{ALICE}>")
        assert end.say(f"RCPT TO:<{BOB}>").startswith("250")
    with connection(world) as end:
        end.say("EHLO client")
        assert end.say("AUTH PLAIN AGFsaWNlQHByb3Nld2FyZS5jb20AcGFzcw==").startswith("535")


def test_xclient_moves_a_client():
    world = living("on network")
    with connection(world, place="proseware") as end:
        assert "XCLIENT ADDR" in end.say("EHLO client")
        alias = world.places.alias("hotel")
        assert end.say(f"XCLIENT ADDR={alias}").startswith("220")
        end.say("EHLO client")
        end.say(f"MAIL FROM:<{ALICE}>")
        assert end.say(f"RCPT TO:<{BOB}>").startswith("550")
        assert end.say("XCLIENT ADDR=203.0.113.9").startswith("501")
        assert world.log[-1].place == "hotel"


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("127.0.0.1", "proseware"),
        ("::1", "proseware"),
        ("::ffff:127.9.4.7", "hotel"),
        ("127.9.2.1", "adatum"),
        ("127.8.4.1", "adatum"),  # adatum-mx
        ("192.0.2.130", "hotel"),
    ],
)
def test_a_client_is_where_its_address_says(address, place):
    assert living("on network").places.at(address).place == place


@pytest.mark.parametrize("address", ["127.9.77.1", "127.9.2.200", "203.0.113.1", "127.8.0.1"])
def test_there_is_nobody_elsewhere(address):
    with pytest.raises(NoSuchPlaceError):
        living("on network").places.at(address)


def test_the_usual_place_is_a_choice():
    assert living("on network", place="hotel").places.at("127.0.0.1").place == "hotel"
    with pytest.raises(NoSuchPlaceError, match="did you mean 'hotel'"):
        living("on network", place="hotle")


def test_simulated_people_share_the_servers():
    world = living("on network", people=1.0)
    world.step(86400.0)
    assert world.world.recorder.messages.attempts[0]
    (texts,) = [check_mail(world, p.accounts[0].network, user=p.accounts[0].address)
                for p in world.world.workload.population.people[:1]]  # fmt: skip
    assert any("(simulated)" in text for text in texts)


def test_what_was_looked_at_is_kept_beside_what_was_said():
    world = living("on network")
    send(world)
    judged = world.log[0].judgements[0]
    assert (judged.recipient, judged.rule) == (BOB, "reject_unauth_destination")
    assert judged.walk[-1][3] == "refuse"
    assert "\nS: 550 5.7.1 <bob@adatum.com> Relaying denied" in str(world.log[0])
