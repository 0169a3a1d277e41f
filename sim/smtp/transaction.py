"""One recipient of one transaction, as the restrictions of one server see it."""

from __future__ import annotations

from collections.abc import Iterable

from sim.smtp import clients
from sim.smtp.addresses import Address, Fault
from sim.smtp.clients import Range
from sim.smtp.facts import Facts
from sim.smtp.names import NONE, OK, UNKNOWN, ClientName
from sim.smtp.opinions import Refusal
from sim.smtp.site import FAILED, FINAL, LOCAL, RELAY, Mailbox, Site
from sim.smtp.tables import TableError

NO_MAILBOX = Mailbox("", Address("", ""), "")
"""The recipient before one is read."""


class Transaction:
    """The questions that restrictions ask, answered from a site and the facts.

    What later commands tell is not known before they are: *sender* and *recipient* are None
    until they are read. *granted* says, once the relay list is walked, that the client may relay.
    """

    command = ""
    """The command that is answered."""
    stage = "client"
    """The list that is walked."""
    subject = "client"
    """Whose address or name a refusal speaks of."""
    granted = False
    no_sender = False
    """MAIL came with the null reverse-path."""
    sender: Mailbox | None = None
    """The reverse-path as the server reads it; None: null, or still to come."""
    recipient: Mailbox | None = None
    """The forward-path as the server reads it; None: still to come, or one of several."""
    warning = False
    """Refusals are only noted."""
    deferral: Refusal | None = None
    """What is said where all lists permit."""
    on_reject: Refusal | None = None
    """What is said instead of a permanent refusal by this list."""
    checked_recipient = checked_sender = False
    """Whether it was looked up whether they are listed."""
    depth = 0
    """Lists within lists."""

    def __init__(self, site: Site, facts: Facts) -> None:
        self.site = site
        self.facts = facts

    # ---- addresses

    def read_sender(self) -> Fault | None:
        """Read the reverse-path; the fault if it is not one."""
        path = self.facts.reverse_path
        if path is None:
            self.no_sender = True
            return None
        sender = self.site.read(path, sender=True)
        if isinstance(sender, Fault):
            return sender
        self.sender = sender
        return None

    def read_recipient(self) -> Fault | None:
        """Read the forward-path; the fault if it is not one."""
        recipient = self.site.read(self.facts.forward_path)
        if isinstance(recipient, Fault):
            return recipient
        self.recipient = recipient
        return None

    @property
    def to(self) -> Mailbox:
        """The recipient; an empty one before it is read."""
        return self.recipient or NO_MAILBOX

    # ---- the client

    def client_in(self, ranges: Iterable[Range]) -> bool:
        """Whether the client's address is in one of *ranges*."""
        return self.site.is_within(self.facts.client, ranges)

    def client_on_network(self) -> bool:
        """Whether the client is on one of the server's own networks."""
        networks = self.site.own_networks
        if networks.plain:
            return self.site.is_within(self.facts.client, networks.ranges)
        return networks.holds(self.facts.client, lambda: self.client_names.name)

    @property
    def client_names(self) -> ClientName:
        """Name and reverse name of the client."""
        facts = self.facts
        name = ClientName(status=OK, reverse_status=OK)
        if facts.names is not None:
            name = facts.names.client(facts.client)
        if facts.client_name is not None:
            name = name._replace(name=facts.client_name, status=_status(facts.client_name))
        if facts.reverse_name is not None:
            status = _status(facts.reverse_name)
            name = name._replace(reverse=facts.reverse_name, reverse_status=status)
        return name

    # ---- the sender

    def sender_is_local(self) -> bool:
        """Whether the sender is in a local domain."""
        return self.sender is not None and self.site.is_local_sender(self.sender.address)

    def sender_may_grant(self) -> bool:
        """Whether a local sender is enough for this destination."""
        names, domain = self.facts.names, self.to.address.domain
        if not self.site.style.sender_grant_verified or names is None:
            return True
        return names.takes_mail(domain) == OK

    def sender_owners(self) -> frozenset[str]:
        """The logins to which the sender belongs."""
        return frozenset() if self.sender is None else self.site.owners_of(self.sender)

    def login_owns_sender(self, login: str) -> bool:
        """Whether *login* may use the sender; all may use the null reverse-path."""
        if self.sender is None:
            return not self.site.style.null_sender_owned
        owners = self.sender_owners()
        return login in owners or (
            self.site.style.tokens and login.lower() in {owner.lower() for owner in owners}
        )

    # ---- the recipient

    @property
    def destination_is_local(self) -> bool:
        """Whether the mail would stay here, in the class of local domains or a virtual one."""
        return self.recipient is not None and self.recipient.kind in FINAL

    def destination_is_ours(self) -> bool:
        """Whether anybody may send there: a local domain or a relay domain."""
        to = self.recipient or NO_MAILBOX
        if to.kind == FAILED:
            raise TableError(to.original)
        if to.routed and not self.site.settings.allow_untrusted_routing:
            return to.kind in FINAL and not self.site.style.tokens
        return to.kind in FINAL or to.kind == RELAY

    def recipient_exists(self) -> bool:
        """Whether the recipient, if local, is a known mailbox, or will only be found out later."""
        lookup = self.site.style.mailboxes
        if lookup == "never":
            return True
        if lookup == "strangers" and (self.granted or self.facts.login is not None):
            return True
        to = self.to
        return to.kind != LOCAL or self.site.has_mailbox(to.address)

    # ---- words for a trace

    def client_text(self) -> str:
        """The client's address as people write it."""
        return clients.text(self.facts.client)

    def sender_text(self) -> str:
        """The sender in angle brackets."""
        return f"<{self.facts.reverse_path or ''}>"

    def destination_text(self) -> str:
        """The recipient, and what it means where that differs."""
        original, full = self.facts.forward_path, str(self.to.address)
        return (
            f"<{original}>"
            if original.lower() == full.lower()
            else f"<{original}>, that is <{full}>"
        )


def kind_known(mailbox: Mailbox) -> Mailbox:
    """*mailbox*; raises TableError where its class is not known."""
    if mailbox.kind == FAILED:
        raise TableError(mailbox.original)
    return mailbox


def _status(name: str) -> str:
    return NONE if name == UNKNOWN else OK
