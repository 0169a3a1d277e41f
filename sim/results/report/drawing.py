"""Each figure drawn once, and written in every form that is asked for."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from sim.figures import FORMATS, TABLE, FigureError, Gallery, Style, save
from sim.figures.numbers import numbers
from sim.figures.specification import EXACT
from sim.measure.spreadsheet import csv

Write = Callable[[str, bytes], object]
"""Stores a file under its name."""
FILES = ("png", "svg")
"""Formats of figures unless others are asked for."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure of the page: SVG to stand in HTML, or *reason* it could not be drawn."""

    name: str
    title: str
    caption: str = ""
    sampled: bool = False
    svg: str = ""
    reason: str = ""
    formats: tuple[str, ...] = ()
    """Of the files beside the page, best known first."""


def drawings(
    gallery: Gallery,
    names: Sequence[str],
    write: Write,
    *,
    style: str | Style = "page",
    formats: Sequence[str] = FORMATS,
    required: bool = False,
) -> Iterator[Drawing]:
    """Draw figures, hand each file of *formats* to *write*, and yield what the page needs.

    A figure that cannot be drawn honestly says why; where it is *required* it raises FigureError.
    """
    for name in names:
        method = getattr(gallery, name)  # an unknown name is wrong use
        title = TABLE[name].title
        try:
            figure, caption = method(style=style), gallery.caption(name)
        except FigureError as error:
            if required:
                raise
            yield Drawing(name, title, reason=str(error))
            continue
        svg, files = _store(figure, name, write, formats), tuple(formats)
        points = numbers(figure)
        if len(points):
            write(f"{name}.csv", csv(points).encode("utf-8"))
            files = (*files, "csv")
        figure.clear()  # its parts know each other, and would stay until Python looks for such
        sampled = not set(TABLE[name].needs) <= EXACT
        yield Drawing(name, title, caption, sampled, svg, formats=files)


def _store(figure: Figure, name: str, write: Write, formats: Sequence[str]) -> str:
    """Write a figure in all *formats*, and return it as SVG that may stand in a page."""
    svg = ""
    for file, data in files_of(figure, name, dict.fromkeys(("svg", *formats))):
        kind = file.rpartition(".")[2]
        if kind == "svg":
            svg = inline(data.decode("utf-8"), name)
        if kind in formats:
            write(file, data)
    return svg


def files_of(
    figure: Figure, name: str, formats: Iterable[str] = FILES
) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file of a figure."""
    with tempfile.TemporaryDirectory() as temporary:
        for file in save(figure, Path(temporary) / name, tuple(formats)):
            yield file.name, file.read_bytes()


_TAG = re.compile(r"<[^>]*>")
_TO = re.compile(r'(?<=href="#)|(?<=url\(#)')
_ID = re.compile(r' id="([^"]*)"')


def inline(svg: str, name: str) -> str:
    """Make a figure part of a page: no prologue, and ids that no other figure has."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        number = numbers[match[1]] = numbers.get(match[1], 0) + 1
        # matplotlib gives what is drawn twice the same id; nothing refers to those
        return f' id="{name}-{match[1]}{"" if number == 1 else f"-{number}"}"'

    def tag(match: re.Match[str]) -> str:
        return _ID.sub(numbered, _TO.sub(f"{name}-", match[0]))

    return _TAG.sub(tag, body)
