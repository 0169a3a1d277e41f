"""Results as tables and sentences on a terminal of 80 columns or more, and as data for JSON."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.exact.expectations import exact
from sim.experiment.manifest import cut_to
from sim.measure import sweeps
from sim.measure.digits import NONE, between, number
from sim.records.measures import MEASURES, SHARES
from sim.records.outgoing import visible
from sim.results.cells import Band, Cell, decision_cells, heads, legend, unknowns
from sim.results.conclusions import conclusion, pairing
from sim.results.rankings import ranked
from sim.results.sweep import text_of
from sim.results.warmup import settled, warm_up

if TYPE_CHECKING:
    import pandas as pd

    from sim.measure.sweeps import BreakEven
    from sim.results.results import Results
    from sim.results.sweep import Sweep

Part = Table | str
SIDE_BY_SIDE = 4
"""Quantities beside each other in a table: so many fit in 80 columns unbroken."""
MARK = "*"
"""Mark of a difference that is surely larger than the smallest effect of interest."""
DEFINITIONS = "Definitions: sim/measure/MEASURES.md."
ABOUT_DECISION = (
    "corr.: correlation of the two arms over replications. gain: how much wider the interval of "
    "the difference were without pairs; at 1.1 or below, pairing did not help; a dash where an arm "
    "does not vary. Spam removed per honest recipient lost has no interval where it is not sure "
    "that the arm loses more (or less) honest mail than the baseline."
)
"""How to read the decision table."""
BANDS = (
    "As stated; from the least to the greatest mean over the unknowns; and with chance: to the "
    "bounds of the 95 % intervals of these means. Likewise the difference to '{baseline}' in "
    "pairs, * where all of that is on one side of 0, whatever the unknowns are"
)
STRUCTURE = "As stated; its 95 % interval; and the range of means over the alternatives"
BY_STRUCTURE = ("band_low", "band_high")
MOVES = (
    "What each unknown alone changes from its least to its most, ± its 95 % interval in pairs, in "
    "the arm in which it changes most"
)


class Terminal(Console):
    """A console on which names, titles and cells are text and nothing else."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Spell control characters out before anything is measured or drawn."""
        return super().render_str(visible(text), **options)


