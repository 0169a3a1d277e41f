"""Blocks of a page: lines under a heading, and tables; texts with a role, never markup."""

from __future__ import annotations

from dataclasses import dataclass

from sim.records.outgoing import visible

MANY = 4096
"""Characters of one text that are shown; the rest is cut."""


@dataclass(frozen=True, slots=True)
class Span:
    """One text with a role of `STYLES`."""

    text: str
    style: str = ""

    @property
    def clean(self) -> str:
        """The text with control characters spelled out."""
        text = visible(self.text)
        return text if len(text) <= MANY else text[: MANY - 3] + "..."


Line = Span | str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of text under a heading; *fixed* ones keep their columns."""

    title: str
    lines: tuple[Line, ...]
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table under a heading; without *columns*, names and values."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    note: str = ""
    names: int = 1
    """Columns that name a row: where a console is too narrow for all columns, they begin each of
    several tables."""


Block = Lines | Grid


def span(line: Line) -> Span:
    """*line* with its role."""
    return line if isinstance(line, Span) else Span(line)
