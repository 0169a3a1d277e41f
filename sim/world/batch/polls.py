"""Looks for mail that mail programs take just before they send, as far as known beforehand.

Such a POP login is at the moment at which its message is written. It stands as long as its message
is sent as was worked out; one that becomes an event has its login entered then.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping

import numpy as np

from sim.workload.columns import Floats, Ints, group_bounds, packed


class _Timeline:
    """Moments of messages by a key: the last one before a moment, of those that still stand."""

    def __init__(self, key: Ints, at: Floats, message: Ints, gone: bytearray) -> None:
        order = np.lexsort((at, key))
        self._bounds, self._gone = group_bounds(key[order]), gone
        self._at: array[float] = packed("d", at[order])
        self._message: array[int] = packed("i", message[order])

    def last(self, key: int, now: float) -> float | None:
        low, high = self._bounds.get(key, (0, 0))
        for i in range(bisect_right(self._at, now, low, high) - 1, low - 1, -1):
            if not self._gone[self._message[i]]:
                return self._at[i]
        return None


class Polls:
    """The logins before *messages* were written by people (both numbers) at moments, each to an
    account of a network from a client; *gone* marks what is no longer sent as was worked out."""

    def __init__(
        self,
        networks: Mapping[str, int],
        network: Ints,
        client: Ints,
        person: Ints,
        at: Floats,
        messages: Ints,
        gone: bytearray,
    ) -> None:
        self._networks, self._people = networks, int(person.max(initial=0)) + 1
        windows, index = np.unique(network << 32 | client, return_inverse=True)
        self._index = {key: i for i, key in enumerate(windows.tolist())}
        self._of_all = _Timeline(index, at, messages, gone)
        self._of_each = _Timeline(index * self._people + person, at, messages, gone)

    def last(
        self, network: str, client: int, now: float, person: int | None = None
    ) -> float | None:
        """Moment of the last of them from *client* to an account of *network*, by *person* or by
        anybody; None: never."""
        index = self._index.get(self._networks[network] << 32 | client)
        if index is None or (person is not None and person >= self._people):
            return None
        if person is None:
            return self._of_all.last(index, now)
        return self._of_each.last(index * self._people + person, now)
