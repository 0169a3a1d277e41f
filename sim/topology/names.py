"""What a name server knows: who takes the mail of a domain, and what addresses are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from sim.smtp import clients, names
from sim.smtp.clients import Range

ReverseNames = Literal["matching", "mismatched", "none"]


class Naming(NamedTuple):
    """How a network names the addresses of a range: those of its hosts end in *domain*."""

    range: Range
    domain: str
    reverse_names: ReverseNames


@dataclass(frozen=True, eq=False)
class Zone(names.Names):
    """Zones in which networks name every address of theirs."""

    namings: tuple[Naming, ...] = ()

    def _client(self, address: int) -> names.ClientName:
        """A host's own name, or the one that its network gives the address."""
        client_name = super()._client(address)
        if client_name.reverse_status != names.NONE:
            return client_name
        for (first, last), domain, reverse_names in self.namings:
            if first <= address <= last and reverse_names != "none":
                name = f"host-{clients.text(address).translate(_DASHES)}.{domain}"
                if reverse_names == "matching":
                    return names.ClientName(name, names.OK, name, names.OK)
                return names.ClientName(reverse=name, reverse_status=names.OK)
        return client_name


_DASHES = str.maketrans(".:", "--")


class Names:
    """What resolves: the mail domains and the servers that take their mail.

    *servers* maps a domain to server names, the preferred one first. Names are compared
    without regard to case (RFC 5321 §2.4). *hosts* are the host names and addresses of servers,
    *namings* the names that networks give.
    """

    def __init__(
        self,
        servers: Mapping[str, Iterable[str]],
        hosts: Mapping[str, tuple[str, int]] | None = None,
        namings: Iterable[Naming] = (),
    ) -> None:
        self._servers = {domain.lower(): tuple(names) for domain, names in servers.items()}
        self._hosts, self._namings = dict(hosts or {}), tuple(namings)

    def mx(self, domain: str) -> tuple[str, ...]:
        """Servers that take mail for *domain*, preferred first; empty if it does not resolve."""
        return self._servers.get(domain.lower(), ())

    @cached_property
    def zone(self) -> names.Names:
        """What a name server answers: the MX of these domains, the names of servers and hosts;
        every other name resolves that is not below ``.invalid``."""
        return Zone(
            a={name: (clients.text(address),) for name, address in self._hosts.values()},
            mx={domain: self._exchangers(hosts) for domain, hosts in self._servers.items()},
            ptr={address: name for name, address in self._hosts.values()},
            open_world=True,
            namings=self._namings,
        )

    def _exchangers(self, servers: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
        names = (self._hosts[name][0] if name in self._hosts else name for name in servers)
        return tuple(enumerate(names))

    def __contains__(self, domain: object) -> bool:
        """Whether *domain* resolves; each is looked up once, for all servers."""
        resolves = self._resolves.get(domain)
        if resolves is None:
            resolves = self._resolves[domain] = self.zone.takes_mail(str(domain)) == names.OK
        return resolves

    @cached_property
    def _resolves(self) -> dict[object, bool]:
        return {}

    @property
    def domains(self) -> frozenset[str]:
        """Every domain that has an MX."""
        return frozenset(self._servers)
