"""What a server knows about one recipient of one transaction when it must answer."""

from __future__ import annotations

from typing import NamedTuple

from sim.smtp.names import Names
from sim.smtp.units import Seconds


class Facts(NamedTuple):
    """The facts of a session that restrictions may read; `decide` reads nothing else.

    A reverse-path of ``None`` is the null reverse-path ``<>`` (RFC 5321 section 4.5.5).
    *auth_failed* says that AUTH was tried and refused and that the client stopped there;
    a client that goes on without a login has ``auth_failed=False`` and no *login*.
    """

    client: int
    """Address of the client, as a number (`sim.smtp.clients`)."""
    reverse_path: str | None = None
    """Text between ``<`` and ``>`` of MAIL FROM; None is the null reverse-path."""
    forward_path: str = ""
    """Text between ``<`` and ``>`` of RCPT TO."""
    login: str | None = None
    """Name for which SMTP AUTH succeeded."""
    auth_failed: bool = False
    """AUTH was tried and refused."""
    pop_age: Seconds | None = None
    """Time since the last POP login from *client*; None: never."""
    listed: tuple[str, ...] = ()
    """Names of the blocklists that list *client*, besides what *names* answers."""
    names: Names | None = None
    """What the name server knows; None: every name resolves, and no list answers."""
    open_sessions: int = 0
    """Other sessions open from *client*."""
    recent: int = 0
    """Earlier transactions of *client* within the window of the limit of messages."""
    greylist_age: Seconds | None = None
    """Time since this (client, sender, recipient) was first seen; None: now."""
    spam: bool = False
    """Whether the content is spam, which a filter tries to tell."""
    content_draw: float = 1.0
    """The filter's uniform draw in [0, 1): the message is caught if draw < rate."""
    helo: str | None = None
    """What the client called itself in HELO or EHLO; None: it did not."""
    client_name: str | None = None
    """Verified name of the client; None: as *names* has it."""
    reverse_name: str | None = None
    """Name of its PTR record, verified or not; None: as *names* has it."""
    recipients: int = 0
    """Recipients of this message accepted before this one; at DATA, all of them."""
    pipelined: bool = False
    """The client sent commands before it might."""
    encrypted: bool = False
    """The session is protected by TLS."""
    certificate: str | None = None
    """Name of the trusted TLS certificate that the client showed; None: none."""
    recent_of_login: int = 0
    """Earlier transactions of *login* within the window of its limit."""
    recent_connections: int = 0
    """Earlier connections of *client* within the window of their limit."""
    recent_recipients: int = 0
    """Earlier recipients named by *client* within the window of their limit."""
    recent_auths: int = 0
    """Earlier AUTH commands of *client* within the window of their limit."""


SESSION_STATE = (
    "content_draw",
    "greylist_age",
    "open_sessions",
    "pop_age",
    "recent",
    "recent_auths",
    "recent_connections",
    "recent_of_login",
    "recent_recipients",
    "spam",
)
"""Facts that differ between two transactions which are otherwise alike."""


class SessionState:
    """The part of `Facts` named in SESSION_STATE, with the same names and meanings.

    The state keys of restrictions read either, so that a caller with many transactions can look
    a verdict up without building all facts of each.
    """

    __slots__ = SESSION_STATE

    def __init__(self) -> None:
        self.pop_age: Seconds | None = None
        self.open_sessions = 0
        self.recent = 0
        self.recent_auths = 0
        self.recent_connections = 0
        self.recent_of_login = 0
        self.recent_recipients = 0
        self.greylist_age: Seconds | None = None
        self.spam = False
        self.content_draw = 1.0
