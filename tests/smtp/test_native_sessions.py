"""Odd sessions are answered as Exim, Sendmail and OpenSMTPD answered: faults, forms, line ends.

data/native.json.xz has what was said to servers of the room of config/native_room.py with a closed
relay, and every reply, queue ids aside; what follows a closed connection is left out.
"""

import json
import lzma
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from sim.smtp import Facts, Names, Policy, Session, presets
from sim.smtp.restrictions import parse

DATA = Path(__file__).with_name("data") / "native.json.xz"
CLIENT = int(IPv4Address("203.0.113.140"))
POLICY = {
    "hostname": "mail.proseware.com",
    "address": int(IPv4Address("198.51.100.25")),
    "domains": frozenset({"proseware.com"}),
    "mailboxes": frozenset({"amy@proseware.com", "bob@proseware.com"}),
    "relay": presets.relay("closed"),
    "recipient": (parse("reject_unlisted_recipient"),),
}
NAMES = Names.resolving(["contoso.com", "adatum.com", "proseware.com"])

NOT_REPRODUCED = {
    "exim": {
        "a CR more than the line end has": ["\r\n.\r\n"],
        "SMTPUTF8 of that build": [
            "MAIL FROM:<x@contoso.com> SMTPUTF8", "RCPT TO:<a\xe9@proseware.com>",
        ],
        "blanks and quotes that change the name": [
            "RCPT TO:<amy @proseware.com>", "RCPT TO:< amy@proseware.com>",
            'RCPT TO:<""@proseware.com>',
        ],
        "postmaster has no alias there": ["RCPT TO:<postmaster>"],
        "names with an underscore": ["EHLO under_score"],
        "ETRN": ["ETRN x"],
    },
    "sendmail": {
        "a CR is refused before its line is over": ["Subject: x\r\n\r\nline\r.\r", "\r\n.\r\n"],
        "it waits before it answers": ["NOOP", "VRFY amy", "EHLO [1.2.3.4]"],
        "who does not wait for the greeting's reply": ["EHLO client.contoso.com", "EHLO x"],
        "looks for a proxy in front": ["GET / HTTP/1.0"],
        "the room on its disk": ["MAIL FROM:<x@contoso.com> SIZE=999999999999"],
        "the names that resolve there": ["MAIL FROM:<x@con_toso.com>"],
        "EXPN without a name": ["EXPN"],
        "what it makes of these addresses": [
            "MAIL FROM:<x@contoso.com>BODY=7BIT", "RCPT TO:<amy\\@proseware.com>",
            'RCPT TO:<a"m"y@proseware.com>', "RCPT TO:<amy@[1.2.3.4>",
            "RCPT TO:<amy@-proseware.com>", "RCPT TO:<a;b@proseware.com>",
            "RCPT TO:<a:b@proseware.com>", "RCPT TO:<amy@proseware.com><bob@proseware.com>",
            "RCPT TO:<amy@proseware.com>, <bob@proseware.com>", "RCPT TO:<a\xe9@proseware.com>",
            "RCPT TO:<amy@pros\xe9ware.com>",
        ],
    },
    "opensmtpd": {
        "a CR more than the line end has": ["\r\n.\r\n"],
        "any size": ["MAIL FROM:<x@contoso.com> SIZE=999999999999"],
        "its own name is no local domain there": ["RCPT TO:<amy>", "RCPT TO:<postmaster>"],
        "what it makes of these addresses": [
            "RCPT TO:<@:amy@proseware.com>", "RCPT TO:<amy@>", "RCPT TO:<a:b@proseware.com>",
        ],
        "a name too long after another HELO": ["HELO " + "a" * 300],
    },
}  # fmt: skip
"""By make and reason, the commands at which a session here is answered with another code."""


@cache
def recorded():
    return json.loads(lzma.decompress(DATA.read_bytes()))


def codes(replies):
    """The codes of the replies in a text, and whether the connection was closed."""
    text, closed, _ = replies.partition("<CLOSED>")
    return [line[:3] for line in text.split("\r\n") if line and line[3:4] != "-"], bool(closed)


def named(command):
    """A command by its first line; a part of a message as a whole."""
    return command if command[:1] in ("\r", "S") else command.split("\r\n")[0]


def first_difference(make, sent, replies):
    """The command at which the codes differ, with both replies; None: nowhere."""
    talk = Session(
        Policy(flavour=make, auth_offered=False, **POLICY), Facts(CLIENT, None, "", names=NAMES)
    )
    talk.connect()
    for command, real in zip(sent, replies[1:], strict=True):
        ours = talk.receive(command.encode("latin-1")).decode() + "<CLOSED>" * talk.closed
        if codes(ours) != codes(real):
            return named(command), real, ours
    return None


@pytest.mark.parametrize("make", NOT_REPRODUCED)
def test_odd_sessions_are_answered_as_recorded(make):
    sessions = recorded()[make]
    assert len(sessions) > 120
    found = [d for _, sent, replies in sessions if (d := first_difference(make, sent, replies))]
    known = {command for commands in NOT_REPRODUCED[make].values() for command in commands}
    assert {command for command, _, _ in found} == known, found


def test_where_a_message_ends_differs_by_make():
    ends = {
        make: {
            kind.removeprefix("end ")
            for kind, _, replies in sessions
            if kind.startswith("end ") and replies[5].startswith("250")
        }
        for make, sessions in recorded().items()
    }
    assert ends == {
        "exim": set(), "sendmail": set(), "opensmtpd": {"LF.LF", "LF.CRLF", "CRLF.LF"},
    }  # fmt: skip
