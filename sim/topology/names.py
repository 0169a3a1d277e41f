"""Who takes the mail of a domain: its MX servers, in order of preference (RFC 5321 §5.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


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

    def __contains__(self, domain: object) -> bool:
        """Whether *domain* resolves: every one does that is not under ``.invalid``, which is
        reserved for names that do not (RFC 6761 §6.4), or has an MX all the same."""
        name = str(domain).lower()
        return name in self._servers or not f".{name}".endswith(".invalid")

    @property
    def domains(self) -> frozenset[str]:
        """Every domain that has an MX."""
        return frozenset(self._servers)
