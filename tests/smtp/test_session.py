"""The session: bytes in, replies out, and nothing relayed that `decide` would refuse."""

import base64
import dataclasses
import re
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.smtp import FLAVOURS, Facts, Policy, decide, presets
from sim.smtp.commands import COMMANDS
from sim.smtp.flavours import NEUTRAL
from sim.smtp.restrictions import parse
from sim.smtp.session import Session
from sim.smtp.standard import StandardSession

HOME, HOTEL = (int(IPv4Address(a)) for a in ("198.51.100.7", "203.0.113.140"))
POLICY = Policy(
    hostname="smtp.proseware.com",
    address=int(IPv4Address("198.51.100.1")),
    domains=frozenset({"proseware.com"}),
    mailboxes=frozenset({"terri@proseware.com", "bob@proseware.com"}),
    networks=(IPv4Network("198.51.100.0/26"),),
    auth_offered=True,
    relay=presets.relay("on_network+auth"),
    recipient=(parse("reject_unlisted_recipient"),),
)


def login(name, password):
    return (name, password) == ("terri", "secret")


def session(client=HOTEL, policy=POLICY, **more):
    known = {name: more.pop(name) for name in list(more) if name in Facts._fields}
    made = Session(policy, Facts(client, None, "", **known), login, **more)
    assert made.connect().startswith((b"220 ", b"421 "))
    return made


def codes(answer):
    """The codes of the replies, each reply once."""
    return [int(line[:3]) for line in answer.decode().split("\r\n") if line[3:4] == " "]


def b64(text):
    return base64.b64encode(text.encode()).decode()


