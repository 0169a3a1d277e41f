"""Blocks laid out for a terminal or plain text of a given width, by the standard library alone.

Words stay whole where there is room for them. Characters of East Asia count as two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile, zip_longest

from sim.exact.blocks import Block, Grid, Lines, Span, span

GAP = 2
"""Characters between two columns."""
WORD = 28
"""Letters of a word that a column breaks only for want of room: most restrictions (chosen)."""
_INDENTED = re.compile(r"^ *\S+|\S+")
_SPACED = re.compile(r"\s*\S+\s*")
WIDE, NARROW = ("W", "F"), ("Mn", "Me", "Cf")
"""East Asian widths of two columns; categories of characters that take none."""

EDGE, BETWEEN = Span(" "), Span(" " * GAP)

Row = tuple[Span, ...]
"""One line of a screen: texts side by side."""


def laid(blocks: Sequence[Block], width: int) -> Iterator[Row]:
    """The lines of all *blocks*, at most *width* characters wide."""
    for number, block in enumerate(blocks):
        if number:
            yield ()
        yield from _paragraph(Span(block.title, "strong"), width) if block.title else ()
        yield from _lines(block, width) if isinstance(block, Lines) else _grid(block, width)


def plain(blocks: Sequence[Block], width: int) -> str:
    """The lines of all *blocks* as one text."""
    return "\n".join("".join(part.text for part in row).rstrip() for row in laid(blocks, width))


def _paragraph(text: Span, width: int, indent: int = 0) -> Iterator[Row]:
    for line in wrapped(text.clean, width - indent):
        yield Span(" " * indent), Span(line, text.style)


def _lines(block: Lines, width: int) -> Iterator[Row]:
    for line in block.lines:
        yield from _paragraph(span(line), width, indent=GAP)


def _grid(block: Grid, width: int) -> Iterator[Row]:
    rows = [[*map(span, row)] for row in block.rows]
    if block.columns:
        yield from _with_heads(block, rows, width)
    elif rows:
        texts = [[cell.clean for cell in column] for column in zip(*rows, strict=True)]
        fit = widths(texts, width - GAP * (len(texts) - 1))
        yield from (line for row in rows for line in _side_by_side(row, fit))
    yield from _paragraph(Span(block.note, "faint"), width) if block.note else ()


def _with_heads(block: Grid, rows: Sequence[Sequence[Span]], width: int) -> Iterator[Row]:
    """One table, or several where *width* is too narrow for all columns."""
    heads = [Span(head, "strong") for head in block.columns]
    texts = [[cell.clean for cell in column] for column in zip(heads, *rows, strict=True)]
    for chosen in side_by_side([*map(longest_word, texts)], block.names, width):
        fit = widths([texts[i] for i in chosen], width - GAP * len(chosen))
        yield ()
        for line in _side_by_side([heads[i] for i in chosen], fit, level_below=True):
            yield EDGE, *line
        yield EDGE, Span("─" * (sum(fit) + GAP * (len(fit) - 1)))
        for row in rows:
            for line in _side_by_side([row[i] for i in chosen], fit):
                yield EDGE, *line
        yield ()


def _side_by_side(
    cells: Sequence[Span], fit: Sequence[int], *, level_below: bool = False
) -> Iterator[Row]:
    """The lines of one row of a table, whose columns are as wide as *fit* says."""
    columns = [[*wrapped(cell.clean, most)] for cell, most in zip(cells, fit, strict=True)]
    if level_below:
        most = max(map(len, columns))
        columns = [[""] * (most - len(lines)) + lines for lines in columns]
    for texts in zip_longest(*columns, fillvalue=""):
        parts = zip(texts, cells, fit, strict=True)
        padded = ((text + " " * (most - columns_of(text)), c.style) for text, c, most in parts)
        yield tuple(part for text, style in padded for part in (Span(text, style), BETWEEN))[:-1]


def wrapped(text: str, width: int) -> Iterator[str]:
    """The lines of *text*, at most *width* columns wide; a word that is longer is cut."""
    for line in text.expandtabs().split("\n"):
        current = ""
        for word in _SPACED.findall(line):
            if current and columns_of(current) + columns_of(word.rstrip()) > width:
                yield current.rstrip()
                current = ""
            while columns_of(word.rstrip()) > width:
                most = _fitting(word, width)
                yield word[:most]
                word = word[most:]
            current += word
        yield current.rstrip()


def _fitting(word: str, width: int) -> int:
    """How many characters of a long *word* fit into *width* columns: at least one."""
    ends = accumulate(map(columns_of, word))
    return max(1, sum(1 for _ in takewhile(lambda end: end <= width, ends)))


def columns_of(text: str) -> int:
    """The columns that *text* takes: two for a wide character, none for one that combines."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in NARROW:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1


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
    return max(map(columns_of, words), default=0)


def widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Characters for each column, *room* in sum: words stay whole where there is room for them."""
    lines = [
        max(columns_of(line) for text in texts for line in text.split("\n")) for texts in columns
    ]
    words = [*map(longest_word, columns)]
    for word, most in ((word, most) for word in range(WORD, 0, -1) for most in range(room, 0, -1)):
        fit = [min(n, max(most, min(w, word))) for n, w in zip(lines, words, strict=True)]
        if sum(fit) <= room:
            return fit
    return [1] * len(columns)
