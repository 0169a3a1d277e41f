"""Whether the order of policies holds if what is only assumed is otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pandas as pd

from sim.experiment.sweeping import WHOLE
from sim.measure import structures
from sim.measure.structures import Flip
from sim.scenario.sweeping import Point
from sim.scenario.writing import value as written

if TYPE_CHECKING:
    from sim.experiment.sweeping import StoredSweep

NOT_TRIED = (
    "Structure was not tried: the order of policies may rest on what the scenario only assumes."
)
LEFT = "spam that left"
"""What policies are ordered by, beside losses, where they change servers that relay for people."""
NAMED = 2
"""Pairs of policies that a sentence names for one quantity; beyond it, how many there are."""


class Structures:
    """A run made again with its assumptions otherwise: bands, and what flips the order.

    *stored* are the points, *own* the measures of the run, under these *arms*.
    """

    def __init__(
        self, stored: StoredSweep, own: pd.DataFrame, arms: Sequence[str], baseline: str
    ) -> None:
        self.points, self.replications = stored.points, stored.replications
        self.untried: list[Point] = stored.manifest["untried"]
        self._stored, self._own = stored, own
        self._arms, self._baseline = arms, baseline

    @cached_property
    def _measures(self) -> pd.DataFrame:
        table = pd.concat(self._stored.measures(WHOLE), ignore_index=True)
        return table[table["arm"].isin(self._arms)]

    def band(self) -> pd.DataFrame:
        """Arm, quantity, unit, mean, low, high, and the bands (`sim.measure.structures.band`)."""
        return structures.band(self._own, self._measures, self._baseline)

    def as_data(self) -> dict[str, Any]:
        """Points, flips and sentences, for JSON."""
        flips = [flip._asdict() | {"point": self.points[flip.point]} for flip in self.flips()]
        data = {"points": self.points, "replications": self.replications, "flips": flips}
        return data | {"untried": self.untried, "sentences": self.sentences()}

    def flips(self) -> list[Flip]:
        """Every two arms that change places at a point."""
        return structures.flips(self._own, self._measures, self._arms)

    def influences(self, *, leaves: bool) -> Iterator[tuple[str, str, str, str, float, float]]:
        """Of what is assumed alone, what moves the order most: key, value, quantity, arm, change,
        and its share of what the arms differ by."""
        by = structures.ORDERED[0], LEFT if leaves else structures.ORDERED[1]
        for one in structures.influences(self._own, self._measures, self._baseline, by):
            point = self.points[one.point]
            if len(point) == 1:
                ((key, value),) = point.items()
                yield key, written(value), *one[1:]

    def short(self, *, leaves: bool) -> str:
        """Whether the order of policies holds, in a short sentence."""
        by = {"loss": structures.ORDERED[0], "spam": LEFT if leaves else structures.ORDERED[1]}
        flips = structures.flips(self._own, self._measures, self._arms, [*by.values()])
        parts = []
        for name, quantity in by.items():
            of_quantity = [flip for flip in flips if flip.quantity == quantity]
            pairs = list(dict.fromkeys((flip.first, flip.second) for flip in of_quantity))
            if not pairs:
                parts.append(f"by {name} it holds")
                continue
            (first, second), more = pairs[0], len(pairs) - 1
            rest = f", as do {_count(more, 'other pair')}" if more else ""
            reason = _text(self.points[of_quantity[0].point])
            parts.append(f"by {name} '{first}' and '{second}' change places with {reason}{rest}")
        return f"The order, under {_count(len(self.points), 'alternative')}: {'; '.join(parts)}."

    def sentences(self) -> str:
        """Whether the order of policies holds, and which assumption flips it."""
        flips = self.flips()
        alone = sum(len(point) == 1 for point in self.points)
        together = len(self.points) - alone
        number = f"{_count(alone, 'alternative')} alone" + (
            f" and {_count(together, 'combination')}" if together else ""
        )
        result = [f"Structure, {number}: {'; '.join(self._orders(flips))}."]
        if self.untried:
            keys = Counter(key for point in self.untried for key in point)
            values = (f"{_count(number, 'value')} of {key}" for key, number in keys.items())
            result.append(f"Not tried, for want of time: {', '.join(values)}.")
        return " ".join(result)

    def _orders(self, flips: Sequence[Flip]) -> Iterator[str]:
        flipped = {flip.quantity for flip in flips}
        if stable := [quantity for quantity in structures.ORDERED if quantity not in flipped]:
            yield f"the order of policies holds by {' and by '.join(stable)}"
        for quantity in structures.ORDERED:
            if own_flips := [flip for flip in flips if flip.quantity == quantity]:
                yield f"by {quantity}, {self._flipped(own_flips)}"

    def _flipped(self, flips: Sequence[Flip]) -> str:
        """Which arms change places at which points; with an assumption alone, that one is named."""
        pairs = [(pair, list(own_flips)) for pair, own_flips in groupby(flips, lambda f: f[1:3])]
        texts = [
            f"'{first}' and '{second}' change places with {self._reasons(own_flips)}"
            for (first, second), own_flips in pairs[:NAMED]
        ]
        more = len(pairs) - NAMED
        return "; ".join(texts) + (f"; so do {_count(more, 'other pair')}" if more > 0 else "")

    def _reasons(self, flips: Sequence[Flip]) -> str:
        points = [self.points[flip.point] for flip in flips]
        alone = [point for point in points if len(point) == 1]
        return " or ".join(map(_text, alone or points[:1]))


def _text(point: dict[str, Any]) -> str:
    return " and ".join(f"{key} = {written(value)}" for key, value in point.items())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
