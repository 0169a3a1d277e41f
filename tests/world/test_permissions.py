"""By whose permission mail is relayed: staged people, constant times and an exact log."""

import pytest
from staged import staged, submissions

FIRST, SECOND = 0xC0000281, 0xC0000282  # 192.0.2.129 and 192.0.2.130, at the hotel
AT_HOME = 0xC6336405

GUESTS = """
[users.polls-first]
count = 1
accounts = { proseware = 1.0 }
places = { hotel = 1.0 }
pop_before_sending = 1.0
pop_poll = "10 min"
when_refused = { give_up = 1.0 }
[users.sends-first]
count = 2
accounts = { proseware = 1.0 }
places = { hotel = 1.0 }
pop_poll = "10 min"
when_refused = { give_up = 1.0 }
[users.elsewhere]
count = 1
accounts = { adatum = 1.0 }
places = { hotel = 1.0 }
pop_before_sending = 1.0
when_refused = { give_up = 1.0 }
[arms.pop]
"servers.proseware-smtp.relay" = "on_network+pop_first"
"servers.proseware-smtp.pop_window" = "30 min"
"""
ALICE, BOB, CAROL, DORA = "polls-first-1", "sends-first-1", "sends-first-2", "elsewhere-1"


def stay(name, client, start, end):
    return (name, "hotel", client, start, end)


