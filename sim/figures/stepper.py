"""Figures one after the other, with words to each: a piece of HTML that needs no server."""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from matplotlib.figure import Figure

from sim.figures.data import FigureError
from sim.figures.saving import write
from sim.records.outgoing import markup

WIDTH = 820
"""Pixels that it is wide at most, in a notebook: chosen, what a cell of JupyterLab has."""
LINE = 20
"""Pixels of a line of words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One figure, what it is called, and the lines of text below it."""

    name: str
    figure: Figure
    words: Sequence[str] = ()


class Stepper:
    """Steps forward and back through figures; shows itself in a notebook.

    All of it is in the page: no server, no widget, nothing to load. Names and words are text,
    never markup.
    """

    def __init__(self, title: str, steps: Sequence[Step]) -> None:
        if not steps:
            raise FigureError(f"{title}: there are no steps to show")
        self.title, self.steps = title, tuple(steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<Stepper {self.title!r}: {len(self)} steps>"

    def html(self) -> str:
        """The whole page."""
        source = resources.files("sim.figures").joinpath("stepper.html").read_text("utf-8")
        parts = {"title": markup(self.title), "frames": "".join(map(_frame, self.steps))}
        return re.sub(r"@(title|frames)", lambda match: parts[match[1]], source)

    def save(self, path: str | Path) -> Path:
        """Write the page to *path*, and return that. The same steps give the same bytes."""
        Path(path).write_text(self.html(), "utf-8")
        return Path(path)

    def _repr_html_(self) -> str:
        """For a notebook: the page in a frame of its own, apart from the notebook's names."""
        picture = max(s.figure.get_figheight() / s.figure.get_figwidth() for s in self.steps)
        lines = max(len(step.words) for step in self.steps)
        height = round(WIDTH * picture + LINE * min(lines, 16) + 110)
        return (
            f'<iframe title="{markup(self.title)}" sandbox="allow-scripts" '
            f'srcdoc="{html.escape(self.html())}" '
            f'style="width:100%;max-width:{WIDTH}px;height:{height}px;border:0"></iframe>'
        )


def _frame(step: Step) -> str:
    data = base64.b64encode(_svg(step.figure)).decode()
    words = markup("\n".join(step.words))
    return (
        f'<figure hidden data-name="{markup(step.name)}">'
        f'<img alt="{markup(step.name)}" src="data:image/svg+xml;base64,{data}">'
        f"<pre>{words}</pre></figure>\n"
    )


def _svg(figure: Figure) -> bytes:
    file = io.BytesIO()
    write(figure, file, "svg")
    return file.getvalue()
