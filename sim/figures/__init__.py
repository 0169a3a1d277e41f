"""One function a figure: tidy tables in, a matplotlib `Figure` out.

`TABLE` names every figure with the tables it needs; `Gallery` hands them over, so that whoever
has tables (results, a scenario, a report) needs to know no single figure. matplotlib is imported
here and below only.
"""

from __future__ import annotations

from sim.figures.data import TABLES, FigureError
from sim.figures.gallery import Gallery, UnknownFigure, caption, check_names, draw
from sim.figures.saving import FORMATS, save
from sim.figures.specification import Specification
from sim.figures.style import STYLES, Style
from sim.figures.table import COLUMNS, TABLE, first, standard

__all__ = [
    "COLUMNS",
    "FORMATS",
    "STYLES",
    "TABLE",
    "TABLES",
    "FigureError",
    "Gallery",
    "Specification",
    "Style",
    "UnknownFigure",
    "caption",
    "check_names",
    "draw",
    "first",
    "save",
    "standard",
]
