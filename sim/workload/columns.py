"""Columns of numbers: arrays, ranges of rows, and names by number."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Names:
    """Strings by number, in the order in which they were added."""

    def __init__(self, *names: str) -> None:
        self.number = {name: number for number, name in enumerate(names)}

    def __getitem__(self, name: str) -> int:
        return self.number.setdefault(name, len(self.number))

    @property
    def all(self) -> list[str]:
        """The strings, by number."""
        return list(self.number)

    def numbers(self, texts: Sequence[str], indices: Ints) -> Ints:
        """Number of ``texts[i]`` for each i of *indices*; new strings in order of occurrence."""
        distinct, first = np.unique(indices, return_index=True)
        number = np.zeros(len(texts), dtype=np.int64)
        for i in distinct[np.argsort(first)].tolist():
            number[i] = self[texts[i]]
        return number[indices]


def packed(code: str, values: NDArray[Any]) -> array[Any]:
    """*values* as an array of that type code: single items are read twice as fast as numpy's."""
    column = array(code)
    column.frombytes(values.astype(code, copy=False).tobytes())
    return column


def view(column: array[Any]) -> NDArray[Any]:
    """The same memory as numpy sees it."""
    kind = np.dtype(column.typecode)
    return np.frombuffer(column, kind) if len(column) else np.zeros(0, kind)


def ranges(first: Ints, count: Ints) -> Ints:
    """The numbers from each of *first* on, *count* of them, one range after the other."""
    return np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())


def group_bounds(keys: Ints) -> dict[int, tuple[int, int]]:
    """First and end of each group of equal *keys*, which are in order."""
    values, low = np.unique(keys, return_index=True)
    high = np.append(low, len(keys))[1:]
    return dict(zip(values.tolist(), zip(low.tolist(), high.tolist(), strict=True), strict=True))
