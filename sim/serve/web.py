"""The live page: one HTML file and a stream of events, served on loopback to this machine alone.

A page of another site cannot read or change anything: requests must name this host, and changes
must carry a header that no form of another site can send.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from sim.scenario.quantities import read_duration
from sim.serve import sockets
from sim.serve.viewing import View

if TYPE_CHECKING:
    from sim.serve.living import Living
    from sim.serve.ports import Port

REQUEST_SECONDS = 10.0
"""Real seconds that the head of a request may take."""
MOST_WAITING = 2000
"""Events that wait for a slow page; then it is let go, and asks for everything again."""
MARK = "x-mailsim"
"""The header that changes must carry."""
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Request(NamedTuple):
    """A request: method, path, what stands after the question mark, and headers."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


class BadRequestError(ValueError):
    """A request that is not answered."""


class Web:
    """The page of a *living* world: *task* is entered for each request, *idle* is how long (real
    seconds) a browser may take to read."""

    def __init__(
        self,
        living: Living,
        ports: Sequence[Port],
        task: Callable[[], AbstractContextManager[None]],
        idle: float,
    ) -> None:
        self.living, self.view = living, View(living, ports)
        self._task, self._idle = task, idle
        self.port = 0
        self._queues: set[asyncio.Queue[str]] = set()
        living.log.listeners.append(self.tell)

    async def start(self, first: int) -> list[asyncio.Server]:
        """Listen on the first free port from *first* on."""
        self.port, servers = await sockets.listen(first, self._serve)
        return servers

    # ---- events

    def tell(self, kind: str, data: Any) -> None:
        """Send an event to every page that is open."""
        if not self._queues:
            return
        text = f"event: {kind}\ndata: {json.dumps(data)}\n\n"
        for queue in [*self._queues]:
            if queue.full():
                self._queues.discard(queue)
            else:
                queue.put_nowait(text)

    def tick(self) -> None:
        """Tell what has happened since the last time, and what time it is."""
        if self._queues:
            for attempt in self.view.attempts():
                self.tell("attempt", attempt)
            self.tell("clock", self.view.clock())

    async def _stream(self, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)
        self.view.attempts()  # what was before is in the state
        self._queues.add(queue)
        try:
            writer.write(_head(HTTPStatus.OK, "text/event-stream"))
            writer.write(f"event: state\ndata: {json.dumps(self.view.state())}\n\n".encode())
            while queue in self._queues:
                async with asyncio.timeout(self._idle):
                    await writer.drain()
                writer.write((await queue.get()).encode())
        finally:
            self._queues.discard(queue)

    # ---- requests

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._task():
            try:
                await self._answer(await self._request(reader), writer)
            except (BadRequestError, KeyError, ValueError) as error:
                writer.write(_head(HTTPStatus.BAD_REQUEST, "text/plain") + str(error).encode())
            except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
                pass  # the page is gone
            finally:
                writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> Request:
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                text = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise BadRequestError("too long") from None
        first, *lines = text.decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        url = urlsplit(rest.partition(" ")[0])
        headers = {k.strip().lower(): v.strip() for k, _, v in (x.partition(":") for x in lines)}
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        request = Request(method, url.path, query, headers)
        if headers.get("host") not in {
            f"{h}:{self.port}" for h in ("127.0.0.1", "localhost", "[::1]")
        }:
            raise BadRequestError("another host is meant")
        if method == "POST" and MARK not in headers:
            raise BadRequestError(f"no {MARK}")
        return request

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        if request.method == "GET" and request.path == "/events":
            await self._stream(writer)
            return
        if request.method == "GET" and request.path == "/":
            page = files("sim.serve").joinpath("page.html").read_bytes()
            writer.write(_head(HTTPStatus.OK, "text/html; charset=utf-8") + page)
        else:
            data = self._data(request)
            writer.write(_head(HTTPStatus.OK, "application/json") + json.dumps(data).encode())
        async with asyncio.timeout(self._idle):
            await writer.drain()

    def _data(self, request: Request) -> Any:
        """What a request for data, or for a change, is answered."""
        answers: dict[tuple[str, str], Callable[[dict[str, str]], Any]] = {
            ("GET", "/state"): lambda _: self.view.state(),
            ("GET", "/mailbox"): lambda query: self.view.mailbox(query["address"]),
            ("GET", "/others"): lambda query: self.view.others(int(query["session"])),
            ("POST", "/arm"): lambda query: self.living.switch(query["name"]),
            ("POST", "/step"): lambda query: self.living.step(read_duration(query["time"])),
            ("POST", "/speed"): lambda query: self.living.clock.run(_speed(query["factor"])),
        }
        answer = answers.get((request.method, request.path))
        if answer is None:
            raise BadRequestError(f"{request.path}: nothing is here")
        self.living.advance()
        data = answer(request.query)
        self.tick()
        return data


def _speed(text: str) -> float:
    factor = float(text)
    if not 0.0 <= factor <= 1e6:
        raise BadRequestError(f"{text}: a number from 0 to 1000000 expected")
    return factor


def _head(status: HTTPStatus, kind: str) -> bytes:
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        f"Content-Type: {kind}",
        f"Content-Security-Policy: {POLICY}",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Connection: close",
        "",
        "",
    )
    return "\r\n".join(lines).encode()
