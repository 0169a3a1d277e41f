"""Blocks of counts to one tidy table: a row per phase, class, by, key and measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.measure.columnar import Columnar

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AFTER = "after"
FOLDS = {
    "warm-up": (1.0, 0.0, 0.0),
    AFTER: (0.0, 1.0, 1.0),
    "transient": (0.0, 1.0, 0.0),
    "steady": (0.0, 0.0, 1.0),
}
"""Which of the phases of `Phase` each phase of a measure holds."""

LABELS = ("phase", "class", "by", "key", "measure")


def fold(phases: Sequence[str], counts: Floats) -> Floats:
    """Sum counts (classes × phases × ...) to those of *phases* (phases × classes × ...)."""
    classes, depth, *rest = counts.shape
    result = folds(tuple(phases)) @ counts.reshape(classes, depth, -1)
    return result.transpose(1, 0, 2).reshape(len(phases), classes, *rest)


@lru_cache(maxsize=8)
def folds(phases: tuple[str, ...]) -> Floats:
    """Which phases of the rows (columns) each of *phases* (rows) holds."""
    return np.array([FOLDS[phase] for phase in phases])


def ratio(top: Floats, below: Floats) -> Floats:
    """The quotient; NaN where there is no denominator."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0.0, top / below, np.nan)


class Labels(NamedTuple):
    """What stands beside the cells of one block: they run over phases × classes × keys."""

    measure: str
    by: str
    phases: tuple[str, ...]
    classes: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counters:
    """One measure, split by one key: arrays are phases × classes × keys.

    Without *value*, that is the quotient of the other two.
    """

    labels: Labels
    numerator: Floats
    denominator: Floats
    value: Floats | None = None


def table(counters: Sequence[Counters], arm: str, replication: int) -> Columnar:
    """One table of all cells that have a denominator, or are by ``all``."""
    codes, words, whole = _labels(tuple(each.labels for each in counters))
    numerator = np.concatenate([each.numerator.ravel() for each in counters])
    denominator = np.concatenate([each.denominator.ravel() for each in counters])
    value = ratio(numerator, denominator)
    at = 0
    for each in counters:
        if each.value is not None:
            value[at : at + each.value.size] = each.value.ravel()
        at += each.numerator.size
    keep = np.flatnonzero((denominator > 0.0) | (numerator > 0.0) | whole)
    return Columnar(
        {
            "arm": np.zeros(len(keep), np.int8),
            "replication": np.full(len(keep), replication, np.int16),
            **{name: codes[name][keep] for name in LABELS},
            "numerator": numerator[keep],
            "denominator": denominator[keep],
            "value": value[keep],
        },
        {"arm": (arm,), **words},
    )


@lru_cache(maxsize=8)
def _labels(
    counters: tuple[Labels, ...],
) -> tuple[dict[str, NDArray[np.int16]], Mapping[str, tuple[str, ...]], NDArray[np.bool_]]:
    """Codes of every cell, the words behind them, and which cells are by ``all``.

    The runs of a scenario share their labels, so these are made once.
    """
    numbers: dict[str, dict[str, int]] = {name: {} for name in LABELS}
    parts: dict[str, list[NDArray[np.int16]]] = {name: [] for name in LABELS}
    for each in counters:
        shape = (len(each.phases), len(each.classes), len(each.keys))
        along = {
            "phase": (each.phases, (-1, 1, 1)),
            "class": (each.classes, (1, -1, 1)),
            "key": (each.keys, (1, 1, -1)),
            "by": ((each.by,), (1, 1, 1)),
            "measure": ((each.measure,), (1, 1, 1)),
        }
        for name, (words, axes) in along.items():
            of_label = numbers[name]
            label_codes = np.array(
                [of_label.setdefault(w, len(of_label)) for w in words], dtype=np.int16
            )
            label_codes = label_codes.reshape(axes)
            parts[name].append(np.broadcast_to(label_codes, shape).ravel())
    codes = {name: np.concatenate(part) for name, part in parts.items()}
    whole = codes["by"] == numbers["by"].get("all", -1)
    return codes, {name: tuple(words) for name, words in numbers.items()}, whole
