"""What a figure is saved as: the same figure gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from sim.figures.style import STYLES, settings
from sim.records.outgoing import visible
from sim.records.usage import one_of

DPI = 300
"""Of PNG files: what printers ask for."""
PLACING = ("GDEF", "GPOS", "GSUB", "kern")
"""Tables of a font that say where letters go: in a PDF file each has its place already."""


def save(
    figure: Figure, path: str | Path, formats: Sequence[str] = ("png", "svg")
) -> tuple[Path, ...]:
    """Write *figure* as ``path.png`` and so on; return the paths. Same figure, same bytes."""
    known_formats(formats)
    targets = tuple(Path(f"{path}.{kind}") for kind in formats)
    for target, kind in zip(targets, formats, strict=True):
        write(figure, target, kind)
    return targets


def known_formats(formats: Sequence[str]) -> None:
    """Raise UsageError unless each of *formats* is one that figures are written in."""
    for kind in formats:
        one_of("figure format", kind, FORMATS)


def write(figure: Figure, target: Path | IO[bytes], kind: str) -> None:
    """Write *figure* in one of FORMATS to a path or a file."""
    canvas, dpi = figure.canvas, figure.dpi
    with settings(STYLES["page"]):
        _WRITERS[kind](figure, target)
    figure.set_canvas(canvas)
    figure.dpi = dpi


def _png(figure: Figure, target: Path | IO[bytes]) -> None:
    figure.dpi = DPI
    _canvas(FigureCanvasAgg, figure).print_png(target, pil_kwargs={"compress_level": 4})


def _svg(figure: Figure, target: Path | IO[bytes]) -> None:
    file = io.StringIO()
    _canvas(FigureCanvasSVG, figure).print_svg(file, metadata={"Date": None})
    data = visible(file.getvalue()).encode("utf-8")  # XML has no place for control characters
    if isinstance(target, Path):
        target.write_bytes(data)
    else:
        target.write(data)


def _pdf(figure: Figure, target: Path | IO[bytes]) -> None:
    # a tenth of a second, which few wait for
    from fontTools.subset import Options  # type: ignore[import-untyped]
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    usual = Options._drop_tables_default
    Options._drop_tables_default = [*usual, *PLACING]
    try:
        _canvas(FigureCanvasPdf, figure).print_pdf(target, metadata={"CreationDate": None})
    finally:
        Options._drop_tables_default = usual


def _canvas(kind: type[FigureCanvasBase], figure: Figure) -> Any:
    """Straight to a canvas: `Figure.savefig` draws all twice, for layouts that are settled."""
    return kind(figure)


_WRITERS: Mapping[str, Callable[[Figure, Path | IO[bytes]], None]] = {
    "png": _png,
    "svg": _svg,
    "pdf": _pdf,
}
FORMATS = tuple(_WRITERS)
