"""Tables as CSV that a spreadsheet may open: what is text in them stays text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sim.records.outgoing import field


def csv(table: pd.DataFrame, *, header: bool = True, numbers: str = "%.10g") -> str:
    """Return a table as CSV: the same values give the same text.

    *numbers*: the format of fractions. Text that a spreadsheet would compute begins with a quote.
    """
    columns = {place: _as_text(table.iloc[:, place]) for place in range(table.shape[1])}
    safe = pd.DataFrame(columns, index=table.index)
    safe.columns = pd.Index([_field(name) for name in table.columns])
    text: str = safe.to_csv(index=False, header=header, float_format=numbers, lineterminator="\n")
    return text


def _as_text(column: pd.Series[Any]) -> Any:
    """The column, every text in it a field."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        names = [*map(_field, column.cat.categories), np.nan]  # a missing value has code -1
        return np.array(names, dtype=object)[column.cat.codes]
    return column if column.dtype.kind in "biufM" else [_field(value) for value in column]


def _field(value: Any) -> Any:
    return field(value) if isinstance(value, str) else value
