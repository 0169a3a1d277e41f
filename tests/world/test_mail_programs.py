"""What a mail program shows a server, and what its owner makes of the answer."""

from itertools import pairwise

import pytest
from small_post import Post

from sim.path.facts import NO_LOGIN
from sim.world.outbox import LearnedSettings

AUTH = {"users.people.auth": 1.0, "servers.proseware-smtp.relay": "on_network+auth"}


def program(settings=None, place="home"):
    """The mail program of people-1, who writes one message."""
    return Post(settings).write(100.0, place=place).run().world.programs[0]


def test_it_names_the_server_of_the_account_wherever_one_is():
    transfers = [program(place=place).first(0) for place in ("home", "hotel")]
    assert [t.server.name for t in transfers] == ["proseware-smtp"] * 2
    assert [t.network for t in transfers] == ["proseware", "hotel"]


CREDENTIALS = {
    # what is set                    login or not, wrong password, port
    "nothing": ({}, (None, False, 25)),
    "AUTH": (AUTH, ("people-1@proseware.com", False, 25)),
    "AUTH that no server offers": ({"users.people.auth": 1.0}, (None, False, 25)),
    "a wrong password": (
        AUTH | {"users.people.wrong_password": 1.0},
        ("people-1@proseware.com", True, 25),
    ),
    "port 587": (
        {"users.people.port_587": 1.0, "servers.proseware-smtp.port_587": True},
        ("people-1@proseware.com", False, 587),
    ),
}


@pytest.mark.parametrize(("settings", "shown"), CREDENTIALS.values(), ids=CREDENTIALS)
def test_what_it_shows(settings, shown):
    assert program(settings).first(0).credentials[:3] == shown


def test_another_server_is_shown_no_login():
    mine = program({"users.people.auth": 1.0, "servers.*-smtp.relay": "on_network+auth"})
    other = next(s for s in mine.context.servers if s.name == "adatum-smtp")
    mine.learned["home", 0] = LearnedSettings(other)
    assert mine.first(0).server is other
    assert mine.first(0).credentials == NO_LOGIN


def test_helo_is_said_where_a_server_asks():
    assert program().first(0).credentials.helo is None
    asked = program({"servers.adatum-mx.helo": ["reject_unknown_helo_hostname"]})
    assert asked.first(0).credentials.helo == "user-pc"


def test_web_mail_is_sent_by_the_servers_own_machine():
    mine = program({"users.people.program": "web"} | AUTH, place="hotel")
    transfer = mine.first(0)
    assert transfer.address == transfer.server.address
    assert (transfer.network, transfer.credentials) == ("proseware", NO_LOGIN)


def test_settings_are_made_once_for_a_place():
    mine = program()
    assert mine._settings("home", 0, None) is mine._settings("home", 0, None)
    assert mine._settings("home", 0, None) is not mine._settings("hotel", 0, None)


def test_a_message_written_before_anything_was_learned_is_the_same_later():
    mine = program()
    other = next(s for s in mine.context.servers if s.name == "adatum-smtp")
    mine.learned["home", 0] = LearnedSettings(other, sender="guest@adatum.com")
    assert mine.message(0).reverse_path == "people-1@proseware.com"
    assert mine.first(0).message.reverse_path == "guest@adatum.com"


def test_who_only_ever_gives_up_does_so_at_once():
    assert program().gives_up_at_once(0)
    assert not program({"users.people.when_refused": {"wait": 1.0}}).gives_up_at_once(0)


def test_a_refusal_for_good_ends_a_message_whose_writer_gives_up():
    post = Post({"servers.proseware-smtp.relay": "on_network"}).write(100.0, place="hotel").run()
    assert post.fates() == [("refused", "relaying", False)]
    recipients = post.frames["recipients"]
    assert recipients["remedy"].tolist() == ["give_up"]
    assert recipients["first_cause"].tolist() == ["relaying"]


def test_a_temporary_reply_is_heard_again_at_every_poll():
    keys = {"servers.proseware-smtp.client": ["greylist(5 min)"], "users.people.pop_poll": "2 min"}
    moments = Post(keys).write(100.0, place="hotel").run().moments("submission")
    assert [b - a for a, b in pairwise(moments)] == pytest.approx([120.0] * 3, abs=5.0)