WINDOWS = {
    "a program that polls first opens its own window": (
        [stay(ALICE, FIRST, 100, 400)], [(ALICE, 100)], [(100, 250, "own_window")],
    ),
    "one that sends first finds it closed, and a minute later open": (
        [stay(BOB, FIRST, 100, 400)], [(BOB, 100), (BOB, 200)],
        [(100, 550, ""), (200, 250, "own_window")],
    ),
    "the next holder of the address inherits what is left of it": (
        # Alice's program polls at 100 s and 700 s; its window is open until 2500 s
        [stay(ALICE, FIRST, 100, 1000), stay(BOB, FIRST, 2490, 2500),
         stay(CAROL, FIRST, 2510, 2520)],
        [(BOB, 2490), (CAROL, 2510)],
        [(2490, 250, "inherited_window"), (2510, 550, "")],
    ),
    "nobody inherits at another address": (
        [stay(ALICE, FIRST, 100, 1000), stay(BOB, SECOND, 1100, 1200)],
        [(BOB, 1100)], [(1100, 550, "")],
    ),
    "a login at another ISP opens nothing here": (
        [stay(DORA, FIRST, 100, 1000), stay(BOB, FIRST, 1100, 1200)],
        [(BOB, 1100)], [(1100, 550, "")],
    ),
    "a connection that ends before the program looks for mail opens nothing": (
        [stay(BOB, FIRST, 100, 150), stay(CAROL, FIRST, 200, 300)],
        [(CAROL, 200)], [(200, 550, "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sessions", "written", "log"), WINDOWS.values(), ids=WINDOWS)
def test_who_opened_the_window(sessions, written, log):
    assert submissions(staged(GUESTS, "pop", sessions, written)) == log


def test_web_mail_opens_no_window():
    sessions = [stay(ALICE, FIRST, 100, 1000), stay(BOB, FIRST, 1100, 1200)]
    for program, log in (("mail", (250, "inherited_window")), ("web", (550, ""))):
        program = {"users.polls-first.program": program}
        found = submissions(staged(GUESTS, "pop", sessions, [(BOB, 1100)], program))
        assert found == [(1100, *log)]


def test_behind_a_shared_address_every_guest_has_the_window_at_once():
    sessions = [
        stay(ALICE, FIRST, 100, 1000),
        stay(BOB, FIRST, 90, 200),
        stay(CAROL, FIRST, 110, 200),
    ]
    frames = staged(
        GUESTS, "pop", sessions, [(BOB, 90), (CAROL, 110)],
        {"networks.hotel.shared_address": True},
    )  # fmt: skip
    assert submissions(frames) == [(90, 550, ""), (110, 250, "shared_window")]


def test_a_spammer_behind_the_same_address_has_it_too():
    spammer = """
    [spammers.guest]
    network = "hotel"
    routes = ["inherited_window"]
    capacity = { inherited_window = "2000 / day" }
    recipients = 1
    """
    shared = {"networks.hotel.shared_address": True, "run_length": "6 hours"}
    sessions = [stay(ALICE, FIRST, 7200, 7260)]
    frames = staged(GUESTS + spammer, "pop", sessions, [], shared)
    attempts = frames["attempts"]
    used = attempts[attempts["permission"] != ""]
    assert set(used["permission"]) == {"shared_window"}
    assert used["at"].min() >= 7200
    assert used["at"].max() < 7200 + 1800  # one login, and no longer than its window
    assert (used["accepted"] == 1).all()


def test_a_spammer_who_dials_in_again_gets_the_address_of_who_hung_up():
    """Alice holds FIRST to 1000 s and polls; Bob gets it from 3000 s to 4000 s and polls, too."""
    spammer = """
    [spammers.guest]
    network = "hotel"
    routes = ["inherited_window"]
    capacity = { inherited_window = "20000 / day" }
    recipients = 1
    calls = 100
    """
    sessions = [stay(ALICE, FIRST, 100, 1000), stay(BOB, FIRST, 3000, 4000)]
    closed = {"run_length": "3 hours", "servers.adatum-smtp.relay": "on_network"}
    frames = staged(GUESTS + spammer, "pop", sessions, [], closed)
    attempts = frames["attempts"]
    used = attempts[attempts["permission"] != ""]
    assert set(used["permission"]) == {"inherited_window"}
    assert set(used["client"]) == {FIRST}
    # Alice's last login is at 700 s, Bob's at 3660 s: 30 min from then, while nobody is there
    after_alice, after_bob = used[used["at"] < 3000], used[used["at"] >= 3000]
    for at, (start, end) in ((after_alice["at"], (1000, 2500)), (after_bob["at"], (4000, 5460))):
        assert start < at.min() < start + 120
        assert end - 120 < at.max() < end + 1
    without = staged(GUESTS + spammer, "pop", sessions, [], closed | {"spammers.guest.calls": 0})
    assert set(without["attempts"]["permission"]) <= {""}


LOGINS = """
[users.travellers]
count = 2
accounts = { proseware = 1.0 }
places = { home = 0.5, hotel = 0.5 }
auth = 1.0
when_refused = { ask_isp = 0.99, give_up = 0.01 }
delays = { ask_isp = "1 hour" }
[arms.auth]
"servers.proseware-smtp.relay" = "on_network+auth"
[arms.owners]
"servers.proseware-smtp.relay" = "on_network+auth"
"servers.proseware-smtp.sender" = ["reject_sender_login_mismatch"]
"""
RESIGNED = LOGINS.replace("ask_isp = 0.99, give_up = 0.01", "give_up = 1")
EVE, FRED = "travellers-1", "travellers-2"


def test_a_login_of_ones_own():
    frames = staged(LOGINS, "auth", [stay(EVE, FIRST, 100, 400)], [(EVE, 100)])
    assert submissions(frames) == [(100, 250, "own_login")]


def test_a_wrong_password_is_refused_until_the_help_desk_corrects_it():
    frames = staged(
        LOGINS, "auth", [stay(EVE, FIRST, 100, 8000)], [(EVE, 100), (EVE, 6000)],
        {"users.travellers.wrong_password": 1.0},
    )  # fmt: skip
    assert submissions(frames) == [
        (100, 535, ""),
        (3701, 250, "own_login"),
        (6000, 250, "own_login"),
    ]
    first = frames["recipients"].iloc[0]
    assert (first["first_cause"], first["remedy"], first["fate"]) == (
        "authentication", "password", "delivered",
    )  # fmt: skip
    assert frames["recipients"][["calls", "changes"]].iloc[0].tolist() == [1, 1]


def test_the_help_desk_is_asked_again_when_its_advice_meets_a_wrong_password():
    """First how to be let in, then why the login fails: two calls, two changes."""
    frames = staged(
        LOGINS, "auth", [stay(EVE, FIRST, 100, 9000)], [(EVE, 100)],
        {"users.travellers.wrong_password": 1.0, "users.travellers.auth": 0.0},
    )  # fmt: skip
    assert submissions(frames) == [(100, 550, ""), (3701, 535, ""), (7302, 250, "own_login")]
    first = frames["recipients"].iloc[0]
    assert (first["calls"], first["changes"], first["remedy"]) == (2, 2, "password")


@pytest.mark.parametrize(("password", "code"), [("pop", 250), ("separate", 535)])
def test_where_auth_has_a_password_of_its_own_some_enter_that_of_pop(password, code):
    frames = staged(
        LOGINS, "auth", [stay(EVE, FIRST, 100, 400)], [(EVE, 100)],
        {
            "users.travellers.wrong_separate_password": 1.0,
            "servers.proseware-smtp.auth_password": password,
        },
    )  # fmt: skip
    assert submissions(frames)[0] == (100, code, "own_login" if code == 250 else "")


def test_more_of_the_same_people_are_wrong_as_the_share_grows():
    def wrong(share):
        frames = staged(
            RESIGNED.replace("count = 2", "count = 40"),
            "auth", [(f"travellers-{i}", "hotel", FIRST, 100 + i, 500) for i in range(1, 41)],
            [(f"travellers-{i}", 100 + i) for i in range(1, 41)],
            {"users.travellers.wrong_password": share},
        )  # fmt: skip
        rows = frames["recipients"]
        return set(rows["sender"][rows["cause"] == "authentication"])

    few, many = wrong(0.2), wrong(0.6)
    assert 0 < len(few) < len(many) < 40
    assert few < many


OWNERS = {
    "their own sender address": ({}, [(100, 250, "own_login")]),
    "a sender address that is not theirs": (
        {"users.travellers.sender_domain": "adatum.com"}, [(100, 550, "")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "log"), OWNERS.values(), ids=OWNERS)
def test_a_login_must_own_the_sender(settings, log):
    frames = staged(RESIGNED, "owners", [stay(EVE, FIRST, 100, 400)], [(EVE, 100)], settings)
    assert submissions(frames) == log


def test_who_sends_under_the_name_of_another_login():
    """Without a login, an address that belongs to one is refused: at home too."""
    text = RESIGNED.replace("auth = 1.0", "auth = 0.5")
    sessions = [(name, "home", AT_HOME, 100, 400) for name in (EVE, FRED)]
    frames = staged(text, "owners", sessions, [(EVE, 100), (FRED, 200)])
    assert sorted(code for _, code, _ in submissions(frames)) == [250, 550]


STOLEN = """
[spammers.thief]
network = "adatum"
routes = ["stolen_credentials"]
capacity = { stolen_credentials = "500 / day" }
recipients = 1
stolen = 2
"""
THEFT = {
    "works from anywhere": ("auth", {}, {(250, "stolen_login")}),
    "not where AUTH has a password of its own": (
        "auth", {"servers.proseware-smtp.auth_password": "separate"}, {(535, "")},
    ),
    "not with a sender that the login does not own": ("owners", {}, {(550, "")}),
    "but with the address that belongs to it": (
        "owners", {"spammers.thief.forge": "customer"}, {(250, "stolen_login")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arm", "settings", "answers"), THEFT.values(), ids=THEFT)
def test_a_stolen_password(arm, settings, answers):
    frames = staged(LOGINS + STOLEN, arm, [], [], settings)
    found = {(code, permission) for _, code, permission in submissions(frames)}
    local = {(250, "")}  # to proseware.com itself needs no permission
    assert found - local == answers


def test_where_no_login_is_asked_a_changed_password_matters_to_nobody():
    changed = {"spammers.thief.reset": "1 min", "servers.proseware-smtp.relay": "open"}
    frames = staged(f"{LOGINS}{STOLEN}[arms.as-before]\n", "as-before", [], [], changed)
    assert {code for _, code, _ in submissions(frames)} == {250}
