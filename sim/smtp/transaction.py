"""One recipient of one transaction, as the restrictions of one policy see it."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from sim.smtp.addresses import Address, Fault
from sim.smtp.facts import Facts
from sim.smtp.restrictions import Range

if TYPE_CHECKING:
    from sim.smtp.policy import Policy


NOBODY = Address("", "")
"""The recipient before one is read."""


class Transaction:
    """The questions that restrictions ask, answered from a policy and the facts.

    *sender* is None for the null reverse-path. *granted* says, once the relay list is
    walked, that the client may relay.
    """

    __slots__ = ("destination_is_local", "facts", "granted", "policy", "recipient", "sender")

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self.policy = policy
        self.facts = facts
        self.granted = False
        self.sender: Address | None = None
        """The reverse-path as the server reads it; None is the null reverse-path."""
        self.recipient = NOBODY
        """The forward-path as the server reads it."""
        self.destination_is_local = False
        """Whether the mail would stay here."""

    # ---- addresses

    def read_sender(self) -> Fault | None:
        """Read the reverse-path; the fault if it is not one."""
        path = self.facts.reverse_path
        if path is None:
            return None
        sender = self.policy.read(path, sender=True)
        if isinstance(sender, Fault):
            return sender
        self.sender = sender
        return None

    def read_recipient(self) -> Fault | None:
        """Read the forward-path; the fault if it is not one."""
        recipient = self.policy.read(self.facts.forward_path)
        if isinstance(recipient, Fault):
            return recipient
        self.recipient = recipient
        self.destination_is_local = self.policy.is_local(recipient)
        return None

    # ---- the client

    def client_in(self, ranges: Iterable[Range]) -> bool:
        """Whether the client's address is in one of *ranges*."""
        return self.policy.is_within(self.facts.client, ranges)

    # ---- the sender

    def sender_is_local(self) -> bool:
        """Whether the sender is in a local domain."""
        return self.sender is not None and self.policy.is_local_sender(self.sender)

    def sender_resolves(self) -> bool:
        """Whether the sender's domain exists."""
        known = self.facts.known_domains
        sender = self.sender
        if known is None or sender is None or sender.literal or sender.domain in known:
            return True
        return self.policy.is_local(sender)

    def sender_may_grant(self) -> bool:
        """Whether a local sender is enough for this destination."""
        known = self.facts.known_domains
        domain = self.recipient.domain
        return not self.policy.style.sender_grant_verified or known is None or domain in known

    def sender_owners(self) -> frozenset[str]:
        """The logins to which the sender belongs."""
        if self.sender is None:
            return frozenset()
        return self.policy.owners.get(str(self.sender).lower(), frozenset())

    def sender_has_owner(self) -> bool:
        """Whether the sender belongs to some login."""
        return bool(self.sender_owners())

    def login_owns_sender(self, login: str) -> bool:
        """Whether *login* may use the sender; all may use the null reverse-path."""
        if self.sender is None:
            return not self.policy.style.null_sender_owned
        return login in self.sender_owners()

    # ---- the recipient

    def destination_is_ours(self) -> bool:
        """Whether anybody may send there: a local domain or a relay domain."""
        return self.destination_is_local or self.policy.relays_for(self.recipient)

    def recipient_exists(self) -> bool:
        """Whether the recipient, if local, is a known mailbox, or will only be found out later."""
        lookup = self.policy.style.mailboxes
        if lookup == "never":
            return True
        if lookup == "strangers" and (self.granted or self.facts.login is not None):
            return True
        return not self.destination_is_local or self.policy.has_mailbox(self.recipient)

    # ---- words for a trace

    def client_text(self) -> str:
        """The client's address as people write it."""
        return str(IPv4Address(self.facts.client & 0xFFFFFFFF))

    def sender_text(self) -> str:
        """The sender in angle brackets."""
        return f"<{self.facts.reverse_path or ''}>"

    def destination_text(self) -> str:
        """The recipient, and what it means where that differs."""
        given, meant = self.facts.forward_path, str(self.recipient)
        return f"<{given}>" if given.lower() == meant.lower() else f"<{given}>, that is <{meant}>"
