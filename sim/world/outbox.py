"""The ways in which a mail program sends, and its outbox: refused messages, and what has been
tried for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.topology.lines import Line
from sim.workload.arrivals import Arrivals, RecipientGroup
from sim.workload.people import Account, Person
from sim.workload.streams import Purpose, chance
from sim.world.recorder import Answer
from sim.world.server import Server
from sim.world.transfers import Message


class LearnedSettings(NamedTuple):
    """A way to send: the server that is asked, the network that is reached for it, the sender
    address that is shown, and the line, where these are not the usual ones."""

    server: Server
    dials: str | None = None
    sender: str | None = None
    line: str | None = None


class SubmissionSettings(NamedTuple):
    """How somebody sends from one place by one account."""

    account: Account
    own: Server
    """The submission server of the account."""
    server: Server
    """The server that is asked."""
    dials: str | None
    """The network that is dialled in to; None: that of the place."""
    line: Line
    place: int
    """Number of the place in rows."""
    reverse_path: str
    representative: str
    """A reverse-path that policies cannot tell from this one."""


Way = tuple[SubmissionSettings, str, int]
"""How mail is sent: by which settings, from which network and address of the machine."""


class OutboxEntry:
    """A refused message in the outbox, and what its writer has tried for it."""

    def __init__(
        self,
        arrivals: Arrivals,
        writer: Person,
        customer: int,
        message: Message,
        groups: Sequence[RecipientGroup],
    ) -> None:
        self.customer = customer  # which of the writer's successive customers it is
        number, self.message, self.groups = message.number, message, groups
        self.account_number = arrivals.account[number]  # of the person's accounts
        self.account = writer.accounts[self.account_number]
        self.choice = arrivals.choice[number]
        self.learned: LearnedSettings | None = None  # how it is tried now; None: as others are
        self.passed_over: list[str] = []
        self.advice: set[str] = set()  # of the help desk, followed for this message alone
        self.draws = 0
        self.since = arrivals.at[number]  # since when it is tried in the same way (s)


class Refusal(NamedTuple):
    """A message that *server* refused for good, with what it said and when."""

    entry: OutboxEntry
    server: Server
    answer: Answer
    now: float

    @property
    def draw(self) -> float:
        """Uniform draw of how long the next remedy takes."""
        entry = self.entry
        return chance(entry.message.key, Purpose.DELAY, len(entry.passed_over))
