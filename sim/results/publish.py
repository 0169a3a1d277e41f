"""What completes a folder of results for a reader: summary, tables, figures, and the page."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from sim import experiment
from sim.experiment import storage
from sim.experiment.workers import processes
from sim.figures import TABLE, FigureError, Gallery, check_names
from sim.figures.numbers import numbers
from sim.figures.saving import known_formats
from sim.figures.style import style as known_style
from sim.measure.spreadsheet import csv
from sim.measure.summary import ESTIMATE, everything
from sim.records.files import DECISION
from sim.results import kept
from sim.results.analysis import Analysis
from sim.results.choice import Decision
from sim.results.decision import decide
from sim.results.drawers import drawers
from sim.results.report.drawing import FILES, Drawing, drawings, files_of
from sim.results.report.page import page, tables_of_page
from sim.results.tables import DERIVED, TABLES, gallery, reads

FEW = 4
"""Figures up to which a second process would take longer to start than it helps."""
ROWS_COST = 2
"""Work of a figure that reads rows of mail, when that of another is 1: measured, about."""


@dataclass(frozen=True)
class Pictures:
    """How figures are drawn and stored: a *style* of `sim.figures`, and the *formats* of files."""

    style: str = "page"
    formats: tuple[str, ...] = FILES

    def check(self, figures: Iterable[str]) -> None:
        """Raise FigureError for a wrong name, before anything is written."""
        check_names(figures)
        known_style(self.style)
        known_formats(self.formats)


def publish(
    results: Analysis,
    figures: Sequence[str] | None,
    pictures: Pictures,
    *,
    workers: int = 1,
    required: bool = True,
) -> Path:
    """Write summary.csv, tables, figures and report.html into the folder; the page's path.

    *figures*: names, or None for all that the results suffice for. Raises FigureError for a
    figure that was named, is *required* and cannot be drawn; others are named on the page with
    the reason.
    """
    drawable = gallery(results.scenario.model, results)
    every = list(drawable)
    names = every if figures is None else list(figures)
    if results.unknowns is not None and names and "tornado" not in names:
        names.append("tornado")
    storage.write_text(results.path / storage.SUMMARY, csv(results.marked(_summary(results))))
    tables = {**tables_of_page(results), **_exact_tables(results, drawable)}
    _write(results, tables)
    if not results.shortfall:  # what is left of results is never shown as if it were all
        keep_decision(results)
    required = required and figures is not None and set(names) != set(every)
    drawings = _draw_parallel(results, names, pictures, workers, required)
    folder = results.path / storage.TABLES_OF_PAGE
    count_tables = [n for n in _derived(drawable, names) if (folder / f"{n}.csv").exists()]
    target = results.path / storage.PAGE
    storage.write_text(
        target, page(results, drawings, (*tables, *count_tables), _more(every, names))
    )
    return target


def keep_decision(results: Analysis) -> Decision:
    """Write the decision beside the results, for `sim.results.kept`; what was written."""
    decision = decide(results)
    text = kept.text(results.path, decision.as_data())
    storage.write_text(results.path / DECISION, text)
    return decision


def draw_welch(results: Analysis, measures: Iterable[tuple[str, str]], window: int) -> list[Path]:
    """Draw Welch's plot of each of *measures* (class and name) into the folder; its files."""
    figures, folder = gallery(results.scenario.model, results), results.path / storage.FIGURES
    paths = []
    for class_, measure in measures:
        figure = figures.welch(class_=class_, measure=measure, window=window)
        name = f"welch-{class_}-{measure}"
        points = csv(numbers(figure)).encode("utf-8")
        for file, data in (*files_of(figure, name), (f"{name}.csv", points)):
            storage.write_bytes(folder / file, data)
            paths.append(folder / file)
    return paths


# ---- figures, by some processes


def _draw_parallel(
    results: Analysis,
    names: Sequence[str],
    pictures: Pictures,
    workers: int,
    required: bool,
) -> list[Drawing]:
    """Draw figures, in *workers* processes where there are more than a few: this one, and new
    ones."""
    workers = processes(workers) if len(names) > FEW else 1
    if workers == 1:
        return _draw(results, names, pictures, required)
    first, *others = _shares(names, workers)
    with drawers(len(others)) as pool:
        draw = partial(_draw_in_worker, results.path, results.partial)
        tasks = [pool.submit(draw, share, pictures, required) for share in others]
        figures = _draw(results, first, pictures, required)
        figures += [figure for task in tasks for figure in task.result()]
    return sorted(figures, key=lambda figure: names.index(figure.name))


def _shares(names: Sequence[str], workers: int) -> list[list[str]]:
    """Names in shares of about the same work; figures of the same rows stand in one share."""
    rows = {name: reads(name) for name in names}
    work = [(name, ROWS_COST if rows[name] else 1) for name in sorted(names, key=rows.__getitem__)]
    total, done = sum(cost for _, cost in work), 0
    shares: list[list[str]] = [[] for _ in range(workers)]
    for name, cost in work:
        shares[done * workers // total].append(name)
        done += cost
    return [share for share in shares if share]


def _draw_in_worker(
    root: Path, gaps: bool, names: Sequence[str], pictures: Pictures, required: bool
) -> list[Drawing]:
    """As *_draw*, in another process."""
    stored = experiment.open_stored(root, partial=gaps)
    return _draw(Analysis(stored), names, pictures, required)


def _draw(
    results: Analysis, names: Sequence[str], pictures: Pictures, required: bool
) -> list[Drawing]:
    figures = gallery(results.scenario.model, results)
    folder = results.path / storage.FIGURES
    drawn_figures = list(
        drawings(
            figures,
            names,
            lambda name, data: storage.write_bytes(folder / name, data),
            style=pictures.style,
            formats=pictures.formats,
            required=required,
        )
    )
    for name in _derived(figures, names):
        with contextlib.suppress(FigureError):  # the figure has said why there is none
            _write(results, {name: figures.table(name)})
    return drawn_figures


# ---- tables


def _exact_tables(results: Analysis, figures: Gallery) -> dict[str, pd.DataFrame]:
    """The tables of figures that no rows of mail are needed for, and the servers."""
    small = [name for name in DERIVED if not TABLES[name].rows]
    names = [
        name for name in ("comparison", "cells", "policies", *small) if name in figures.available
    ]
    return {**{name: figures.table(name) for name in names}, "servers": results.servers}


def _derived(figures: Gallery, names: Sequence[str]) -> list[str]:
    """The small tables that rows of mail are counted into, for some of the figures."""
    tables = {table for name in names for table in (*TABLE[name].needs, *TABLE[name].wants)}
    row_tables = [name for name in DERIVED if TABLES[name].rows and name in tables]
    return [name for name in row_tables if name in figures.available]


def _write(results: Analysis, tables: Mapping[str, pd.DataFrame]) -> None:
    folder = results.path / storage.TABLES_OF_PAGE
    for name, table in tables.items():
        storage.write_text(folder / f"{name}.csv", csv(results.marked(table)))


def _summary(results: Analysis) -> pd.DataFrame:
    """All cells of all phases and keys but days, one file to open in a spreadsheet."""
    measures = results.measures
    table = everything(measures[measures["by"] != "day"], results.analytic)
    columns = ["arm", "class", "measure", "by", "key", "phase"]
    return table[[*columns, *ESTIMATE]]


def _more(every: Sequence[str], names: Sequence[str]) -> str:
    rest = ", ".join(name for name in every if name not in names)
    return f"Not drawn here: {rest}. “mailsim report DIR” draws all of them." if rest else ""
