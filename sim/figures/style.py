"""How every figure is set: its size, its type, its lines, and the bytes it is saved as.

A drawing function is decorated with `drawn`; it is then given a `Style`, whatever settings the
reader's own matplotlib has. `save` writes the same bytes for the same data.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from pathlib import Path
from textwrap import wrap as _wrap
from typing import IO, Any, Concatenate, ParamSpec

import matplotlib as mpl
from fontTools.subset import Options  # type: ignore[import-untyped]
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.legend_handler import HandlerLine2D
from matplotlib.lines import Line2D

from sim.figures.data import FigureError

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Style:
    """A size of figure: inches for *width* and the tallest *height*, points for type and lines.

    *name* is that of the STYLES whose proportions it has: ``replace(STYLES["column"], width=3.3)``.
    *row* is the height in inches of a row with one line of type, *across* how many panels
    stand side by side, *wrap* after how many letters the name of an arm is broken. A *quick*
    says so across the figure.
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
    quick: bool = False


STYLES = {
    "column": Style("column", 3.5, 9.0, 7.5, 6.5, 1.0, 0.17, 1, 22),  # one of two columns
    "page": Style("page", 7.2, 9.0, 8.0, 7.0, 1.1, 0.18, 4, 24),  # both columns
    "slide": Style("slide", 12.0, 6.75, 14.0, 12.0, 2.0, 0.3, 4, 26),  # 16:9
}


def style(name: str | Style, *, quick: bool = False) -> Style:
    """Return the style called *name*; with *quick* its figures carry a mark."""
    known = name.name if isinstance(name, Style) else name
    if known not in STYLES:
        raise FigureError(f"unknown figure style {known!r}; there are {', '.join(STYLES)}")
    if isinstance(name, Style):
        return replace(name, quick=name.quick or quick)
    return replace(STYLES[name], quick=quick)


@contextmanager
def _settings(look: Style) -> Iterator[None]:
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


def drawn(
    function: Callable[Concatenate[Style, P], Figure],
) -> Callable[P, Figure]:
    """Turn ``f(style, tables...)`` into ``f(tables..., style="page", quick=False)``."""
    written = signature(function)
    style_and_quick = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=usual)
        for name, usual in (("style", "page"), ("quick", False))
    ]

    @functools.wraps(function)
    def draw(*args: P.args, **kwargs: P.kwargs) -> Figure:
        name, quick = kwargs.pop("style", "page"), bool(kwargs.pop("quick", False))
        if not isinstance(name, str | Style):
            raise FigureError(f"a style is a name or a Style, not {name!r}")
        look = style(name, quick=quick)
        with _settings(look):
            figure = function(look, *args, **kwargs)
            if look.quick:
                _mark_quick(figure, look)
        return figure

    given = [*list(written.parameters.values())[1:], *style_and_quick]
    draw.__signature__ = written.replace(parameters=given)  # type: ignore[attr-defined]
    return draw


def _mark_quick(figure: Figure, look: Style) -> None:
    mark = figure.text(
        0.5, 0.5, "QUICK RUN", ha="center", va="center", rotation=30, fontsize=6 * look.text
    )
    mark.set(color="0.5", alpha=0.25, zorder=100, gid="quick", in_layout=False)


SPARE = 4.0
"""Inches that a figure is begun with beyond its panels, until `settle` knows what they need."""


def new(look: Style, height: float) -> Figure:
    """Return an empty figure of the style's width; `settle` sets its height in the end."""
    figure = Figure(figsize=(look.width, height + SPARE), layout="constrained", dpi=150)
    engine = figure.get_layout_engine()
    if engine is not None:
        pad = 0.5 * look.text / 72
        engine.set(w_pad=pad, h_pad=pad, wspace=0.02, hspace=0.02)  # type: ignore[call-arg]
    return figure


def settle(
    figure: Figure, panels: Sequence[Axes], height: float, *, tallest: float | None = None
) -> Figure:
    """Make the figure as tall as it must be for *panels*, one above the other, of *height* inches.

    What the words around them need is measured, not guessed; so nothing can overlap. *tallest*:
    panels that can be lower are, down to LEAST of their height, so that the figure is no taller.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")  # nothing moves any more: saving need not measure again
    tall = figure.get_figheight()
    spans = [(axes.get_position().y0 * tall, axes.get_position().y1 * tall) for axes in panels]
    now = sum(top - bottom for bottom, top in spans)
    if tallest is not None:
        height = max(min(height, tallest - (tall - now)), LEAST * height)
    part = height / now

    def moved(at: float) -> float:
        """Where a height (inches) comes to lie: words keep their room, panels get theirs."""
        above = sum(max(0.0, min(at, top) - bottom) for bottom, top in spans)
        return float(at - (1 - part) * above)

    boxes = {axes: axes.get_position() for axes in figure.axes}
    heights = {axes: (moved(b.y1 * tall) - moved(b.y0 * tall)) for axes, b in boxes.items()}
    if any([_wrapped(axes, room) for axes, room in heights.items()]):  # noqa: C419 (all of them)
        figure.set_layout_engine(engine)
        return settle(figure, panels, height)
    lower = moved(tall)
    figure.set_figheight(lower)
    for axes, box in boxes.items():
        bottom, top = moved(box.y0 * tall) / lower, moved(box.y1 * tall) / lower
        axes.set_position((box.x0, bottom, box.width, top - bottom))
    for text in figure.texts:
        text.set_y(moved(text.get_position()[1] * tall) / lower)
    return figure


def _wrapped(axes: Axes, room: float) -> bool:
    """Break the label of a height axis to *room* inches; whether it took more lines than before."""
    label = axes.yaxis.label
    letters = max(8, int(72 * room / (0.6 * float(label.get_fontsize()))))
    before = label.get_text()
    if len(max(before.split("\n"), key=len)) <= letters:
        return False
    axes.set_ylabel(name(before.replace("\n", " "), letters))
    return axes.get_ylabel() != before


LEAST = 0.45
"""Part of their height that panels keep where a figure would be too tall: chosen."""


def tidy(axes: Axes, look: Style) -> Axes:
    """Fix what an axis would otherwise ask matplotlib's settings for when it is drawn later."""
    axes.tick_params(
        labelsize=look.small, width=0.6 * look.line, length=0.35 * look.small, pad=0.35 * look.small
    )
    return axes


