"""Who holds which address when: static, leased and reused, or all behind one."""

from __future__ import annotations

import heapq
import math
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from typing import Any, Protocol

from sim.smtp.clients import Network, Range

MOST_OF_IPV6 = 1 << 16
"""Addresses that a network hands out of one IPv6 prefix: the first of it (chosen)."""


def handed_out(prefix: Network) -> Range:
    """The addresses of *prefix* that hosts may have: all, or the first of an IPv6 prefix."""
    first, last = Range.of(prefix)
    return Range(first, last if prefix.version == 4 else min(last, first + MOST_OF_IPV6 - 1))


def hosts(prefix: Network) -> range:
    """The numbers of the hosts of *prefix*.

    The first and the last address of a prefix name the network and its broadcast
    (RFC 1812 §4.2.2.11; RFC 4291 §2.6.1 of the first), except where a prefix is too small to have
    them (RFC 3021).
    """
    first, last = handed_out(prefix)
    edge = 0 if prefix.prefixlen >= prefix.max_prefixlen - 1 else 1
    return range(first + edge, last - edge + 1)


def usable(prefixes: Iterable[Network], reserved: Iterable[Network] = ()) -> Iterator[int]:
    """Host addresses of *prefixes* in order, as numbers, each once, without the *reserved* ones."""
    prefixes, held_back = list(prefixes), sorted(map(Range.of, reserved))
    intervals = (_between(prefix, held_back) for prefix in prefixes)
    numbers = chain.from_iterable(chain.from_iterable(intervals))
    ends = sorted(map(Range.of, prefixes))
    apart = all(one.last < other.first for one, other in pairwise(ends))
    return numbers if apart else iter(dict.fromkeys(numbers))


def _between(prefix: Network, held_back: list[Range]) -> Iterator[range]:
    own = hosts(prefix)
    address, last = own.start, own.stop - 1
    for low, high in held_back:
        yield range(address, min(low, last + 1))
        address = max(address, high + 1)
    yield range(address, last + 1)


class Draws(Protocol):
    """A stream of uniform numbers in [0, 1)."""

    def random(self) -> float:
        """Return the next number."""


class Longest:
    """Free addresses, of which the next to be given out is the one that is free longest."""

    def __init__(self, addresses: Sequence[int]) -> None:
        self.unused = iter(addresses)  # nobody has had them yet
        self.free: deque[int] = deque()

    def next(self, _: Hashable) -> int | None:
        """Take out the one that a holder gets; None where none is left."""
        address = next(self.unused, None)
        return self.free.popleft() if address is None and self.free else address

    def back(self, _: Hashable, address: int) -> None:
        """Put back what a holder had."""
        self.free.append(address)


class Shortest(Longest):
    """The next is the one that is free shortest."""

    def __init__(self, addresses: Sequence[int]) -> None:
        super().__init__(addresses[::-1])

    def next(self, _: Hashable) -> int | None:
        """Take out the last."""
        return self.free.pop() if self.free else next(self.unused, None)


class RandomOrder:
    """Free addresses, of which the next is any, by *draws*."""

    def __init__(self, addresses: Sequence[int], draws: Draws) -> None:
        self.free, self.draws = list(addresses), draws

    def next(self, _: Hashable) -> int | None:
        """Take out one by chance."""
        free = self.free
        if not free:
            return None
        chosen = int(self.draws.random() * len(free))
        free[chosen], free[-1] = free[-1], free[chosen]
        return free.pop()

    def back(self, _: Hashable, address: int) -> None:
        """Put back what a holder had."""
        self.free.append(address)


class Sticky:
    """Free addresses, of which the next is the one that the holder had before, if it is still
    free (RFC 2131 §4.3.1); else the one that is free longest."""

    def __init__(self, addresses: Sequence[int]) -> None:
        self.unused = iter(addresses)  # nobody has had them yet
        self.free: OrderedDict[int, None] = OrderedDict()
        self.former: dict[Hashable, int] = {}

    def next(self, holder: Hashable) -> int | None:
        """Take out the former one, or the first."""
        former = self.former.get(holder)
        if former is not None and former in self.free:
            del self.free[former]
            return former
        address = next(self.unused, None)
        return self.free.popitem(last=False)[0] if address is None and self.free else address

    def back(self, holder: Hashable, address: int) -> None:
        """Put back what *holder* had, and remember it."""
        self.free[address] = None
        self.former[holder] = address


REUSE: dict[str, Callable[..., Any]] = {
    "fifo": Longest,
    "lifo": Shortest,
    "random": RandomOrder,
    "sticky": Sticky,
}
"""Which free address is given out next."""


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
        self._shared, self._leased = shared, leased
        more = (draws,) if reuse == "random" else ()
        self._free: Longest | RandomOrder | Sticky = REUSE[reuse](self.leasable, *more)
        self._now = -math.inf
        self._holdings: dict[Hashable, int] = {}
        self._ends: list[tuple[float, int, Hashable]] = []
        self._count = 0

    def take(self, holder: Hashable, now: float, until: float = math.inf) -> int | None:
        """Return *holder*'s address at *now* (s): the one it has, or the next free one.

        A new lease ends at *until*; one that runs already keeps its end.
        """
        holdings, ends = self._holdings, self._ends
        if now < self._now:
            raise ValueError(f"now {now}: expected at least {self._now}, pools are asked in order")
        self._now = now
        while ends and ends[0][0] <= now:
            former = heapq.heappop(ends)[2]
            self._free.back(former, holdings.pop(former))
        if self._shared:
            return self.leasable[0] if self.leasable else None
        address = holdings.get(holder)
        if address is None:
            address = self._free.next(holder)
            if address is not None:
                holdings[holder] = address
                if self._leased and until < math.inf:
                    self._count += 1  # leases that end together come free in the order of taking
                    heapq.heappush(ends, (until, self._count, holder))
        return address
