"""What SPF, DKIM and DMARC check about one message, for the notebook *Today*.

SPF (RFC 7208) compares the client's address with the networks of the envelope sender's domain; DKIM
(RFC 6376) verifies that a domain signed the message and nothing signed was changed; DMARC (RFC
7489) asks that one of the two passes for the domain of the From: line. Records are given here as
data: nothing is looked up, and no signature is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Literal, NamedTuple

from sim.exact.blocks import Block, Grid, Line, Span
from sim.exact.page import Page

Check = Literal["pass", "fail", "none"]
Disposition = Literal["none", "quarantine", "reject"]


@dataclass(frozen=True, slots=True)
class Domain:
    """What a domain publishes: its SPF networks, and its DMARC policy for mail that fails."""

    networks: tuple[str, ...] = ()
    policy: Disposition = "none"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message as the receiving server sees it.

    *client*: address of the connecting server; *envelope*: sender address of MAIL FROM; *author*:
    address of the From: line, which the reader sees; *signed*: the domain of a DKIM signature, ""
    without one; *changed*: whether signed text was changed on the way; *helo*: the name that the
    client gave, which SPF checks for the null sender.
    """

    client: str
    envelope: str
    author: str
    signed: str = ""
    changed: bool = False
    helo: str = ""


class Result(NamedTuple):
    """The three checks, and what the receiver does by the author domain's policy."""

    spf: Check
    dkim: Check
    dmarc: Check
    action: str


def domain_of(address: str) -> str:
    """Return the domain of an address, in lower case."""
    return address.rpartition("@")[2].lower()


def aligned(domain: str, author: str) -> bool:
    """Whether two domains are of one organisation: equal, or one below the other (relaxed)."""
    return bool(domain) and (
        domain == author or domain.endswith(f".{author}") or author.endswith(f".{domain}")
    )


def spf(mail: Mail, domains: Mapping[str, Domain]) -> Check:
    """Check the client's address against the networks of the envelope sender's domain."""
    record = domains.get(domain_of(mail.envelope or mail.helo))
    if record is None or not record.networks:
        return "none"
    client = IPv4Address(mail.client)
    return "pass" if any(client in IPv4Network(n) for n in record.networks) else "fail"


def dkim(mail: Mail) -> Check:
    """Check the signature: none, broken by a change, or good."""
    if not mail.signed:
        return "none"
    return "fail" if mail.changed else "pass"


def authenticate(mail: Mail, domains: Mapping[str, Domain]) -> Result:
    """Check one message, and say what the receiver does with it."""
    author = domain_of(mail.author)
    by_spf, by_dkim = spf(mail, domains), dkim(mail)
    sender = domain_of(mail.envelope or mail.helo)
    passes = (by_spf == "pass" and aligned(sender, author)) or (
        by_dkim == "pass" and aligned(mail.signed, author)
    )
    record = domains.get(author)
    if record is None:
        return Result(by_spf, by_dkim, "none", "deliver")
    action = {"none": "deliver", "quarantine": "spam folder", "reject": "refuse"}[record.policy]
    return Result(by_spf, by_dkim, "pass" if passes else "fail", "deliver" if passes else action)


STYLES = {"pass": "good", "fail": "bad", "none": "faint"}


@dataclass(frozen=True, repr=False)
class Checks(Page):
    """Messages by name, with their checks: made by `checks`."""

    mails: Mapping[str, Mail]
    domains: Mapping[str, Domain]

    def blocks(self) -> Sequence[Block]:
        """A row a message."""
        columns = ("message", "client", "MAIL FROM", "From:", "SPF", "DKIM", "DMARC", "receiver")
        return [Grid("", columns, tuple(self._row(name) for name in self.mails))]

    def _row(self, name: str) -> tuple[Line, ...]:
        mail = self.mails[name]
        result = authenticate(mail, self.domains)
        marks = (Span(c, STYLES[c]) for c in (result.spf, result.dkim, result.dmarc))
        return (name, mail.client, mail.envelope or "<>", mail.author, *marks, result.action)

    def as_dict(self) -> dict[str, Result]:
        """The results by name."""
        return {name: authenticate(mail, self.domains) for name, mail in self.mails.items()}


def checks(mails: Mapping[str, Mail], domains: Mapping[str, Domain]) -> Checks:
    """Check several messages at once; shows as a table."""
    return Checks(mails, domains)


DOMAINS = {
    "proseware.com": Domain(("198.51.100.0/25",), "reject"),
    "adatum.com": Domain(("198.51.100.128/25",), "quarantine"),
    "hotel.example": Domain(("192.0.2.128/26",), "none"),
    "lists.example": Domain(("203.0.113.64/28",), "none"),
    "bulk.example": Domain(("203.0.113.192/28",), "reject"),
}
"""What the domains of the notebook publish (chosen)."""
MAILS = {
    "by proseware's server": Mail(
        "198.51.100.126", "ann@proseware.com", "ann@proseware.com", "proseware.com"
    ),
    "by the hotel's server": Mail("192.0.2.130", "ann@proseware.com", "ann@proseware.com"),
    "forwarded by adatum": Mail(
        "198.51.100.250", "ann@proseware.com", "ann@proseware.com", "proseware.com"
    ),
    "by a mailing list": Mail(
        "203.0.113.70",
        "list-bounces@lists.example",
        "ann@proseware.com",
        "proseware.com",
        changed=True,
    ),
    "a forger": Mail("203.0.113.195", "offer@bulk.example", "ann@proseware.com"),
    "a spammer, own domain": Mail(
        "203.0.113.195", "offer@bulk.example", "offer@bulk.example", "bulk.example"
    ),
}
"""The messages of the notebook."""
