"""Results as a notebook shows them: the decision table, a column for each arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.exact.page import Grid, Line, Said, html
from sim.results.report.page import Cell, cells, heads

if TYPE_CHECKING:
    import pandas as pd

NOTE = (
    "mean, 95 % interval, (analytic expectation), difference to {baseline} ± its 95 % interval in pairs: "
    "in colour if that leaves out 0, ° if pairing did not narrow it. More: results.summary(), "
    "results.compare(), results.figures"
)


def shown(title: str, decision: pd.DataFrame, arms: Sequence[str], baseline: str) -> str:
    """The decision table as HTML, everything escaped; *decision* as `sim.measure.decisions`."""
    columns = [column for _, column in cells(decision, arms)]
    rows: list[tuple[Line, ...]] = [
        (f"{quantity}\n{unit}", *map(_said, row))
        for (quantity, unit), *row in zip(heads(decision), *columns, strict=True)
    ]
    return html([Grid(title, ("", *arms), tuple(rows), NOTE.format(baseline=baseline))])


def _said(cell: Cell) -> Said:
    analytic = f"({cell.analytic})" if cell.analytic else ""
    lines = (cell.mean, cell.interval, analytic, f"{cell.difference}{'°' * cell.unhelped}")
    return Said("\n".join(filter(None, lines)), "server" if cell.sure else "")
