"""Results as tables on a terminal of 80 columns, and the sentence that says what they mean."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from sim.facade import Results
    from sim.measure.sweeps import BreakEven
    from sim.swept import Sweep


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the comparison: a measure of a class, how it is headed and scaled."""

    class_: str
    measure: str
    head: str
    scale: float = 1.0
    digits: int = 1


COLUMNS = (
    Column("honest", "delivery_rate", "honest delivered %", 100.0),
    Column("honest", "first_refusal_rate", "refused at first %", 100.0),
    Column("honest", "lost_per_day", "honest lost / day"),
    Column("spam", "spam_per_mailbox_day", "spam / mailbox / day", digits=2),
    Column("spam", "spam_abuse_rate", "spam-abuse rate %", 100.0),
    Column("honest", "delay_median", "delay, median s"),
)
"""What the table of ``mailsim run`` shows."""


def comparison(results: Results) -> Table:
    """Arms by measures: mean (* where it differs from the base), interval, (static)."""
    from rich import box
    from rich.table import Table

    summary = results.summary().set_index(["arm", "class", "measure"])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("arm", max_width=28, overflow="fold")
    for column in COLUMNS:
        table.add_column(column.head, justify="right", min_width=9, max_width=12, overflow="fold")
    for arm in results.arms:
        differs = _differs(results, arm)
        cells = [
            _cell(summary, arm, column, (column.class_, column.measure) in differs)
            for column in COLUMNS
        ]
        table.add_row(arm, *cells, end_section=True)
    return table


def _cell(summary: pd.DataFrame, arm: str, column: Column, differs: bool) -> str:
    at: Any = (arm, column.class_, column.measure)
    row = summary.loc[at]
    mean, low, high, static = (
        float(row[name]) * column.scale for name in ("mean", "low", "high", "static")
    )
    lines = ["*" * differs + _number(mean, column.digits)]
    if math.isfinite(low):
        lines.append(f"{_number(low, column.digits)}–{_number(high, column.digits)}")
    if math.isfinite(static):
        lines.append(f"({_number(static, column.digits)})")
    return "\n".join(lines)


def _number(value: float, digits: int) -> str:
    """A number of its size; what is undefined is a dash."""
    if not math.isfinite(value):
        return "-"
    return f"{value:.{digits}f}" if abs(value) < 1000 else f"{value:.0f}"


def _differs(results: Results, arm: str) -> set[tuple[str, str]]:
    """Measures whose paired interval against the base leaves out nought."""
    if arm == results.base or results.base not in results.arms:
        return set()
    table = results.compare(results.base, arm)
    apart = table[(table["low"] > 0) | (table["high"] < 0)]
    return set(zip(apart["class"], apart["measure"], strict=True))


def decision(results: Results) -> Iterator[Table]:
    """The decision table of each arm beside the base; then one alone beside all of them."""
    from rich import box
    from rich.table import Table

    told = results.decision()
    for arm in [a for a in results.arms if a != results.base] or results.arms:
        heads = (arm, "95 %", "static", f"less '{results.base}'", "95 %, in pairs", "gain")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("", max_width=40)
        for head in heads:
            table.add_column(head, justify="right", max_width=22)
        for row in told[told["arm"] == arm].itertuples(index=False):
            table.add_row(
                f"{row.quantity}, {row.unit}".removesuffix(", "),
                _size(row.mean), _between(row.low, row.high), _size(row.static),
                _size(row.difference), _between(row.difference_low, row.difference_high),
                _size(row.gain),
            )  # fmt: skip
        yield table
    by_arm = {
        (str(row["arm"]), str(row["quantity"])): (row["mean"], row["low"], row["high"])
        for row in told.to_dict("records")
    }
    for pair in results.adoptions():
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        arms = (results.base, pair.alone, pair.all)
        for head in ("alone and together", *arms):
            table.add_column(head, justify="right" if head in arms else "left", max_width=30)
        for quantity in told["quantity"].unique():
            cells = []
            for arm in arms:
                found = by_arm.get((arm, quantity))
                cells.append("-" if found is None else f"{_size(found[0])}  {_between(*found[1:])}")
            table.add_row(quantity, *cells)
        yield table


ABOUT_DECISION = (
    "gain: how much wider the interval of the difference were without pairs; at 1 or below, "
    "pairing did not help. Spam removed per honest recipient lost has no interval where it is "
    "not sure that the arm loses more (or less) honest mail than the base. "
    "Definitions: sim/measure/MEASURES.md."
)
"""How to read the decision table."""


