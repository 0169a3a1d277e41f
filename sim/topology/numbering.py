"""Short numbers for the addresses of a run: 32 bits, whether IPv4 or IPv6.

Columns of addresses hold 32 bits. An IPv4 address is its own number. An IPv6 address has one of
those that no IPv4 host has (240.0.0.0/4, RFC 1112 section 4): networks get a block for each of
their prefixes, in ascending order, so a short number is a matter of its network alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from sim.smtp import clients
from sim.smtp.clients import Network, Range
from sim.topology.addresses import handed_out

FIRST = 0xF0000000
"""240.0.0.0: no number below is of an IPv6 address."""
ALIGNED = 256
"""Each block begins with a multiple of this, so that no /24 of numbers holds two networks'."""


class Numbering:
    """The numbers of addresses in a run, and back.

    *networks* are those whose hosts may turn up, *others* single addresses that may.
    """

    def __init__(self, networks: Iterable[Network], others: Iterable[int] = ()) -> None:
        ranges = {handed_out(network) for network in networks}
        ranges |= {Range(address, address) for address in others}
        self._blocks: list[Range] = []
        for block in sorted(ranges, key=lambda one: (one.first, -one.last)):
            within = self._blocks and block.last <= self._blocks[-1].last
            if block.first >= clients.IPV6 and not within:
                self._blocks.append(block)
        sizes = ((last - first) // ALIGNED * ALIGNED + ALIGNED for first, last in self._blocks)
        *self._starts, self._end = accumulate(sizes, initial=FIRST)

    def __bool__(self) -> bool:
        """Whether there is an IPv6 address."""
        return bool(self._blocks)

    def number(self, address: int) -> int:
        """The short number of an address as `sim.smtp.clients` numbers it; ValueError: it has
        none."""
        if address < clients.IPV6:
            return address
        place = bisect_right(self._blocks, (address, 2 * address)) - 1
        if place < 0 or address > self._blocks[place].last:
            raise ValueError(f"{clients.text(address)}: no address of this run")
        return self._starts[place] + address - self._blocks[place].first

    def address(self, number: int) -> int:
        """The address, as `sim.smtp.clients` numbers it, that has the short *number*."""
        if not FIRST <= number < self._end:
            return number
        place = bisect_right(self._starts, number) - 1
        return self._blocks[place].first + number - self._starts[place]

    def text(self, number: int) -> str:
        """The address of that number as people write it."""
        return clients.text(self.address(number))

    def numbers(self, addresses: Sequence[int]) -> Sequence[int]:
        """The short numbers of *addresses*."""
        return [*map(self.number, addresses)] if self else addresses

    def bounds(self, addresses: Iterable[int]) -> list[int]:
        """The short numbers with which intervals begin that the *addresses* begin, ascending."""
        starts = {*self._starts}
        for address in addresses:
            try:
                starts.add(self.number(address))
            except ValueError:
                continue  # no host of this run is near
        return sorted(starts)

    def range(self, network: Network) -> Range:
        """The short numbers of the hosts of *network*."""
        return Range(*map(self.number, handed_out(network)))


IPV4_ONLY = Numbering(())
"""The numbering of a run without IPv6 addresses."""
