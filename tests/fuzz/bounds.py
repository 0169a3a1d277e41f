"""Bounds of one case: processor time, time by the clock, and memory; beyond them it fails."""

import contextlib
import gc
import resource
import signal
from pathlib import Path

PAGE = resource.getpagesize()
SECONDS = 20
"""Of processor time; of the clock ten times as many, for what waits. Chosen: a hang is longer."""
MEGABYTES = 1_000


class TooLong(BaseException):
    """A case that takes too long: no handler of exceptions may take it for its own."""


def _too_long(number, frame):
    raise TooLong(f"a case took {SECONDS} s of processor time, or {10 * SECONDS} s by the clock")


@contextlib.contextmanager
def bounded():
    """Raise TooLong or MemoryError where what is inside takes more than a case may."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
    limits = resource.getrlimit(resource.RLIMIT_AS)
    clocks = {signal.ITIMER_PROF: (signal.SIGPROF, 1), signal.ITIMER_REAL: (signal.SIGALRM, 10)}
    before = {clock: signal.signal(number, _too_long) for clock, (number, _) in clocks.items()}
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEGABYTES * 2**20, limits[1]))
    try:
        for clock, (_, times) in clocks.items():
            signal.setitimer(clock, times * SECONDS)
        yield
    finally:
        for clock, (number, _) in clocks.items():
            signal.setitimer(clock, 0)
            signal.signal(number, before[clock])
        resource.setrlimit(resource.RLIMIT_AS, limits)


def peak():
    """Most memory that this process had so far (MB)."""
    gc.collect(0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
