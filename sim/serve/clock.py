"""The clock of a live world: real time, a multiple of it, or steps."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


class Clock:
    """Tells the time in the world (s), which is *begins* at first.

    It goes *factor* times as fast as real time; with a factor of 0 it stands still, and moves
    when somebody moves it.
    """

    def __init__(
        self, begins: float, factor: float = 1.0, real: Callable[[], float] = monotonic
    ) -> None:
        self.factor, self._real = factor, real
        self._from, self._then = begins, real()

    def now(self) -> float:
        """The time in the world (s)."""
        return self._from + (self._real() - self._then) * self.factor

    def step(self, seconds: float) -> None:
        """Let *seconds* pass at once, besides what passes anyway."""
        self._from += max(0.0, seconds)

    def run(self, factor: float) -> None:
        """Go *factor* times as fast as real time from now on."""
        self._from, self._then, self.factor = self.now(), self._real(), factor

    def wait_for(self, moment: float) -> float | None:
        """Real seconds until it is *moment* (s); None: it has to be moved there."""
        left = moment - self.now()
        if left <= 0.0:
            return 0.0
        return left / self.factor if self.factor else None
