"""SMTP sessions: whatever a client sends, in whichever pieces, replies are well formed and alike,
and nothing is taken that `decide` would refuse."""

import base64
import re
from ipaddress import IPv4Address, IPv4Network

from hypothesis import strategies as st

from sim.smtp import FLAVOURS, Facts, Policy, decide, presets, restrictions
from sim.smtp.session import Session

HOME, HOTEL = (int(IPv4Address(a)) for a in ("198.51.100.7", "203.0.113.140"))
REPLY = re.compile(r"[2345][0-9]{2}[ -][\t -~]*")  # RFC 5321 section 4.2: textstring
LONGEST = 510
"""Octets of a reply's line without its end: RFC 5321 section 4.5.3.1.5."""
RELAY = ("open", "closed", "on_network", "auth", "on_network+auth")
RESTRICTIONS = {
    "client": ("reject_unknown_reverse_client_hostname", "permit_mynetworks"),
    "helo": ("reject_invalid_helo_hostname", "reject_non_fqdn_helo_hostname"),
    "sender": ("reject_sender_not_local", "reject_sender_login_mismatch"),
    "recipient": ("reject_unlisted_recipient", "reject_non_fqdn_recipient", "greylist(5 min)"),
    "data": ("reject_multi_recipient_bounce",),
    "content": ("reject_outbound_spam(0.5, 0.01)",),
}


def b64(text):
    return base64.b64encode(text.encode()).decode()


ADDRESSES = (
    "bob@proseware.com", "kim@adatum.com", "kim%adatum.com@proseware.com",
    "@a.example:kim@adatum.com",
    '"kim@adatum.com"@proseware.com', "bob@[198.51.100.1]", "", "postmaster", "x" * 300, "a@b@c",
    '"', "<", "é@x.example",
    "bob@proseware.com.", "kim@adatum.com> SIZE=1", "a@" + "b." * 130 + "example",
    "terri@PROSEWARE.com", "!kim@adatum.com",
)  # fmt: skip
WORDS = (
    "EHLO x", "HELO x", "HELO", "EHLO [192.0.2.1]", "DATA", "QUIT", "RSET", "NOOP x", "VRFY bob",
    "EXPN x", "HELP", "STARTTLS",
    "AUTH PLAIN", "AUTH LOGIN", "AUTH PLAIN =", "*", ".", "..", "", "BDAT 5 LAST", "MAIL",
    "RCPT", "MAIL FROM:<> SIZE=99999999",
    "MAIL FROM:<> BODY=8BITMIME SMTPUTF8",
    f"AUTH PLAIN {b64(chr(0) + 'terri' + chr(0) + 'secret')}", b64("terri"), b64("secret"),
    "Subject: hi", "From: a@b.example", "x" * 600, "x" * 5000, "\0", "\xff",
    "CONNECT x:25 HTTP/1.0", "XCLIENT ADDR=1",
    *(f"MAIL FROM:<{address}>" for address in ADDRESSES),
    *(f"RCPT TO:<{address}>" for address in ADDRESSES),
)  # fmt: skip
ENDS = ("\r\n",) * 12 + ("\n", "\r", "", "\r\n.\r\n", "\n.\n", "\r\r\n")
lines = st.tuples(st.sampled_from(WORDS), st.sampled_from(ENDS)).map("".join)
rubbish = st.binary(max_size=20).map(lambda data: data.decode("latin-1"))
polite = st.just("EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@proseware.com>\r\nDATA\r\n")


@st.composite
def cases(draw):
    """A flavour, restrictions, a client, a stream (latin-1) and the size of its pieces."""
    chosen = {
        stage: draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
        for stage, names in RESTRICTIONS.items()
    }
    stream = draw(st.lists(lines | rubbish | polite, max_size=30))
    return {
        "flavour": draw(st.sampled_from(sorted(FLAVOURS))),
        "relay": draw(st.sampled_from(RELAY)),
        "restrictions": {stage: names for stage, names in chosen.items() if names},
        "client": draw(st.sampled_from((HOME, HOTEL))),
        "stream": "".join(stream),
        "size": draw(st.integers(1, 60)),
    }


def session(case):
    """A new session of the case's policy, which has greeted."""
    lists = {
        stage: tuple(map(restrictions.parse, names))
        for stage, names in case["restrictions"].items()
    }
    policy = Policy(
        hostname="smtp.proseware.com",
        address=int(IPv4Address("198.51.100.1")),
        domains=frozenset({"proseware.com"}),
        mailboxes=frozenset({"terri@proseware.com", "bob@proseware.com"}),
        networks=(IPv4Network("198.51.100.0/26"),),
        auth_offered=True,
        flavour=case["flavour"],
        relay=presets.relay(case["relay"]),
        login_owns={"terri": frozenset({"terri@proseware.com"})},
        **lists,
    )
    made = Session(
        policy, Facts(case["client"], None, ""), lambda *login: login == ("terri", "secret")
    )
    return made, made.connect()


def check(case):
    """Raise AssertionError unless the session is well formed, honest, and alike in pieces."""
    data, size = case["stream"].encode("latin-1"), case["size"]
    (whole, greeting), (cut, other) = session(case), session(case)
    answer = greeting + whole.receive(data)
    pieces = (cut.receive(data[start : start + size]) for start in range(0, len(data), size))
    in_pieces, style = other + b"".join(pieces), whole.policy.style
    if "PIPELINING" in style.keywords:  # who takes no commands ahead tells what came at once
        assert answer == in_pieces
        assert whole.messages == cut.messages
    *replies, rest = answer.decode("ascii").split("\r\n")
    assert rest == ""
    for line in replies:
        assert REPLY.fullmatch(line)
        assert len(line) <= LONGEST
    for message in whole.messages:
        assert not re.search(rb"(?<!\r)\n", message.content)
        strict = style.session == "standard" and style.newline == "refused"
        assert not strict or not re.search(rb"\r(?!\n)", message.content)
        for path, _ in message.recipients:
            facts = Facts(case["client"], message.reverse_path, path, login=message.login)
            assert not decide(whole.policy, facts).permanent, (path, message.login)
