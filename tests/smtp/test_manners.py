"""How a session goes with each make, apart from its policy: as the servers were recorded.

The replies are those of the record of data/ORIGIN.md, to a stranger after ``EHLO``, without what
depends on the day or the version, and without extensions that are not modelled: PIPECONNECT, PRDR
(Exim), XVERP, XEXDATA, XSECURITY (Courier), CRAM-MD5 (qpsmtpd).
"""

import oracle_data
import oracle_replay
import pytest

from sim.smtp import FLAVOURS, Session

HELO = "kiosk.hotel.example"
PLEASED = f"mail.isp.example Hello {HELO} [203.0.113.140], pleased to meet you"
KEYWORDS = {
    "postfix": (
        "mail.isp.example PIPELINING|SIZE 10240000|VRFY|ETRN|AUTH PLAIN LOGIN|ENHANCEDSTATUSCODES"
        "|8BITMIME|DSN|SMTPUTF8|CHUNKING"
    ),
    "exim": "SIZE 10240000|8BITMIME|PIPELINING|AUTH PLAIN LOGIN|CHUNKING|HELP",
    "sendmail": (
        "ENHANCEDSTATUSCODES|PIPELINING|EXPN|VERB|8BITMIME|SIZE|DSN|ETRN|AUTH LOGIN PLAIN"
        "|DELIVERBY|HELP"
    ),
    "opensmtpd": "8BITMIME|ENHANCEDSTATUSCODES|SIZE 10240000|DSN|AUTH PLAIN LOGIN|HELP",
    "courier": "AUTH PLAIN LOGIN|PIPELINING|8BITMIME|SMTPUTF8|SIZE|DSN",
    "qpsmtpd": "PIPELINING|8BITMIME|AUTH PLAIN LOGIN",
}
REPLIES = {
    # command: the reply of each make, in the order of KEYWORDS
    f"HELO {HELO}": (
        "250 mail.isp.example",
        f"250 mail.isp.example Hello {HELO} [203.0.113.140]",
        f"250 {PLEASED}",
        "503 5.5.1 Invalid command: Already identified",
        "250 mail.isp.example Ok.",
        "503 but you already said HELO ...",
    ),
    "VRFY bob": (
        "252 2.0.0 bob",
        "501 bob: recipient address must contain a domain",
        "250 2.1.5 <bob@mail.isp.example>",
        "500 5.5.1 Invalid command: Command unrecognized",
        "252 VRFY disabled",
        "252 Just try sending a mail and we'll see how it turns out ...",
    ),
    "EXPN staff": (
        "500 5.5.2 Error: command not recognized",
        "550 Administrative prohibition",
        "550 5.1.1 staff... User unknown",
        "500 5.5.1 Invalid command: Command unrecognized",
        "252 EXPN disabled",
        "500 Unrecognized command",
    ),
    "BOGUS": (
        "500 5.5.2 Error: command not recognized",
        "500 unrecognized command",
        '500 5.5.1 Command unrecognized: "BOGUS"',
        "500 5.5.1 Invalid command: Command unrecognized",
        "502 ESMTP command error",
        "500 Unrecognized command",
    ),
    "RCPT TO:<bob@isp.example>": (
        "503 5.5.1 Error: need MAIL command",
        "503 sender not yet given",
        "503 5.0.0 Need MAIL before RCPT",
        "503 5.5.1 Invalid command: Command not allowed at this point.",
        "502 ESMTP command error",
        "503 Use MAIL before RCPT",
    ),
    "DATA": (
        "503 5.5.1 Error: need RCPT command",
        "503-All RCPT commands were rejected with this error:\n503-503 sender not yet given\n"
        "503 valid RCPT command must precede DATA",
        "503 5.0.0 Need MAIL command",
        "503 5.5.1 Invalid command: Command not allowed at this point.",
        "502 ESMTP command error",
        "503 MAIL first",
    ),
}
HELP = {
    "postfix": "500 5.5.2 Error",
    "exim": "214-Commands supported:",
    "sendmail": "214-2.0.0 This is",
    "opensmtpd": "214-2.0.0 This is OpenSMTPD",
    "courier": "502 ESMTP command error",
    "qpsmtpd": "214-This is qpsmtpd",
}
MAKES = tuple(KEYWORDS)


def session(make, policy="onnet_or_auth", **options):
    """A session of a stranger with a server of that make."""
    core = oracle_replay.core_policy(oracle_data.policy(policy), make)
    case = {"client_ip": "203.0.113.140", "session": {"sender": "", "rcpt": ""}}
    facts = oracle_replay.facts(oracle_data.policy(policy), case)
    talk = Session(core, facts, **options)
    talk.connect()
    return talk


def say(talk, *lines):
    """The reply to the last of *lines*, its lines separated by newlines."""
    for line in lines:
        reply = talk.receive(f"{line}\r\n".encode()).decode()
    return reply.rstrip("\r\n").replace("\r\n", "\n")


@pytest.mark.parametrize("make", MAKES)
def test_ehlo_offers_what_the_make_does(make):
    lines = say(session(make), f"EHLO {HELO}").split("\n")
    offered = "|".join(line[4:] for line in lines[1:])
    assert offered == KEYWORDS[make].removeprefix("mail.isp.example ")


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize("command", REPLIES)
def test_commands_are_answered_as_recorded(make, command):
    expected = REPLIES[command][MAKES.index(make)]
    assert say(session(make, "open"), f"EHLO {HELO}", command) == expected


