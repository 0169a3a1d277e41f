"""A message and its transfers: each brings it, or the part for one domain, to one server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sim.path.facts import Credentials
from sim.workload.arrivals import RecipientGroup
from sim.world.engine import Occurrence
from sim.world.recorder import Answer

if TYPE_CHECKING:
    from sim.world.server import Server

Replies = list[tuple[RecipientGroup, Answer]]
"""What a server answers to each group of recipients."""


def split(replies: Replies) -> tuple[Replies, Replies, Answer, int]:
    """Those that accept, those that refuse, the worst answer, and how many recipients the server
    passes on; what it drops is not relayed."""
    acceptances = [reply for reply in replies if reply[1].verdict.accepted]
    passed_on = [
        group
        for group, answer in acceptances
        if answer.verdict.relayed and not answer.verdict.discarded
    ]
    return (
        acceptances,
        [reply for reply in replies if not reply[1].verdict.accepted],
        max([answer for _, answer in replies], key=lambda answer: answer.verdict.code),
        recipients(passed_on),
    )


class Sender(Protocol):
    """Who hands a message to its first server, and hears what that one says."""

    def needs_all(self, transfer: Transfer, refused: Replies) -> bool:
        """Whether nothing is sent when these are refused, as mail programs have it."""

    def receive_replies(self, transfer: Transfer, now: float, refused: Replies) -> None:
        """The first hop has answered: what it *refused* is the sender's again.

        For one that needs all, that is the whole message as soon as one is refused.
        """


@dataclass(slots=True)
class Message:
    """What all transfers of one message share."""

    number: int
    reverse_path: str | None
    representative: str | None
    """A reverse-path that policies cannot tell from this one: see `anyone_at`."""
    size: float
    """Octets."""
    sender: Sender | None
    """None: a server wrote it."""
    service: tuple[float, float]
    """Uniform draws: service time at submission, at the next hop."""
    luck: float
    """Uniform draw: temporary failure at the next hop."""
    content: float
    """Uniform draw of an outbound filter."""
    key: int
    """Of further draws: see `streams.chance`."""
    spam: bool = False
    about: int = -1
    """The message that a notice tells of."""
    exact: bool = False
    """The representative of each group is the address itself of its one recipient: where an alias
    has sent it, or a notice."""


class Part(NamedTuple):
    """Some recipients that a server has taken, the message as they get it, and whether they go on
    to another server."""

    message: Message
    group: RecipientGroup
    leaves: bool


class Transfer(Occurrence):
    """Some recipients of a message on their way to a server; one event for all attempts."""

    network: str  # that of its client
    __slots__ = (
        "address", "attempt", "count", "credentials", "hops", "line", "message", "network",
        "no_way", "origin", "place", "server", "ticket",
    )  # fmt: skip

    def __init__(
        self,
        message: Message,
        groups: Sequence[RecipientGroup],
        server: Server,
        address: int,
        credentials: Credentials,
        line: float,
        place: int = 0,
        attempt: int = 1,
        origin: Server | None = None,
        ticket: object = None,
    ) -> None:
        self.message, self.groups, self.server = message, groups, server
        self.address, self.credentials = address, credentials  # of its client
        self.line, self.place, self.attempt = line, place, attempt  # bit/s; number of the place
        self.origin = origin  # the server whose queue it is in; None at submission
        self.ticket = ticket  # what its sender keeps with it; a server: see Deferred
        self.no_way = False  # there is no connection to be had
        self.hops = 0 if origin is None else 1  # servers that have had it
        first, end, _, _ = groups[0]
        self.count = end - first if len(groups) == 1 else recipients(groups)


def recipients(groups: Sequence[RecipientGroup]) -> int:
    """How many recipients *groups* hold."""
    return sum([group.end - group.first for group in groups])


def rows_of(groups: Sequence[RecipientGroup]) -> list[int]:
    """The rows of the recipients that *groups* hold."""
    return [row for group in groups for row in range(group.first, group.end)]