def swept(found: Sweep, class_: str, measure: str) -> Table:
    """One measure at every point of a sweep, an arm a column."""
    from rich import box
    from rich.table import Table

    told = found.summary()
    told = told[(told["class"] == class_) & (told["measure"] == measure)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"{measure} ({class_})")
    for head in (*found.keys, *found.arms):
        table.add_column(head, justify="right", max_width=30, overflow="fold")
    for number, point in enumerate(found.points):
        here = told[told["point"] == number].set_index("arm")
        cells = ["-"] * len(found.arms)
        for place, arm in enumerate(found.arms):
            if arm in here.index:
                mean, low, high = (here[name][arm] for name in ("mean", "low", "high"))
                cells[place] = f"{_size(mean)}  {_between(low, high).replace('-', '')}".rstrip()
        table.add_row(*(str(point.get(key, "as it is")) for key in found.keys), *cells)
    return table


def flips(found: BreakEven, key: str, a: str, b: str) -> str:
    """Where the order of two arms flips, in a sentence."""
    if found.at is None:
        if not found.ahead:
            return f"'{a}' and '{b}' do not differ."
        more, less = (b, a) if found.ahead > 0 else (a, b)
        unsure = "" if found.low is None else " in the mean, though not surely everywhere"
        return f"'{more}' stays above '{less}' at every value of {key}{unsure}."
    first = b if found.ahead > 0 else a
    between = ""
    if found.low is not None and found.high is not None:
        between = f"; between {_size(found.low)} and {_size(found.high)} their order is not sure"
    return f"'{first}' is above up to {key} = {_size(found.at)}, below from there on{between}."


def _size(value: Any) -> str:
    """Three or four figures of a number; a dash for none."""
    number = float(value)
    return f"{number:.4g}" if math.isfinite(number) else "-"


def _between(low: Any, high: Any) -> str:
    return f"{_size(low)} to {_size(high)}" if math.isfinite(float(low)) else "-"


def unhelped(results: Results) -> str:
    """Where pairing the arms with the base narrowed nothing, in words; empty if nowhere."""
    shown = {(column.class_, column.measure): column.head for column in COLUMNS}
    found = []
    for arm in results.arms:
        if arm == results.base or results.base not in results.arms:
            continue
        compared = results.compare(results.base, arm)
        gains = zip(compared["class"], compared["measure"], compared["gain"], strict=True)
        for class_, measure, gain in gains:
            head = shown.get((class_, measure))
            if head is not None and gain <= 1.0 + 1e-9:
                found.append(f"{head} of '{arm}'")
    if not found:
        return ""
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return f"Pairing with the base did not narrow: {', '.join(found[:3])}{more}."


def legend(results: Results) -> str:
    """How to read the table."""
    n = results.replications
    if n == 1:
        between = "One replication: no interval can be given."
    else:
        between = f"Second line: 95 % interval over {n} replications."
    return (
        f"{between} (In brackets): what follows from the inputs alone. "
        f"*: differs from '{results.base}', in pairs. Definitions: sim/measure/MEASURES.md."
    )


def meaning(results: Results) -> str:
    """What the table says, in a sentence."""
    others = [arm for arm in results.arms if arm != results.base]
    if not others:
        return "One arm only: there is nothing to compare."
    summary = results.summary().set_index(["arm", "class", "measure"])
    means = summary["mean"]

    def spam(arm: str) -> float:
        return float(means[arm, "spam", "spam_per_mailbox_day"])

    def lost(arm: str) -> float:
        return float(means[arm, "honest", "lost_per_day"])

    before = spam(results.base)
    least = min(others, key=spam)
    bound = float(summary["high"][least, "spam", "spam_per_mailbox_day"])
    alike = [arm for arm in others if spam(arm) <= bound] or [least]  # not told apart
    hardest = min(alike, key=lost)
    kindest = min(others, key=lost)
    parts = list(_about_spam(hardest, results.base, before, spam(hardest), lost(hardest)))
    if kindest != hardest:
        share = _change(before, spam(kindest))
        parts.append(
            f"'{kindest}' loses the fewest honest messages of the arms that restrict "
            f"({lost(kindest):.1f} a day) and changes spam by {share}."
        )
    return " ".join(parts)


def _about_spam(arm: str, base: str, before: float, after: float, lost: float) -> Iterator[str]:
    yield (
        f"Against '{base}', '{arm}' leaves the least spam: {after:.2f} a mailbox and day instead "
        f"of {before:.2f} ({_change(before, after)}), and {lost:.1f} honest recipients a day are "
        "lost."
    )


def _change(before: float, after: float) -> str:
    return f"{100.0 * (after - before) / before:+.0f} %" if before > 0 else "nothing"


def as_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for ``--json``: undefined numbers are null."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
