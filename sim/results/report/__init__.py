"""The page that a reader gets: one self-contained HTML file, from a scenario and its tables."""

from __future__ import annotations

from sim.results.report.drawing import Drawn, csv, drawings
from sim.results.report.page import Content, page, tables

__all__ = ["Content", "Drawn", "csv", "drawings", "page", "tables"]
