"""What a restriction says: permit, refuse, drop, or refuse later if all else would permit."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from sim.smtp.replies import Reply


class Permit(Enum):
    """The opinion that ends a list without refusing."""

    PERMIT = "permit"


PERMIT = Permit.PERMIT


class Discard(Enum):
    """The opinion that ends all lists: the message is answered as usual and dropped."""

    DISCARD = "discard"


DISCARD = Discard.DISCARD


class Refusal(NamedTuple):
    """The opinion that ends everything: a *situation* of `sim.smtp.replies`."""

    situation: str
    detail: str = ""
    reply: Reply | None = None
    """The words, with their places; None: those that the server has for the situation."""


class Deferral(NamedTuple):
    """The opinion that holds its *refusal* back: ``permit``, it is said where all lists permit;
    ``reject``, it is said instead of a permanent refusal."""

    condition: str
    refusal: Refusal


Opinion = Permit | Discard | Refusal | Deferral | None
"""None: no opinion, the next restriction is asked."""
