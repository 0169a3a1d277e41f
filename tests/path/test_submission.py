"""Settings of a mail program: which port is asked, with which credentials, from which address."""

import pytest

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.submission import MailProgram, credentials, is_blocked, spammer_address, submit
from sim.world.run import World

OFFERS = {
    # what the program has       login  587    wrong  server offers AUTH, port  shown
    "AUTH on, and offered":     ("ann", False, False, True, 0, Credentials("ann")),
    "AUTH on, but not offered": ("ann", False, False, False, 0, NO_LOGIN),
    "AUTH off":                 (None, False, False, True, 587, NO_LOGIN),
    "587, and offered":         ("ann", True, False, False, 587, Credentials("ann", False, 587)),
    "465, and it alone offered": ("ann", True, False, False, 465, Credentials("ann", False, 465)),
    "587, but not offered":     ("ann", True, False, True, 0, Credentials("ann")),
    "587 without a login":      (None, True, True, True, 587, Credentials(None, False, 587)),
    "a wrong password":         ("ann", False, True, True, 0, Credentials("ann", True)),
    "one that nobody asks for": ("ann", False, True, False, 0, NO_LOGIN),
}  # fmt: skip


@pytest.mark.parametrize(
    ("login", "by_587", "wrong", "offers_auth", "submission_port", "shown"),
    OFFERS.values(),
    ids=OFFERS,
)
def test_what_a_server_is_shown(login, by_587, wrong, offers_auth, submission_port, shown):
    assert shown == credentials(
        login,
        by_587=by_587,
        wrong_password=wrong,
        offers_auth=offers_auth,
        submission_port=submission_port,
    )


BLOCKS = {
    # who asks whom                       here     there     port  blocked
    "port 25 of another network":        ("hotel", "isp",    25,   True),
    "port 25 of its own network":        ("hotel", "hotel",  25,   False),
    "port 587 of another network":       ("hotel", "isp",    587,  False),
    "from a network that blocks nothing": ("isp",  "hotel",  25,   False),
}  # fmt: skip


@pytest.mark.parametrize(("here", "there", "port", "blocked"), BLOCKS.values(), ids=BLOCKS)
def test_who_is_let_out(here, there, port, blocked):
    assert is_blocked(here, there, port, {"hotel"}) == blocked


PROGRAM = MailProgram(
    "proseware-smtp", "a@proseware.com", "a@proseware.com", auth=True, by_587=True, polls_first=True
)


def test_at_the_server_of_the_account_there_is_a_login(scenario):
    attempt = submit(scenario, PROGRAM, "hotel", 7, "bob@adatum.com")
    assert (attempt.login, attempt.by_587, attempt.pop_age) == ("a@proseware.com", True, 0.0)


def test_nobody_has_an_account_at_another_server(scenario):
    attempt = submit(scenario, PROGRAM, "hotel", 7, "bob@adatum.com", server="hotel-smtp")
    assert attempt.server == "hotel-smtp"
    assert (attempt.login, attempt.by_587, attempt.pop_age) == (None, False, None)


def test_web_mail_comes_from_the_machine_of_the_isp(scenario):
    program = MailProgram("proseware-smtp", "a@proseware.com", "a@proseware.com", True, web=True)
    attempt = submit(scenario, program, "hotel", 7, "bob@adatum.com")
    assert attempt.network == "proseware"
    assert attempt.client == int(scenario.servers["proseware-smtp"].address)
    assert attempt.login is None


def test_spammers_have_the_addresses_that_they_have_in_a_run(scenario):
    world = World(scenario.with_overrides({"spammers.bulk.count": 3}), "open", 0)
    found = [spammer_address(world.scenario, "bulk", index) for index in range(3)]
    assert len(set(found)) == 3
    assert [spammer.source.address for spammer in world.spammers] == found
