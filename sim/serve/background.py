"""Live servers beside a notebook or a program: `live` starts them in a thread of their own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, TypedDict, TypeVar, Unpack

from sim import scenario as files
from sim.records.usage import UsageError, checked
from sim.scenario import Scenario
from sim.scenario.quantities import read_duration
from sim.serve.conversations import Conversation
from sim.serve.live import Live
from sim.serve.living import Living
from sim.serve.table import Table

T = TypeVar("T")
MOST = 1e6
"""Of every option that is a number."""


class Options(TypedDict, total=False):
    """What else `live` may be told."""

    people: float
    speed: float
    place: str | None
    proxy: bool
    first: dict[str, int]
    idle: float
    pcap: str | PathLike[str] | None


class Background:
    """Live servers that go on while a notebook or a program does something else.

    A context manager: its end stops them. Printed, it is the table of ports and places.
    """

    def __init__(
        self, scenario: Scenario, arm: str, *, people: float = 0.0, speed: float = 1.0,
        place: str | None = None, pcap: str | PathLike[str] | None = None, **more: Any,
    ) -> None:  # fmt: skip
        living = Living(scenario, arm, people=people, factor=speed, place=place)
        self.living, self.live = living, Live(living, **more)
        if pcap is not None:
            living.write_to(pcap)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.live.start(), self._loop).result()
        except BaseException:
            self._end()
            raise
        self.table = Table(self.live)

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        """In a notebook: ports, places, lines to paste."""
        return self.table._repr_html_()

    @property
    def log(self) -> list[Conversation]:
        """All sessions so far, the latest last: what was said, and why."""
        return self._call(lambda: [*self.living.log])

    @property
    def arm(self) -> str:
        """The name of the arm that is in force."""
        return self.living.arm

    def port(self, kind: str, name: str) -> int:
        """The port on which *name* listens: ``SMTP``, ``submission`` or ``submissions`` (within
        TLS) of a server, ``POP3`` of a network."""
        return self.live.port(kind, name)

    def switch(self, arm: str) -> None:
        """Put another arm into force."""
        self._call(lambda: self.living.switch(arm))

    def step(self, time: str) -> None:
        """Let *time* (such as ``"30 min"``) of the world pass at once."""
        seconds = read_duration(time)
        self._call(lambda: self.living.step(seconds))

    def mailbox(self, address: str) -> list[str]:
        """The texts of the messages in a mailbox."""
        mail = self.living.mail

        def texts() -> list[bytes]:
            self.living.advance()
            return [mail.text(letter) for letter in mail.letters(address)]

        return [text.decode("utf-8", "replace") for text in self._call(texts)]

    def stop(self) -> None:
        """Close all sockets. What was said can still be read."""
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(self.live.stop(), self._loop).result()
            self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Callable[[], T]) -> T:
        """What *work* returns, done where the world lives: nothing else touches it meanwhile."""
        if self._loop.is_closed():
            return work()

        async def doing() -> T:
            return work()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result()


@checked
def live(scenario: Any, arm: str | None = None, **options: Unpack[Options]) -> Background:
    """Start the servers of *scenario* on loopback, with the policies of *arm* (the baseline).

    *scenario*: a scenario, a file, or a ready one by name. Options: *people*, how much simulated
    people and spammers write, as a share of what the scenario says (0); *speed*, how many times as
    fast as real time the clock goes (1; 0: by ``step`` alone); *place*, where clients are whose
    address says nothing (home); *proxy*: connections begin with a line of the PROXY protocol;
    *first*: the first port of each kind; *idle*: real seconds without a word after which a session
    ends (300); *pcap*: a file that gets what passes as a capture. Raises ScenarioError.
    """
    model = _model(scenario)
    name = model.baseline if arm is None else arm
    model.arm(name or "")
    for option in ("people", "speed", "idle"):
        if not 0.0 <= options.get(option, 0.0) <= MOST:  # type: ignore[operator]
            raise UsageError(f"{option}: expected 0 to {MOST:g}, got {options[option]}")
    return Background(model, name or "", **options)


def _model(scenario: Any) -> Scenario:
    """The model of what stands for a scenario: itself, a dict, or a file or ready one by name."""
    model = getattr(scenario, "model", scenario)
    if not isinstance(model, Scenario | Mapping | str | PathLike):
        raise UsageError(
            f"scenario: expected a scenario, a file, or a ready one by name, got {model!r:.80}"
        )
    return files.of(model)
