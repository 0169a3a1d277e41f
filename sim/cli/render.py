"""Results as tables on a terminal of 80 columns, and the sentence that says what they mean."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from sim.measure.sweeps import BreakEven
    from sim.results.results import Results
    from sim.results.sweep import Sweep


Rows = dict[tuple[str, str], Any]
"""The decision table by arm and quantity."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the comparison: a quantity of the decision table, how headed and scaled."""

    quantity: str
    head: str
    scale: float = 1.0
    digits: int = 1

    def shown(self, value: float, sign: str = "", more: int = 0) -> str:
        """A number as this column has it, with *more* digits; what is undefined is a dash."""
        scaled = value * self.scale
        if not math.isfinite(scaled):
            return "-"
        return f"{scaled:{sign}.{self.digits + more if abs(scaled) < 1000 else 0}f}"

    def further(self, half: float) -> int:
        """How many digits more say how wide *half* is, two at most."""
        size = half * self.scale
        return 0 if size <= 0.0 else min(max(-math.floor(math.log10(size)) - self.digits, 0), 2)


COLUMNS = (
    (
        Column("honest mail delivered", "honest delivered %", 100.0),
        Column("refused at first", "refused at first %", 100.0),
        Column("honest recipients lost", "honest lost / day"),
        Column("spam per mailbox and day", "spam / mailbox / day", digits=2),
        Column("spam-abuse rate", "spam-abuse rate %", 100.0),
        Column("spam removed per honest recipient lost", "spam less per honest lost"),
    ),
    (
        Column("lost without a word", "lost without a word %", 100.0),
        Column("attempts", "attempts / delivered", digits=2),
        Column("settings changed", "settings / 100 delivered", 100.0),
        Column("calls to the help desk", "help desk calls / day"),
        Column("delay, median", "delay, median s"),
        Column("delay, 90th percentile", "delay, 90th percentile s"),
    ),
)
"""The two tables of ``mailsim run``: what happens to mail, and what it costs people."""
SPAM = next(column for column in COLUMNS[0] if column.quantity == "spam per mailbox and day")


def comparison(results: Results) -> Iterator[Table]:
    """Arms by quantities: mean, interval, (analytic), difference to the baseline in pairs."""
    from rich import box
    from rich.table import Table

    rows = _by_arm(results.decision())
    for columns in COLUMNS:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column("arm", max_width=28, overflow="fold")
        for column in columns:
            table.add_column(column.head, justify="right", max_width=13, overflow="fold")
        for arm in results.arms:
            cells = [_cell(rows.get((arm, column.quantity)), column) for column in columns]
            table.add_row(arm, *cells, end_section=True)
        yield table


def _by_arm(decision: pd.DataFrame) -> Rows:
    return {(str(row.arm), str(row.quantity)): row for row in decision.itertuples(index=False)}


def _cell(row: Any, column: Column) -> str:
    if row is None:
        return "-"

    shown = column.shown
    lines = [shown(row.mean)]
    if math.isfinite(row.low):
        lines.append(f"{shown(row.low)}–{shown(row.high)}")
    if math.isfinite(getattr(row, "analytic", math.nan)):
        lines.append(f"({shown(row.analytic)})")
    if math.isfinite(row.difference):
        lines.append(_apart(row, column))
    return "\n".join(lines)


def _apart(row: Any, column: Column) -> str:
    """A difference ± half its paired interval: * where that leaves out 0, ° where pairs did
    not narrow it."""
    if not math.isfinite(row.difference):
        return "-"
    if not math.isfinite(row.difference_low):
        return column.shown(row.difference, "+")
    half = (row.difference_high - row.difference_low) / 2
    if row.difference == 0.0 == half:
        return "no change"
    more = column.further(half)
    told = f"{column.shown(row.difference, '+', more)} ±{column.shown(half, '', more)}"
    return f"{'*' * _sure(row)}{told}{UNHELPED * bool(row.gain <= 1.0)}"


UNHELPED = "°"
"""Mark of a difference that pairing did not make surer."""


def _sure(row: Any) -> bool:
    """Whether the paired interval of the difference to the baseline leaves out nought."""
    return bool(row.difference_low > 0 or row.difference_high < 0)


