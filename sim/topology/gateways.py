"""What address a server sees of a client: that of a gateway, proxy or inbound NAT between them."""

from __future__ import annotations

from collections.abc import Mapping

from sim.smtp import clients
from sim.smtp.clients import Range


class Gateways:
    """The addresses as which a server sees clients; the smallest network around a client counts.

    *seen_as* maps networks to the address of what stands before the server.
    """

    def __init__(self, seen_as: Mapping[str, object]) -> None:
        rows = ((Range.of(net), clients.number(str(to))) for net, to in seen_as.items())
        self.rows = sorted(rows, key=lambda row: row[0].last - row[0].first)

    def __bool__(self) -> bool:
        return bool(self.rows)

    def visible_address(self, client: int) -> int:
        """The address that the server sees of *client*."""
        for (first, last), gateway in self.rows:
            if first <= client <= last:
                return gateway
        return client
