"""How messages of the workload get to mail programs: here an event each.

This is the seam of the accelerator (`sim.world.batch`), which does the same for most messages
without events: the world calls these methods, and runs without that package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.workload.arrivals import Arrivals
from sim.world.engine import Engine, Occurrence
from sim.world.mail_programs import MailProgram
from sim.world.recorder import Parts
from sim.world.server import Server


class Writing(Occurrence):
    """Some messages that are still to be written, one after the other."""

    __slots__ = ("message", "messages")

    def __init__(self, messages: Iterator[int]) -> None:
        super().__init__()
        self.messages = messages
        self.message: int | None = None
        """The next of them; None: there is none."""


class EventByEvent:
    """Every message is written at its moment, by an event of its own."""

    def __init__(
        self,
        env: Engine,
        arrivals: Arrivals,
        programs: Sequence[MailProgram],
        servers: Sequence[Server],
    ) -> None:
        self.env, self.arrivals = env, arrivals
        self.programs, self.servers = programs, servers

    def start(self) -> None:
        """Begin to hand messages over, from the present moment on."""
        self._write_next(iter(range(len(self.arrivals))))

    def _write_next(self, messages: Iterator[int]) -> None:
        """Write the next of *messages* at its moment, and then the rest: one event for all."""
        self._await(Writing(messages))

    def _await(self, writing: Writing) -> None:
        """Schedule *writing* at the moment of its next message, if there is one."""
        writing.message = next(writing.messages, None)
        if writing.message is not None:
            writing.callbacks = (self._write,)
            self.env.at(writing, self.arrivals.at[writing.message])

    def _write(self, writing: Writing) -> None:
        message = writing.message
        self._await(writing)  # first, so that the next one is seen to come
        if message is not None:
            self.write(message, self.arrivals.at[message])

    def write(self, message: int, at: float) -> None:
        """Let the writer's mail program send *message* at *at* (s)."""
        self.programs[self.arrivals.person[message]].write(message, at)

    def before_change(self) -> None:
        """Hear that a policy is about to change."""

    def recompute(self, servers: Iterable[Server]) -> None:
        """Hear that the policies of *servers* have changed."""

    def programs_changed(self) -> None:
        """Hear that settings of mail programs have changed, for what is written from now on."""

    def detach(self, person: int) -> None:
        """Hear that *person* is about to change a setting of the mail program."""

    def write_outcomes(self) -> None:
        """Enter the fates of recipients that the recorder has not seen."""

    def mark_pending(self, rows: NDArray[np.bool_]) -> None:
        """Mark the recipients (*rows*) that no event has, but to whom something will happen.

        None: every message is written before the run ends.
        """

    def attempts(self) -> Parts:
        """Return the attempts that the recorder has not seen, as columns in parts."""
        return {"message": lambda: ()}

    def clear(self) -> None:
        """Let go of large columns."""
