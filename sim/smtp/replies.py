"""Replies: what can be said, and what it means.

A reply has a code (RFC 5321 section 4.2), an enhanced status code (RFC 3463; "" where the
make gives none) and a text. `sim.smtp.wordings` has the texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple, cast

MAX_PLACE = 150
"""Octets of a place that are shown: three keep a line within smtp.limit.reply_line (512)."""

_UNPRINTABLE = re.compile(r"[^ -~]")
_PLACE = re.compile(r"\{(\w+)\}")
_LINE = re.compile(r"(\d{3}) (?:(\d\.\d{1,3}\.\d{1,3}) )?(.*)", re.DOTALL)


class Reply(NamedTuple):
    """One reply; *text* may have several lines and does not repeat *enhanced*."""

    code: int
    enhanced: str
    text: str

    @staticmethod
    @lru_cache(maxsize=1024)
    def of(line: str) -> Reply:
        """The reply that stands in *line*: code, enhanced status if any, text."""
        code, enhanced, text = cast("re.Match[str]", _LINE.fullmatch(line)).groups("")
        return Reply(int(code), enhanced, text)

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


CLASSES = {
    "client": ("namaddr", "Client host"),
    "reverse_client": ("reverse_name", "Unverified Client host"),
    "sasl": ("login", "SASL login name"),
    "helo": ("helo", "Helo command"),
    "sender": ("sender_given", "Sender address"),
    "recipient": ("rcpt_given", "Recipient address"),
    "data": ("data_command", "Data command"),
    "end_of_data": ("data_command", "End-of-data"),
}
"""By what a refusal speaks of: the place that names it, and the words for its kind."""


class Outcome(NamedTuple):
    """What a situation means: *kind* of verdict and *cause* (`sim.records.words.Cause`)."""

    kind: str
    cause: str


SITUATIONS: dict[str, Outcome] = {
    # what decides a verdict: the situation, its kind, its cause
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
    "access_denied": Outcome("reject_relay", "relaying"),
    "access_denied:client": Outcome("reject_client", "client"),
    "access_denied:reverse_client": Outcome("reject_client", "client"),
    "access_denied:helo": Outcome("reject_client", "client"),
    "access_denied:sasl": Outcome("reject_sender", "sender"),
    "access_denied:sender": Outcome("reject_sender", "sender"),
    "client_unknown": Outcome("reject_client", "client"),
    "client_no_reverse": Outcome("reject_client", "client"),
    "helo_invalid": Outcome("reject_client", "client"),
    "helo_literal_invalid": Outcome("reject_client", "client"),
    "helo_not_fqdn": Outcome("reject_client", "client"),
    "helo_unknown": Outcome("reject_client", "client"),
    "unknown_sender": Outcome("reject_sender", "sender"),
    "sender_null_mx": Outcome("reject_sender", "sender"),
    "multi_recipient_bounce": Outcome("reject_sender", "sender"),
    "recipient_domain_unknown": Outcome("reject_recipient", "unknown_recipient"),
    "recipient_null_mx": Outcome("reject_recipient", "unknown_recipient"),
    "recipient_not_fqdn": Outcome("reject_recipient", "unknown_recipient"),
    "recipients_limited": Outcome("reject_rate", "rate"),
    "auth_limited": Outcome("reject_rate", "rate"),
    "pipelining": Outcome("reject_syntax", "syntax"),
    "plaintext": Outcome("reject_auth", "authentication"),
    "deferred": Outcome("deferred", "temporary"),
    "defer_if_permit": Outcome("deferred", "temporary"),
    "defer_if_reject": Outcome("deferred", "temporary"),
    "no_service": Outcome("no_service", "unreachable"),
    "configuration_error": Outcome("server_error", "temporary"),
    "lookup_failure": Outcome("server_error", "temporary"),
}


def fill(reply: Reply, places: Mapping[str, str]) -> Reply:
    """*reply* with its places filled in, in printable ASCII (anything else becomes ``?``)."""

    def place(match: re.Match[str]) -> str:
        return _UNPRINTABLE.sub("?", places.get(match[1], "")[:MAX_PLACE])

    return reply._replace(text=_PLACE.sub(place, reply.text))
