"""Looks for mail that mail programs take just before they send, as far as known beforehand.

Such a POP login is at the moment at which its message is written. It stands as long as its message
is sent as was worked out; one that becomes an event has its login entered then.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from sim.workload.columns import Floats, Ints, group_bounds, packed

if TYPE_CHECKING:
    from sim.world.batch.precompute import Precomputed


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
    """The logins before *messages*, to accounts of networks of servers."""

    def __init__(self, known: Precomputed, messages: Ints) -> None:
        numbers = {name: i for i, name in enumerate(known.context.scenario.networks)}
        networks = np.array([numbers[server.network] for server in known.servers], dtype=np.int64)
        window = networks[known.messages.server[messages]] << 32 | known.client[messages]
        at, person = known.written[messages], known.person[messages]
        self._numbers, self._people = numbers, len(known.programs)
        windows, index = np.unique(window, return_inverse=True)
        self._index = {key: i for i, key in enumerate(windows.tolist())}
        self._of_all = _Timeline(index, at, messages, known.detached)
        self._of_each = _Timeline(index * self._people + person, at, messages, known.detached)

    def last(
        self, network: str, client: int, now: float, person: int | None = None
    ) -> float | None:
        """Moment of the last of them from *client* to an account of *network*, by *person* or by
        anybody; None: never."""
        index = self._index.get(self._numbers[network] << 32 | client)
        if index is None:
            return None
        if person is None:
            return self._of_all.last(index, now)
        return self._of_each.last(index * self._people + person, now)
