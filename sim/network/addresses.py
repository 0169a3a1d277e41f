"""Who holds which address when: static, leased and reused, or all behind one."""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from ipaddress import IPv4Network
from typing import Protocol

REUSE = ("fifo", "lifo", "random", "sticky")
"""Which free address is given out next: free longest, free shortest, any, or the one that the
holder had before, if it is still free (RFC 2131 §4.3.1), else the one free longest."""


def usable(prefixes: Iterable[IPv4Network], reserved: Iterable[IPv4Network] = ()) -> Iterator[int]:
    """Host addresses of *prefixes* in order, as numbers, without the *reserved* ones.

    The first and the last address of a prefix name the network and its broadcast
    (RFC 1812 §4.2.2.11), except where a prefix is too small to have them (RFC 3021).
    """
    held_back = sorted((int(r.network_address), int(r.broadcast_address)) for r in reserved)
    for prefix in prefixes:
        edge = 0 if prefix.prefixlen >= 31 else 1
        address = int(prefix.network_address) + edge
        last = int(prefix.broadcast_address) - edge
        for low, high in held_back:
            yield from range(address, min(low, last + 1))
            address = max(address, high + 1)
        yield from range(address, last + 1)


class Draws(Protocol):
    """A stream of uniform numbers in [0, 1)."""

    def random(self) -> float:
        """Return the next number."""


class Pool:
    """The addresses a network hands out, asked in order of time.

    A *leased* address comes free when its holder's time is over; a static one never does.
    *shared* puts every holder behind the first address. A pool that has none left answers
    None: a busy signal, not an error. *draws* is needed where the reuse order is random.
    """

    def __init__(
        self,
        addresses: Iterable[int],
        *,
        leased: bool = False,
        reuse: str = "fifo",
        shared: bool = False,
        draws: Draws | None = None,
    ) -> None:
        if reuse not in REUSE:
            raise ValueError(f"reuse {reuse!r}: expected one of {', '.join(REUSE)}")
        if reuse == "random" and draws is None:
            raise ValueError("reuse 'random': expected draws")
        known = dict.fromkeys(addresses)
        self.leasable: tuple[int, ...] = tuple(known)[:1] if shared else tuple(known)
        # in the order of coming free; random ones in a list, since they are found by position
        self._free: OrderedDict[int, None] = OrderedDict.fromkeys(
            self.leasable if reuse != "random" else ()
        )
        self._mixed = list(self.leasable) if reuse == "random" else []
        self._shared, self._leased, self._reuse, self._draws = shared, leased, reuse, draws
        self._now = -math.inf
        self._held: dict[Hashable, tuple[int, float]] = {}
        self._holders: dict[int, Hashable] = {}
        self._ends: list[tuple[float, int, Hashable]] = []
        self._taken = 0
        self._former: dict[Hashable, int] = {}

    def take(self, holder: Hashable, now: float, until: float = math.inf) -> int | None:
        """Return *holder*'s address at *now* (s): the one it has, or the next free one.

        A new lease ends at *until*; one that runs already keeps its end.
        """
        self.advance(now)
        if self._shared:
            return self.leasable[0] if self.leasable else None
        if holder in self._held:
            return self._held[holder][0]
        if not self.free:
            return None
        address = self._next(holder)
        end = until if self._leased else math.inf
        self._held[holder] = (address, end)
        self._holders[address] = holder
        if end < math.inf:
            self._taken += 1  # leases that end together come free in the order of taking
            heapq.heappush(self._ends, (end, self._taken, holder))
        return address

    def release(self, holder: Hashable, now: float) -> None:
        """Give *holder*'s address back at *now*, before its lease ends."""
        self.advance(now)
        if holder in self._held:
            self._give_back(holder)

    def holder(self, address: int, now: float) -> Hashable | None:
        """Who holds *address* at *now*; None for nobody, and behind a shared address."""
        self.advance(now)
        return self._holders.get(address)

    def until(self, holder: Hashable) -> float:
        """The moment (s) at which *holder*'s lease ends; infinity without an end or a lease."""
        return self._held[holder][1] if holder in self._held else math.inf

    @property
    def free(self) -> int:
        """How many addresses nobody holds."""
        return len(self._free) + len(self._mixed)

    def advance(self, now: float) -> None:
        """Let leases that ended by *now* come free, in the order in which they ended."""
        if now < self._now:
            raise ValueError(f"now {now}: expected at least {self._now}, pools are asked in order")
        self._now = now
        while self._ends and self._ends[0][0] <= now:
            end, _, holder = heapq.heappop(self._ends)
            if self.until(holder) == end:  # not given back early meanwhile
                self._give_back(holder)

    def _next(self, holder: Hashable) -> int:
        former = self._former.get(holder)
        if self._reuse == "sticky" and former is not None and former in self._free:
            del self._free[former]
            return former
        if self._draws is not None and self._reuse == "random":
            free = self._mixed
            chosen = int(self._draws.random() * len(free))
            free[chosen], free[-1] = free[-1], free[chosen]
            return free.pop()
        return self._free.popitem(last=self._reuse == "lifo")[0]

    def _give_back(self, holder: Hashable) -> None:
        address, _ = self._held.pop(holder)
        del self._holders[address]
        self._former[holder] = address
        if self._reuse == "random":
            self._mixed.append(address)
        else:
            self._free[address] = None
