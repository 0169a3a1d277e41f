"""Blocks of text and tables that are shown alike in a terminal, in a notebook and as data.

Everything shown is data, never markup: addresses and replies come from strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from sim.scenario.errors import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

STYLES = {
    "": ("", ""),
    "good": ("green", "color:#006d4e"),
    "bad": ("red", "color:#b34700"),
    "warn": ("yellow", "color:#8a6d00"),
    "server": ("cyan", "color:#00568a"),
    "faint": ("bright_black", "color:#777"),
    "strong": ("bold", "font-weight:bold"),
}
"""What each role of a text looks like: in a terminal (rich), and in a notebook (CSS)."""

MANY = 4096
"""Characters of one text that are shown; the rest is cut."""


WORD = 26
"""Letters of a word that a column of a table does not break: most restrictions (chosen)."""


@dataclass(frozen=True, slots=True)
class Said:
    """One text with a role of `STYLES`."""

    text: str
    style: str = ""

    @property
    def clean(self) -> str:
        """The text with control characters spelled out."""
        text = "\n".join(map(printable, self.text.split("\n")))
        return text if len(text) <= MANY else text[: MANY - 3] + "..."


Line = Said | str


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


Block = Lines | Grid


class Page:
    """What shows itself: a subclass says its `blocks` and its `as_dict`."""

    def blocks(self) -> Sequence[Block]:
        """What is shown, in order."""
        raise NotImplementedError

    def __rich__(self) -> RenderableType:
        """For a terminal: ``rich.print(page)``."""
        return rendered(self.blocks())

    def _repr_html_(self) -> str:
        """For a notebook."""
        return html(self.blocks())

    def text(self, width: int = 100) -> str:
        """As plain text."""
        from rich.console import Console

        console = Console(width=width, color_system=None, highlight=False, emoji=False)
        with console.capture() as capture:
            console.print(rendered(self.blocks()))
        return "\n".join(line.rstrip() for line in capture.get().splitlines())

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        """At a prompt, and as the plain form in a notebook's file: what a reader can read."""
        return self.text()


def said(line: Line) -> Said:
    """*line* with its role."""
    return line if isinstance(line, Said) else Said(line)


# ---- in a terminal


def rendered(blocks: Sequence[Block]) -> RenderableType:
    """The blocks for rich: texts are `Text`, in which square brackets mean nothing."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    for block in blocks:
        if parts:
            parts.append(Text())
        if block.title:
            parts.append(Text(said(block.title).clean, style="bold"))
        parts += _lines(block) if isinstance(block, Lines) else _grid(block)
    return Group(*parts)


def _lines(block: Lines) -> list[RenderableType]:
    from rich.padding import Padding

    return [Padding(_text(line), (0, 0, 0, 2)) for line in block.lines]


def _grid(block: Grid) -> list[RenderableType]:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if block.columns:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for number, column in enumerate(block.columns):
            texts = [column, *(said(row[number]).clean for row in block.rows)]
            word = max(map(len, [column, *(w for text in texts[1:] for w in text.split())]))
            line = max(len(line) for text in texts for line in text.split("\n"))
            table.add_column(
                Text(column),
                overflow="fold",
                min_width=min(word, WORD),
                no_wrap=line <= min(word, WORD),  # or rich takes from it, gives back, and overflows
            )
    else:
        table = Table.grid(padding=(0, 1, 0, 2))
    for row in block.rows:
        table.add_row(*map(_text, row))
    return [table, *([Text(said(block.note).clean, style="bright_black")] if block.note else [])]


def _text(line: Line) -> RenderableType:
    from rich.text import Text

    shown = said(line)
    return Text(shown.clean, style=STYLES[shown.style][0])


# ---- in a notebook


def html(blocks: Sequence[Block]) -> str:
    """The blocks as HTML, everything escaped."""
    return f'<div style="line-height:1.4">{"".join(map(_html_block, blocks))}</div>'


def fixed(escaped: str, css: str = "") -> str:
    """Text that keeps its columns and its lines; a notebook would break long ones within words."""
    return f'<pre style="{_FIXED};{css}">{escaped}</pre>'


_FIXED = (
    "font-family:monospace;white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;"
    "margin:0.3em 0"
)


def _html_block(block: Block) -> str:
    title = f"<h4>{escape(said(block.title).clean)}</h4>" if block.title else ""
    if isinstance(block, Lines):
        lines = map(_span, block.lines)
        return title + (
            fixed("\n".join(lines)) if block.fixed else f"<div>{'<br>'.join(lines)}</div>"
        )
    head = "".join(f"<th {_LEFT}>{escape(said(c).clean)}</th>" for c in block.columns)
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    body = "".join(
        f"<tr>{''.join(f'<td {_LEFT}>{_span(cell)}</td>' for cell in row)}</tr>"
        for row in block.rows
    )
    note = f"<p><small>{escape(said(block.note).clean)}</small></p>" if block.note else ""
    return f"{title}<table>{head}<tbody>{body}</tbody></table>{note}"


_LEFT = 'style="text-align:left;vertical-align:top;padding:0.2em 0.8em 0.2em 0"'


def _span(line: Line) -> str:
    shown = said(line)
    text = escape(shown.clean).replace("\n", "<br>")
    css = STYLES[shown.style][1]
    return f'<span style="{css}">{text}</span>' if css else text
