"""What worked at a place is done there from then on: two messages, and the log of both."""

import pytest
from small_post import DAY, HOUR, Post

OWN, LOCAL = "proseware-smtp", "hotel-smtp"
HOTEL = f"""
[servers.{LOCAL}]
role = "submission"
network = "hotel"
domains = ["hotel.example"]
"""
CLOSED = {f"servers.{OWN}.relay": "on_network", "users.people.pop_after_sending": "10 days"}
NOBODY = {"servers.adatum-mx.relay": ["reject"], "servers.adatum-mx.recipient": []}
CHECKED = {f"servers.{LOCAL}.sender": ["reject_sender_not_local"]}


def post(remedies, **changes):
    return Post(CLOSED | {"users.people.when_refused": dict(remedies)} | changes, HOTEL)


def asked(sent):
    """(server, code) of each submission, message by message."""
    a = sent.frames["attempts"]
    a = a[a["hop"] == "submission"].sort_values("at", kind="stable")
    return [
        [(s, c) for m, s, c in zip(a["message"], a["server"], a["code"], strict=True) if m == n]
        for n in sorted(set(a["message"]))
    ]


def effort(sent):
    """(remedy, calls, changes, attempts) of each message."""
    r = sent.frames["recipients"]
    r = r[r["class"] == "honest"]
    columns = ("remedy", "calls", "changes", "attempts")
    return [tuple(x) for x in zip(*(r[c].tolist() for c in columns), strict=True)]


REMEDIES = {
    # what works:         remedies,  how the server is set, first message, and the second
    "the server of the hotel": (
        {"switch_server": 1.0}, {}, [(OWN, 550), (LOCAL, 250)], [(LOCAL, 250)],
    ),
    "to dial in": ({"dial_in": 1.0}, {}, [(OWN, 550), (OWN, 250)], [(OWN, 250)]),
    "AUTH": (
        {"ask_isp": 1.0}, {f"servers.{OWN}.relay": "on_network+auth"},
        [(OWN, 550), (OWN, 250)], [(OWN, 250)],
    ),
    "to look for mail first": (
        {"ask_isp": 1.0}, {f"servers.{OWN}.relay": "on_network+pop_first"},
        [(OWN, 550), (OWN, 250)], [(OWN, 250)],
    ),
    "the hotel's server under a name of the hotel's": (
        {"switch_server": 0.5, "change_sender": 0.5}, CHECKED,
        [(OWN, 550), (LOCAL, 550), (LOCAL, 250)], [(LOCAL, 250)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("remedies", "changes", "first", "second"), REMEDIES.values(), ids=REMEDIES
)
def test_what_worked_is_done_at_once_the_next_time(remedies, changes, first, second):
    sent = post(remedies, **changes).write(100.0, place="hotel").write(3 * DAY, place="hotel").run()
    assert asked(sent) == [first, second]
    assert effort(sent)[1] == ("", 0, 0, 1)
    assert sent.fates() == [("delivered", "", True)] * 2


def test_one_call_to_the_help_desk_does_for_all_that_waits():
    """What is refused while the advice is awaited is sent when it comes, without another call."""
    asks = {f"servers.{OWN}.relay": "on_network+auth"}
    sent = post({"ask_isp": 1.0}, **asks)
    sent.write(100.0, place="hotel").write(100.0 + 5 * HOUR, place="hotel").run()
    assert asked(sent) == [[(OWN, 550), (OWN, 250)]] * 2
    assert effort(sent) == [("auth", 1, 1, 2), ("auth", 0, 0, 2)]
    first, other = [at for at, _, code in sent.log("submission") if code == 250]
    assert first == pytest.approx(100.0 + DAY, abs=2.0)
    assert other == pytest.approx(first, abs=2.0)


def test_nobody_calls_twice_about_one_message_that_the_isp_has_no_answer_to():
    """The ISP offers nothing, the hotel's server checks senders: given up after one call."""
    sent = post({"ask_isp": 0.9, "switch_server": 0.1}, **CHECKED).write(100.0, place="hotel").run()
    assert asked(sent) == [[(OWN, 550), (LOCAL, 550)]]
    assert effort(sent) == [("give_up", 1, 1, 2)]


def test_who_dials_in_again_has_an_address_of_the_isp_and_a_modem_line():
    sent = post({"dial_in": 1.0}).write(100.0, place="hotel").write(DAY, place="hotel").run()
    a = sent.frames["attempts"]
    a = a[a["hop"] == "submission"]
    hotel, *home = (address >> 8 for address in a["client"].tolist())
    assert (hotel, home) == (0xC00002, [0xC63364] * 2)
    lan, *modem = a["took"].tolist()
    assert lan == pytest.approx(1.0, abs=0.1)
    assert modem == pytest.approx([1 + 4200 * 8 / 33.6e3] * 2)
    assert a["at"].tolist()[2] == pytest.approx(DAY + 0.067, abs=0.001)


def test_an_address_changed_for_the_hotel_is_shown_there_alone():
    """Two messages to nobody, by way of the hotel: the notices go to a name of the hotel's."""
    sent = post({"switch_server": 0.5, "change_sender": 0.5}, **CHECKED, **NOBODY)
    sent.write(100.0, place="hotel").write(DAY, place="hotel").write(DAY, by=1).run()
    r = sent.frames["recipients"]
    told = r[r["class"] == "notice"][["group", "domain"]].astype(str).to_numpy().tolist()
    assert sorted(told) == [[LOCAL, "hotel.example"]] * 2 + [[OWN, "proseware.com"]]


def test_what_no_longer_works_is_unlearned():
    """The hotel begins to check senders on the second day: the traveller asks the ISP, and goes
    on with its server."""
    keys = CLOSED | {
        "policy_starts": "2 days",
        f"servers.{OWN}.relay": "on_network+auth",
        "users.people.when_refused": {"switch_server": 0.9999, "ask_isp": 0.0001},
    }
    sent = Post(keys, f'"servers.{LOCAL}.sender" = ["reject_sender_not_local"]\n{HOTEL}')
    for day in (0, 1, 3, 5):
        sent.write(day * DAY + HOUR, place="hotel")
    assert asked(sent.run()) == [
        [(OWN, 550), (LOCAL, 250)],
        [(LOCAL, 250)],
        [(LOCAL, 550), (OWN, 250)],
        [(OWN, 250)],
    ]
    assert effort(sent)[2] == ("auth", 1, 1, 2)
