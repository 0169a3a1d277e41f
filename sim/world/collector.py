"""Python's collector of garbage in cycles, while a world runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 700_000
"""Objects that are made between two looks for garbage: a thousand times what is usual."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for garbage in cycles a thousandth as often.

    A world makes hardly any; what it has (people, answers, what servers remember) would be looked
    at again each time, which takes a sixth of a run of the main scenario. The collector is of the
    whole process: where another thread has set this, it is that one's.
    """
    usual = gc.get_threshold()
    if usual[0] >= SELDOM:
        yield
        return
    gc.set_threshold(SELDOM, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
