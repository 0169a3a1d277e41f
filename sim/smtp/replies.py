"""Replies: what a server says in each situation, in the wording of each make.

A reply has a code (RFC 5321 section 4.2), an enhanced status code (RFC 3463; "" where the
make gives none) and a text. Texts are templates over the addresses of the transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Reply(NamedTuple):
    """One reply; *text* may have several lines and does not repeat *enhanced*."""

    code: int
    enhanced: str
    text: str

    @property
    def permanent(self) -> bool:
        """5xx: trying again will not help."""
        return self.code >= 500

    @property
    def accepted(self) -> bool:
        """2xx or 3xx."""
        return self.code < 400

    def __str__(self) -> str:
        """As on the wire, its lines separated by newlines."""
        lines = self.text.split("\n")
        status = f"{self.enhanced} " if self.enhanced else ""
        last = len(lines) - 1
        return "\n".join(
            f"{self.code}{' ' if i == last else '-'}{status}{line}" for i, line in enumerate(lines)
        )


class Outcome(NamedTuple):
    """What a situation means: the *kind* of verdict and its *cause* in `sim.records`."""

    kind: str
    cause: str


SITUATIONS: dict[str, Outcome] = {
    "accepted": Outcome("", ""),
    "discarded": Outcome("discard", "content"),
    "relay_denied": Outcome("reject_relay", "relaying"),
    "relay_deferred": Outcome("reject_relay", "relaying"),
    "sender_not_local": Outcome("reject_sender", "sender"),
    "sender_not_owned": Outcome("reject_sender", "sender"),
    "sender_login_needed": Outcome("reject_sender", "sender"),
    "sender_domain_unknown": Outcome("reject_sender", "sender"),
    "sender_not_fqdn": Outcome("reject_sender", "sender"),
    "sender_syntax": Outcome("reject_syntax", "syntax"),
    "recipient_syntax": Outcome("reject_syntax", "syntax"),
    "unknown_user": Outcome("reject_unknown_user", "unknown_recipient"),
    "auth_required": Outcome("reject_auth", "authentication"),
    "relay_only": Outcome("reject_relay", "relaying"),  # relays for logins and does nothing else
    "auth_failed": Outcome("reject_auth", "authentication"),
    "auth_not_offered": Outcome("reject_auth", "authentication"),
    "blocklisted": Outcome("reject_blocklist", "blocklist"),
    "rate_limited": Outcome("reject_rate", "rate"),
    "too_many_connections": Outcome("reject_busy", "busy"),
    "greylisted": Outcome("greylisted", "greylisted"),
    "content_refused": Outcome("reject_content", "content"),
}

NEUTRAL: dict[str, Reply] = {
    "accepted": Reply(250, "2.1.5", "<{rcpt}> recipient ok"),
    "discarded": Reply(250, "2.0.0", "Message accepted for delivery"),
    "relay_denied": Reply(550, "5.7.1", "<{rcpt}> Relaying denied"),
    "relay_deferred": Reply(454, "4.7.1", "<{rcpt}> Relaying denied"),
    "sender_not_local": Reply(550, "5.7.1", "<{sender}> Sender domain not allowed here"),
    "sender_not_owned": Reply(550, "5.7.1", "<{sender}> Sender not owned by {login}"),
    "sender_login_needed": Reply(550, "5.7.1", "<{sender}> Sender belongs to a login"),
    "sender_domain_unknown": Reply(550, "5.1.8", "<{sender}> Sender domain does not exist"),
    "sender_not_fqdn": Reply(550, "5.1.8", "<{sender}> Sender domain not fully qualified"),
    "sender_syntax": Reply(501, "5.1.7", "Bad sender address syntax"),
    "recipient_syntax": Reply(501, "5.1.3", "Bad recipient address syntax"),
    "unknown_user": Reply(550, "5.1.1", "<{rcpt}> User unknown"),
    "auth_required": Reply(530, "5.7.0", "Authentication required"),
    "relay_only": Reply(550, "5.7.1", "<{rcpt}> Relaying denied"),
    "auth_failed": Reply(535, "5.7.8", "Authentication credentials invalid"),
    "auth_not_offered": Reply(502, "5.5.1", "AUTH not offered"),
    "blocklisted": Reply(554, "5.7.1", "Client {client} blocked using {detail}"),
    "rate_limited": Reply(450, "4.7.1", "Too much mail from {client}, try again later"),
    "too_many_connections": Reply(421, "4.7.0", "{hostname} Too many connections from {client}"),
    "greylisted": Reply(451, "4.7.1", "<{rcpt}> Greylisted, try again later"),
    "content_refused": Reply(550, "5.7.1", "Message content refused"),
}
"""Codes of RFC 5321 section 4.2.3, RFC 4954 section 6, RFC 3463; words of our own."""

WORDINGS: dict[str, Mapping[str, Reply]] = {"neutral": NEUTRAL}
"""The reply to each situation, by wording; a situation that is missing is answered neutrally."""


def template(wording: str, situation: str) -> Reply:
    """The reply of *wording* to *situation*, its places not yet filled in."""
    return WORDINGS.get(wording, NEUTRAL).get(situation) or NEUTRAL[situation]


def filled(reply: Reply, places: Mapping[str, str]) -> Reply:
    """*reply* with its places filled in, on lines of printable ASCII."""
    text = reply.text.format_map(places)
    return reply._replace(text="".join(c if " " <= c <= "~" or c == "\n" else "?" for c in text))