@pytest.mark.parametrize("make", MAKES)
def test_help(make):
    assert say(session(make), f"EHLO {HELO}", "HELP").startswith(HELP[make])


@pytest.mark.parametrize("make", [m for m in FLAVOURS if m not in ("postfix", "neutral")])
def test_no_status_of_the_neutral_words_is_lent_to_a_make_without_them(make):
    talk = session(make)
    bare = "ENHANCEDSTATUSCODES" not in say(talk, f"EHLO {HELO}")
    reply = say(talk, "MAIL FROM:<a@b.example> NONSENSE=1")
    assert (reply[4:6] not in ("5.", "2.")) == bare


@pytest.mark.parametrize(
    ("make", "code"), [("neutral", "503"), ("sendmail", "250"), ("postfix", "250"), ("exim", "503")]
)
def test_who_demands_helo(make, code):
    assert say(session(make), "MAIL FROM:<someone@foreign.example>")[:3] == code


def test_opensmtpd_takes_one_command_at_a_time():
    talk = session("opensmtpd")
    reply = say(talk, f"EHLO {HELO}\r\nMAIL FROM:<>")
    assert reply == "500 5.5.1 Invalid command: Pipelining not supported"
    assert talk.closed


def test_auth_waits_for_tls_where_the_make_does():
    talk = session("opensmtpd")
    talk.keywords = ("STARTTLS",)
    offered = say(talk, f"EHLO {HELO}")
    assert "STARTTLS" in offered
    assert "AUTH" not in offered
    assert say(talk, "AUTH PLAIN AGEAYg==")[:3] == "503"


@pytest.mark.parametrize(
    ("make", "command", "errors", "last"),
    [
        ("neutral", "BOGUS", 20, "421"),
        ("sendmail", "BOGUS", 26, "421 4.7.0 mail.isp.example Too many bad commands"),
        ("exim", "BOGUS", 4, "500 Too many unrecognized commands"),
        ("exim", "DATA", 4, "503 Too many syntax or protocol errors"),
        ("exim", "MAIL FROM:<a@@b>", 4, "501 Too many syntax or protocol errors"),
        ("exim", "NOOP", 11, "554 Too many nonmail commands"),
        ("courier", "BOGUS", 20, "421"),
    ],
)
def test_a_client_that_errs_too_often_is_sent_away(make, command, errors, last):
    talk = session(make)
    say(talk, f"EHLO {HELO}", *[command] * (errors - 1))
    assert not talk.closed
    assert last in say(talk, command)
    assert talk.closed


@pytest.mark.parametrize("make", ["exim", "sendmail", "opensmtpd"])
def test_refused_recipients_are_no_faults_for_these_makes(make):
    talk = session(make, "closed")
    say(talk, f"EHLO {HELO}", "MAIL FROM:<x@foreign.example>")
    say(talk, *["RCPT TO:<nobody99@isp.example>"] * 30)
    assert not talk.closed


LONG = "a" * 300


@pytest.mark.parametrize(
    ("make", "command", "code"),
    [
        ("neutral", f"MAIL FROM:<x@foreign.example> AUTH={LONG}{LONG}", "250"),
        ("neutral", f"NOOP {LONG}{LONG}", "500"),
        ("sendmail", "MAIL FROM:<x@foreign.example> RET=HDRS ENVID=abc", "250"),
        ("opensmtpd", "MAIL FROM:<x@foreign.example> RET=FULL", "250"),
        ("neutral", "MAIL FROM:<x@foreign.example> RET=FULL", "555"),
        ("courier", "MAIL FROM:<x@foreign.example> SMTPUTF8", "250"),
        ("sendmail", "MAIL FROM:<x@foreign.example> BY=120;R", "250"),
        ("sendmail", "MAIL FROM:<x@foreign.example> RET=HALF", "501"),
    ],
)
def test_parameters_that_keywords_bring(make, command, code):
    assert say(session(make, "open"), f"EHLO {HELO}", command)[:3] == code


START = (f"EHLO {HELO}", "MAIL FROM:<x@foreign.example>", "RCPT TO:<bob@isp.example>")


@pytest.mark.parametrize("make", ["neutral", "exim", "postfix"])
def test_a_message_in_chunks(make):
    talk = session(make, "open")
    say(talk, *START)
    assert talk.receive(b"BDAT 6\r\n.a\r\n.b").startswith(b"250")
    assert talk.receive(b"BDAT 4\r\n\r\n") == b""
    assert talk.receive(b"\r\nBDAT 0 LAST\r\nNOOP\r\n").count(b"250") == 3
    assert [message.content for message in talk.messages] == [b".a\r\n.b\r\n\r\n"]


@pytest.mark.parametrize("make", ["neutral", "exim", "postfix"])
def test_octets_of_a_chunk_that_is_refused_are_no_commands(make):
    talk = session(make, "open")
    say(talk, START[0])
    replies = talk.receive(b"BDAT 6\r\nNOOP\r\nNOOP\r\n").decode()
    assert [line[:3] for line in replies.splitlines() if line[3] == " "] == ["503", "250"]


def test_chunks_are_bounded_as_messages_are():
    talk = session("neutral", "open", max_message=100)
    say(talk, *START)
    reply = talk.receive(b"BDAT 300 LAST\r\n" + b"x" * 300)
    assert reply.startswith(b"552")
    assert talk.messages == []
    assert talk.backlog == 0