FOR_ITSELF, FOR_ANOTHER = b64("terri\0terri\0secret"), b64("bob\0terri\0secret")
PLAIN = b64("\0terri\0secret")
MESSAGE = "DATA|Subject: hi||text|."
DIALOGUES = {
    # what happens: lines that the client sends, codes that it gets
    "same ISP": (
        f"EHLO x|MAIL FROM:<a@b.example>|RCPT TO:<bob@proseware.com>|{MESSAGE}|QUIT",
        "250 250 250 354 250 221",
    ),
    "relaying denied": (
        "HELO x|MAIL FROM:<a@b.example>|RCPT TO:<kim@adatum.com>|DATA",
        "250 250 550 503",
    ),
    "login opens relaying": (
        f"EHLO x|AUTH PLAIN {PLAIN}|MAIL FROM:<a@b.example>|RCPT TO:<kim@adatum.com>|{MESSAGE}",
        "250 235 250 250 354 250",
    ),
    "null sender": ("EHLO x|MAIL FROM:<>|RCPT TO:<bob@proseware.com>", "250 250 250"),
    "null recipient": ("EHLO x|MAIL FROM:<>|RCPT TO:<>", "250 250 501"),
    "unknown user": ("EHLO x|MAIL FROM:<>|RCPT TO:<no@proseware.com>", "250 250 550"),
    "one of two": (
        f"EHLO x|MAIL FROM:<>|RCPT TO:<no@proseware.com>|RCPT TO:<bob@proseware.com>|{MESSAGE}",
        "250 250 550 250 354 250",
    ),
    "lower case": ("ehlo x|mail from:<>|rcpt to:<Bob@PROSEWARE.com>", "250 250 250"),
    "a space after the colon": ("EHLO x|MAIL FROM: <>", "250 250"),
    "source route": ("EHLO x|MAIL FROM:<>|RCPT TO:<@a.example:bob@proseware.com>", "250 250 250"),
    "quoted bracket": ('EHLO x|MAIL FROM:<>|RCPT TO:<"b>ob"@proseware.com>', "250 250 550"),
    "no brackets": ("EHLO x|MAIL FROM:a@b.example", "250 501"),
    "open bracket": ("EHLO x|MAIL FROM:<a@b.example", "250 501"),
    "wrong word": ("EHLO x|MAIL TO:<a@b.example>", "250 501"),
    "size and body": ("EHLO x|MAIL FROM:<> SIZE=1000 BODY=8BITMIME", "250 250"),
    "too big": ("EHLO x|MAIL FROM:<> SIZE=99999999", "250 552"),
    "size of 21 digits": ("EHLO x|MAIL FROM:<> SIZE=" + "0" * 21, "250 555"),
    "unknown parameter": ("EHLO x|MAIL FROM:<> RET=FULL", "250 555"),
    "no size on RCPT": ("EHLO x|MAIL FROM:<>|RCPT TO:<bob@proseware.com> SIZE=1", "250 250 555"),
    "no greeting": ("MAIL FROM:<>|RCPT TO:<bob@proseware.com>|DATA|AUTH PLAIN", "503 503 503 503"),
    "nested MAIL": ("EHLO x|MAIL FROM:<>|MAIL FROM:<>", "250 250 503"),
    "RCPT before MAIL": ("EHLO x|RCPT TO:<bob@proseware.com>", "250 503"),
    "DATA before RCPT": ("EHLO x|MAIL FROM:<>|DATA", "250 250 503"),
    "RSET forgets": (
        "EHLO x|MAIL FROM:<>|RCPT TO:<bob@proseware.com>|RSET|DATA",
        "250 250 250 250 503",
    ),
    "RSET is no greeting": ("RSET|MAIL FROM:<>", "250 503"),
    "EHLO forgets": (
        "EHLO x|MAIL FROM:<>|RCPT TO:<bob@proseware.com>|EHLO x|DATA",
        "250 250 250 250 503",
    ),
    "a message ends the transaction": (
        f"EHLO x|MAIL FROM:<>|RCPT TO:<bob@proseware.com>|{MESSAGE}|RCPT TO:<bob@proseware.com>",
        "250 250 250 354 250 503",
    ),
    "EHLO without a name": ("EHLO", "501"),
    "EHLO with a name of 255": ("EHLO " + "x" * 255, "250"),
    "EHLO with a name of 256": ("EHLO " + "x" * 256 + "|MAIL FROM:<>", "501 503"),
    "commands with arguments": ("EHLO x|RSET x|DATA x|QUIT x", "250 501 503 501"),
    "NOOP takes any": ("NOOP|NOOP x", "250 250"),
    "VRFY": ("VRFY bob|VRFY", "252 501"),
    "not offered": ("EHLO x|STARTTLS|EXPN staff|HELP", "250 502 502 214"),
    "unknown": ("EHLO x|BOGUS||TURN", "250 500 500 500"),
    "nothing after QUIT": ("QUIT|NOOP", "221"),
    "PLAIN in two lines": (f"EHLO x|AUTH PLAIN|{PLAIN}", "250 334 235"),
    "PLAIN for itself": (
        f"EHLO x|AUTH PLAIN {FOR_ITSELF}",
        "250 235",
    ),
    "PLAIN for another": (  # RFC 4616 section 2: authorization fails
        f"EHLO x|AUTH PLAIN {FOR_ANOTHER}",
        "250 535",
    ),
    "LOGIN": (f"EHLO x|AUTH LOGIN|{b64('terri')}|{b64('secret')}", "250 334 334 235"),
    "LOGIN with the name": (f"EHLO x|AUTH LOGIN {b64('terri')}|{b64('secret')}", "250 334 235"),
    "wrong password": (
        f"EHLO x|AUTH LOGIN|{b64('terri')}|{b64('guess')}|NOOP",
        "250 334 334 535 250",
    ),
    "empty response": ("EHLO x|AUTH PLAIN =", "250 501"),
    "cancelled": ("EHLO x|AUTH PLAIN|*|AUTH LOGIN|*", "250 334 501 334 501"),
    "not base64": ("EHLO x|AUTH PLAIN|hello!|AUTH PLAIN ????", "250 334 501 501"),
    "not UTF-8": ("EHLO x|AUTH PLAIN /w==", "250 501"),
    "a faulty line ends AUTH": ("EHLO x|AUTH PLAIN|a\nb|NOOP", "250 334 500 250"),
    "another name": (
        f"EHLO x|AUTH LOGIN|{b64('bob')}|{b64('secret')}|AUTH LOGIN|{b64('terri')}|{b64('secret')}",
        "250 334 334 535 334 334 235",
    ),
    "other mechanism": ("EHLO x|AUTH CRAM-MD5|AUTH", "250 504 501"),
    "twice": (f"EHLO x|AUTH PLAIN {PLAIN}|AUTH PLAIN {PLAIN}", "250 235 503"),
    "in a transaction": (f"EHLO x|MAIL FROM:<>|AUTH PLAIN {PLAIN}", "250 250 503"),
    "commands during AUTH": ("EHLO x|AUTH PLAIN|QUIT|NOOP", "250 334 501 250"),
    "line of 512": ("NOOP " + "x" * 505, "250"),
    "line of 513": ("NOOP " + "x" * 506 + "|NOOP", "500 250"),
    "endless line": ("x" * 5000 + "|NOOP", "500 250"),
    "bare LF": ("NOOP\nQUIT|NOOP", "500 250"),
    "bare CR": ("NOOP\rQUIT|NOOP", "500 250"),
    "CR CR LF": ("NOOP\r|NOOP", "500 250"),
    "octets": ("NOOP \xff\x00|MAIL\xff", "250 500"),
}


