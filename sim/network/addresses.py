"""Who holds which address when: static, leased and reused, or all behind one."""

from __future__ import annotations

import heapq
import math
from array import array
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from ipaddress import IPv4Network
from itertools import chain, islice, pairwise
from typing import Protocol

REUSE = ("fifo", "lifo", "random", "sticky")
"""Which free address is given out next: free longest, free shortest, any, or the one that the
holder had before, if it is still free (RFC 2131 §4.3.1), else the one free longest."""


def usable(prefixes: Iterable[IPv4Network], reserved: Iterable[IPv4Network] = ()) -> Iterator[int]:
    """Host addresses of *prefixes* in order, as numbers, each once, without the *reserved* ones.

    The first and the last address of a prefix name the network and its broadcast
    (RFC 1812 §4.2.2.11), except where a prefix is too small to have them (RFC 3021).
    """
    prefixes, held_back = list(prefixes), sorted(map(_ends, reserved))
    stretches = (_between(prefix, held_back) for prefix in prefixes)
    numbers = chain.from_iterable(chain.from_iterable(stretches))
    apart = all(one[1] < other[0] for one, other in pairwise(sorted(map(_ends, prefixes))))
    return numbers if apart else iter(dict.fromkeys(numbers))


def _ends(network: IPv4Network) -> tuple[int, int]:
    return int(network.network_address), int(network.broadcast_address)


def _between(prefix: IPv4Network, held_back: list[tuple[int, int]]) -> Iterator[range]:
    edge = 0 if prefix.prefixlen >= 31 else 1
    first, last = _ends(prefix)
    address, last = first + edge, last - edge
    for low, high in held_back:
        yield range(address, min(low, last + 1))
        address = max(address, high + 1)
    yield range(address, last + 1)


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
        self.leasable = array("I", islice(addresses, 1) if shared else addresses)
        self._shared, self._leased, self._reuse, self._draws = shared, leased, reuse, draws
        # Free addresses: those nobody has had yet, and those that came back, in that order;
        # random ones in a list, since they are found by position.
        self._fresh = iter(self.leasable[:: -1 if reuse == "lifo" else 1])
        self._back: OrderedDict[int, None] = OrderedDict()
        self._mixed = list(self.leasable) if reuse == "random" else []
        self._now = -math.inf
        self._held: dict[Hashable, int] = {}
        self._ends: list[tuple[float, int, Hashable]] = []
        self._taken = 0
        self._former: dict[Hashable, int] = {}

    def take(self, holder: Hashable, now: float, until: float = math.inf) -> int | None:
        """Return *holder*'s address at *now* (s): the one it has, or the next free one.

        A new lease ends at *until*; one that runs already keeps its end.
        """
        if now < self._now:
            raise ValueError(f"now {now}: expected at least {self._now}, pools are asked in order")
        self._now = now
        while self._ends and self._ends[0][0] <= now:
            self._give_back(heapq.heappop(self._ends)[2])
        if self._shared:
            return self.leasable[0] if self.leasable else None
        if holder in self._held:
            return self._held[holder]
        address = self._next(holder)
        if address is not None:
            self._held[holder] = address
            if self._leased and until < math.inf:
                self._taken += 1  # leases that end together come free in the order of taking
                heapq.heappush(self._ends, (until, self._taken, holder))
        return address

    def _next(self, holder: Hashable) -> int | None:
        if self._reuse == "random":
            return self._any()
        back, former = self._back, self._former.get(holder)
        if former is not None and former in back:
            del back[former]
            return former
        if back and self._reuse == "lifo":
            return back.popitem()[0]
        address = next(self._fresh, None)
        return back.popitem(last=False)[0] if address is None and back else address

    def _any(self) -> int | None:
        free = self._mixed
        if not free or self._draws is None:
            return None
        chosen = int(self._draws.random() * len(free))
        free[chosen], free[-1] = free[-1], free[chosen]
        return free.pop()

    def _give_back(self, holder: Hashable) -> None:
        address = self._held.pop(holder)
        if self._reuse == "random":
            self._mixed.append(address)
        else:
            self._back[address] = None
        if self._reuse == "sticky":
            self._former[holder] = address
