"""SPF, DKIM and DMARC as their RFCs say, on the messages of the notebook *Today*."""

import pytest

from sim.lab.authentication import DOMAINS, MAILS, Mail, aligned, authenticate, checks

EXPECTED = {
    "by proseware's server": ("pass", "pass", "pass", "deliver"),
    "by the hotel's server": ("fail", "none", "fail", "refuse"),
    "forwarded by adatum": ("fail", "pass", "pass", "deliver"),
    "by a mailing list": ("pass", "fail", "fail", "refuse"),
    "a forger": ("pass", "none", "fail", "refuse"),
    "a spammer, own domain": ("pass", "pass", "pass", "deliver"),
}


@pytest.mark.parametrize("name", MAILS)
def test_each_message_gets_what_the_rfcs_say(name):
    assert authenticate(MAILS[name], DOMAINS) == EXPECTED[name]


def test_the_null_sender_is_checked_by_the_helo_name():
    notice = Mail("198.51.100.5", "", "postmaster@proseware.com", helo="proseware.com")
    assert authenticate(notice, DOMAINS)[:3] == ("pass", "none", "pass")


def test_a_domain_without_records_says_nothing():
    mail = Mail("192.0.2.1", "eva@contoso.com", "eva@contoso.com")
    assert authenticate(mail, DOMAINS) == ("none", "none", "none", "deliver")


@pytest.mark.parametrize(
    ("domain", "author", "same"),
    [
        ("proseware.com", "proseware.com", True),
        ("mail.proseware.com", "proseware.com", True),
        ("proseware.com", "mail.proseware.com", True),
        ("notproseware.com", "proseware.com", False),
        ("", "proseware.com", False),
    ],
)
def test_alignment_is_of_an_organisation(domain, author, same):
    assert aligned(domain, author) is same


def test_the_table_shows_every_message():
    page = checks(MAILS, DOMAINS)
    assert all(name in str(page) for name in MAILS)
    assert page.as_dict()["a forger"].dmarc == "fail"
