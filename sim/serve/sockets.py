"""Sockets on loopback, and nowhere else: listening, and carrying bytes to and fro."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Protocol

CHUNK = 1 << 16
HOSTS = ("127.0.0.1", "::1")
TRIES = 2000
"""Ports that are tried until one is free."""

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class NotLoopbackError(ValueError):
    """Somebody asked to listen where others than this machine could connect."""


class NoFreePortError(OSError):
    """No port is free."""


class End(Protocol):
    """A server's end of a connection, without sockets."""

    def connect(self) -> bytes:
        """The greeting."""

    def receive(self, data: bytes) -> bytes:
        """Take the bytes that arrived; the replies to send."""

    def lose(self) -> None:
        """The connection is gone."""

    def encrypt(self) -> None:
        """TLS protects the connection from now on."""

    @property
    def awaits_tls(self) -> bool:
        """Whether the client was told to begin TLS."""

    @property
    def closed(self) -> bool:
        """Whether the server has said its last word."""


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens on a loopback address; raises NotLoopbackError for any other."""
    if not ip_address(host).is_loopback:
        raise NotLoopbackError(f"{host}: only addresses of loopback are served")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name == "posix":  # elsewhere it lets two programs have one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


def free_sockets(first: int) -> tuple[int, list[socket.socket]]:
    """The first port from *first* on that is free, and a socket on each loopback address.

    A machine without IPv6 has one on 127.0.0.1 alone.
    """
    for port in range(first, min(first + TRIES, 1 << 16)):
        sockets: list[socket.socket] = []
        try:
            sockets.append(bound(HOSTS[0], port))
            with _without_ipv6():
                sockets.append(bound(HOSTS[1], port))
        except OSError as error:
            for one in sockets:
                one.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            continue
        return port, sockets
    raise NoFreePortError(f"no free port from {first} on")


@contextmanager
def _without_ipv6() -> Iterator[None]:
    """Let the faults of a machine without IPv6 pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise


async def listen(first: int, handle: Handle) -> tuple[int, list[asyncio.Server]]:
    """Serve on the first free port from *first* on."""
    port, sockets = free_sockets(first)
    return port, [await asyncio.start_server(handle, sock=one, limit=CHUNK) for one in sockets]


async def carry(
    end: End,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    idle: float,
    goodbye: bytes = b"",
    tls: ssl.SSLContext | None = None,
    wrapped: bool = False,
) -> None:
    """Carry bytes between a connection and *end* until either is done.

    A client that sends nothing, or reads nothing, for *idle* seconds hears *goodbye*. *wrapped*:
    TLS protects the connection from its beginning.
    """
    try:
        if wrapped and tls is not None:
            await _encrypt(end, writer, tls, idle)
        await _send(writer, end.connect(), idle)
        while not end.closed:
            async with asyncio.timeout(idle):  # wait_for may lose a cancellation
                data = await reader.read(CHUNK)
            if not data:
                break
            await _send(writer, end.receive(data), idle)
            if end.awaits_tls and tls is not None:
                await _encrypt(end, writer, tls, idle)
    except TimeoutError:
        writer.write(goodbye)
    except (ConnectionError, ssl.SSLError):
        pass  # the client is gone, or speaks no TLS that we do
    finally:
        end.lose()


async def _encrypt(
    end: End, writer: asyncio.StreamWriter, tls: ssl.SSLContext, idle: float
) -> None:
    await writer.start_tls(tls, ssl_handshake_timeout=idle)
    end.encrypt()


async def _send(writer: asyncio.StreamWriter, data: bytes, idle: float) -> None:
    writer.write(data)
    async with asyncio.timeout(idle):
        await writer.drain()