@pytest.mark.parametrize(("lines", "expected"), DIALOGUES.values(), ids=DIALOGUES)
@pytest.mark.parametrize("step", ["at once", "by line", "by octet"])
def test_dialogues(lines, expected, step):
    data = b"".join(line.encode("latin-1") + b"\r\n" for line in lines.split("|"))
    parts = {
        "at once": [data],
        "by line": data.splitlines(keepends=True),
        "by octet": [data[i : i + 1] for i in range(len(data))],
    }[step]
    made = session()
    answer = b"".join(made.receive(part) for part in parts)
    assert codes(answer) == [int(code) for code in expected.split()]


START = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@proseware.com>\r\nDATA\r\n"
TEXTS = {
    # what the client sends after DATA: code, content kept (None: not taken)
    "hidden dot": (b"..a\r\n.\r\n", 250, b".a\r\n"),
    "two hidden dots": (b"...\r\n.\r\n", 250, b"..\r\n"),
    "nothing": (b".\r\n", 250, b""),
    "octets": (b"\xff\x00\r\n.\r\n", 250, b"\xff\x00\r\n"),
    "LF dot LF": (b"a\n.\nMAIL FROM:<>\r\n.\r\n", 554, None),
    "LF dot CR LF": (b"a\n.\r\nb\r\n.\r\n", 554, None),
    "CR dot CR": (b"a\r.\rb\r\n.\r\n", 554, None),
    "CR LF dot LF": (b"a\r\n.\nb\r\n.\r\n", 554, None),
    "CR LF dot CR": (b"a\r\n.\rb\r\n.\r\n", 554, None),
    "CR CR LF dot CR LF": (b"a\r\r\n.\r\n", 554, None),
    "line of 1000": (b"x" * 998 + b"\r\n.\r\n", 250, b"x" * 998 + b"\r\n"),
    "line of 1001": (b"x" * 999 + b"\r\n.\r\n", 554, None),
    "line of 1000 and a hiding dot": (
        b".." + b"x" * 997 + b"\r\n.\r\n",
        250,
        b"." + b"x" * 997 + b"\r\n",
    ),
    "line of 1001 and a hiding dot": (b".." + b"x" * 998 + b"\r\n.\r\n", 554, None),
    "long line": (b"x" * 5000 + b"\r\n.\r\n", 554, None),
    "long line that ends in a dot": (b"x" * 2000 + b".\r\n.\r\n", 554, None),
}


