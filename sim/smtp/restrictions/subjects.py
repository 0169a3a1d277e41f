"""What restrictions look up by name: the client, its unverified name, HELO, the two addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sim.smtp.transaction import Transaction


class Subject(NamedTuple):
    """One of them: in words, its name in a transaction, and the facts that decide it."""

    words: str
    name: Callable[[Transaction], str | None]
    reads: tuple[str, ...]


CLIENT_READS = ("client", "names", "client_name", "reverse_name")
SUBJECTS = {
    "client": Subject(
        "the verified name of the client", lambda t: t.client_names.name, CLIENT_READS
    ),
    "reverse_client": Subject(
        "the name of the client's PTR record", lambda t: t.client_names.reverse, CLIENT_READS
    ),
    "helo": Subject("the name in HELO", lambda t: t.facts.helo, ("helo", "names")),
    "sender": Subject(
        "the sender's domain",
        lambda t: t.sender.original if t.sender is not None else None,
        ("reverse_path", "names"),
    ),
    "recipient": Subject(
        "the recipient's domain",
        lambda t: t.recipient.original if t.recipient is not None else None,
        ("forward_path", "names"),
    ),
}
"""By what a refusal speaks of (`sim.smtp.replies.CLASSES`)."""
