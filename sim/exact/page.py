"""Blocks of text and tables that are shown alike in a terminal, in a notebook and as data.

Everything shown is data, never markup: addresses and replies come from strangers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.exact.blocks import Block, Line, Lines, span
from sim.exact.layout import laid, plain
from sim.records.outgoing import markup

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

STYLES = {
    "": ("", ""),
    "good": ("green", "color:#006d4e"),
    "bad": ("red", "color:#b34700"),
    "warn": ("yellow", "color:#7a6000"),
    "server": ("cyan", "color:#00568a"),
    "faint": ("bright_black", "color:#666"),
    "strong": ("bold", "font-weight:bold"),
}
"""What each role of a text looks like: in a terminal (rich), and in a notebook (CSS)."""


class Page:
    """What prints itself: a subclass has its `blocks` and its `as_dict`."""

    def blocks(self) -> Sequence[Block]:
        """What is shown, in order."""
        raise NotImplementedError

    def __rich__(self) -> Rendered:
        """For a terminal: ``rich.print(page)``."""
        return Rendered(self.blocks())

    def _repr_html_(self) -> str:
        """For a notebook."""
        return html(self.blocks())

    def text(self, width: int = 100) -> str:
        """As plain text."""
        return plain(self.blocks(), width)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        """At a prompt, and as the plain form in a notebook's file: what a reader can read."""
        return self.text()


@dataclass(frozen=True, slots=True)
class Rendered:
    """The blocks for rich, on a console of any width: square brackets in texts mean nothing."""

    blocks: Sequence[Block]

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Their lines, coloured by the roles of texts; rich is there, since it asks."""
        from rich.text import Text

        for row in laid(self.blocks, options.max_width):
            parts = ((part.text, STYLES[part.style][0]) for part in row)
            yield Text.assemble(*parts, no_wrap=True, overflow="ignore")


# ---- in a notebook


GROUND = (
    "background:#fff;color:#111;--jp-layout-color0:#fff;--jp-content-font-color1:#111;"
    "--jp-ui-font-color1:#111;--jp-rendermime-table-row-background:#f5f5f5;"
    "--jp-rendermime-table-row-hover-background:#e3eef8"
)
"""What colours stand on, in a dark notebook too; the names are those of JupyterLab's style."""


def html(blocks: Sequence[Block]) -> str:
    """The blocks as HTML, everything escaped."""
    return f'<div style="line-height:1.4;{GROUND}">{"".join(map(_html_block, blocks))}</div>'


def fixed(escaped: str, css: str = "") -> str:
    """Text that keeps its columns and its lines; a notebook would break long ones within words."""
    return f'<pre style="{_FIXED};{GROUND};{css}">{escaped}</pre>'


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
