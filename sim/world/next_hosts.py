"""The servers to which a server offers a message next: the MX of its domain, or a relayhost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.route import preferred, relay_credentials
from sim.world.server import Server

Hosts = tuple[Sequence[Server], Credentials]
"""Servers that are asked in turn, and what they are shown."""
Question = tuple[Server, int, "str | None"]
"""A server, a domain (number), and the sender where the server has relayhosts by sender."""


class NextHosts(dict[Question, Hosts]):
    """The next hosts of every (server, domain, sender), found once.

    *mx* holds the servers of each domain (number), the preferred one first.
    """

    def __init__(self, mx: Mapping[int, list[Server]]) -> None:
        super().__init__()
        self.mx = mx
        self.servers: dict[str, Server] = {}
        """All servers by name, for relayhosts."""
        self.reads_helo = False
        """Whether any policy asks what clients call themselves."""

    def __missing__(self, question: Question) -> Hosts:
        """Servers to which a server offers mail; none: the domain has no MX."""
        hosts = self[question] = self._find(*question)
        return hosts

    def _find(self, server: Server, domain: int, sender: str | None) -> Hosts:
        smarthost = server.settings.smarthost(server.name, sender)
        if smarthost is None:
            return preferred(self.mx.get(domain, ()), server), self._named(NO_LOGIN, server)
        host = self.servers[smarthost]
        credentials = relay_credentials(server.name, server.settings, host.settings, sender)
        return (host,), self._named(credentials, server)

    def _named(self, credentials: Credentials, server: Server) -> Credentials:
        """The same with the name of *server*, where some server asks."""
        return credentials._replace(helo=server.policy.hostname) if self.reads_helo else credentials
