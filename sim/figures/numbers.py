"""The numbers that a figure shows, as a table: what stands beside the figure as CSV."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "panel",
    "row",
    "series",
    "x",
    "value",
    "low",
    "high",
    "analytic",
    "replications",
    "unit",
)


@dataclass(frozen=True, slots=True)
class Told:
    """What was drawn in a panel: columns, of which some may be arrays of one length."""

    axes: Axes
    columns: dict[str, Any]


_HELD: MutableMapping[Figure, list[Told]] = WeakKeyDictionary()


def tell(axes: Axes, found: Any, scale: float = 1.0, **columns: Any) -> None:
    """Keep an estimate, or an array of them, that is drawn in *axes* in units of 1 / *scale*.

    *found* has mean, low and high, and may have analytic and replications (or n); *columns* are
    others of COLUMNS.
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        return
    shown = {
        "value": found.mean, "low": found.low, "high": found.high,
        "analytic": getattr(found, "analytic", float("nan")),
    }  # fmt: skip
    numbers = {name: scale * np.asarray(value, dtype=float) for name, value in shown.items()}
    n = getattr(found, "replications", getattr(found, "n", 0))
    _HELD.setdefault(figure, []).append(Told(axes, {"replications": n, **numbers, **columns}))


def numbers(figure: Figure) -> pd.DataFrame:
    """A row per number that *figure* shows: COLUMNS; no rows for a figure that estimates nothing.

    *panel* is the heading, *row* or *x* where in it; low and high the 95 % interval, analytic what
    follows from the inputs alone.
    """
    import pandas as pd

    parts = []
    for told in _HELD.get(figure, []):
        if told.axes not in figure.axes:
            continue
        unit = told.axes.get_xlabel() or figure.axes[-1].get_xlabel()  # panels may share an axis
        held = {"panel": told.axes.get_title().replace("\n", " "),
                "unit": unit.replace("\n", " "), **told.columns}  # fmt: skip
        length = max(np.size(value) for value in held.values())
        parts.append(pd.DataFrame({name: np.broadcast_to(value, length)
                                   for name, value in held.items()}))  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True).reindex(columns=list(COLUMNS))
