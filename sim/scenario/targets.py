"""The keys of ``[targets.NAME]``: what was observed of a measure, and in which band it lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.records.measures import MEASURES, PHASES
from sim.scenario.checking import Parts
from sim.scenario.expectations import keys_of
from sim.scenario.keys import Table, key
from sim.scenario.problems import Problem, unknown

Text = Annotated[str, Field(min_length=1, max_length=256)]


class Target(Table):
    """An observed value of a measure, as a band, and where that is from."""

    measure: Text = key()
    """the measure, such as delay_median; see the page of measures"""
    mail: Literal["honest", "spam", "notice", "server"] = key("honest")
    """its class of mail"""
    by: Text = key("all")
    """what it is split by, such as server or cause; all: not at all"""
    of: Text | None = key(None)
    """which one of those"""
    phase: Text = key("after")
    """after (transient and steady together), transient or steady"""
    arm: Text | None = key(None)
    """the arm that was observed; without it, the baseline arm"""
    low: float = key()
    """the least that it is taken to be"""
    high: float = key()
    """the most that it is taken to be, above the least"""
    source: Text = key()
    """where the observation is from"""

    @model_validator(mode="after")
    def _is_a_band(self) -> Target:
        if self.low >= self.high:
            raise ValueError(f"expected low below high ({self.low:g}, {self.high:g})")
        return self

    @property
    def middle(self) -> float:
        """The middle of the band."""
        return (self.low + self.high) / 2.0

    @property
    def half(self) -> float:
        """Half the width of the band."""
        return (self.high - self.low) / 2.0

    def __str__(self) -> str:
        quantity = f"{self.mail} {self.measure}"
        return quantity if self.of is None else f"{quantity} ({self.by} {self.of})"


def problems(parts: Parts, arms: list[str], target: Target) -> Iterator[Problem]:
    """What does not exist of what was observed."""
    yield from unknown(target.arm, arms, "arm")
    yield from unknown(target.phase, PHASES, "phase")
    yield from unknown(target.measure, MEASURES, "measure")
    measure = MEASURES.get(target.measure)
    if measure is None:
        return
    yield from unknown(target.mail, measure.classes, "mail")
    yield from unknown(target.by, [*dict.fromkeys(("all", *measure.by))], "by")
    if (target.by == "all") != (target.of is None):
        yield Problem(("of",), str(target.of), "by and of together")
    elif target.of is not None and target.by in measure.by and target.by != "day":
        yield from unknown(target.of, keys_of(parts, target.by), "of")