@pytest.mark.parametrize(("text", "code", "content"), TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("by", [1, 7, 100000])
def test_messages(text, code, content, by):
    made = session()
    made.receive(START.encode())
    answer = b"".join(made.receive(text[i : i + by]) for i in range(0, len(text), by))
    assert codes(answer) == [code]
    assert [message.content for message in made.messages] == ([] if content is None else [content])
    # and what was wrong with one message is not held against the next
    assert codes(made.receive(START.encode() + b"next\r\n.\r\n"))[-2:] == [354, 250]
    assert made.messages[-1].content == b"next\r\n"


def test_long_line_split_before_its_end_is_no_end_of_message():
    made = session()
    made.receive(START.encode())
    assert made.receive(b"x" * 1500) == b""
    assert made.receive(b".\r\n") == b""
    assert codes(made.receive(b".\r\n")) == [554]


@pytest.mark.parametrize("between", ["RSET|", "EHLO x|", f"{MESSAGE}|"], ids=["RSET", "EHLO", "."])
def test_recipients_of_one_transaction_are_not_those_of_the_next(between):
    made = session()
    lines = f"EHLO x|MAIL FROM:<a@b.example>|RCPT TO:<bob@proseware.com>|{between}"
    lines += f"MAIL FROM:<>|RCPT TO:<terri@proseware.com>|{MESSAGE}|"
    made.receive(lines.replace("|", "\r\n").encode())
    last = made.messages[-1]
    assert last.reverse_path is None
    assert [path for path, _ in last.recipients] == ["terri@proseware.com"]
    assert last.content == b"Subject: hi\r\n\r\ntext\r\n"


def test_message_too_big():
    made = session(max_message=100)
    made.receive(START.encode())
    assert codes(made.receive(b"x" * 60 + b"\r\n" + b"y" * 60 + b"\r\n.\r\n")) == [552]
    assert made.messages == []


def test_recipient_limit():
    made = session()
    made.receive(b"EHLO x\r\nMAIL FROM:<>\r\n")
    answer = made.receive(b"RCPT TO:<bob@proseware.com>\r\n" * (NEUTRAL.most_recipients + 1))
    assert codes(answer) == [250] * NEUTRAL.most_recipients + [452]


def test_recipients_beyond_the_limit_are_no_errors_of_the_client():
    made = session(max_recipients=1, max_errors=2)
    made.receive(b"EHLO x\r\nMAIL FROM:<>\r\n")
    answer = made.receive(b"RCPT TO:<bob@proseware.com>\r\n" * 5 + b"DATA\r\n")
    assert codes(answer) == [250, 452, 452, 452, 452, 354]


def test_too_many_guesses_end_the_session():
    made = session(max_errors=3)
    guess = b"AUTH PLAIN " + b64("\0terri\0guess").encode() + b"\r\n"
    assert codes(made.receive(b"EHLO x\r\n" + guess * 4)) == [250, 535, 535, 535, 421]
    assert made.closed


def test_reply_names_what_came_too_soon():
    made = session(policy=dataclasses.replace(POLICY, flavour="postfix"))
    answer = made.receive(b"EHLO x\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nAUTH PLAIN\r\n")
    assert b"503 5.5.1 Error: nested MAIL command\r\n" in answer
    assert b"503 5.5.1 Error: MAIL transaction in progress\r\n" in answer


def test_too_many_errors_end_the_session():
    made = session(max_errors=3)
    assert codes(made.receive(b"A\r\nB\r\nC\r\nNOOP\r\n")) == [500, 500, 500, 421]
    assert made.closed
    assert made.receive(b"NOOP\r\n") == b""


def test_too_many_connections():
    policy = dataclasses.replace(POLICY, client=(parse("limit_connections(2)"),), flavour="postfix")
    made = Session(policy, Facts(HOTEL, None, "", open_sessions=2))
    assert made.connect() == (
        b"421 4.7.0 smtp.proseware.com Error: too many connections from 203.0.113.140\r\n"
    )
    assert made.closed
    assert session(policy=policy, open_sessions=1).state.value == "start"


def test_only_what_is_told_in_the_session_counts():
    made = session(login="terri", auth_failed=True)
    assert codes(made.receive(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<kim@adatum.com>\r\n")) == [
        250,
        250,
        550,
    ]


def test_nobody_logs_in_without_a_name():
    made = Session(POLICY, Facts(HOTEL, None, ""), lambda _name, _password: True)
    nameless = b64("\0\0secret").encode()
    assert codes(made.receive(b"EHLO x\r\nAUTH PLAIN " + nameless + b"\r\n")) == [250, 535]


def test_auth_is_offered_only_where_it_is():
    assert b"AUTH PLAIN LOGIN" in session().receive(b"EHLO x\r\n")
    made = session(policy=dataclasses.replace(POLICY, auth_offered=False))
    answer = made.receive(b"EHLO x\r\nAUTH PLAIN " + PLAIN.encode() + b"\r\n")
    assert b"AUTH PLAIN" not in answer
    assert codes(answer) == [250, 502]


def test_enhanced_codes_are_announced_only_where_they_are_given():
    for flavour, announced in {"sendmail": True, "exim": False}.items():
        answer = session(policy=dataclasses.replace(POLICY, flavour=flavour)).receive(b"EHLO x\r\n")
        assert (b"ENHANCEDSTATUSCODES" in answer) == announced


def test_a_login_is_asked_for_only_where_it_is_offered():
    lines = b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<kim@adatum.com>\r\n"
    for offered in (True, False):
        policy = dataclasses.replace(POLICY, flavour="sendmail", auth_offered=offered)
        answer = session(policy=policy).receive(lines)
        assert (b"Relaying denied. Proper authentication required." in answer) == offered
        assert b"Relaying denied" in answer


def test_content_is_judged_at_the_end():
    filtered = {"content": (parse("reject_outbound_spam(1, 0)"),)}
    made = session(HOME, dataclasses.replace(POLICY, **filtered), spam=True, content_draw=0.5)
    answer = made.receive(START.encode() + b"buy\r\n.\r\n")
    assert codes(answer) == [250, 250, 250, 354, 550]
    assert made.messages == []


def test_discarded_message_looks_taken():
    filtered = {"content": (parse("discard_outbound_spam(1, 0)"),)}
    made = session(HOME, dataclasses.replace(POLICY, **filtered), spam=True, content_draw=0.5)
    assert codes(made.receive(START.encode() + b"buy\r\n.\r\n"))[-1] == 250
    assert made.messages == []


def test_sender_is_refused_when_the_flavour_does():
    sender = (parse("reject_sender_not_local"),)
    lines = b"EHLO x\r\nMAIL FROM:<t@contoso.com>\r\nRCPT TO:<bob@proseware.com>\r\n"
    for flavour, expected in {"neutral": [250, 550, 503], "postfix": [250, 250, 554]}.items():
        made = session(policy=dataclasses.replace(POLICY, sender=sender, flavour=flavour))
        assert codes(made.receive(lines)) == expected


def test_every_command_has_its_method():
    assert all(hasattr(StandardSession, command.method) for command in COMMANDS.values())


# ---- any bytes

REPLY_LINE = re.compile(r"[2345][0-9]{2}[ -][ -~]*")
WORDS = st.sampled_from(
    [
        *(
            b"EHLO x\r\n",
            b"MAIL FROM:<a@b.example>\r\n",
            b"MAIL FROM:<>\r\n",
            b"DATA\r\n",
            b"QUIT\r\n",
        ),
        *(b"RCPT TO:<bob@proseware.com>\r\n", b"RCPT TO:<kim@adatum.com>\r\n", b"RSET\r\n", b"."),
        *(
            b"RCPT TO:<kim%adatum.com@proseware.com>\r\n",
            b"RCPT TO:<@a.example:kim@adatum.com>\r\n",
        ),
        *(b'RCPT TO:<"kim@adatum.com"@proseware.com>\r\n', b"RCPT TO:<bob@[198.51.100.1]>\r\n"),
        *(
            b"AUTH PLAIN ",
            PLAIN.encode() + b"\r\n",
            b"AUTH LOGIN\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b".\r\n",
        ),
        *(b"\r\n.\r\n", b"\n.\n", b"x" * 600, b"VRFY a\r\n", b"=\r\n", b"*\r\n", b"\0", b"\xff"),
    ]
)
STREAMS = st.lists(WORDS | st.binary(max_size=20), max_size=30)


@given(STREAMS, st.sampled_from(sorted(FLAVOURS)), st.sampled_from([HOME, HOTEL]))
@example([START.encode(), b"a\n.\nMAIL FROM:<>\r\n", b".\r\n"], "neutral", HOTEL)
def test_any_bytes(stream, flavour, client):
    policy = dataclasses.replace(POLICY, flavour=flavour)
    made = session(client, policy)
    answer = b"".join(made.receive(part) for part in stream)
    lines = answer.decode("ascii").split("\r\n")
    assert lines.pop() == ""
    for line in lines:
        assert REPLY_LINE.fullmatch(line)
        assert len(line) <= 510  # RFC 5321 section 4.5.3.1.5
    for message in made.messages:
        for path, _ in message.recipients:
            facts = Facts(client, message.reverse_path, path, login=message.login)
            assert decide(policy, facts).accepted
            if message.login is None and client == HOTEL:
                assert decide(policy, facts).kind == "accept_local"
        assert b"\r" not in message.content.replace(b"\r\n", b"")
        assert b"\n" not in message.content.replace(b"\r\n", b"")


@given(STREAMS, st.integers(1, 50))
def test_the_cuts_between_reads_do_not_matter(stream, size):
    data = b"".join(stream)
    whole, cut = session(), session()
    answer = whole.receive(data)
    assert answer == b"".join(cut.receive(data[i : i + size]) for i in range(0, len(data), size))
    assert whole.messages == cut.messages
