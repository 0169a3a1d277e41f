"""Client addresses as numbers, so that a range is two comparisons.

An IPv4 address is its 32-bit number. An IPv6 address is 2**128 and its number, which no IPv4
address reaches; one that only wraps an IPv4 address (``::ffff:192.0.2.1``) is that address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

IPV6 = 1 << 128
"""The number of the IPv6 address ``::``."""

Network = IPv4Network | IPv6Network


def number(address: str | IPv4Address | IPv6Address) -> int:
    """The number of *address*; raises ValueError if the text is not one."""
    read = ip_address(address) if isinstance(address, str) else address
    if isinstance(read, IPv6Address):
        return IPV6 + int(read) if read.ipv4_mapped is None else int(read.ipv4_mapped)
    return int(read)


def text(client: int) -> str:
    """The address of that number as people write it."""
    return str(IPv6Address(client - IPV6) if client >= IPV6 else IPv4Address(client & 0xFFFFFFFF))


class Range(NamedTuple):
    """Client addresses from *first* to *last*, both included, as numbers."""

    first: int
    last: int

    @classmethod
    def of(cls, network: Network | str) -> Range:
        """The addresses of *network*; raises ValueError if the text is not one."""
        if isinstance(network, str):
            network = ip_network(network)
        return cls(number(network.network_address), number(network.broadcast_address))

    def __str__(self) -> str:
        bits = 128 if self.first >= IPV6 else 32
        return f"{text(self.first)}/{bits + 1 - (self.last - self.first + 1).bit_length()}"


def octets(client: int) -> str:
    """The labels under which a blocklist keeps an address: ``1.2.0.192``, or nibbles of IPv6."""
    if client >= IPV6:
        return ".".join(reversed(f"{client - IPV6:032x}"))
    return ".".join(reversed(text(client).split(".")))
