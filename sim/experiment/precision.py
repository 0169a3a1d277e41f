"""As many replications as an interval of a stated width needs, within a stated maximum.

Batches, each as large as the spread so far asks for (Law 2015, section 9.4.1, with at least
the scenario's replications first, so that the spread is known before it is used). To stop
when the interval happens to be narrow makes it cover a little less than 95 %: 92 to 95 % of
normal values (tests/experiment/test_precision.py), which the message says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.experiment.stored import Stored
from sim.records.measures import COSTS, MEASURES
from sim.records.usage import UsageError, one_of

if TYPE_CHECKING:
    from sim.scenario.model import Precision

FIRST = 5
"""Replications of the first batch at least; chosen: fewer say too little of the spread."""
GROWTH = 2.0
"""A batch at most doubles what there is, so that an unlucky spread does not run away."""


@dataclass(frozen=True, slots=True)
class Precise:
    """What was reached: the widest arm's half width, against what was requested."""

    measure: str
    requested: float
    half_width: float
    arm: str
    replications: int
    most: int

    @property
    def enough(self) -> bool:
        """Whether the widest arm is as narrow as was requested."""
        return self.half_width <= self.requested

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        width = self.half_width if math.isfinite(self.half_width) else None
        return {
            "measure": self.measure,
            "asked": self.requested,
            "reached": width,
            "arm": self.arm,
            "replications": self.replications,
            "enough": self.enough,
        }

    def __str__(self) -> str:
        end = (
            "reached; an interval that tells when to stop covers 92 to 95 %"
            if self.enough
            else f"not reached with at most {self.most}"
        )
        return (
            f"Precision of {self.measure}: ± {self.half_width:.3g} in '{self.arm}' after "
            f"{self.replications} replications; ± {self.requested:g} was requested: {end}."
        )


def first(precision: Precision, replications: int) -> int:
    """How many replications the first batch has, *replications* being those of the scenario."""
    return min(max(replications, FIRST), precision.most)


def until_precise(
    precision: Precision, replications: int, run: Callable[[int], Stored]
) -> tuple[Stored, Precise]:
    """Call *run* with more and more replications until all arms are precise enough."""
    one_of("measure", precision.measure, MEASURES)
    one_of("class", precision.mail, MEASURES[precision.measure].classes)
    count = first(precision, replications)
    while True:
        stored = run(count)
        arm, width = _widest(stored, precision)
        result = Precise(precision.measure, precision.half_width, width, arm, count, precision.most)
        if result.enough or count >= precision.most:
            return stored, result
        count = min(more(count, width, precision.half_width), precision.most)


def more(count: int, width: float, requested: float) -> int:
    """Replications to go on to: an interval narrows with their square root."""
    count_needed = (
        math.ceil(count * (width / requested) ** 2) if math.isfinite(width) else 2 * count
    )
    return max(count + 1, min(count_needed, math.floor(GROWTH * count)))


def _widest(stored: Stored, precision: Precision) -> tuple[str, float]:
    from sim.experiment.costs import with_costs  # pandas
    from sim.measure.summary import summarise

    measures = stored.table("measures")
    if precision.measure in COSTS:
        measures = with_costs(stored.scenario(), measures, str(stored.manifest["baseline"]))
    cell = (measures["measure"] == precision.measure) & (measures["class"] == precision.mail)
    table = summarise(measures[cell])
    if not len(table):
        raise UsageError(f"{precision.measure} of {precision.mail} has no value in this scenario")
    half = ((table["high"] - table["low"]) / 2).fillna(math.inf)
    at = int(half.to_numpy().argmax())
    return str(table["arm"].iloc[at]), float(half.iloc[at])
