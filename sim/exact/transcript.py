"""The SMTP dialogue of one hop, spoken with the same session that answers real bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.exact.blocks import Line, Span
from sim.smtp import Facts, Policy
from sim.smtp.session import Session

PASSWORD = "password"
"""What everybody's password is here."""
WRONG_PASSWORD = "passwort"


@dataclass(frozen=True, slots=True)
class Turn:
    """One line of a dialogue: *speaker* is ``C`` (client) or ``S`` (server)."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What client and server said, and the command at which the server refused ("": nowhere)."""

    turns: tuple[Turn, ...]
    refused_at: str
    reply: tuple[str, ...]
    """The lines of the refusal, or of the last reply about the message."""

    @property
    def code(self) -> int:
        """The reply code of it."""
        return int(self.reply[0][:3]) if self.reply else 0

    def lines(self) -> tuple[Line, ...]:
        """As a reader sees it: who speaks, and the refusal marked."""
        refusal = set(self.reply) if self.refused_at else set()
        return tuple(
            Span(f"{turn.speaker}: {turn.text}", _style(turn, refusal)) for turn in self.turns
        )


def _style(turn: Turn, refusal: set[str]) -> str:
    if turn.speaker == "C":
        return ""
    return "bad" if turn.text in refusal else "server"


def converse(
    policy: Policy, facts: Facts, helo: str, message: Sequence[str], login: str | None = None
) -> Dialogue:
    """What a client that calls itself *helo* and a server with *policy* say about one message.

    *login* is the name it logs in with, which fails where *facts* say so. The client gives up
    at the first refusal, as a mail program does with one recipient.
    """
    session = Session(
        policy, facts, lambda name, password: (name, password) == (facts.login, PASSWORD)
    )
    turns: list[Turn] = []
    refused, last = "", _lines(session.connect(), turns)
    if last[0][:1] in "45":
        refused = "CONNECT"
    else:
        for command, lines in _script(facts, helo, message, login or facts.login):
            turns += (Turn("C", line) for line in lines)
            octets = "".join(f"{_stuffed(line, command)}\r\n" for line in lines)
            last = _lines(session.receive(octets.encode("ascii", "replace")), turns)
            if last and last[0][:1] in "45":
                refused = command
                break
    if not session.closed:
        turns.append(Turn("C", "QUIT"))
        _lines(session.receive(b"QUIT\r\n"), turns)
    return Dialogue(tuple(turns), refused, tuple(last))


def _script(
    facts: Facts, helo: str, message: Sequence[str], login: str | None
) -> Iterator[tuple[str, Sequence[str]]]:
    """Command by command, what the client says."""
    yield "EHLO", [f"EHLO {helo}"]
    if login is not None:
        password = WRONG_PASSWORD if facts.auth_failed else PASSWORD
        secret = base64.b64encode(f"\0{login}\0{password}".encode()).decode()
        yield "AUTH", [f"AUTH PLAIN {secret}"]
    yield "MAIL", [f"MAIL FROM:<{facts.reverse_path or ''}>"]
    yield "RCPT", [f"RCPT TO:<{facts.forward_path}>"]
    yield "DATA", ["DATA"]
    yield "message", [*message, "."]


def _stuffed(line: str, command: str) -> str:
    """RFC 5321 section 4.5.2: a dot in front of a line of the message that begins with one."""
    return f".{line}" if command == "message" and line.startswith(".") and line != "." else line


def _lines(data: bytes, turns: list[Turn]) -> list[str]:
    lines = data.decode("ascii").splitlines()
    turns += (Turn("S", line) for line in lines)
    return lines
