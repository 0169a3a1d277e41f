"""How many addresses of a network nobody holds at a moment: to know at once that it has none."""

from __future__ import annotations

import numpy as np

from sim.workload.columns import Floats, Ints


class Vacancies:
    """The addresses of one network that are free now and then, counted.

    Each address is held from *start* to *end* (s), both included, in intervals that stand by
    address, then by start; of two that overlap the later one counts, as where one is looked up.
    *count* is the number of addresses.
    """

    def __init__(self, count: int, address: Ints, start: Floats, end: Floats) -> None:
        following = np.append(start[1:], np.inf)
        following[np.flatnonzero(np.diff(address))] = np.inf
        until = np.where(end < following, end, np.nextafter(following, -np.inf))
        self.count, self._starts, self._ends = count, np.sort(start), np.sort(until)

    def at(self, now: float) -> int:
        """How many of them nobody holds at *now*."""
        begun = np.searchsorted(self._starts, now, side="right")
        return int(self.count - begun + np.searchsorted(self._ends, now, side="left"))
