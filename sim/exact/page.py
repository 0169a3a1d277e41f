"""Blocks of text and tables that are shown alike in a terminal, in a notebook and as data.

Everything shown is data, never markup: addresses and replies come from strangers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.records.outgoing import markup, visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

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


_INDENTED = re.compile(r"^ *\S+|\S+")
GAP = 2
"""Characters between two columns."""
WORD = 28
"""Letters of a word that a column breaks only for want of room: most restrictions (chosen)."""


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


class Page:
    """What prints itself: a subclass has its `blocks` and its `as_dict`."""

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


def span(line: Line) -> Span:
    """*line* with its role."""
    return line if isinstance(line, Span) else Span(line)


# ---- in a terminal: rich is imported where it prints, as a notebook shows HTML without it


def rendered(blocks: Sequence[Block]) -> RenderableType:
    """The blocks for rich: texts are `Text`, in which square brackets mean nothing."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = []
    for block in blocks:
        if parts:
            parts.append(Text())
        if block.title:
            parts.append(Text(span(block.title).clean, style="bold"))
        parts += _lines(block) if isinstance(block, Lines) else _grid(block)
    return Group(*parts)


def _lines(block: Lines) -> list[RenderableType]:
    from rich.padding import Padding

    return [Padding(_text(line), (0, 0, 0, 2)) for line in block.lines]


def _grid(block: Grid) -> list[RenderableType]:
    from rich.table import Table
    from rich.text import Text

    table: RenderableType = _Columns(block)
    if not block.columns:
        table = Table.grid(padding=(0, 1, 0, 2))
        for row in block.rows:
            table.add_row(*map(_text, row))
    return [table, *([Text(span(block.note).clean, style="bright_black")] if block.note else [])]


@dataclass(frozen=True, slots=True)
class _Columns:
    """A table with heads, for a console of any width."""

    grid: Grid

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        from rich import box
        from rich.table import Table

        heads, rows = self.grid.columns, self.grid.rows
        columns = [[head, *(span(row[i]).clean for row in rows)] for i, head in enumerate(heads)]
        least = [*map(longest_word, columns)]
        for chosen in side_by_side(least, self.grid.names, options.max_width):
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
            room = options.max_width - GAP * len(chosen)
            for i, width in zip(chosen, widths([columns[i] for i in chosen], room), strict=True):
                table.add_column(_text(heads[i]), width=width, overflow="fold")
            for row in rows:
                table.add_row(*(_text(row[i]) for i in chosen))
            yield table


def side_by_side(least: Sequence[int], names: int, room: int) -> list[list[int]]:
    """The columns of each of several tables, in which all have their *least* width in *room*
    characters; the first *names* columns begin each."""
    first = [*range(names)]
    tables: list[list[int]] = [[*first]]
    for i in range(names, len(least)):
        total = sum(GAP + least[j] for j in (*tables[-1], i))
        if total > room and len(tables[-1]) > names:
            tables.append([*first])
        tables[-1].append(i)
    return tables


def longest_word(texts: Sequence[str]) -> int:
    """Letters of the longest word, with the spaces that begin its line."""
    lines = (line for text in texts for line in text.split("\n"))
    words = (w for line in lines for w in _INDENTED.findall(line))
    return max(map(len, words), default=0)


def widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Characters for each column, *room* in sum: words stay whole where there is room for them."""
    lines = [max(len(line) for text in texts for line in text.split("\n")) for texts in columns]
    words = [*map(longest_word, columns)]
    for word, most in ((word, most) for word in range(WORD, 0, -1) for most in range(room, 0, -1)):
        fit = [min(n, max(most, min(w, word))) for n, w in zip(lines, words, strict=True)]
        if sum(fit) <= room:
            return fit
    return [1] * len(columns)


def _text(line: Line) -> RenderableType:
    from rich.text import Text

    styled = span(line)
    return Text(styled.clean, style=STYLES[styled.style][0])


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
    title = f"<h4>{markup(span(block.title).clean)}</h4>" if block.title else ""
    if isinstance(block, Lines):
        lines = map(_html_span, block.lines)
        return title + (
            fixed("\n".join(lines)) if block.fixed else f"<div>{'<br>'.join(lines)}</div>"
        )
    head = "".join(f"<th {_LEFT}>{markup(span(c).clean)}</th>" for c in block.columns)
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    body = "".join(
        f"<tr>{''.join(f'<td {_LEFT}>{_html_span(cell)}</td>' for cell in row)}</tr>"
        for row in block.rows
    )
    note = f"<p><small>{markup(span(block.note).clean)}</small></p>" if block.note else ""
    return f"{title}<table>{head}<tbody>{body}</tbody></table>{note}"


_LEFT = 'style="text-align:left;vertical-align:top;padding:0.2em 0.8em 0.2em 0"'


def _html_span(line: Line) -> str:
    styled = span(line)
    text = markup(styled.clean).replace("\n", "<br>")
    css = STYLES[styled.style][1]
    return f'<span style="{css}">{text}</span>' if css else text
