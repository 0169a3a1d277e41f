"""The columns of the accelerator: what is known of each message and each group of recipients.

Each column is one block of memory with two faces: a numpy array to work on all of it, and an
array (``..._item``) to read or write single numbers, which is twice as fast that way.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.workload.arrivals import RecipientGroup
from sim.workload.columns import Ints, view

Indexed = tuple[list[Any], Ints]
"""Distinct values, and the index among these of each item."""


class Known(IntEnum):
    """What is known of a hop before it happens, from nothing to everything."""

    DEPENDS = -1
    """Only while it is worked out: the answer depends on the question."""
    WRITE = 0
    """Nothing, not even when it arrives: the mail program writes the message, as an event."""
    ASK = 1
    """When it arrives: what the server answers is found out then, by `Transport`."""
    COUNT = 2
    """How long it takes, too: the server looks at the moment, and is asked when it arrives."""
    LOCAL = 3
    """Its recipients get it here."""
    SECOND_HOP = 4
    """Its only group of recipients is relayed."""
    REFUSAL = 5
    """Its only recipient is refused permanently, and the writer gives up."""
    PARTS = 6
    """Every group is accepted, and each ends here or is relayed."""
    FAILS = 7
    """For now its first server does not reach the second, by chance."""
    GREYLIST = 8
    """Its recipients get it here, or it is refused for now: by the age of its triples."""


class Hop:
    """One hop of many messages, or groups, in columns."""

    def __init__(self, server: Ints) -> None:
        n = len(server)
        self.server_item, self.server = _shared(server)  # number; -1 for none
        self.known_item, self.known = column("b", n, Known.ASK)
        self.took_item, self.took = column("d", n, np.nan)  # s
        self.at_item, self.at = column("d", n, 0.0)  # arrival (s)
        # of its session (s); not a number: there was none, or `Transport` had it
        self.start_item, self.start = column("d", n, np.nan)

    @property
    def took_place(self) -> NDArray[np.bool_]:
        """Mask of the sessions that took place here and not in `Transport`."""
        mask: NDArray[np.bool_] = ~np.isnan(self.start)
        return mask


class RecipientGroups(Hop):
    """The groups of recipients of all messages; the hop is their second, to their domain's MX.

    Groups of message *i* are ``first[i]`` to ``first[i + 1]``.
    """

    def __init__(self, first_row: Ints, domain: Ints, mx: dict[int, int]) -> None:
        """*first_row* is the first row of each message, and the end; *domain* that of each row;
        *mx* the number of the preferred server of each domain that has one."""
        starts = np.ones(len(domain), dtype=bool)
        starts[1:] = domain[1:] != domain[:-1]
        starts[first_row[:-1]] = True
        self.row_item, self.row = _shared(np.flatnonzero(starts))
        self.count_item, self.count = _shared(np.diff(self.row, append=len(domain)))
        self.domain_item, self.domain = _shared(domain[self.row])
        message = np.repeat(np.arange(len(first_row) - 1), np.diff(first_row))
        self.message_item, self.message = _shared(message[self.row])
        self.first_item, self.first = _shared(np.searchsorted(self.row, first_row))
        domains = range(int(self.domain.max(initial=0)) + 1)
        super().__init__(np.array([mx.get(d, -1) for d in domains])[self.domain])
        n = len(self.row)
        self.at_first_item, self.at_first = column("b", n, Known.ASK)
        """What is known of the first hop of each group."""
        # what becomes of its recipients at each hop, see `Answer`
        self.first_outcome_item, self.first_outcome = column("i", n, 0)
        self.outcome_item, self.outcome = column("i", n, 0)
        # what its second server says while its triples are too young, likewise
        self.young_item, self.young = column("i", n, 0)
        self.attempt_item, self.attempt = column("h", n, 1)
        """Of the second hop: which one this is, after those that were put off."""

    def group(self, index: int, representative: dict[int, str]) -> RecipientGroup:
        """Group *index* as `Transport` has it."""
        row, domain = self.row_item[index], int(self.domain[index])
        return RecipientGroup(row, row + self.count_item[index], domain, representative[domain])


def column(code: str, n: int, value: float) -> tuple[Any, NDArray[Any]]:
    """Both faces of a column of *n* equal values."""
    items = array(code, [value]) * n
    return items, view(items)


def _shared(values: Ints) -> tuple[Any, Ints]:
    items = array("i", values.astype(np.int32).tobytes())
    return items, view(items)


def indexed(values: Ints, key: Callable[[int], Hashable]) -> Indexed:
    """Group *values* by function *key*: the keys, and the index of each value's key."""
    several, which = distinct(values)
    index: dict[Hashable, int] = {}
    number = [index.setdefault(key(value), len(index)) for value in several.tolist()]
    return list(index), np.array(number, dtype=np.int64)[which]


def distinct(values: Ints) -> tuple[Ints, Ints]:
    """The distinct *values*, ascending, and the index of each: as np.unique, without sorting
    where they lie close together."""
    low = int(values.min(initial=0))
    if int(values.max(initial=0)) - low > 4 * len(values):
        return np.unique(values, return_inverse=True)
    present = np.bincount(values - low) > 0
    return np.flatnonzero(present) + low, (np.cumsum(present) - 1)[values - low]
