"""The numbers that a figure shows, as a table: what stands beside the figure as CSV."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PLACE, VALUES = ("panel", "row", "series", "x"), ("value", "low", "high", "analytic")
COLUMNS = (*PLACE, *VALUES, "replications", "unit")

Record = tuple[Axes, dict[str, Any]]
"""What was drawn in a panel: columns, of which some may be arrays of one length."""

_RECORDS: MutableMapping[Figure, list[Record]] = WeakKeyDictionary()


def record(axes: Axes, estimate: Any, **columns: Any) -> None:
    """Keep an estimate, or arrays of them, that is drawn in *axes*.

    *estimate* has mean, low and high, and may have analytic and replications (or n); *columns*
    are others of COLUMNS.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        return
    numbers = {
        "value": estimate.mean,
        "low": estimate.low,
        "high": estimate.high,
        "analytic": getattr(estimate, "analytic", float("nan")),
        "replications": getattr(estimate, "replications", getattr(estimate, "n", 0)),
    }
    _RECORDS.setdefault(figure, []).append((axes, {**numbers, **columns}))


def has_interval(figure: Figure) -> bool:
    """Whether some number that the figure shows has an interval."""
    return any(np.isfinite(columns["low"]).any() for _, columns in _RECORDS.get(figure, []))


def has_lone(figure: Figure) -> bool:
    """Whether some number rests on one replication, or all points of all curves do."""
    counts = [np.asarray(columns["replications"]) for _, columns in _RECORDS.get(figure, [])]
    curves = [number.max(initial=0) for number in counts if number.ndim]
    return any(number == 1 for number in counts if not number.ndim) or max(curves, default=0) == 1


def has_none(figure: Figure) -> bool:
    """Whether some number of several replications has no interval."""
    return any(
        (np.isfinite(columns["value"]) & np.isnan(columns["low"])
         & (np.asarray(columns["replications"]) > 1)).any()
        for _, columns in _RECORDS.get(figure, [])
    )  # fmt: skip


def numbers(figure: Figure) -> pd.DataFrame:
    """A row per number that *figure* shows: COLUMNS; no rows for a figure that estimates nothing.

    *panel* is the heading, *row* or *x* where in it; low and high the 95 % interval, analytic what
    follows from the inputs alone.
    """
    parts = []
    for axes, columns in _RECORDS.get(figure, []):
        if axes not in figure.axes:
            continue
        unit = axes.get_xlabel() or figure.axes[-1].get_xlabel()  # panels may share an axis
        heading = {"panel": _line(axes.get_title()), "unit": _line(unit)}
        parts.append(_rows({**heading, **columns}))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS))


def _line(text: str) -> str:
    return text.replace("\n", " ")


def _rows(columns: dict[str, Any]) -> pd.DataFrame:
    length = max(np.size(value) for value in columns.values())
    return pd.DataFrame({name: np.broadcast_to(v, length) for name, v in columns.items()})
