"""Kinds of answers: each says in which form it is asked for, and judges what is handed in.

What is right is computed when an answer is judged, and is kept in no attribute.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sim.lab.exercises.reading import described, items, key, number, reply_code, whole, word
from sim.scenario.errors import nearest, one_of


class Judgement(NamedTuple):
    """*right* is None where the answer could not be read, or where there is none yet."""

    right: bool | None
    words: str = ""


class Answer(Protocol):
    """What every kind of answer offers."""

    @property
    def form(self) -> str:
        """The sentence that ends the question: what is to be handed in, and how precisely."""

    @property
    def expected(self) -> Callable[[], Any]:
        """Compute what is right."""

    def judge(self, answer: object) -> Judgement:
        """Judge *answer*; may raise whatever a strange object raises when it is read."""


@dataclass(frozen=True)
class Code:
    """A three-digit reply code, compared exactly."""

    expected: Callable[[], int]
    form = "A three-digit reply code."

    def judge(self, answer: object) -> Judgement:
        """Compare codes; ``"550 5.7.1"`` is 550."""
        code = reply_code(answer)
        if code is None:
            return Judgement(None, f"a three-digit reply code is expected, not {described(answer)}")
        return Judgement(code == self.expected())


@dataclass(frozen=True)
class Count:
    """A whole number, compared exactly."""

    expected: Callable[[], int]
    unit: str

    @property
    def form(self) -> str:
        """A whole number."""
        return f"A whole number ({self.unit})."

    def judge(self, answer: object) -> Judgement:
        """Compare whole numbers."""
        value = whole(answer)
        if value is None:
            words = f"a whole number is expected ({self.unit}), not {described(answer)}"
            return Judgement(None, words)
        return Judgement(value == self.expected())


@dataclass(frozen=True)
class Number:
    """A number that follows exactly, to *decimals* decimals."""

    expected: Callable[[], float]
    unit: str
    decimals: int

    @property
    def form(self) -> str:
        """The precision that is asked for."""
        return f"A {self.unit}, to {self.decimals} decimals."

    def judge(self, answer: object) -> Judgement:
        """Accept any rounding to at least the precision that is asked for."""
        value = number(answer)
        if value is None or not _is_share(self.unit, value):
            return unreadable_number(self.unit, answer)
        off = 0.5 * 10**-self.decimals
        return Judgement(abs(value - self.expected()) <= off * (1 + 1e-9))


@dataclass(frozen=True)
class Word:
    """One of several words; upper and lower case do not matter."""

    expected: Callable[[], str]
    among: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)
    """Other ways of writing one of the words, and the word."""
    listed: bool = True
    """Whether the question lists the words; not where that would give too much away."""

    @property
    def form(self) -> str:
        """The words, where they may be listed."""
        return f"One of: {', '.join(self.among)}." if self.listed else ""

    def judge(self, answer: object) -> Judgement:
        """Compare words."""
        words = {key(w): w for w in self.among} | {key(k): w for k, w in self.also.items()}
        text = word(answer)
        if key(text) not in words:
            near = nearest(text, self.among) if text else ""
            hint = f"; did you mean {near!r}?" if near else ""
            expected = one_of(self.among) if self.listed else "a word is expected"
            return Judgement(None, f"{expected}, not {described(answer)}{hint}")
        return Judgement(words[key(text)] == self.expected())


@dataclass(frozen=True)
class Set:
    """Any number of words, or of numbers, in any order."""

    expected: Callable[[], Iterable[str]]
    among: tuple[str, ...]

    @property
    def form(self) -> str:
        """A set, and how to write the empty one."""
        example = ", ".join(w if w.isdigit() else repr(w) for w in self.among[:2])
        return f"A set such as {{{example}}}; set() for none."

    def judge(self, answer: object) -> Judgement:
        """Compare sets; the mark says whether some are missing or wrong, not which or how many."""
        answers = items(answer)
        if answers is None:
            return Judgement(None, f"{self.form[0].lower()}{self.form[1:-1]} is expected")
        spelled = {key(w): w for w in self.among}
        unknown = sorted(a for a in answers if key(a) not in spelled)
        if unknown:
            return Judgement(None, f"{unknown[0][:80]!r} is not {one_of(self.among)}")
        chosen, right = {spelled[key(a)] for a in answers}, set(self.expected())
        faults = {"something is missing": right - chosen, "something is wrong": chosen - right}
        return Judgement(chosen == right, ", ".join(w for w, some in faults.items() if some))


@dataclass(frozen=True)
class Text:
    """Any text that does what is asked: *suits* says whether, and what happened."""

    suits: Callable[[str], tuple[bool | None, str]]
    expected: Callable[[], str]
    noun: str

    @property
    def form(self) -> str:
        """What kind of text."""
        return f"{self.noun[0].upper()}{self.noun[1:]}, as text in quotes."

    def judge(self, answer: object) -> Judgement:
        """Try it."""
        if not isinstance(answer, str) or not answer.strip():
            return Judgement(None, f"{self.noun} is expected, not {described(answer)}")
        return Judgement(*self.suits(answer.strip()))


REPLICATIONS = 20
"""Runs of which the reference is made (chosen: a few seconds)."""
RUNS = 10
"""Runs that a student is expected to make (chosen, likewise)."""
T_99 = {19: 2.861}
"""Student's t, two-sided 99 %, by degrees of freedom (any table; Law 2015, table T.1)."""
OTHER_SEED = 7919
"""Added to the seed, so that the reference and a student's run share no random numbers."""


class Bounds(NamedTuple):
    """Mean of a reference, and how far a right answer may be off."""

    mean: float
    off: float


@dataclass(frozen=True)
class Range:
    """A number that has to be simulated, by a student from *replications* replications at least.

    *values* makes one value a replication of the reference, of which the answer is *times* as many.
    A right answer is itself a mean of replications, so it may differ by t · s · √(1/n + 1/m), with
    s the standard deviation of the n values of the reference and m the student's replications: a
    99 % prediction interval, that is, one right answer in a hundred is refused (Hahn and Meeker,
    Statistical Intervals, 1991, section 4.8).
    """

    values: Callable[[], Sequence[float]]
    unit: str
    times: float = 1.0
    replications: int = RUNS

    @property
    def form(self) -> str:
        """That the mark states the tolerance."""
        return f"A number ({self.unit}); the mark states the tolerance."

    def expected(self) -> Bounds:
        """Simulate the reference."""
        values = self.values()
        n = len(values)
        mean = math.fsum(values) / n
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
        off = T_99[n - 1] * spread * math.sqrt(1 / n + 1 / self.replications)
        return Bounds(self.times * mean, self.times * off)

    def judge(self, answer: object) -> Judgement:
        """Accept what chance alone explains."""
        value = number(answer)
        if value is None or not _is_share(self.unit, value):
            return unreadable_number(self.unit, answer)
        mean, off = self.expected()
        tolerance = (
            f"tolerance ± {off:.2g}: the 99 % prediction interval for a mean of "
            f"{self.replications} replications"
        )
        return Judgement(abs(value - mean) <= off, tolerance)


def _is_share(unit: str, value: float) -> bool:
    return unit != "share" or abs(value) <= 1


def unreadable_number(unit: str, answer: object) -> Judgement:
    """No mark: not a number, or a percentage where a share is asked for, be it right or wrong."""
    if number(answer) is None:
        return Judgement(None, f"a number ({unit}) is expected, not {described(answer)}")
    return Judgement(None, "that looks like a percentage; a share between 0 and 1 is expected")