def show(*parts: Any) -> None:
    """Print tables and sentences."""
    console = Terminal(highlight=False, markup=False, soft_wrap=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 100
    for part in parts:
        console.print(part)


def grid(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    first: int = 28,
    width: int = 13,
    sections: bool = False,
) -> Table:
    """A table: the *first* column holds names, the others numbers at most *width* wide."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        title=title or None,
        title_justify="left",
    )
    name, *numbers = columns
    table.add_column(name, max_width=first, overflow="fold")
    for column in numbers:
        table.add_column(column, justify="right", max_width=width, overflow="fold")
    for row in rows:
        table.add_row(*row, end_section=sections)
    return table


# ---- results


def first_screen(results: Results, *, structured: bool = True) -> Iterator[Part]:
    """The first screen of a run: the comparison, what it means, and where the files are.

    Not *structured*: what is only assumed is about to be tried.
    """
    decision = results.decision()
    yield title(results)
    yield from comparison(decision, results.arms)
    yield f"{legend(decision, results.replications, results.baseline, MARK)} {DEFINITIONS}"
    yield conclusion(decision, results.baseline)
    yield from structure(results) if structured else ()
    for sentence in (ranked(results), pairing(decision, results.baseline)):
        if sentence:
            yield sentence
    if results.unknowns is not None:
        yield from unknown(results.unknowns)
    if "precision" in results.manifest:
        yield results.manifest["precision"]["summary"]
    yield from expectations(results)
    yield f"Figures, rows and summary.csv: {results.path}"


def title(results: Results) -> str:
    """What was run, and whether that was a quick run."""
    quick = f" (QUICK RUN: {cut_to(results.manifest)})" if results.quick else ""
    return f"{results.manifest['title']}{quick}"


def comparison(decision: pd.DataFrame, arms: Sequence[str]) -> Iterator[Table]:
    """Arms by quantities: mean, interval, (analytic), difference to the baseline in pairs."""
    cells = decision_cells(decision)
    every = heads(decision)
    for first in range(0, len(every), SIDE_BY_SIDE):
        columns = every[first : first + SIDE_BY_SIDE]
        yield grid(
            ["arm", *(f"{quantity} {unit}".rstrip() for quantity, unit in columns)],
            ([arm, *(_text(cells[arm, q]) for q, _ in columns)] for arm in arms),
            sections=True,
        )


def _text(cell: Cell) -> str:
    return "\n".join(cell.lines(MARK))


def decision(results: Results) -> Iterator[Part]:
    """The decision table of each arm beside the baseline, with all that is known of each number."""
    columns = ("", "mean", "95 %", "analytic", "difference", "95 %, in pairs", "corr.", "gain")
    table = results.decision()
    for arm in [a for a in results.arms if a != results.baseline] or results.arms:
        against = "" if arm == results.baseline else f", against {results.baseline}"
        rows = map(_decided, table[table["arm"] == arm].itertuples(index=False))
        yield grid(columns, rows, title=f"{arm}{against}", first=30)
    yield f"{ABOUT_DECISION} {DEFINITIONS}"
    yield from structure(results)


def _decided(row: Any) -> list[str]:
    share = row.unit == "share"
    return [
        f"{row.quantity}, {'%' if share else row.unit}".removesuffix(", "),
        number(row.mean, share=share),
        between(row.low, row.high, share=share) or NONE,
        number(row.analytic, share=share),
        number(row.difference, share=share, sign=True),
        between(row.difference_low, row.difference_high, share=share, sign=True) or NONE,
        number(row.correlation),
        number(row.gain),
    ]


def expectations(results: Results) -> Iterator[Part]:
    """Which of the scenario's expectations hold, which do not, and how sure that is."""
    verdicts = list(exact(results.scenario.model))
    wrong = [f"{about}: {different}" for about, different in verdicts if different]
    if verdicts:
        yield f"Exact expectations: {len(verdicts) - len(wrong)} of {len(verdicts)} hold."
    yield from wrong
    judgements: list[Any] = list(results.expectations().itertuples(index=False))
    if judgements:
        rows = (
            (str(r.expected), number(r.value), between(r.low, r.high) or NONE, str(r.outcome))
            for r in judgements
        )
        yield grid(("expected", "found", "95 %", "outcome"), rows, first=60, width=22)


# ---- sweeps


def sweep(
    results: Sweep, quantity: tuple[str, str], pair: Sequence[str], flips: Mapping[str, BreakEven]
) -> Iterator[Part]:
    """One measure of a sweep, where the order of a *pair* flips, and where the files are."""
    if results.quick:
        yield f"QUICK RUN: {cut_to(results.manifest)}"
    if results.ranged:
        yield from unknown(results)
    else:
        yield at_points(results, *quantity)
    if flips:
        yield f"By {quantity[0]}: {MEASURES[quantity[1]].title}, each key alone:"
    for key, flip in flips.items():
        yield flips_at(flip, key, *pair)
    yield f"All measures at all points: {results.path}: summary.csv, differences.csv"


def at_points(results: Sweep, class_: str, measure: str) -> Table:
    """One measure at every point of a sweep, an arm a column."""
    about = MEASURES[measure]
    share = about.kind in SHARES
    table = results.summary()
    table = table[(table["class"] == class_) & (table["measure"] == measure)]
    cells: dict[tuple[Any, ...], str] = {
        (row.point, row.arm): _with_interval(row, share) for row in table.itertuples(index=False)
    }
    rows = (
        [
            *(str(text_of(point.get(key, "as it is"))) for key in results.keys),
            *(cells.get((place, arm), NONE) for arm in results.arms),
        ]
        for place, point in enumerate(results.points)
    )
    unit = "%" if share else about.unit
    heading = f"{class_}: {about.title} ({unit}), mean and 95\u00a0%\u00a0interval"
    return grid((*results.keys, *results.arms), rows, title=heading, first=30, width=30)


def _with_interval(row: Any, share: bool) -> str:
    interval = between(row.low, row.high, share=share)
    return f"{number(row.mean, share=share)}  {interval}".rstrip()


def structure(results: Results) -> Iterator[Part]:
    """Whether the order of policies holds if structure is otherwise, and the bands."""
    if sentence := results.on_structure():
        yield sentence
    if results.structures is not None:
        yield _structure(results.structures.band())


def _structure(table: pd.DataFrame) -> Table:
    """What declared alternatives make of each mean, beside the interval of chance."""
    pairs = table[["quantity", "unit"]].drop_duplicates().itertuples(index=False)
    heads = [f"{quantity} {'%' if unit == 'share' else unit}".rstrip() for quantity, unit in pairs]
    rows: list[list[str]] = []
    for arm, part in table.groupby("arm", sort=False):
        of_arm: list[Any] = list(part.itertuples(index=False))
        cells = [(row, row.unit == "share") for row in of_arm]
        rows.append([str(arm), *(number(row.mean, share=share) for row, share in cells)])
        for label, ends in {"  chance": ("low", "high"), "  structure": BY_STRUCTURE}.items():
            bounds = ((*(getattr(r, end) for end in ends), share) for r, share in cells)
            rows.append([label, *(between(a, b, share=share) or NONE for a, b, share in bounds)])
    return grid(["arm", *heads], rows, title=STRUCTURE, first=40)


def unknown(results: Sweep) -> Iterator[Table]:
    """Of a sweep over ranges: the band of each arm, and how far each unknown alone moves it."""
    parts = unknowns(*sweeps.unknowns(results.band(), results.tornado()))
    columns = [f"{quantity} {unit}".rstrip() for quantity, unit in parts.heads]
    rows = [row for arm, bands in parts.bands.items() for row in _band_lines(arm, bands)]
    heading = BANDS.format(baseline=results.baseline)
    yield grid(["arm", *columns], rows, title=heading, first=40)
    swings = (
        [key, *(f"{MARK * cell.significant}{cell.mean}" for cell in cells)]
        for key, cells in parts.swings.items()
    )
    yield grid(["unknown", *columns], swings, title=MOVES, first=40)


def _band_lines(arm: str, bands: Sequence[Band]) -> Iterator[list[str]]:
    """The lines of one arm: as stated, over the unknowns, and the same of the difference."""
    yield [arm, *(band.own for band in bands)]
    yield ["  unknowns", *(band.unknowns for band in bands)]
    yield ["  and chance", *(band.chance for band in bands)]
    if any(band.difference for band in bands):
        yield ["  difference", *(band.difference or NONE for band in bands)]
        chance = (f"{MARK * band.significant}{band.difference_chance or NONE}" for band in bands)
        yield ["  and chance", *chance]


def flips_at(flip: BreakEven, key: str, a: str, b: str) -> str:
    """Where the order of two arms flips, in a sentence."""
    if flip.at is None:
        if not flip.ahead:
            return f"'{a}' and '{b}' do not differ."
        more, less = (b, a) if flip.ahead > 0 else (a, b)
        caveat = "" if flip.low is None else " in the mean, though not surely everywhere"
        return f"'{more}' stays above '{less}' at every value of {key}{caveat}."
    first = b if flip.ahead > 0 else a
    if flip.names:
        before, after = (flip.names[place(flip.at)] for place in (math.floor, math.ceil))
        return (
            f"'{first}' is above with {key} = {before}, below with {after}{_unclear_values(flip)}."
        )
    bounds = ""
    if flip.low is not None and flip.high is not None:
        bounds = f"; between {flip.low:.3g} and {flip.high:.3g} their order is not sure"
    return f"'{first}' is above up to {key} = {flip.at:.3g}, below from there on{bounds}."


def _unclear_values(flip: BreakEven) -> str:
    """At which of the values that are no numbers the order is not sure."""
    if flip.low is None or flip.high is None:
        return ""
    names = flip.names[math.ceil(flip.low) : math.floor(flip.high) + 1]
    return f"; not surely with {' and '.join(names)}" if names else ""


# ---- warm-up


def levels(results: Results, table: pd.DataFrame, files: Sequence[Path]) -> Iterator[Part]:
    """From which day on each arm is level, what follows from that, and where the plots are."""
    yield title(results)
    yield days_of_levels(table)
    yield from warm_up(results.scenario.model, table)
    if sentence := settled(results.summary()):
        yield sentence
    plots = ", ".join(str(path) for path in files if path.suffix == ".png")
    yield f"Welch's plot: {plots}"


def days_of_levels(table: pd.DataFrame) -> Table:
    """From which day on each arm is level, a measure a column (see `Results.levels`)."""
    columns = ["arm", "looked at from"]
    cells: dict[str, list[str]] = {}
    for (class_, name), part in table.groupby(["class", "measure"], sort=False):
        measure = MEASURES[str(name)]
        columns.append(f"{class_}: {measure.title}, level from")
        row: Any
        for row in part.itertuples(index=False):
            cells.setdefault(str(row.arm), [f"day {row.since}"]).append(
                _level(row, measure.kind in SHARES)
            )
    return grid(columns, ([arm, *texts] for arm, texts in cells.items()), width=20)


def _level(row: Any, share: bool) -> str:
    """From which day on an arm is level, and the differences that may have gone unseen."""
    if not row.tested:
        return NONE
    at_once = "at once" if row.level == row.since else f"day {row.level:.0f}"
    begin = at_once if math.isfinite(row.level) else "not yet"
    return f"{begin}  ±{number(row.margin, share=share)}{' %' * share}"


# ---- as data


def results_as_data(results: Results) -> dict[str, Any]:
    """What a run says, for ``--json``."""
    others = [arm for arm in results.arms if arm != results.baseline]
    unknowns = results.unknowns
    return {
        "out": str(results.path),
        "quick": results.quick,
        "summary": as_records(results.summary()),
        "comparison": {arm: as_records(results.compare(results.baseline, arm)) for arm in others},
        **decision_as_data(results),
        "precision": results.manifest.get("precision"),
        "expectations": as_records(results.expectations()),
        "band": unknowns and as_records(unknowns.band()),
        "unknowns": unknowns and as_records(unknowns.tornado()),
    }


def decision_as_data(results: Results) -> dict[str, Any]:
    """The decision table, and what is only assumed, for ``--json``."""
    structures = results.structures
    return {
        "baseline": results.baseline,
        "decision": as_records(results.decision()),
        "structures": structures and structures.as_data() | {"band": as_records(structures.band())},
    }


def sweep_as_data(results: Sweep, flips: Mapping[str, BreakEven]) -> dict[str, Any]:
    """What a sweep says, for ``--json``."""
    names = ("at", "low", "high", "names")
    return {
        "out": str(results.path),
        "quick": results.quick,
        "points": results.points,
        "summary": as_records(results.summary()),
        "comparison": as_records(results.compare()),
        "break_even": {
            key: {name: getattr(flip, name) for name in names} for key, flip in flips.items()
        },
    }


def levels_as_data(results: Results, table: pd.DataFrame, files: Sequence[Path]) -> dict[str, Any]:
    """What warm-up and transient look like, for ``--json``."""
    model = results.scenario.model
    return {
        "policy_starts": model.policy_starts,
        "transient": model.transient,
        "levels": as_records(table),
        "figures": list(map(str, files)),
    }


def as_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for ``--json``: undefined numbers are null."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
