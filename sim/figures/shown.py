"""A figure that shows itself in a notebook, with words for those who do not see it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable

from matplotlib.figure import Figure

from sim.figures.saving import write
from sim.records.outgoing import markup

LOOK = "width:100%;max-width:60em;background:white"
"""As wide as the notebook, but that letters grow no larger than those of its text."""


class Picture(Figure):
    """A figure that a notebook shows as a vector drawing, with its caption as alternative text."""

    words: Callable[[], str] = staticmethod(lambda: "Figure")
    """What it shows; asked for when it is shown."""

    def _repr_html_(self) -> str:
        """For a notebook."""
        file = io.BytesIO()
        write(self, file, "svg")
        return image(file.getvalue(), self.words())


def image(svg: bytes, words: str) -> str:
    """A drawing as HTML, with *words* as its alternative text."""
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    return f'<img alt="{markup(words)}" style="{LOOK}" src="{source}">'
