"""A table as columns of numbers, where words are codes: what is counted and stored quickly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Ints = NDArray[np.int64]
Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Columnar:
    """Columns by name; one that is in *categories* holds codes into those words (-1: none)."""

    columns: Columns
    categories: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def codes(self, name: str, words: Sequence[str]) -> Ints:
        """The position in *words* of each value of a column; -1 for anything else."""
        categories = self.categories[name]
        values = self.columns[name]
        if list(words) == list(categories):
            return np.asarray(values, dtype=np.int64)
        place = {word: i for i, word in enumerate(words)}
        numbers = np.array([*(place.get(word, -1) for word in categories), -1], dtype=np.int64)
        return np.asarray(numbers[values])

    def of_part(self, point: int) -> Columnar:
        """The columns of a stored part: without the arm, which its folder states, and with the
        *point* of a sweep, where that is 0 or more."""
        columns = {name: values for name, values in self.columns.items() if name != "arm"}
        if point >= 0:
            columns = {"point": np.full(len(self), point, np.int32), **columns}
        words = {name: of for name, of in self.categories.items() if name in columns}
        return Columnar(columns, words)

    def select(self, rows: NDArray[np.bool_]) -> Columnar:
        """The same with those *rows* alone."""
        return Columnar({n: values[rows] for n, values in self.columns.items()}, self.categories)

    def frame(self, rows: Any = slice(None)) -> pd.DataFrame:
        """Those *rows* as a data frame."""
        import pandas as pd

        columns: dict[str, Any] = {}
        for name, values in self.columns.items():
            if name in self.categories:
                words = pd.Index(list(self.categories[name]), dtype=object)
                columns[name] = pd.Categorical.from_codes(
                    np.asarray(values[rows], dtype=np.int64), categories=words
                )
            else:
                columns[name] = values[rows]
        return pd.DataFrame(columns)


Frames = Mapping[str, "Columnar | pd.DataFrame"]
"""The tables of one run by name, in either form."""


class Rows(Protocol):
    """What the world hands over: columns of each table, and the words behind their codes."""

    @property
    def categories(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """Words by code, by column, by table."""
        ...


def of_run(run: Rows, columns: Mapping[str, Mapping[str, Any]]) -> dict[str, Columnar]:
    """The tables of *run* as it holds them; *columns* are those of `sim.records.rows`, by table.

    Numbers get the types of `sim.records.rows`; no data frame is made on the way.
    """
    return {table: _typed(run, table, names) for table, names in columns.items()}


def _typed(run: Rows, table: str, names: Mapping[str, Any]) -> Columnar:
    words = run.categories[table]
    values: Columns = getattr(run, table)
    typed = {
        name: values[name] if name in words else values[name].astype(column.dtype, copy=False)
        for name, column in names.items()
    }
    return Columnar(typed, words)


def of(table: Columnar | pd.DataFrame) -> Columnar:
    """A table in this form, whichever form it has."""
    if isinstance(table, Columnar):
        return table
    import pandas as pd

    columns: dict[str, NDArray[Any]] = {}
    categories: dict[str, list[str]] = {}
    for name in table.columns:
        column = table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            columns[name] = column.cat.codes.to_numpy()
            categories[name] = [str(word) for word in column.cat.categories]
        else:
            columns[name] = column.to_numpy()
    return Columnar(columns, categories)
