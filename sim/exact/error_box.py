"""The box in which a mail program of about 2000 tells its user that a message was not sent.

Fields and their order: client_error.fields; numbers: client_error.0x800CCC*. The first words
for a refused recipient are client_error.dialogue; the others follow its pattern (chosen).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNREACHABLE = "unreachable"
"""The stage of a message for which there was no connection at all."""


@dataclass(frozen=True, slots=True)
class Words:
    """First words of the box, and the label of the address that follows them ("": none)."""

    first: str
    address: str = ""


RECIPIENT = Words(
    "The message could not be sent because one of the recipients was rejected by the server.",
    "The rejected e-mail address was",
)
SENDER = Words(
    "The message could not be sent because the server rejected the sender's e-mail address.",
    "The sender's e-mail address was",
)
OTHER = Words("The message could not be sent. The server has answered with an error.")
NO_CONNECTION = Words("The connection to the server has failed.")
LOGON = Words("The message could not be sent because the server refused the logon.")

STAGES: Mapping[str, tuple[Words, int]] = {
    UNREACHABLE: (NO_CONNECTION, 0x800CCC0E),  # Cannot connect to server
    "AUTH": (LOGON, 0x800CCC18),  # Logon attempt failed
    "MAIL": (SENDER, 0x800CCC78),  # Unknown sender
    "RCPT": (RECIPIENT, 0x800CCC79),  # Server rejected recipients, with any code
}
"""Stages at which the number does not depend on the reply."""

REPLIES: Mapping[int, int] = {
    500: 0x800CCC62,  # Syntax error returned
    501: 0x800CCC63,  # Parameter syntax incorrect
    502: 0x800CCC64,  # Command not implemented
    503: 0x800CCC65,  # Improper command sequence
    504: 0x800CCC66,  # Command not implemented
    421: 0x800CCC67,  # Command not available
    450: 0x800CCC68,  # Mailbox is locked and busy
    550: 0x800CCC69,  # Mailbox not found
    451: 0x800CCC6A,  # Error processing request
    551: 0x800CCC6B,  # User mailbox is known but mailbox not on this server
    452: 0x800CCC6C,  # No space to store messages
    552: 0x800CCC6D,  # Storage limit exceeded
    553: 0x800CCC6E,  # Invalid mailbox name syntax
    554: 0x800CCC6F,  # Transaction failed
}
"""At every other stage (greeting, EHLO, DATA, the message) it is that of the reply code."""

UNKNOWN = 0x800CCC61  # Unknown error code


@dataclass(frozen=True, slots=True)
class ErrorBox:
    """What the user sees; *fields* in the order of the source."""

    words: str
    fields: tuple[tuple[str, str], ...]

    @property
    def number(self) -> str:
        """The error number, such as ``0x800CCC79``."""
        return dict(self.fields)["Error Number"]

    def __str__(self) -> str:
        """The box as one paragraph, as the mail program writes it."""
        return f"{self.words} {', '.join(f'{name}: {value}' for name, value in self.fields)}"


def box(
    stage: str,
    reply: str,
    *,
    code: int,
    sender: str,
    recipient: str,
    subject: str,
    account: str,
    server: str,
    port: int = 25,
) -> ErrorBox:
    """The box for a refusal at *stage*: `UNREACHABLE`, CONNECT, or the command that was refused.

    *reply* is the server's answer with its codes; *code* its reply code, 0 without one.
    """
    words, number = STAGES.get(stage, (OTHER, REPLIES.get(code, UNKNOWN)))
    rejected = {RECIPIENT: recipient, SENDER: sender}.get(words)
    text = words.first if rejected is None else f"{words.first} {words.address} '{rejected}'."
    answered = (
        (("Server Response", f"'{reply}'"),) if code else ()
    )  # without a connection nobody answered
    return ErrorBox(
        text,
        (
            ("Subject", f"'{subject}'"),
            ("Account", f"'{account}'"),
            ("Server", f"'{server}'"),
            ("Protocol", "SMTP"),
            *answered,
            ("Port", str(port)),
            ("Secure (SSL)", "No"),
            *((("Server Error", str(code)),) if code else ()),
            ("Error Number", f"0x{number:08X}"),
        ),
    )
