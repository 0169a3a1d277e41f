"""What was said: one record a session, kept for pages and notebooks, as many as fit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sim.smtp import Facts

MOST_SESSIONS = 500
MOST_TURNS = 400
"""Sessions that are kept, and lines of each: the latest ones."""
MOST_SHOWN = 300
"""Octets of a line that are kept."""


class Turn(NamedTuple):
    """One line: when (s), ``C`` (client) or ``S`` (server), and its text."""

    at: float
    speaker: str
    text: str


class Judgement(NamedTuple):
    """What one recipient was answered, and every restriction that was looked at."""

    recipient: str
    reply: str
    accepted: bool
    rule: str
    walk: tuple[tuple[str, str, str, str], ...]
    """Stage, restriction, what was compared, opinion."""
    facts: Facts
    """What the server knew."""

    def data(self) -> dict[str, Any]:
        """As plain data, without the facts."""
        return {key: value for key, value in self._asdict().items() if key != "facts"}


@dataclass(slots=True, repr=False)
class Conversation:
    """One session of a client with a server."""

    number: int
    protocol: str
    server: str
    port: int
    client: str
    place: str
    began: float
    turns: deque[Turn] = field(default_factory=lambda: deque(maxlen=MOST_TURNS))
    judgements: list[Judgement] = field(default_factory=list)
    over: bool = False

    def __repr__(self) -> str:
        """As a reader sees it, at a prompt and in a notebook."""
        head = f"{self.protocol} with {self.server}, from {self.place} ({self.client})"
        return "\n".join((head, *(f"{turn.speaker}: {turn.text}" for turn in self.turns)))


Hear = Callable[[str, dict[str, Any]], None]
"""Told of an event: its kind, and its data."""


class Log:
    """The conversations of a live world, the latest last."""

    def __init__(self) -> None:
        self._latest: deque[Conversation] = deque(maxlen=MOST_SESSIONS)
        self._count = 0
        self.listeners: list[Hear] = []

    def __iter__(self) -> Iterator[Conversation]:
        return iter([*self._latest])

    def __len__(self) -> int:
        return len(self._latest)

    def __getitem__(self, place: int) -> Conversation:
        return self._latest[place]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self))

    def open(
        self, protocol: str, server: str, port: int, client: str, place: str, now: float
    ) -> Conversation:
        """A new conversation."""
        self._count += 1
        conversation = Conversation(self._count, protocol, server, port, client, place, now)
        self._latest.append(conversation)
        self.tell("session", summary(conversation))
        return conversation

    def say(self, one: Conversation, now: float, speaker: str, text: bytes) -> None:
        """Keep what a speaker has said, line by line."""
        for line in text.decode("utf-8", "replace").splitlines():
            turn = Turn(now, speaker, line[:MOST_SHOWN])
            one.turns.append(turn)
            self.tell("turn", {"session": one.number, **turn._asdict()})

    def judge(self, one: Conversation, judgement: Judgement) -> None:
        """Keep what a recipient was answered."""
        one.judgements.append(judgement)
        del one.judgements[:-MOST_TURNS]
        self.tell("verdict", {"session": one.number, **judgement.data()})

    def close(self, one: Conversation) -> None:
        """The conversation is over."""
        one.over = True
        self.tell("end", {"session": one.number})

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        """Tell whoever listens of an event."""
        for hear in [*self.listeners]:
            hear(kind, data)


def summary(one: Conversation) -> dict[str, Any]:
    """What it is, without what was said."""
    keys = ("number", "protocol", "server", "port", "client", "place", "began", "over")
    return {key: getattr(one, key) for key in keys}
