"""The first screen of a run: question, decision, a table with an arm a line, what it rests on.

It is made of the data of a decision (`sim.results.decision`) as they are stored, so that it is
shown again without loading what computed them.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any, NamedTuple

from sim.cli.console import tell
from sim.measure.digits import NONE, number

LINES = 23
"""Lines of the screen: a terminal of 24 with its prompt."""
OF_LINES = 9
"""Arms of which the table fits; each further one takes a line more."""
ELSEWHERE = 100
"""Columns where there is no terminal, and COLUMNS says nothing."""
LEAST_NAME = 16
"""Columns that names of arms have at least; beyond it they go on in the next line."""
NO_CHANGE = "≈0"
"""Instead of a difference whose interval includes 0."""
GAP = "  "


class Column(NamedTuple):
    """A column of the table: its heading, its cells, and whether these are numbers."""

    head: str
    cells: list[str]
    right: bool = True

    @property
    def width(self) -> int:
        """The width that it needs: of its widest word or cell."""
        return max(map(len, (*self.head.split(), *self.cells)))


def show(decision: Mapping[str, Any]) -> None:
    """Print the first screen, as wide as the terminal, or as COLUMNS says."""
    width, height = shutil.get_terminal_size((ELSEWHERE, LINES + 1))
    arms = len(decision["choices"])
    most = max(height - 1, LINES, LINES + arms - OF_LINES)
    tell("\n".join(screen(decision, width, most)))


def screen(decision: Mapping[str, Any], width: int, height: int = LINES) -> list[str]:
    """The lines of the first screen, none wider than *width*, at most *height* for nine arms.

    Where all does not fit, whole sentences are left out from the end, and the last line says so.
    """
    before = [decision["question"], *decision["notes"]]
    table = [*_table(decision, width)]
    after, sentences = [*_after(decision)], [*decision["sentences"]]
    left_out = 0
    while True:
        lines = _assembled(before, sentences, table, after, width)
        lines += _wrapped(_more(decision, left_out), width)
        if len(lines) <= height or not (after or sentences):
            return lines
        (after if len(after) > 1 or (not sentences[1:] and after) else sentences).pop()
        left_out += 1


def _assembled(
    before: Sequence[str],
    sentences: Sequence[str],
    table: Sequence[str],
    after: Sequence[str],
    width: int,
) -> list[str]:
    head = [line for text in before for line in _wrapped(text, width)]
    lines = _wrapped(" ".join(sentences), width)
    return [*head, *lines, *table, *(row for text in after for row in _wrapped(text, width))]


def _wrapped(text: str, width: int) -> list[str]:
    """Text in lines, broken between words; a word that is wider than a line goes on in the next."""
    return wrap(text, width, break_on_hyphens=False)


def _more(decision: Mapping[str, Any], left_out: int) -> str:
    rest = f" ({left_out} more sentence{'s' * (left_out > 1)})" if left_out else ""
    return f"All quantities{rest}: mailsim decide {decision['folder']} --full"


def _after(decision: Mapping[str, Any]) -> Iterator[str]:
    """What stands below the table, the most important first."""
    yield from decision["depends"]
    numbers = {choice["arm"]: at for at, choice in enumerate(decision["choices"], 1)}
    traded = [choice for choice in decision["choices"] if choice["verdict"] == "trade-off with"]
    if traded:
        arms = {numbers[a] for c in traded for a in (c["arm"], *c["rivals"])}
        yield (
            f"Trade-off: each of {', '.join(map(str, sorted(arms)))} takes more spam away, or "
            "costs less, than the others."
        )
    yield from decision["dated"]
    if decision["chosen"] or decision["defaults"]:
        number = len(decision["defaults"])
        defaults = [f"{number} key{'s' * (number > 1)} at chosen defaults"] if number else []
        yield f"Assumed, not sourced: {', '.join((*decision['chosen'], *defaults))}."
    if unchanged := [*_unchanged(decision)]:
        yield f"Surely changed by no arm: {', '.join(unchanged)}."


# ---- the table

COSTS = {
    "lost once": "lost_once",
    "lost a day": "lost",
    "calls once": "calls_once",
    "calls a day": "calls",
}
"""Costs against the baseline: heading, and name in the data."""


def _unchanged(decision: Mapping[str, Any]) -> Iterator[str]:
    """The costs that no arm surely changes: they have no column."""
    for head, name in COSTS.items():
        cells = _costs(decision, name)
        if not any(cell not in (NONE, NO_CHANGE) for cell in cells):
            yield head


def _table(decision: Mapping[str, Any], width: int) -> Iterator[str]:
    choices = decision["choices"]
    unchanged = [*_unchanged(decision)]
    heads = [head for head in COSTS if head not in unchanged]
    leaves = "leaves" if decision["leaves"] else "enters"
    columns = [
        Column(f"spam {leaves} a day", [_amount(c["spam"]["mean"]) for c in choices]),
        *(Column(f"more {head}", _costs(decision, COSTS[head])) for head in heads),
        Column("who loses", [c["who"] for c in choices], right=False),
        Column("verdict", [*_verdicts(decision)], right=False),
    ]
    names = [f"{at} {choice['arm']}" for at, choice in enumerate(choices, 1)]
    others = sum(column.width + len(GAP) for column in columns)
    room = max(min(width - others, max(map(len, names))), LEAST_NAME)
    yield from _header(columns, room)
    for row, name in enumerate(names):
        first, *rest = wrap(name, room, subsequent_indent="  ", break_on_hyphens=False)
        cells = (_aligned(column.cells[row], column) for column in columns)
        yield GAP.join((first.ljust(room), *cells)).rstrip()
        yield from rest


def _header(columns: Sequence[Column], room: int) -> Iterator[str]:
    """The headings, word below word as narrow columns need it, and a line below."""
    heads = [wrap(column.head, column.width) for column in columns]
    height = max(map(len, heads))
    for line in range(height):
        words = [([""] * (height - len(head)) + head)[line] for head in heads]
        name = "arm" if line == height - 1 else ""
        cells = (_aligned(w, column) for w, column in zip(words, columns, strict=True))
        yield GAP.join((name.ljust(room), *cells)).rstrip()
    yield "─" * (room + sum(column.width + len(GAP) for column in columns))


def _aligned(text: str, column: Column) -> str:
    return text.rjust(column.width) if column.right else text.ljust(column.width)


def _costs(decision: Mapping[str, Any], name: str) -> list[str]:
    return [
        NONE if choice["arm"] == decision["baseline"] else _difference(choice[name])
        for choice in decision["choices"]
    ]


def _difference(estimate: Mapping[str, Any]) -> str:
    """What there is more than under the baseline, where there surely is some."""
    more, low, high = (_real(estimate[name]) for name in ("more", "low", "high"))
    if math.isnan(more):
        return NONE
    if more == 0.0 or (low <= 0.0 <= high):
        return NO_CHANGE
    return number(more, sign=True)


def _verdicts(decision: Mapping[str, Any]) -> Iterator[str]:
    numbers = {choice["arm"]: at for at, choice in enumerate(decision["choices"], 1)}
    for choice in decision["choices"]:
        best, verdict = _real(choice["best"]), choice["verdict"]
        if verdict == "dominated by":
            yield f"dominated by {numbers[choice['rivals'][0]]}"
        elif best >= 0.005:
            yield f"best in {best:.0%}"
        else:
            yield verdict.removesuffix(" with")


def _amount(value: float | None) -> str:
    return number(_real(value)) if value != 0.0 else "0"


def _real(value: float | None) -> float:
    """A number as JSON has it: null where there is none."""
    return math.nan if value is None else value
