"""How spam came to be relayed: whose trust it abused, by who its client really is.

Servers cannot tell, and nothing here changes an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sim.records.words import Abuse, Permission
from sim.smtp.clients import Range

if TYPE_CHECKING:
    from sim.scenario import Scenario
    from sim.world.server import Server
    from sim.world.transfers import Transfer

NONE, STRANGERS = Abuse.NONE.number, Abuse.STRANGERS.number
OF_PERMISSION = {
    Permission.STOLEN_LOGIN: Abuse.STOLEN_LOGINS,
    Permission.OWN_LOGIN: Abuse.CUSTOMERS_MACHINES,
    Permission.OWN_WINDOW: Abuse.CUSTOMERS_MACHINES,
    Permission.INHERITED_WINDOW: Abuse.INHERITED_WINDOWS,
    Permission.SHARED_WINDOW: Abuse.INHERITED_WINDOWS,
    Permission.OWN_LISTING: Abuse.TRUSTED_RANGES,
    Permission.OTHERS_LISTING: Abuse.TRUSTED_RANGES,
}
"""What a permission that somebody has says of spam that it opens relaying to."""
_NUMBERS = {permission.number: abuse.number for permission, abuse in OF_PERMISSION.items()}


class Abuses:
    """Tells how spam came to be relayed: each network, or organisation, has addresses of its
    own."""

    def __init__(self, scenario: Scenario) -> None:
        self.own = {
            name: [
                Range.of(prefix)
                for network in map(scenario.networks.__getitem__, scenario.together(name))
                for prefix in (*network.prefixes, *network.reserved)
            ]
            for name in scenario.networks
        }

    def of(self, transfer: Transfer, permission: int) -> int:
        """The number of the `Abuse` by which the spam in *transfer* was relayed."""
        if permission in _NUMBERS:
            return _NUMBERS[permission]
        server, client = transfer.server, transfer.address
        if client not in server.abuses:
            server.abuses[client] = self._of_client(server, client)
        return server.abuses[client]

    def _of_client(self, server: Server, client: int) -> int:
        """The same where nobody's permission was used."""
        address = server.numbering.address(client)
        if _within(address, self.own[server.network]):
            return Abuse.CUSTOMERS_MACHINES.number
        policy = server.policy
        if _within(address, (*policy.network_ranges, *policy.client_range_pairs)):
            return Abuse.TRUSTED_RANGES.number
        return STRANGERS


def _within(address: int, ranges: Iterable[Range]) -> bool:
    return any(first <= address <= last for first, last in ranges)
