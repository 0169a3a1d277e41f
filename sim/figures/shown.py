"""A figure that shows itself in a notebook, with words for those who do not see it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

from matplotlib.figure import Figure

from sim.figures.saving import write
from sim.records.outgoing import markup

PAGE, WIDEST = 7.2, 60.0
"""Inches of a figure of a page, and how wide it is shown (em): with letters like the text."""


class Picture(Figure):
    """A figure that a notebook shows as a vector drawing, with its caption as alternative text."""

    words: Callable[[], str] = staticmethod(lambda: "Figure")
    """What it shows; asked for when it is shown."""

    def _repr_html_(self) -> str:
        """For a notebook."""
        file = io.BytesIO()
        write(self, file, "svg")
        return image(file.getvalue(), self.words(), WIDEST * min(1.0, self.get_figwidth() / PAGE))


def image(svg: bytes, words: str, widest: float) -> str:
    """A drawing as HTML, at most *widest* (em), with *words* as its alternative text."""
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    look = f"width:100%;max-width:{widest:.3g}em;background:white"
    return f'<img alt="{markup(words)}" style="{look}" src="{source}">'
