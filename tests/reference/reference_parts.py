"""What both halves of the second model know: units, lines, what a message is."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HOUR, DAY = 3600.0, 86400.0
UNITS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "hours": HOUR, "h": HOUR, "day": DAY, "days": DAY}
LINES = {  # latency one way in s, octets a second
    "dial-up": (0.067, 33_600 / 8),
    "isdn": (0.014, 64_000 / 8),
    "cable": (0.003, 128_000 / 8),
    "lan": (0.001, 10_000_000 / 8),
}


def quantity(text):
    """A duration in s, a rate a second, or a size in octets; of a distribution, its mean."""
    if isinstance(text, dict):
        text = text["mean"]
    value, _, unit = text.partition(" ")
    if unit == "octets":
        return float(value)
    if unit.startswith("/"):
        return float(value) / UNITS[unit.removeprefix("/").strip()]
    return float(value) * UNITS[unit]


def config(name):
    """The numbers of a scenario file."""
    return tomllib.loads((HERE / name).read_text())


@dataclass(eq=False)
class Mailbox:
    """An address: that of nobody does not exist, and a trap is on spammers' lists alone."""

    domain: str
    exists: bool = True
    trap: bool = False


@dataclass(eq=False)
class Recipient:
    """A mailbox that one message goes to, and what becomes of it."""

    box: Mailbox
    fate: str = "in_transit"
    ended: float = math.nan


@dataclass(eq=False)
class Message:
    """What somebody writes. Its sender is whoever a greylist sees; notices go to its domain."""

    written: float
    size: float
    recipients: list
    sender: object
    domain: str | None = None
    refused_first: bool = False
    record: list = None  # of spam: how many recipients are known to be decided, and arrived
    tries: int = 0
