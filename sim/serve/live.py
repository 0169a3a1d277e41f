"""Live servers: every server of a scenario on ports of loopback, until they are stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from sim.serve import sockets
from sim.serve.ends import BUSY, IDLE, NO_ROOM, PopEnd, SmtpEnd
from sim.serve.living import Living
from sim.serve.places import NoSuchPlaceError, Origin
from sim.serve.ports import Port
from sim.serve.tls import certificate
from sim.serve.web import Web

if TYPE_CHECKING:
    from sim.world.server import Server

FIRST = {"SMTP": 2501, "submission": 58701, "submissions": 46501, "POP3": 1101, "page": 8025}
"""The first port of each kind: the others follow in the order of the scenario."""
IDLE_SECONDS = 300.0
"""Real seconds without a word after which a session ends (RFC 5321 section 4.5.3.2.7)."""
MOST_CONNECTIONS = 1000
MOST_HELD = 64 << 20
"""Connections at once, and octets of messages that are coming in on all of them (chosen)."""
TICK = 0.25
"""Real seconds after which the world goes on at the latest."""
PROXY_SECONDS = 5.0


MakeEnd = Callable[[Origin], SmtpEnd | PopEnd]


class Live:
    """Live servers of a *living* world.

    *proxy*: every connection begins with a line of the PROXY protocol, as from a relay in front.
    *first* has the first port of each kind.
    """

    def __init__(
        self,
        living: Living,
        *,
        proxy: bool = False,
        first: dict[str, int] | None = None,
        idle: float = IDLE_SECONDS,
    ) -> None:
        self.living, self.proxy, self.idle = living, proxy, idle
        self.first = FIRST | (first or {})
        self.ports: list[Port] = []
        self.refused = 0
        """Connections that were turned away because there were too many."""
        self._ends: set[SmtpEnd | PopEnd] = set()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.web = Web(living, self.ports, self.task, idle)
        hosts = [server.policy.hostname for server in living.world.servers]
        self.certificate = certificate(hosts)
        """For STARTTLS; None: it is not offered."""
        living.offers_tls = self.certificate is not None

    # ---- beginning and end

    async def start(self) -> None:
        """Listen on all ports, and let the world go on."""
        world = self.living.world
        for server in world.servers:
            await self._open("SMTP", server.name, partial(self._smtp, server, 25))
        submission = [server for server in world.servers if server.submission_port]
        for server in submission:
            await self._open(
                "submission", server.name, partial(self._smtp, server, server.submission_port)
            )
        for server in submission if self.certificate else ():  # RFC 8314 section 3.3
            end = partial(self._smtp, server, server.submission_port)
            await self._open("submissions", server.name, end, wrapped=True)
        for network in world.scenario.submission_servers():
            await self._open("POP3", network, partial(self._pop, network))
        self._servers += await self.web.start(self.first["page"])
        self.ports.append(Port("page", "", self.web.port))
        self._tasks.add(asyncio.create_task(self._tick()))

    async def _open(self, kind: str, name: str, end: MakeEnd, *, wrapped: bool = False) -> None:
        before = (port.port for port in self.ports if port.kind == kind)
        first = max(before, default=self.first[kind] - 1) + 1
        port, servers = await sockets.listen(first, partial(self._serve, end, wrapped))
        self.ports.append(Port(kind, name, port))
        self._servers += servers

    async def stop(self) -> None:
        """Close all sockets; what was taken stays in the world."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.living.advance()
        if self.living.capture is not None:
            self.living.capture.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.living.advance()
            self.web.tick()

    def port(self, kind: str, name: str) -> int:
        """The port on which *name* listens for that; ``submissions`` are those within TLS."""
        return next(port.port for port in self.ports if (port.kind, port.name) == (kind, name))

    # ---- connections

    @contextmanager
    def task(self) -> Iterator[None]:
        """Let what is done in here be stopped when everything is."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            pass  # nobody waits for it
        finally:
            self._tasks.discard(task)

    async def _serve(
        self,
        end: MakeEnd,
        wrapped: bool,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        with self.task():
            try:
                await self._connection(end, wrapped, reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                pass  # the client is gone, and so is what it had not finished
            finally:
                writer.close()

    async def _connection(
        self,
        end: MakeEnd,
        wrapped: bool,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        if len(self._ends) >= MOST_CONNECTIONS:
            self.refused += 1
            writer.write(BUSY)
            return
        try:
            origin = await self._origin(reader, writer)
        except ValueError as error:
            writer.write(f"421 4.3.0 {error}\r\n".encode("ascii", "replace"))
            return
        bounded = _Bounded(end(origin), self._ends)
        while wait := self.living.clock.wait_for(bounded.end.starts_at):
            await asyncio.sleep(min(wait, TICK))
        tls = None if self.certificate is None else self.certificate.context
        await sockets.carry(
            bounded, reader, writer, idle=self.idle, goodbye=IDLE, tls=tls, wrapped=wrapped
        )

    async def _origin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Origin:
        """Where the client is: as its address says, or the line of a proxy in front of it."""
        address = writer.get_extra_info("peername")[0]
        if self.proxy:
            async with asyncio.timeout(PROXY_SECONDS):
                line = await reader.readuntil(b"\r\n")
            address = proxied(line) or address
        return self.living.places.at(address)

    def _smtp(self, server: Server, port: int, origin: Origin) -> SmtpEnd:
        return SmtpEnd(self.living, server, port, origin)

    def _pop(self, network: str, origin: Origin) -> PopEnd:
        return PopEnd(self.living, network, 110, origin)


def proxied(line: bytes) -> str | None:
    """The address of the client in a line of the PROXY protocol, version 1; None: it is not told.

    Raises NoSuchPlaceError for any other line.
    """
    words = line.decode("ascii", "replace").split()
    if words[:2] == ["PROXY", "UNKNOWN"]:
        return None
    if words[:1] != ["PROXY"] or len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise NoSuchPlaceError("a line of the PROXY protocol, version 1, is expected first")
    return words[2]


class _Bounded:
    """An end that takes no more when all of them together hold too much of what comes in."""

    def __init__(self, end: SmtpEnd | PopEnd, ends: set[SmtpEnd | PopEnd]) -> None:
        self.end, self._ends = end, ends
        self._full = False
        ends.add(end)
        self.connect, self.encrypt = end.connect, end.encrypt

    @property
    def awaits_tls(self) -> bool:
        return self.end.awaits_tls

    @property
    def closed(self) -> bool:
        return self._full or self.end.closed

    def receive(self, data: bytes) -> bytes:
        out = self.end.receive(data)
        if self.end.backlog and sum(end.backlog for end in self._ends) > MOST_HELD:
            self._full = True
            return NO_ROOM
        return out

    def lose(self) -> None:
        self._ends.discard(self.end)
        self.end.lose()