def decision(results: Results) -> Iterator[Table]:
    """The decision table of each arm beside the baseline, with all that is known of each number."""
    from rich import box
    from rich.table import Table

    told = results.decision()
    heads = ("mean", "95 %", "analytic", "difference", "95 %, in pairs", "corr.", "gain")
    for arm in [a for a in results.arms if a != results.baseline] or results.arms:
        title = arm if arm == results.baseline else f"{arm}, against {results.baseline}"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
        table.add_column("", max_width=30)
        for head in heads:
            table.add_column(head, justify="right", overflow="fold")
        for row in told[told["arm"] == arm].itertuples(index=False):
            table.add_row(
                f"{row.quantity}, {row.unit}".removesuffix(", "),
                size(row.mean), _between(row.low, row.high), size(row.analytic),
                size(row.difference), _between(row.difference_low, row.difference_high),
                size(row.correlation, 2), size(row.gain, 2),
            )  # fmt: skip
        yield table


ABOUT_DECISION = (
    "corr.: correlation of the two arms over replications. gain: how much wider the interval of "
    "the difference were without pairs; at 1 or below, pairing did not help; a dash where an arm "
    "does not vary. Spam removed per honest recipient lost has no interval where it is not sure "
    "that the arm loses more (or less) honest mail than the baseline. Marks beside ±: * where the "
    "interval in pairs leaves out 0, ° where pairing did not narrow it. "
    "Definitions: sim/measure/MEASURES.md."
)
"""How to read the decision table."""


def unknowns(found: Sweep) -> Iterator[Table]:
    """Of a sweep over ranges: the band of each arm, and how far each unknown alone moves it."""
    from rich import box
    from rich.table import Table

    from sim.measure.sweeps import unknowns as told

    band, alone = told(found.band(), found.tornado())
    columns = [c for table in COLUMNS for c in table if c.quantity in set(band["quantity"])]

    def table(first: str, title: str) -> Table:
        made = Table(
            box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title,
            title_justify="left",
        )  # fmt: skip
        made.add_column(first, min_width=13, max_width=40, overflow="fold")
        for column in columns:
            made.add_column(column.head, justify="right", min_width=9, max_width=11)
        return made

    bands = table("arm", BANDS.format(baseline=found.baseline))
    for arm, rows in band.groupby("arm", sort=False):
        cells = {row.quantity: row for row in rows.itertuples(index=False)}
        for head, ends in _of_band(str(arm), found.baseline):
            bands.add_row(head, *(_to(cells[c.quantity], ends, c) for c in columns))
        bands.add_section()
    yield bands
    swings = table("unknown", MOVES)
    for (key, least, most), rows in alone.groupby(["key", "least", "most"], sort=False):
        changes = {row.quantity: row for row in rows.itertuples(index=False)}
        swings.add_row(
            f"{key}: {least} to {most}", *(_changed(changes[c.quantity], c) for c in columns)
        )
    yield swings


BANDS = (
    "As stated; from the least to the greatest mean over the unknowns; and with chance: to the "
    "bounds of the 95 % intervals of these means. Likewise the difference to '{baseline}' in pairs, "
    "* where all of that is on one side of 0, whatever the unknowns are"
)
MOVES = (
    "What each unknown alone changes from its least to its most, ± its 95 % interval in pairs, in "
    "the arm in which it changes most"
)


