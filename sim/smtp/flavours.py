"""How makes of mail server differ: one row of named properties for each.

A flavour changes how an address is read, in which order things are judged and in which words
they are answered; what a policy means is the same for all. The ``neutral`` row follows the
standards and nothing else, and is what a policy has unless it names another.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.smtp.addresses import STANDARD, Reading

CHECKS = ("client", "sender_syntax", "sender", "recipient_syntax", "relay", "recipient", "content")
"""What is judged; a flavour says in which order, and at which command."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """The properties in which mail servers were seen to differ; the defaults are neutral."""

    name: str
    reading: Reading = STANDARD
    """How it reads address forms."""
    at_mail: tuple[str, ...] = ("client", "sender_syntax", "sender")
    """The checks answered at MAIL, in order."""
    at_rcpt: tuple[str, ...] = ("recipient_syntax", "relay", "recipient")
    """The checks answered at RCPT, in order."""
    wording: str = "neutral"
    """The row of `replies.WORDINGS` it answers from."""


FLAVOURS: dict[str, Flavour] = {"neutral": Flavour("neutral")}
