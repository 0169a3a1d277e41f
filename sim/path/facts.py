"""What a server sees of a client and of one recipient: the one place where `Facts` are made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypedDict, Unpack

from sim.smtp import Facts
from sim.smtp.restrictions import Range

if TYPE_CHECKING:
    from sim.scenario.blocklists import Blocklist
    from sim.smtp.names import Names
    from sim.smtp.units import Seconds


class Credentials(NamedTuple):
    """What a client shows besides its address: the name it logged in with, whether AUTH failed,
    the port it came to, what it calls itself in HELO."""

    login: str | None = None
    auth_failed: bool = False
    port: int = 25
    helo: str | None = None


NO_LOGIN = Credentials()
TLS_PORT = 465
"""The port on which sessions begin with TLS (RFC 8314); STARTTLS is not modelled."""


class State(TypedDict, total=False):
    """What else a server may know of a session; meanings and defaults are those of `Facts`."""

    listed: tuple[str, ...]
    pop_age: Seconds | None
    open_sessions: int
    recent: int
    greylist_age: Seconds | None
    spam: bool
    content_draw: float
    client_name: str
    reverse_name: str


def facts(
    client: int, reverse_path: str | None, forward_path: str, credentials: Credentials = NO_LOGIN,
    *, names: Names | None = None, **state: Unpack[State],
) -> Facts:  # fmt: skip
    """Return the facts of one recipient, as `sim.smtp.Facts` describes them.

    *names* is what the name server knows; None: every name resolves, no list answers. A scenario
    is not needed: an address, a table of names and a policy are enough for `decide`.
    """
    auth_failed = credentials.auth_failed
    login = None if auth_failed else credentials.login
    return Facts(
        client,
        reverse_path,
        forward_path,
        login,
        auth_failed=auth_failed,
        names=names,
        helo=credentials.helo,
        encrypted=credentials.port == TLS_PORT,
        **state,
    )


class FixedListings:
    """What blocklists say of an address whatever happens: their stated ranges."""

    def __init__(self, blocklists: Mapping[str, Blocklist]) -> None:
        self._ranges = [
            (name, *Range.of(prefix))
            for name, settings in blocklists.items()
            for prefix in settings.ranges
        ]

    @property
    def ranges(self) -> tuple[Range, ...]:
        """All of these ranges."""
        return tuple(Range(first, last) for _, first, last in self._ranges)

    def __call__(self, address: int) -> tuple[str, ...]:
        """Names of the lists that list *address* all the time, in the order of the file."""
        lists = (name for name, first, last in self._ranges if first <= address <= last)
        return tuple(dict.fromkeys(lists))