def _of_band(arm: str, baseline: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The lines that tell of one arm: how headed, and which columns of the band they hold."""
    from sim.measure.sweeps import OF_DIFFERENCE, REACH

    yield arm, ("own",)
    parts = {"unknowns": REACH} | ({"difference": OF_DIFFERENCE} if arm != baseline else {})
    for head, names in parts.items():
        yield f"  {head}", names[:2]
        yield "  and chance", names[2:]


def _to(row: Any, ends: Sequence[str], column: Column) -> str:
    """From one value of a row to another, or one alone; a dash where there is none.

    A difference has its sign, and a mark where chance leaves out nought.
    """
    values = [float(getattr(row, name)) for name in ends]
    if not all(map(math.isfinite, values)):
        return "-"
    if not ends[0].startswith("difference"):
        return "–".join(map(column.shown, values))
    sure = ends[0].endswith("reach_low") and (values[0] > 0.0 or values[-1] < 0.0)
    return f"{'*' * sure}{' to '.join(column.shown(value, '+') for value in values)}"


def _changed(row: Any, column: Column) -> str:
    return _apart(Difference(row.change, row.change_low, row.change_high), column)


class Difference(NamedTuple):
    """A difference with its paired interval, and how much wider that were without pairs."""

    difference: float
    difference_low: float
    difference_high: float
    gain: float = math.nan


def swept(found: Sweep, class_: str, measure: str) -> Table:
    """One measure at every point of a sweep, an arm a column."""
    from rich import box
    from rich.table import Table

    from sim.records.measures import MEASURES
    from sim.results.sweep import shown

    told = found.summary()
    told = told[(told["class"] == class_) & (told["measure"] == measure)]
    unit = MEASURES[measure].unit or "share"
    title = f"{class_}: {MEASURES[measure].title} ({unit}), mean and 95\u00a0%\u00a0interval"
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for head in (*found.keys, *found.arms):
        table.add_column(head, justify="right", max_width=30, overflow="fold")
    for number, point in enumerate(found.points):
        here = told[told["point"] == number].set_index("arm")
        cells = ["-"] * len(found.arms)
        for place, arm in enumerate(found.arms):
            if arm in here.index:
                mean, low, high = (here[name][arm] for name in ("mean", "low", "high"))
                interval = _between(low, high)
                cells[place] = size(mean) if interval == "-" else f"{size(mean)}  {interval}"
        values = (str(shown(point.get(key, "as it is"))) for key in found.keys)
        table.add_row(*values, *cells)
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
    if found.names:
        before, after = (found.names[place(found.at)] for place in (math.floor, math.ceil))
        return f"'{first}' is above with {key} = {before}, below with {after}{_unsure(found)}."
    between = ""
    if found.low is not None and found.high is not None:
        between = (
            f"; between {size(found.low, 3)} and {size(found.high, 3)} their order is not sure"
        )
    return f"'{first}' is above up to {key} = {size(found.at, 3)}, below from there on{between}."


def _unsure(found: BreakEven) -> str:
    """At which of the values that are no numbers the order is not sure."""
    if found.low is None or found.high is None:
        return ""
    at = found.names[math.ceil(found.low) : math.floor(found.high) + 1]
    return f"; not surely with {' and '.join(at)}" if at else ""


NOTHING = 1e-6
"""Less than this is shown as 0: no measure is counted so finely (chosen)."""


def size(value: Any, figures: int = 4) -> str:
    """A few figures of a number; a dash for none, 0 for what is as good as that."""
    number = float(value)
    if not math.isfinite(number):
        return "-"
    if abs(number) < NOTHING:
        return "0"
    return f"{number:.0f}" if abs(number) >= 10.0**figures else f"{number:.{figures}g}"


def _between(low: Any, high: Any) -> str:
    if not math.isfinite(float(low)):
        return "-"
    return f"{size(low, 3)}{'–' if low >= 0 else ' to '}{size(high, 3)}"


def pairing(results: Results) -> str:
    """What pairing the arms with the baseline did, in a sentence; empty where there is no pair."""
    told = results.decision().dropna(subset="gain")
    if not len(told):
        return ""
    helped = told[told["gain"] > 1.0]
    most = f", up to {helped['gain'].max():.1f} times" if len(helped) else ""
    r = told["correlation"].dropna()
    between = f" (correlations {r.min():.2f} to {r.max():.2f})" if len(r) else ""
    others = len(told) - len(helped)
    rest = f"; it did not help the {others} marked {UNHELPED}" if others else ""
    return (
        f"Pairing with '{results.baseline}' narrowed {len(helped)} of {len(told)} differences in which "
        f"both vary{most}{between}{rest}."
    )


def expectations(results: Results) -> Iterator[Table | str]:
    """Which of the scenario's expectations hold, which do not, and how sure that is."""
    from sim.exact.expectations import exact

    told = list(exact(results.scenario.model))
    wrong = [f"{about}: {different}" for about, different in told if different]
    if told:
        yield f"Exact expectations: {len(told) - len(wrong)} of {len(told)} hold."
    yield from wrong
    judged = results.expectations()
    if len(judged):
        yield _judged(judged)


def _judged(judged: pd.DataFrame) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("expected", overflow="fold")
    for head in ("found", "95 %", "outcome"):
        table.add_column(head, justify="right", max_width=22, overflow="fold")
    for row in judged.itertuples(index=False):
        table.add_row(
            str(row.expected), size(row.value), _between(row.low, row.high), str(row.outcome)
        )
    return table


def legend(results: Results) -> str:
    """How to read the table."""
    n = results.replications
    if n == 1:
        return (
            "One replication: no interval can be given. (In brackets): what follows from the "
            "inputs alone. Definitions: sim/measure/MEASURES.md."
        )
    return (
        f"Under each mean: its 95 % interval over {n} replications; (what follows from the inputs "
        f"alone); the difference to '{results.baseline}' ± its 95 % interval in pairs, * where that "
        f"leaves out 0, {UNHELPED} where pairing did not narrow it; no change: in no replication. "
        "Definitions: sim/measure/MEASURES.md."
    )


def meaning(results: Results) -> str:
    """What the table says, in a sentence or two."""
    others = [arm for arm in results.arms if arm != results.baseline]
    if not others:
        return "One arm only: there is nothing to compare."
    rows = _by_arm(results.decision())

    def spam(arm: str) -> float:
        return float(rows[arm, "spam per mailbox and day"].mean)

    def lost(arm: str) -> float:
        return float(rows[arm, "honest recipients lost"].mean)

    def change(arm: str) -> str:
        row = rows[arm, "spam per mailbox and day"]
        return _apart(row, SPAM).lstrip("*") + _per_cent(before, spam(arm))

    before = spam(results.baseline)
    less = [arm for arm in others if _takes(rows[arm, "spam per mailbox and day"])]
    if not less:
        told = f"{before:.2f} a mailbox and day"
        return f"No policy here surely leaves less spam than '{results.baseline}' ({told})."
    least = min(less, key=spam)
    alike = [arm for arm in less if spam(arm) - spam(least) <= ALIKE * before]
    kindest = min(alike, key=lost)
    parts = [
        f"Against '{results.baseline}', {_who(alike)} the least spam: {spam(least):.2f} a mailbox "
        f"and day instead of {before:.2f} ({change(least)})."
    ]
    if len(alike) == 1:
        parts.append(f"It loses {lost(kindest):.1f} honest recipients a day.")
    else:
        most = max(map(lost, alike))
        rest = f"others lose up to {most:.1f}" if len(alike) > 2 else f"other loses {most:.1f}"
        parts.append(
            f"Of these, '{kindest}' loses the fewest honest recipients, {lost(kindest):.1f} a day; "
            f"the {rest}."
        )
    some = [arm for arm in less if before - spam(arm) > ALIKE * before]
    milder = min(some or alike, key=lost)
    if milder not in alike and lost(milder) < lost(kindest):
        parts.append(
            f"'{milder}' takes less spam away ({change(milder)}) and loses "
            f"{lost(milder):.1f} honest recipients a day."
        )
    return " ".join(parts)


ALIKE = 0.02
"""Share of the baseline's spam below which two policies are said to leave as much; chosen."""


def _takes(row: Any) -> bool:
    """Whether an arm leaves less spam than the baseline: surely, where there is an interval."""
    bound = row.difference_high if math.isfinite(row.difference_high) else row.difference
    return bool(bound < 0)


def _who(arms: list[str]) -> str:
    if len(arms) > 2:
        return f"{len(arms)} policies leave, about alike,"
    return " and ".join(f"'{arm}'" for arm in arms) + (" leaves" if len(arms) == 1 else " leave")


def _per_cent(before: float, after: float) -> str:
    return f", {100.0 * (after - before) / before:+.0f} %" if before > 0 else ""


def as_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for ``--json``: undefined numbers are null."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
