"""The servers to which a server offers a message next: the MX of its domain, or a relayhost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sim.path.facts import NO_LOGIN, Credentials
from sim.path.route import preferred, relay_credentials
from sim.world.server import Server
from sim.world.transfers import Message

Hosts = tuple[Sequence[Server], Credentials]
"""Servers that are asked in turn, and what they are shown."""


class NextHosts:
    """The next hosts of every (server, domain), found once.

    *mx* holds the servers of each domain (number), the preferred one first.
    """

    def __init__(self, mx: Mapping[int, list[Server]]) -> None:
        self.mx = mx
        self.servers: dict[str, Server] = {}
        """All servers by name, for relayhosts."""
        self.reads_helo = False
        """Whether any policy asks what clients call themselves."""
        self._hosts: dict[tuple[Server, int, str | None], Hosts] = {}

    def __call__(self, server: Server, message: Message, domain: int) -> Hosts:
        """Servers to which *server* offers *message* for *domain*; none: the domain has no MX."""
        by_sender = server.settings.sender_dependent_relayhosts
        question = server, domain, message.reverse_path if by_sender else None
        hosts = self._hosts.get(question)
        if hosts is None:
            hosts = self._hosts[question] = self._find(*question)
        return hosts

    def forget(self) -> None:
        """Find them anew: settings of servers have changed."""
        self._hosts.clear()

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
