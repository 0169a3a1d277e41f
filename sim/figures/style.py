"""The sizes that figures have, and the settings of matplotlib under which they are drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.figure import Figure

from sim.records.usage import UsageError, one_of


@dataclass(frozen=True, slots=True)
class Style:
    """A size of figure: inches for *width* and the tallest *height*, points for type and lines.

    *name* is that of the STYLES whose proportions it has: ``replace(STYLES["column"], width=3.3)``.
    *row* is the height in inches of a row with one line of type, *across* how many panels
    stand side by side, *wrap* after how many letters the name of an arm is broken.
    """

    name: str
    width: float
    height: float
    text: float
    small: float
    line: float
    row: float
    across: int
    wrap: int


STYLES = {
    "column": Style("column", 3.5, 9.0, 7.5, 6.5, 1.0, 0.17, 1, 22),  # one of two columns
    "page": Style("page", 7.2, 9.0, 8.0, 7.0, 1.1, 0.18, 4, 24),  # both columns
    "slide": Style("slide", 12.0, 6.75, 14.0, 12.0, 2.0, 0.3, 4, 26),  # 16:9
}


def style(name: str | Style) -> Style:
    """Return the style called *name*; or the one that is given, if its name is known."""
    if not isinstance(name, str | Style):
        raise UsageError(f"a style is a name or a Style, not {name!r}")
    own = one_of("figure style", name.name if isinstance(name, Style) else name, STYLES)
    return name if isinstance(name, Style) else STYLES[own]


@contextmanager
def settings(look: Style) -> Iterator[None]:
    """Set matplotlib to its own defaults and ours, and back again."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": ["sans-serif"],
                # the first comes with matplotlib: the same everywhere; an SVG file names all
                "font.sans-serif": ["DejaVu Sans", "Verdana"],
                "font.size": look.text,
                "axes.titlesize": look.text,
                "axes.labelsize": look.text,
                "xtick.labelsize": look.small,
                "ytick.labelsize": look.small,
                "legend.fontsize": look.small,
                "legend.title_fontsize": look.small,
                "legend.frameon": False,
                "axes.linewidth": 0.6 * look.line,
                "axes.axisbelow": True,
                "lines.linewidth": look.line,
                "hatch.linewidth": 0.5 * look.line,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "text.parse_math": False,  # a $ in the name of an arm is a dollar
                "svg.fonttype": "none",  # text stays text
                "svg.hashsalt": "mailsim",
                "pdf.fonttype": 42,  # fonts embedded whole, text stays text
                "path.simplify": False,
            }
        )
        yield


def mark(figure: Figure, look: Style, words: str, id_: str, height: float = 0.5) -> None:
    """Write across a figure, at a *height* of it, what must be known before any of its numbers."""
    text = figure.text(
        0.5, height, words, ha="center", va="center", rotation=30, fontsize=6 * look.text
    )
    text.set(color="0.5", alpha=0.25, zorder=100, gid=id_, in_layout=False)
