"""Results as tables and sentences, and as data for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli.tables import NumberTable, Part, grid
from sim.exact.expectations import exact
from sim.experiment.manifest import cut_to
from sim.measure import sweeps
from sim.measure.digits import NONE, between, number
from sim.records.measures import MEASURES, SHARES
from sim.results.cells import Band, Cell, decision_cells, heads, legend, unknowns
from sim.results.conclusions import pairing
from sim.results.contrasts import in_words
from sim.results.rankings import ranked
from sim.results.sweep import text_of
from sim.results.warmup import settled, warm_up

if TYPE_CHECKING:
    import pandas as pd

    from sim.measure.sweeps import BreakEven
    from sim.results.results import Results
    from sim.results.sweep import Sweep

MARK = "*"
"""Mark of a difference that is surely larger than the smallest effect of interest."""
DEFINITIONS = "Definitions: sim/measure/MEASURES.md."
LEFT_BY = "Spam that left the servers that arms change, recipients a day, by whose trust it abused"
ABUSE = (
    "Spam abuse: spam of all recipients relayed by the servers that arms change, whoever asked: "
    "strangers, customers' machines, stolen logins, inherited windows, trusted ranges."
)
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


def every_quantity(results: Results) -> Iterator[Part]:
    """Every quantity of the decision, what it rests on, and where the files are."""
    decision = results.decision_table()
    yield title(results)
    yield from comparison(decision, results.arms)
    yield f"{legend(decision, results.replications, results.baseline, MARK)} {DEFINITIONS}"
    yield ABUSE
    yield from abuses(results)
    yield from structure(results)
    for sentence in (ranked(results), pairing(decision, results.baseline)):
        if sentence:
            yield sentence
    if results.unknowns is not None:
        yield from unknown(results.unknowns)
    if "precision" in results.manifest:
        yield results.manifest["precision"]["summary"]
    yield from expectations(results)
    yield from in_words(results.scenario.model, results.arms)
    yield f"Chosen rather than sourced, and read: {', '.join(_chosen(results)) or 'nothing'}."
    yield f"Figures, rows and summary.csv: {results.path}"


def _chosen(results: Results) -> tuple[str, ...]:
    decision = results.decision()
    return (*decision.chosen, *decision.defaults)


def abuses(results: Results) -> Iterator[NumberTable]:
    """Spam that left the servers that arms change, a day, by whose trust it abused."""
    table = results.summary(by="abuse")
    table = table[(table["measure"] == "spam_left_per_day") & (table["key"] != "")]
    if not len(table):
        return
    keys = list(dict.fromkeys(table["key"].astype(str)))
    cells = {(str(r.arm), str(r.key)): number(r.mean) for r in table.itertuples(index=False)}
    rows = ([arm, *(cells.get((arm, key), NONE) for key in keys)] for arm in results.arms)
    yield grid(["arm", *(key.replace("_", " ") for key in keys)], rows, title=LEFT_BY)


def title(results: Results) -> str:
    """What was run, and whether that was a quick run."""
    quick = f" (QUICK RUN: {cut_to(results.manifest)})" if results.quick else ""
    return f"{results.manifest['title']}{quick}"


def comparison(decision: pd.DataFrame, arms: Sequence[str]) -> Iterator[NumberTable]:
    """Arms by quantities: mean, interval, (analytic), difference to the baseline in pairs."""
    cells = decision_cells(decision)
    columns = heads(decision)
    yield grid(
        ["arm", *(f"{quantity} {unit}".rstrip() for quantity, unit in columns)],
        ([arm, *(_text(cells[arm, q]) for q, _ in columns)] for arm in arms),
        sections=True,
    )


def _text(cell: Cell) -> str:
    return "\n".join(cell.lines(MARK))


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
        yield grid(("expected", "found", "95 %", "outcome"), rows)


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


def at_points(results: Sweep, class_: str, measure: str) -> NumberTable:
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
    return grid((*results.keys, *results.arms), rows, title=heading)


def _with_interval(row: Any, share: bool) -> str:
    interval = between(row.low, row.high, share=share)
    return f"{number(row.mean, share=share)}  {interval}".rstrip()


def structure(results: Results) -> Iterator[Part]:
    """Whether the order of policies holds if structure is otherwise, and the bands."""
    if sentence := results.on_structure():
        yield sentence
    if results.structures is not None:
        yield _structure(results.structures.band())


def _structure(table: pd.DataFrame) -> NumberTable:
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
    return grid(["arm", *heads], rows, title=STRUCTURE)


def unknown(results: Sweep) -> Iterator[NumberTable]:
    """Of a sweep over ranges: the band of each arm, and how far each unknown alone moves it."""
    parts = unknowns(*sweeps.unknowns(results.band(), results.tornado()))
    columns = [f"{quantity} {unit}".rstrip() for quantity, unit in parts.heads]
    rows = [row for arm, bands in parts.bands.items() for row in _band_lines(arm, bands)]
    heading = BANDS.format(baseline=results.baseline)
    yield grid(["arm", *columns], rows, title=heading)
    swings = (
        [key, *(f"{MARK * cell.significant}{cell.mean}" for cell in cells)]
        for key, cells in parts.swings.items()
    )
    yield grid(["unknown", *columns], swings, title=MOVES)


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


def days_of_levels(table: pd.DataFrame) -> NumberTable:
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
    return grid(columns, ([arm, *texts] for arm, texts in cells.items()))


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
        "decision": results.decision().as_data(),
        "table": as_records(results.decision_table()),
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
