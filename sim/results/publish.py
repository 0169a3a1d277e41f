"""What completes a folder of results for a reader: summary, tables, figures, and the page."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment import storage

if TYPE_CHECKING:
    import pandas as pd

    from sim.results.report import Content, Drawn
    from sim.results.results import Results

FEW = 4
"""Figures up to which a second process would take longer to start than it helps."""


def complete(
    results: Results,
    root: Path,
    *,
    figures: Sequence[str] | None,
    style: str,
    formats: Sequence[str],
    workers: int = 1,
) -> Path:
    """Write summary.csv, tables, figures and report.html into *root*; return the page's path.

    *figures*: names, or None for all that the results suffice for. Raises FigureError for a
    figure that was named and cannot be drawn; others are named on the page with the reason.
    """
    from sim.results import report

    every = list(results.figures)
    names = every if figures is None else list(figures)
    if results.unknowns is not None and names and "tornado" not in names:
        names.append("tornado")
    content = _content(results, more=_more(every, names))
    storage.write_text(root / storage.SUMMARY, report.csv(_summary(results)))
    written = {**report.tables(content), **_without_rows(results)}
    _write(root, written)
    asked = figures is not None and set(names) != set(every)
    drawn = _drawn(results, root, names, style, tuple(formats), workers, fail=asked)
    folder = root / storage.TABLES_OF_PAGE
    counted = [n for n in _of_rows(results, names) if (folder / f"{n}.csv").exists()]
    content = replace(content, tables=(*written, *counted))
    page = root / storage.PAGE
    storage.write_text(page, report.page(content, drawn))
    return page


def check(figures: Sequence[str] | None, style: str, formats: Sequence[str]) -> None:
    """Raise FigureError for a wrong name, before anything is written."""
    from sim.figures import known
    from sim.figures import style as sized

    known(figures or ())
    sized.style(style)
    sized.known_formats(formats)


def draw_welch(results: Results, measures: Sequence[tuple[str, str]], window: int) -> list[Path]:
    """Draw Welch's plot of each of *measures* (class and name) into the folder; its files."""
    import tempfile

    from sim.figures import save
    from sim.figures.numbers import numbers
    from sim.results import report

    written = []
    for class_, measure in measures:
        figure = results.figures.welch(class_=class_, measure=measure, window=window)
        name, folder = f"welch-{class_}-{measure}", results.path / storage.FIGURES
        with tempfile.TemporaryDirectory() as made:
            for file in save(figure, Path(made) / name):
                storage.write_bytes(folder / file.name, file.read_bytes())
                written.append(folder / file.name)
        storage.write_text(folder / f"{name}.csv", report.csv(numbers(figure)))
        written.append(folder / f"{name}.csv")
    return written


def _drawn(
    results: Results,
    root: Path,
    names: Sequence[str],
    style: str,
    formats: tuple[str, ...],
    workers: int,
    *,
    fail: bool,
) -> list[Drawn]:
    if workers == 1 or len(names) <= FEW or root != results.path:
        return _draw(results, root, names, style, formats, fail)
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    shares = _shares(names, workers)
    # a new interpreter: a fork of one whose libraries have threads may stand still
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers - 1, mp_context=context) as pool:
        others = [pool.submit(_draw_there, root, s, style, formats, fail) for s in shares[1:]]
        found = _draw(results, root, shares[0], style, formats, fail)
        found += [drawn for other in others for drawn in other.result()]
    return sorted(found, key=lambda drawn: names.index(drawn.name))


