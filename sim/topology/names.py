"""Who takes the mail of a domain: its MX servers, in order of preference (RFC 5321 §5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from sim.smtp import names


class Names:
    """What resolves: the mail domains and the servers that take their mail.

    *servers* maps a domain to server names, the preferred one first. Names are compared
    without regard to case (RFC 5321 §2.4).
    """

    def __init__(self, servers: Mapping[str, Iterable[str]]) -> None:
        self._servers = {domain.lower(): tuple(names) for domain, names in servers.items()}

    def mx(self, domain: str) -> tuple[str, ...]:
        """Servers that take mail for *domain*, preferred first; empty if it does not resolve."""
        return self._servers.get(domain.lower(), ())

    @cached_property
    def zone(self) -> names.Names:
        """What a name server answers: the MX of these domains; every other name resolves that is
        not below ``.invalid``."""
        mx = {domain: tuple(enumerate(found)) for domain, found in self._servers.items()}
        return names.Names(mx=mx, others=True)

    def __contains__(self, domain: object) -> bool:
        """Whether *domain* resolves."""
        return self.zone.takes_mail(str(domain)) == names.OK

    @property
    def domains(self) -> frozenset[str]:
        """Every domain that has an MX."""
        return frozenset(self._servers)
