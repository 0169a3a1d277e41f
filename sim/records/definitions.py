"""What the definition of a measure holds; the measures themselves are in `sim.records.measures`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sim.records.words import MailClass

ROW_KEYS = ("all", "place", "group", "server", "route", "remedy", "day")
BY = (*ROW_KEYS, "cause", "permission", "abuse")

_MAIL = tuple(MailClass.texts())
_TO_DATE = "none: recipients still in transit at the end stay in the denominator"


class Outcome(NamedTuple):
    """What a row of recipients counts for."""

    fate: str
    refused_at_first: bool
    for_a_listing: bool
    believed: bool

    @property
    def lost(self) -> bool:
        """Whether it was neither delivered nor in transit at the end."""
        return self.fate not in ("delivered", "in_transit")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure; *by* names the keys it is split by besides ``all``.

    *counts* says whether a row of recipients is in the numerator, for a measure counted in rows.
    """

    title: str
    kind: str
    unit: str
    numerator: str
    denominator: str
    zero: str
    classes: tuple[str, ...] = _MAIL
    by: tuple[str, ...] = ("all", *ROW_KEYS[1:])
    excluded: str = _TO_DATE
    note: str = ""
    counts: Callable[[Outcome], bool] | None = None
