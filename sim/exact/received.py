"""The header of a message on its way: a `Received:` line from every server, the newest on top.

Each server writes what it knows (the client's address) beside what it was told (the name in
EHLO, the reverse-path), and cannot check what stood below its own line. So a chain is true down
to the first server that one trusts, and what a spammer wrote beforehand is marked as forged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sim.path.journey import Hop
from sim.path.query import Query
from sim.smtp import clients

FORGED_RELAY = ("mail.contoso.com", "203.0.113.250")
"""What a spammer writes below, so that the trail leads elsewhere (chosen)."""

STEP = timedelta(seconds=2)
"""From one server to the next (chosen)."""


@dataclass(frozen=True, slots=True)
class Header:
    """One header field: *by* is the server that wrote it, "" for who sent the message.

    *forged*: it says what is not so, and nobody but its writer could know. *claim*: the part of
    a true line that only repeats what the client said of itself.
    """

    text: str
    by: str = ""
    forged: bool = False
    claim: str = ""


def subject(query: Query) -> str:
    """What the message is about."""
    return "Make money fast" if query.party.spammer else "Greetings"


def chain(query: Query, hops: Sequence[Hop], year: int | None) -> list[Header]:
    """The header as the servers in *hops* leave it, the newest line on top."""
    start = datetime(year or 1999, 6, 1, 10, tzinfo=timezone(timedelta(0), "GMT"))
    lines = _original(query, start)
    helo = query.party.helo
    for number, hop in enumerate(hops, 1):
        lines.insert(0, _received(hop, helo, number, start + number * STEP))
        helo = hop.policy.hostname
    if hops and hops[-1].verdict is not None and hops[-1].sent is None:
        # RFC 5321 section 4.4: the server that makes final delivery adds the return path
        path = hops[-1].facts.reverse_path or ""
        forged = bool(path) and _foreign_sender(query)
        lines.insert(0, Header(f"Return-Path: <{path}>", hops[-1].server, forged))
    return lines


def content(query: Query, hops: Sequence[Hop], year: int | None) -> list[str]:
    """The lines of the message as it is offered to the server after *hops*."""
    headers = [line for h in chain(query, hops, year) for line in h.text.split("\n")]
    return [*headers, "", "Buy now." if query.party.spammer else "Hello."]


def _original(query: Query, at: datetime) -> list[Header]:
    """What the sender writes; a spammer begins with the trail of somebody else."""
    attempt = query.attempt
    sender = attempt.reverse_path or query.party.address
    lines = [
        Header(f"From: <{sender}>", forged=_foreign_sender(query)),
        Header(f"To: <{attempt.forward_path}>"),
        Header(f"Subject: {subject(query)}"),
        Header(f"Date: {_date(at)}"),
    ]
    if query.party.spammer:
        name, address = FORGED_RELAY
        text = (
            f"Received: from {name} ([{address}]) by {query.party.helo} with SMTP\n"
            f"    id 3F2C01A7; {_date(at - timedelta(hours=1))}"
        )
        lines.insert(0, Header(text, forged=True))
    return lines


def _foreign_sender(query: Query) -> bool:
    """Whether the sender address is not that of the account in use."""
    sender = query.attempt.reverse_path
    return query.party.spammer or (sender is not None and sender != query.party.address)


def _received(hop: Hop, helo: str, number: int, at: datetime) -> Header:
    """RFC 5321 section 4.4; the protocol names are those of RFC 3848."""
    facts = hop.facts
    protocol = "ESMTPA" if facts.login is not None else "ESMTP"
    text = (
        f"Received: from {helo} ([{_literal(facts.client)}]) by {hop.policy.hostname} "
        f"with {protocol}\n    id {number:08X} for <{facts.forward_path}>; {_date(at)}"
    )
    return Header(text, hop.server, claim=helo)


def _literal(client: int) -> str:
    """RFC 5321 section 4.1.3."""
    return "IPv6:" * (client >= clients.IPV6) + clients.text(client)


def _date(at: datetime) -> str:
    """RFC 5322 section 3.3, in English wherever it runs."""
    days, months = "Mon Tue Wed Thu Fri Sat Sun", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    return (
        f"{days.split()[at.weekday()]}, {at.day:02} {months.split()[at.month - 1]} {at.year} "
        f"{at:%H:%M:%S} +0000"
    )
