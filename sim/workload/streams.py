"""Random numbers by name: one stream for each entity and purpose, never for an arm.

Two arms that ask for the same stream get the same numbers (common random numbers,
Law 2015 section 11.2), and a new entity takes nothing from those that were there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from hashlib import blake2b
from itertools import chain
from typing import TypeVar

import numpy as np

Generator = np.random.Generator
Number = TypeVar("Number", int, float)
BLOCK = 1024


def stream(seed: int, *, replication: int, entity: str, purpose: str) -> Generator:
    """Return the stream of one entity and purpose in one replication."""
    name = f"{seed}/{replication}/{entity}/{purpose}".encode()
    return np.random.Generator(
        np.random.PCG64(int.from_bytes(blake2b(name, digest_size=16).digest(), "big"))
    )


def uniforms(generator: Generator) -> Iterator[float]:
    """Numbers in [0, 1) one at a time, drawn in blocks."""
    return _one_by_one(lambda: generator.random(BLOCK).tolist())


def exponentials(generator: Generator) -> Iterator[float]:
    """Exponential numbers of mean 1 one at a time, drawn in blocks."""
    return _one_by_one(lambda: generator.standard_exponential(BLOCK).tolist())


def stratified(generator: Generator) -> Iterator[float]:
    """Gaps of mean 1 between moments of which each stretch of length 1 holds one, drawn evenly in
    it (stratified sampling): as likely at any moment as in a Poisson process, but as many in every
    run. Drawn in blocks."""
    last, stratum = 0.0, 0
    for draw in uniforms(generator):
        yield stratum + draw - last
        last, stratum = stratum + draw, stratum + 1


GAPS = {"stratified": stratified, "exponential": exponentials}
"""Ways to draw gaps of mean 1, by name."""


def keys(generator: Generator) -> Iterator[int]:
    """Keys of messages (see `chance`) one at a time, drawn in blocks."""
    return _one_by_one(lambda: generator.integers(2**62, size=BLOCK).tolist())


def _one_by_one(draw: Callable[[], list[Number]]) -> Iterator[Number]:
    """What each call of *draw* returns, without end: a chain is faster than a generator."""
    return chain.from_iterable(iter(draw, None))


_MASK = (1 << 64) - 1


class Purpose(IntEnum):
    """What a further number of a message decides; the count goes from attempt or step to step."""

    SUBMISSION = 0
    """Service time at a submission server, by attempt."""
    RELAY = 1
    """Service time at the next hop, by attempt."""
    FAILURE = 2
    """A temporary failure at the next hop, by attempt."""
    REACTION = 3
    """What its writer does about a refusal, by refusal."""
    DELAY = 4
    """How long that takes, by the number of remedies tried before."""
    RETURN = 5
    """Whether a spammer comes back after a temporary refusal."""
    RETURN_DELAY = 6
    """When, by attempt."""


def counter(purpose: Purpose, count: int) -> int:
    """The place of a number in the sequence of a key: another one for each purpose and count."""
    return (purpose << 32) + count


def chance(key: int, purpose: Purpose, count: int) -> float:
    """A further number in [0, 1) of *key* (splitmix64, Steele et al. 2014).

    For the rare draws whose number is not known beforehand, such as the luck of a
    fifth retry: they depend on the message alone, so arms stay paired.
    """
    z = (key + 0x9E3779B97F4A7C15 * (counter(purpose, count) + 1)) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return float((z ^ (z >> 31)) >> 11) / float(1 << 53)
