"""The states of an SMTP session, and which commands may come in each."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sim.smtp.facts import Facts
from sim.smtp.verdicts import Verdict


class State(Enum):
    """Where the session stands."""

    START = "start"  # greeted, no HELO or EHLO yet
    READY = "ready"  # between transactions
    MAIL = "mail"  # a reverse-path was accepted
    RCPT = "rcpt"  # so was a recipient
    DATA = "data"  # in the message
    CHUNK = "chunk"  # in a part of it that BDAT has announced (RFC 3030)
    LOGIN = "login"  # AUTH waits for a response
    CLOSED = "closed"


IDLE = frozenset({State.START, State.READY, State.MAIL, State.RCPT})


class Command(NamedTuple):
    """A row of `COMMANDS`: the method that answers, where it may come, what is said elsewhere."""

    method: str
    states: frozenset[State] = IDLE
    out_of_place: str = "bad_sequence"
    out_of_place_by_state: tuple[tuple[State, str], ...] = ()

    def refusal(self, state: State) -> str | None:
        """The situation if the command may not come in *state*; None if it may."""
        if state in self.states:
            return None
        return dict(self.out_of_place_by_state).get(state, self.out_of_place)


_START = ((State.START, "need_helo"),)

COMMANDS: dict[str, Command] = {
    "HELO": Command("_helo"),
    "EHLO": Command("_ehlo"),
    "AUTH": Command("_auth", frozenset({State.READY}), "bad_sequence", _START),
    "MAIL": Command("_mail", frozenset({State.READY}), "nested_mail", _START),
    "RCPT": Command("_rcpt", frozenset({State.MAIL, State.RCPT}), "need_mail", _START),
    "DATA": Command(
        "_data", frozenset({State.RCPT}), "need_rcpt", (*_START, (State.READY, "data_before_mail"))
    ),
    "BDAT": Command(
        "_bdat", frozenset({State.RCPT}), "need_rcpt", (*_START, (State.READY, "data_before_mail"))
    ),
    "RSET": Command("_rset"),
    "NOOP": Command("_noop"),
    "VRFY": Command("_vrfy"),
    "QUIT": Command("_quit"),
    "STARTTLS": Command("_starttls", IDLE - {State.MAIL, State.RCPT}),
    "EXPN": Command("_expn"),
    "HELP": Command("_help"),
}
"""The state machine: what each command does, and in which states it may come."""


class Message(NamedTuple):
    """A message that was taken: one forward-path and verdict for each recipient."""

    reverse_path: str | None
    login: str | None
    recipients: tuple[tuple[str, Verdict], ...]
    content: bytes
    discarded: bool = False


class Offer(NamedTuple):
    """What a client offered in one transaction, and what it was answered."""

    facts: Facts
    """Client, login, reverse-path, HELO."""
    answers: tuple[tuple[str, Verdict], ...]
    """For each forward-path named, in order, what the server answered in the end."""
    content: bytes | None
    """The message that was taken; None: it was not sent, or refused."""


class Chunk(NamedTuple):
    """A part of a message of *size* octets, of which *left* are to come (RFC 3030)."""

    size: int
    left: int
    last: bool
    keeps: bool
    """Whether it is kept: the octets of a BDAT that was refused follow all the same."""
    after: State
    """The state after it, if it is not the last."""
