"""Tables and sentences on a terminal of 80 columns or more."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from sim.exact.layout import GAP, longest_word, side_by_side
from sim.records.outgoing import visible

WHOLE = 28
"""Characters of a line of a cell that stay together, as most names of arms have; chosen."""


class Terminal(Console):
    """A console on which names, titles and cells are text and nothing else."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Spell control characters out before anything is measured or drawn."""
        return super().render_str(visible(text), **options)


def show(*parts: Any) -> None:
    """Print tables and sentences."""
    console = Terminal(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 100
    for part in parts:
        console.print(part)


@dataclass(frozen=True)
class NumberTable:
    """A table of names and numbers: where the terminal is too narrow for all columns with their
    words whole, the others stand in further tables below."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    sections: bool = False

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """One table, or several."""
        texts = [[row[i] for row in self.rows] for i in range(len(self.columns))]
        least = [
            max(longest_word([head]), *map(whole_width, cells or [""]), 0)
            for head, cells in zip(self.columns, texts, strict=True)
        ]
        title: str | None = self.title or None
        for chosen in side_by_side(least, 1, options.max_width):
            table = Table(
                box=box.SIMPLE_HEAD,
                pad_edge=False,
                padding=(0, 1, 0, 0),
                title=title,
                title_justify="left",
                min_width=min(len(title or ""), options.max_width),
            )
            spare = options.max_width - sum(least[i] + GAP for i in chosen)
            name = min(max(map(len, texts[0]), default=0), least[0] + max(spare, 0))
            fit = [max(least[0], name), *(least[i] for i in chosen[1:])]
            for i, width in zip(chosen, fit, strict=True):
                side: Literal["left", "right"] = "right" if i else "left"
                most = min(width, options.max_width)
                table.add_column(self.columns[i], justify=side, width=most, overflow="fold")
            for row in self.rows:
                table.add_row(*(row[i] for i in chosen), end_section=self.sections)
            yield table
            title = None


def whole_width(cell: str) -> int:
    """The width in which the lines of *cell* stay whole, or, of long ones, their words."""
    lines = [len(line) for line in cell.split("\n") if len(line) <= WHOLE]
    return max(longest_word([cell]), *lines, 0)


def grid(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    sections: bool = False,
) -> NumberTable:
    """A table whose first column holds names, the others numbers."""
    return NumberTable(tuple(columns), [[*row] for row in rows], title, sections)


Part = NumberTable | str