def name(text: object, width: int) -> str:
    """Break a name into lines of at most *width* letters; nothing of it is lost."""
    clean = "".join(letter if letter.isprintable() else "\ufffd" for letter in str(text))
    if clean.startswith("_"):
        clean = " " + clean  # matplotlib leaves such a name out of a legend
    clean = clean.replace(" %", "\u00a0%")
    return "\n".join(_wrap(clean, width, break_on_hyphens=False)) or "(no name)"


def lines(names: Sequence[str]) -> int:
    """Return the greatest number of lines among wrapped *names*."""
    return max((text.count("\n") + 1 for text in names), default=1)


def legend(
    figure: Figure,
    look: Style,
    entries: Sequence[tuple[Artist | None, str]],
    *,
    columns: int | None = None,
    notes: Sequence[str] = (),
) -> Legend | None:
    """Put one legend below all panels, where it cannot cover data; *notes* follow its entries."""
    blank = Line2D([], [], linestyle="none")
    handles = [handle if handle is not None else blank for handle, _ in entries]
    labels = [text for _, text in entries]
    longest = max((len(line) for text in labels for line in text.split("\n")), default=1)
    letters = 72 * look.width / (0.58 * look.small)
    fitting = max(1, int(letters // (longest + 6)))
    note = "\n".join(part for text in notes for part in _wrap(text, int(letters) - 4))
    if not handles and not note:
        return None
    made = figure.legend(
        handles or [blank],
        labels or [note],
        loc="outside lower center",
        ncols=max(1, min(columns or fitting, fitting, len(handles))),
        handlelength=2.4,
        columnspacing=1.2,
        handler_map={
            handle: HandlerLine2D(numpoints=2) for handle in handles if handle.get_gid() == "ends"
        },
    )
    if handles and note:
        made.set_title(note)
        made.set_alignment("left")
    return made


INTERVAL = "95 % interval"


def whisker(look: Style, colour: str = "black") -> Line2D:
    """Return the legend's picture of an interval."""
    return Line2D(
        [],
        [],
        color=colour,
        linewidth=look.line,
        marker="|",
        markersize=0.7 * look.small,
        gid="ends",
    )


FORMATS = ("png", "svg", "pdf")
DPI = 300
"""Of PNG files: what printers ask for."""


def save(
    figure: Figure, path: str | Path, formats: Sequence[str] = ("png", "svg")
) -> tuple[Path, ...]:
    """Write *figure* as ``path.png`` and so on; return the paths. Same figure, same bytes."""
    known_formats(formats)
    written = []
    for kind in formats:
        target = Path(f"{path}.{kind}")
        write(figure, target, kind)
        written.append(target)
    return tuple(written)


def known_formats(formats: Sequence[str]) -> None:
    """Raise FigureError unless each of *formats* is one that figures are written in."""
    unknown = [kind for kind in formats if kind not in FORMATS]
    if unknown:
        raise FigureError(f"unknown figure format {unknown[0]!r}; there are {', '.join(FORMATS)}")


def write(figure: Figure, target: Path | IO[bytes], kind: str) -> None:
    """Write *figure* in one of FORMATS to a path or a file."""
    canvas, dpi = figure.canvas, figure.dpi
    with _settings(STYLES["page"]):
        _WRITERS[kind](figure, target)
    figure.set_canvas(canvas)
    figure.dpi = dpi


def _png(figure: Figure, target: Path | IO[bytes]) -> None:
    figure.dpi = DPI
    _canvas(FigureCanvasAgg, figure).print_png(target, pil_kwargs={"compress_level": 4})


def _svg(figure: Figure, target: Path | IO[bytes]) -> None:
    _canvas(FigureCanvasSVG, figure).print_svg(target, metadata={"Date": None})


def _pdf(figure: Figure, target: Path | IO[bytes]) -> None:
    usual = Options._drop_tables_default
    Options._drop_tables_default = [*usual, *PLACING]
    try:
        _canvas(FigureCanvasPdf, figure).print_pdf(target, metadata={"CreationDate": None})
    finally:
        Options._drop_tables_default = usual


PLACING = ("GDEF", "GPOS", "GSUB", "kern")
"""Tables of a font that say where letters go: in a PDF file each has its place already."""


def _canvas(kind: type[FigureCanvasBase], figure: Figure) -> Any:
    """Straight to a canvas: `Figure.savefig` draws all twice, for layouts that are settled here."""
    return kind(figure)


_WRITERS: Mapping[str, Callable[[Figure, Path | IO[bytes]], None]] = {
    "png": _png,
    "svg": _svg,
    "pdf": _pdf,
}