def _shares(names: Sequence[str], workers: int) -> list[list[str]]:
    """Names in shares of about the same work; figures of the same rows stand in one share."""
    from sim.results.tables import reads

    rows = {name: reads(name) for name in names}
    work = [(name, ROWS_COST if rows[name] else 1) for name in sorted(names, key=rows.__getitem__)]
    total, done = sum(cost for _, cost in work), 0
    shares: list[list[str]] = [[] for _ in range(workers)]
    for name, cost in work:
        shares[done * workers // total].append(name)
        done += cost
    return [share for share in shares if share]


ROWS_COST = 2
"""Work of a figure that reads rows of mail, when that of another is 1: measured, about."""


def _draw_there(
    root: Path, names: Sequence[str], style: str, formats: tuple[str, ...], fail: bool
) -> list[Drawn]:
    """As *_draw*, in another process."""
    import sim

    return _draw(sim.open_results(root), root, names, style, formats, fail)


def _draw(
    results: Results,
    root: Path,
    names: Sequence[str],
    style: str,
    formats: tuple[str, ...],
    fail: bool,
) -> list[Drawn]:
    import gc

    from sim.figures import FigureError
    from sim.results import report

    figures = results.figures
    gc.freeze()  # what is there already is not searched for garbage again and again
    try:
        drawn = list(
            report.drawings(
                figures, names, root / storage.FIGURES, storage.write_bytes,
                style=style, formats=formats, fail=fail,
            )
        )  # fmt: skip
    finally:
        gc.unfreeze()
    for name in _of_rows(results, names):
        with contextlib.suppress(FigureError):  # the figure has said why there is none
            _write(root, {name: figures.table(name)})
    return drawn


def _without_rows(results: Results) -> dict[str, pd.DataFrame]:
    """The tables of figures that no rows of mail are needed for, and the servers."""
    from sim.results.tables import TABLES

    figures = results.figures
    small = [name for name, made in TABLES.items() if not made.rows]
    names = [name for name in ("comparison", "cells", "policies", *small) if name in figures.given]
    return {**{name: figures.table(name) for name in names}, "servers": results.servers}


def _of_rows(results: Results, figures: Sequence[str]) -> list[str]:
    """The small tables that rows of mail are counted into, for some of *figures*."""
    from sim.figures import TABLE
    from sim.results.tables import TABLES

    wanted = {name for figure in figures for name in (*TABLE[figure].needs, *TABLE[figure].wants)}
    there = results.figures.given
    return [name for name, made in TABLES.items() if made.rows and name in wanted and name in there]


def _write(root: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    from sim.results import report

    for name, table in tables.items():
        storage.write_text(root / storage.TABLES_OF_PAGE / f"{name}.csv", report.csv(table))


def _content(results: Results, more: str) -> Content:
    from sim.cli import render as terminal
    from sim.results import report

    swept = results.unknowns
    return report.Content(
        scenario=results.scenario.model,
        arms=results.arms,
        baseline=results.baseline,
        manifest=results.manifest,
        decision=results.decision(),
        meaning=terminal.meaning(results),
        quick=results.quick_form if results.quick else "",
        wished=_wished(results),
        notes=list(_notes(results)),
        expectations=results.expectations(),
        unknowns=None if swept is None else (swept.band(), swept.tornado()),
        more=more,
    )


def _notes(results: Results) -> list[str]:
    """What a reader must know before any number."""
    from sim._version import __version__
    from sim.experiment.manifest import code_digest

    notes = []
    wanted = len(results.arms) * results.replications
    done = len(results.tasks)
    if done < wanted:
        notes.append(f"Not finished: {done} of {wanted} runs are in these results.")
    if results.replications == 1:
        notes.append("One replication: no interval can be given, and no difference is sure.")
    made = (results.manifest.get("version"), results.manifest.get("code"))
    if made != (__version__, code_digest()):
        notes.append(
            f"These results were made by another version (version {made[0]}, code {made[1]}) than "
            f"the one that drew this page (version {__version__}, code {code_digest()}): run again "
            "before comparing them with newer ones."
        )
    return notes


def _wished(results: Results) -> dict[str, int]:
    """Recipients wished after the policies start, over all arms and replications, by class."""
    table = results.measures
    rows = table[
        (table["by"] == "all") & (table["phase"] == "after") & (table["measure"] == "delivery_rate")
    ]
    sums = rows.groupby("class", observed=True)["denominator"].sum()
    return {kind: int(sums.get(kind, 0)) for kind in ("honest", "spam")}


def _more(every: Sequence[str], names: Sequence[str]) -> str:
    left = [name for name in every if name not in names]
    if not left:
        return ""
    return f"Not drawn here: {', '.join(left)}. “mailsim report DIR” draws all of them."


def _summary(results: Results) -> pd.DataFrame:
    """All cells of all phases and keys but days, one file to open in a spreadsheet."""
    from sim.measure.summary import everything

    measures = results.measures
    table = everything(measures[measures["by"] != "day"], results.analytic)
    columns = ["arm", "class", "measure", "by", "key", "phase"]
    return table[[*columns, "mean", "low", "high", "analytic", "replications"]]
