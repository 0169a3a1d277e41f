"""The recipients table of a run in codes: what each row is and counts for, and how it is split."""

from __future__ import annotations

from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.aggregate import AFTER, FOLDS, Floats, Ints, fold
from sim.measure.columnar import Columnar
from sim.measure.exposure import DAY, Exposure
from sim.records.definitions import Outcome
from sim.records.words import Cause, Fate, MailClass, Phase, Remedy, Route

PHASES_SHOWN = (AFTER, "transient", "steady")
FIXED = {
    "route": Route.texts(),
    "remedy": Remedy.texts(),
    "cause": Cause.texts(),
    "first_cause": Cause.texts(),
}
"""Keys whose names are the same in every run; the others come from the scenario."""

_EITHER = (False, True)
OUTCOMES = tuple(Outcome(*parts) for parts in product(Fate, _EITHER, _EITHER, _EITHER))


class Rows:
    """The recipients table as codes; a moment's day is counted from the start of the run."""

    def __init__(self, columns: Columnar, over: Exposure) -> None:
        self.columns, self.over, self.size = columns, over, len(columns)
        self.class_ = columns.codes("class", MailClass.texts())
        self.phase = columns.codes("phase", Phase.texts())
        self.cell = self.class_ * len(Phase) + self.phase
        self.fate = columns.codes("fate", Fate.texts())
        self.phases = tuple(p for p in PHASES_SHOWN if np.dot(FOLDS[p], over.lengths) > 0.0)

    def key(self, by: str) -> tuple[Ints, tuple[str, ...]]:
        """Codes and names of one way to split the rows."""
        if by == "all":
            return np.zeros(self.size, dtype=np.int64), ("",)
        if by == "day":
            day = (self.columns["written_at"] / DAY).astype(np.int64)
            last = self.over.days - 1
            return np.minimum(day, last), tuple(str(d) for d in range(last + 1))
        known = FIXED.get(by) or self.over.keys.get(by, ())
        names = tuple(dict.fromkeys([*known, *self.columns.categories[by]]))
        return self.columns.codes(by, names), names

    @cached_property
    def outcome(self) -> Ints:
        """The position in OUTCOMES of what each row counts for."""
        refused = self.columns.codes("first_cause", Cause.texts()) != Cause.NONE.number
        listed = self.columns.codes("cause", Cause.texts()) == Cause.BLOCKLIST.number
        believed = self.columns["believed"].astype(np.int64)
        return np.asarray(((self.fate * 2 + refused) * 2 + listed) * 2 + believed)

    @cached_property
    def delivered(self) -> NDArray[np.bool_]:
        """Whether the fate is delivered."""
        return np.asarray(self.fate == Fate.DELIVERED.number)

    def count(self, codes: Ints, keys: int) -> Floats:
        """Rows in each class × phase × key × outcome."""
        shape = (len(MailClass), len(Phase), keys, len(OUTCOMES))
        cell = (self.cell * keys + codes) * len(OUTCOMES) + self.outcome
        counted = np.bincount(cell, minlength=int(np.prod(shape)))
        return counted.reshape(shape).astype(np.float64)

    def first_row(self, messages: NDArray[Any]) -> Ints:
        """The first row of each of *messages*."""
        row = np.flatnonzero(np.isin(self.columns["message"], messages))[::-1]
        first = np.zeros(int(messages.max(initial=0)) + 1, dtype=np.int64)
        first[self.columns["message"][row]] = row  # the one written last is the first row
        return np.asarray(first[messages])


def by_phase(phases: tuple[str, ...], cell: Ints, weights: NDArray[Any], keys: int) -> Floats:
    """Sums of weights by phase and key, for one class."""
    summed = np.bincount(cell, weights, minlength=len(Phase) * keys)
    return fold(phases, summed.reshape(1, len(Phase), keys).astype(np.float64))
