"""Enhanced status codes (RFC 3463) before a text, and those that fit an address."""

from __future__ import annotations

import re

_STATUS = r"(?s)([245]\.\d{1,3}\.\d{1,3})(?:\s+(.*))?"
_OF_SENDER = {"1": "7", "2": "8", "3": "7", "4": "7", "6": "7", "7": "7", "8": "8"}
_OF_RECIPIENT = {"7": "3", "8": "2"} | dict(zip("123456", "123456", strict=True))


def split_status(text: str, default: str) -> tuple[str, str]:
    """The status before *text*, or the *default* one; and the text without it."""
    match = re.fullmatch(_STATUS, text)
    return (default, text) if match is None else (match[1], match[2] or "")


def status_for(status: str, subject: str) -> str:
    """*status* with an address detail that fits the subject: sender or recipient."""
    kind, topic, detail = status.split(".")
    if topic != "1":
        return status
    if subject == "sender":
        return f"{kind}.1.{_OF_SENDER.get(detail, '0')}"
    if subject == "recipient":
        return f"{kind}.1.{_OF_RECIPIENT.get(detail, '0')}"
    return f"{kind}.0.0"
