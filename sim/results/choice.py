"""What a decision is made of: an entry for each arm, and all that is said of them together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sim.measure.choosing import Estimate, Ranked
from sim.results.drivers import Driver

BASELINE, NOT_SETTLED, DOMINATED = "baseline", "not settled", "dominated by"
BEST, TRADED, DOMINANT = "best for these weights", "trade-off with", "dominates all others"
NOBODY = "nobody"


@dataclass(frozen=True)
class Choice:
    """One arm: what it costs and takes against the baseline, and what that makes of it."""

    arm: str
    spam: Estimate
    """Recipients of spam a day that leaves, or enters: the mean, and its change."""
    lost_once: Estimate
    lost: Estimate
    """A day, in the long run; of an arm that has not settled, since the change."""
    calls_once: Estimate
    calls: Estimate
    who: str
    """Where those are who lose more."""
    settled: bool
    verdict: str
    rivals: tuple[str, ...]
    """Whom the verdict speaks of."""
    best: float
    """Share of draws in which it is best for the weights; NaN without weights."""
    bad: tuple[str, ...]
    """What is bad about it that the table does not show, in words."""


@dataclass(frozen=True)
class Decision:
    """All that a decision rests on, in words and numbers."""

    title: str
    question: str
    baseline: str
    leaves: bool
    """Whether it is about spam that leaves servers, rather than spam that enters mailboxes."""
    unit: str
    choices: tuple[Choice, ...]
    ranked: Mapping[str, Ranked]
    sentences: tuple[str, ...]
    depends: tuple[str, ...]
    chosen: tuple[str, ...]
    """Keys that the scenario declares not to know."""
    defaults: tuple[str, ...]
    """Further keys that count, at defaults that are chosen rather than sourced."""
    dated: tuple[str, ...]
    """Which arms change again after their policies start, and when."""
    notes: tuple[str, ...]
    drivers: tuple[Driver, ...]
    folder: str

    def as_data(self) -> dict[str, Any]:
        """As plain values, for JSON: NaN is null."""
        data: dict[str, Any] = _plain(asdict(self))
        return data


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        named = getattr(value, "_asdict", None)
        return _plain(named()) if named else [_plain(one) for one in value]
    return value
