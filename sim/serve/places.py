"""Where a client is: loopback addresses stand for guests of networks, and for servers.

127.9.N.x is guest number x of network number N of the scenario, 127.8.N.1 the machine of server
number N. Every other loopback address is at the usual place. A client may also say where it is, by
XCLIENT or the PROXY protocol.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from sim.scenario.errors import value_text
from sim.scenario.people import network_at
from sim.smtp import clients
from sim.smtp.suggestions import nearest

if TYPE_CHECKING:
    from sim.scenario import Scenario

GUESTS, SERVERS = 9, 8
"""Second octets: of guests of networks, of servers."""
MOST = 254
"""Networks, servers and guests of a network that have a loopback address."""


class NoSuchPlaceError(ValueError):
    """There is nobody at this address, or no place of this name."""


class Origin(NamedTuple):
    """Where a client is, and its address as a number of the run."""

    client: int
    place: str


class Place(NamedTuple):
    """A row of the printed table: who is there, and by which loopback address."""

    alias: str
    network: str
    words: str
    seen: str
    """The address that servers see."""


class Places:
    """The loopback addresses of *scenario*; others are at *usual*, a network or a place."""

    def __init__(self, scenario: Scenario, usual: str | None = None) -> None:
        self.scenario = scenario
        self.networks = [n for n in scenario.networks if scenario.leasable(n)][:MOST]
        self.servers = [*scenario.servers][:MOST]
        users = next(iter(scenario.users.values()), None)
        self._home = next(iter(users.accounts)) if users else self.networks[0]
        self._work = users.work if users else None
        self.usual = self.network(usual or "home")

    def network(self, place: str) -> str:
        """The network that *place* stands for: one of them, or home and work of the first users."""
        network = network_at(place, self._home, self._work)
        if network not in self.networks:
            close = nearest(place, ["home", "work", *self.networks])
            hint = f"; did you mean {value_text(close)}?" if close else ""
            raise NoSuchPlaceError(
                f"{value_text(place)}: expected one of home, work, {', '.join(self.networks)}{hint}"
            )
        return network

    def guest(self, network: str, number: int = 1) -> Origin:
        """Guest *number* of *network*, counted from 1; raises NoSuchPlaceError."""
        addresses = self.scenario.numbering.numbers(self.scenario.leasable(network))
        shared = self.scenario.networks[network].shared_address
        if not 1 <= number <= (MOST if shared else len(addresses)):
            raise NoSuchPlaceError(f"{network} has no guest {number}")
        return Origin(addresses[0 if shared else number - 1], network)

    def at(self, address: str) -> Origin:
        """Who is at *address*, loopback or simulated; raises NoSuchPlaceError or ValueError."""
        read = ip_address(address.split("%")[0])
        read = getattr(read, "ipv4_mapped", None) or read
        if not read.is_loopback:
            return self._simulated(address)
        if read.version == 6:
            return self.guest(self.usual)
        _, kind, number, guest = read.packed
        names = {GUESTS: self.networks, SERVERS: self.servers}.get(kind)
        if names is None:
            return self.guest(self.usual)
        if not 1 <= number <= len(names):
            raise NoSuchPlaceError(f"{address}: there is no number {number} of these")
        name = names[number - 1]
        return self.guest(name, guest) if kind == GUESTS else self._machine(name)

    def alias(self, network: str) -> str:
        """The loopback address of the first guest of *network*."""
        return f"127.{GUESTS}.{self.networks.index(network) + 1}.1"

    def rows(self) -> list[Place]:
        """Every network with its loopback address, and what else it is called."""
        names = {self._home: "home", self._work: "work"}
        return [
            Place(
                self.alias(network),
                network,
                ", ".join(
                    word
                    for word in (names.get(network), "usual" if network == self.usual else None)
                    if word
                ),
                self.scenario.numbering.text(self.guest(network).client),
            )
            for network in self.networks
        ]

    def _machine(self, server: str) -> Origin:
        keys = self.scenario.servers[server]
        return Origin(self.scenario.numbering.number(keys.number), keys.network)

    def _simulated(self, address: str) -> Origin:
        """A client at a *address* of the scenario itself, on the network that has it."""
        read = ip_address(address)
        for name, network in self.scenario.networks.items():
            if any(read in prefix for prefix in (*network.prefixes, *network.reserved)):
                return Origin(self.scenario.numbering.number(clients.number(address)), name)
        raise NoSuchPlaceError(f"{address}: on no network of the scenario")
