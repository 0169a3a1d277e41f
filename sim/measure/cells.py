"""Blocks of counts to one tidy table: a row per phase, class, by, key and measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AFTER = "after"
FOLDS = {
    "warm-up": (1.0, 0.0, 0.0),
    AFTER: (0.0, 1.0, 1.0),
    "transient": (0.0, 1.0, 0.0),
    "steady": (0.0, 0.0, 1.0),
}
"""Which of the phases of records.PHASES each phase of a measure holds."""


def fold(phases: Sequence[str], counts: Floats) -> Floats:
    """Sum counts (classes × phases × keys) to those of *phases* (phases × classes × keys)."""
    return np.asarray(np.einsum("sp,cpk->sck", np.array([FOLDS[p] for p in phases]), counts))


def ratio(top: Floats, below: Floats) -> Floats:
    """The quotient; NaN where there is no denominator."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0.0, top / below, np.nan)


@dataclass(frozen=True, slots=True)
class Block:
    """One measure, split by one key: arrays are phases × classes × keys."""

    measure: str
    by: str
    phases: Sequence[str]
    classes: Sequence[str]
    keys: Sequence[str]
    numerator: Floats
    denominator: Floats
    value: Floats


class _Names:
    """Strings by code, in the order in which they were first met."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.parts: list[Ints] = []

    def add(self, names: Sequence[str], keep: NDArray[np.bool_]) -> None:
        """Add *names*, spread over the axes of *keep* that they are not along."""
        codes = np.array([self.codes.setdefault(n, len(self.codes)) for n in names])
        self.parts.append(np.broadcast_to(codes, keep.shape)[keep])

    def add_along(self, axis: int, names: Sequence[str], keep: NDArray[np.bool_]) -> None:
        """Add *names* that run along one axis of *keep*."""
        codes = np.array([self.codes.setdefault(n, len(self.codes)) for n in names])
        shape = [1, 1, 1]
        shape[axis] = len(names)
        self.parts.append(np.broadcast_to(codes.reshape(shape), keep.shape)[keep])

    def column(self) -> Any:
        """All that was added, as a categorical column."""
        codes = np.concatenate(self.parts) if self.parts else np.zeros(0, np.int64)
        return pd.Categorical.from_codes(codes, categories=pd.Index(list(self.codes), dtype=object))


def table(blocks: Sequence[Block], arm: str, replication: int) -> pd.DataFrame:
    """One table of all cells that have a denominator, or are by ``all``."""
    phases, classes, by, keys, measures = (_Names() for _ in range(5))
    values: dict[str, list[Floats]] = {"numerator": [], "denominator": [], "value": []}
    for block in blocks:
        keep = (block.denominator > 0.0) | (block.numerator > 0.0) | (block.by == "all")
        phases.add_along(0, block.phases, keep)
        classes.add_along(1, block.classes, keep)
        keys.add_along(2, block.keys, keep)
        by.add([block.by], keep)
        measures.add([block.measure], keep)
        for name, parts in values.items():
            parts.append(getattr(block, name)[keep])
    columns: dict[str, Any] = {
        "phase": phases.column(),
        "class": classes.column(),
        "by": by.column(),
        "key": keys.column(),
        "measure": measures.column(),
        **{name: np.concatenate(parts) for name, parts in values.items()},
    }
    size = len(columns["value"])
    arms: Any = pd.Categorical.from_codes(
        np.zeros(size, np.int8), categories=pd.Index([arm], dtype=object)
    )
    return pd.DataFrame(
        {"arm": arms, "replication": np.full(size, replication, np.int16), **columns}
    )
