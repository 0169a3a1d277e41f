"""Kinds of answers: each reads what a student handed in, and knows what is right when asked."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import NamedTuple, Protocol

from sim.scenario.errors import nearest, one_of, value_text


class Judgement(NamedTuple):
    """*right* is None where the answer could not be read, or where there is none yet."""

    right: bool | None
    words: str = ""


class Answer(Protocol):
    """What every kind of answer can do."""

    @property
    def solution(self) -> str:
        """What is right, for the lecturer; found by asking the simulator."""

    def judge(self, answer: object) -> Judgement:
        """Whether *answer* is right; may raise whatever a strange object raises."""


RELATIVE = 0.005
"""How far an exact number may be off, for rounding: 0.5 % (chosen)."""


@dataclass(frozen=True)
class Number:
    """A number that follows exactly."""

    expected: Callable[[], float]
    unit: str = ""

    @property
    def solution(self) -> str:
        """The number."""
        return f"{self.expected():.6g} {self.unit}".strip()

    def judge(self, answer: object) -> Judgement:
        """Equal but for rounding."""
        value = number(answer)
        if value is None:
            return Judgement(None, f"a number is expected{_of(self.unit)}, not {described(answer)}")
        right = math.isclose(value, self.expected(), rel_tol=RELATIVE, abs_tol=1e-9)
        return _per_cent(self.unit, value) or Judgement(right)


@dataclass(frozen=True)
class Word:
    """One of several words; how it is written in upper or lower case does not matter."""

    expected: Callable[[], str]
    among: tuple[str, ...]
    listed: bool = True
    """Whether a message may list the words; not where that would give too much away."""

    @property
    def solution(self) -> str:
        """The word."""
        return self.expected()

    def judge(self, answer: object) -> Judgement:
        """The same word."""
        word = _word(answer)
        words = {w.lower(): w for w in self.among}
        if word.lower() not in words:
            near = nearest(word, self.among) if word else ""
            hint = f"; did you mean {near!r}?" if near else ""
            expected = one_of(self.among) if self.listed else "a word is expected"
            return Judgement(None, f"{expected}, not {described(answer)}{hint}")
        return Judgement(words[word.lower()] == self.expected())


@dataclass(frozen=True)
class Names:
    """Any number of words, or of numbers, in any order."""

    expected: Callable[[], Iterable[str]]
    among: tuple[str, ...]

    @property
    def solution(self) -> str:
        """The words."""
        words = sorted(set(self.expected()), key=lambda word: (word.isdigit() and int(word), word))
        return ", ".join(words) or "none of them: set()"

    def judge(self, answer: object) -> Judgement:
        """The same words; says how many are missing or too many, not which."""
        if not isinstance(answer, (list, tuple, set, frozenset, str, int)):
            return Judgement(None, f"a set such as {{{', '.join(self.among[:2])}}} is expected")
        items = re.split(r"[][(){}'\",;\s]+", answer) if isinstance(answer, str) else answer
        answers = {_word(i) for i in ([items] if isinstance(items, int) else items)} - {""}
        unknown = sorted(answers - set(self.among))
        if unknown:
            return Judgement(None, f"{unknown[0]!r} is not {one_of(self.among)}")
        right = set(self.expected())
        missing, more = len(right - answers), len(answers - right)
        words = [f"{n} {fault}" for n, fault in ((missing, "missing"), (more, "too many")) if n]
        return Judgement(not words, " and ".join(words))


@dataclass(frozen=True)
class Suiting:
    """Any text that does what is asked: *suits* says whether, and what happened."""

    suits: Callable[[str], tuple[bool, str]]
    candidates: tuple[str, ...]
    """Texts of which one at least suits, for the lecturer."""
    noun: str

    @property
    def solution(self) -> str:
        """All texts that were tried and suit."""
        return " or ".join(text for text in self.candidates if self.suits(text)[0])

    def judge(self, answer: object) -> Judgement:
        """Try it."""
        if not isinstance(answer, str) or not answer.strip():
            return Judgement(None, f"{self.noun} is expected, not {described(answer)}")
        return Judgement(*self.suits(answer.strip()))


REPLICATIONS = 20
"""Runs of which the reference is made (chosen: a second or two)."""
RUNS = 10
"""Runs that a student is expected (chosen, likewise)."""
T_99 = {19: 2.861}
"""Student's t, two-sided 99 %, by degrees of freedom (any table; Law 2015, table T.1)."""
OTHER_SEED = 7919
"""Added to the seed, so that the reference and a student's run share no luck."""


@dataclass(frozen=True)
class Measured:
    """A number that has to be simulated, by a student from *replications* replications at least.

    *values* makes one value a replication of the reference. A right answer is itself a mean of
    replications, so it may differ by t · s · √(1/n + 1/m), with s the spread of the n values of the
    reference and m the student's replications: a 99 % prediction interval, that is, one right
    answer in a hundred is refused (Hahn and Meeker, Statistical Intervals, 1991, section 4.8).
    """

    values: Callable[[], Sequence[float]]
    unit: str = ""
    replications: int = RUNS

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Mean of the reference, and how far a right answer may be off."""
        values = self.values()
        n = len(values)
        mean = math.fsum(values) / n
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
        return mean, T_99[n - 1] * spread * math.sqrt(1 / n + 1 / self.replications)

    @property
    def solution(self) -> str:
        """The mean with its tolerance."""
        mean, off = self.bounds
        return f"{mean:.4g} ± {off:.2g} {self.unit}".strip()

    def judge(self, answer: object) -> Judgement:
        """Within what chance alone explains."""
        value = number(answer)
        if value is None:
            return Judgement(None, f"a number is expected{_of(self.unit)}, not {described(answer)}")
        mean, off = self.bounds
        tolerance = (
            f"tolerance ± {off:.2g}, which is what chance does to a mean of {self.replications} "
            f"replications in 99 of 100 cases"
        )
        right = abs(value - mean) <= off + RELATIVE * abs(mean)
        return _per_cent(self.unit, value) or Judgement(right, tolerance)


def number(answer: object) -> float | None:
    """The number that was handed in, ``"35 %"`` too; None if it is none, or not finite."""
    if isinstance(answer, bool):
        return None
    if isinstance(answer, Real):
        return float(answer) if math.isfinite(answer) else None
    if isinstance(answer, str):
        match = re.fullmatch(
            r"\s*([-+]?(?:[0-9]{1,30}[.,]?[0-9]{0,30}|[.,][0-9]{1,30}))\s*(%?)\s*", answer
        )
        if match:
            return float(match[1].replace(",", ".")) / (100 if match[2] else 1)
    return None


def _per_cent(unit: str, value: float) -> Judgement | None:
    """The note for an answer such as 35 where a share is expected, be it right or wrong."""
    if unit != "share" or abs(value) <= 1:
        return None
    return Judgement(None, "that looks like a percentage; a share between 0 and 1 is expected")


def described(answer: object) -> str:
    """What was handed in, cut to be shown."""
    return (
        value_text(answer) if isinstance(answer, (str, int, float, list, dict)) else _type(answer)
    )


def _word(answer: object) -> str:
    if isinstance(answer, str):
        return answer.strip()
    value = number(answer)
    return str(int(value)) if value is not None and value.is_integer() else ""


def _of(unit: str) -> str:
    return f" ({unit})" if unit else ""


def _type(answer: object) -> str:
    return f"an object of type {type(answer).__name__}"
