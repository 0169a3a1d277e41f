"""The exact matrix: what a server answers in each of the six situations, under each policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from sim.figures import style as s
from sim.figures.data import need, order
from sim.figures.palette import VERDICT, Kind
from sim.figures.places import ORDER
from sim.figures.style import Style, drawn

if TYPE_CHECKING:
    import pandas as pd

CREDENTIALS = {"none": "no credentials", "auth": "AUTH", "pop": "POP first", "587": "port 587"}
SITUATIONS = {
    ("home", "same ISP"): "1",
    ("home", "elsewhere"): "2",
    ("work", "same ISP"): "3",
    ("work", "elsewhere"): "4",
    ("hotel", "same ISP"): "5",
    ("hotel", "elsewhere"): "6",
}
"""The numbers the situations bear in the source."""
UNKNOWN = Kind("#ffffff", "|||", "?", "other")

ROOM = 13
"""Letters a cell must have room for, to hold the name of a restriction broken at underscores."""

Answer = tuple[str, str]  # kind of verdict, restriction that decided
Column = tuple[str, str]  # place, recipient


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix: an arm, with the credentials for which these answers hold."""

    arm: str
    credentials: str
    answers: Mapping[Column, Answer]


@drawn
def matrix(style: Style, cells: pd.DataFrame, *, arms: Sequence[str] | None = None) -> Figure:
    """Six situations by policy: coloured by verdict, labelled by the restriction that decided."""
    frame = need(cells, "cells", figure="matrix")
    rows = [row for arm in order(frame["arm"], arms, figure="matrix") for row in _rows(frame, arm)]
    columns = sorted({column for row in rows for column in row.answers}, key=_rank)
    room = _letters(style, len(columns))
    names = [s.name(row.arm, style.wrap) for row in rows]
    keys = {} if room >= ROOM else _keys(rows)
    labels = [[_label(row.answers.get(column), room, keys) for column in columns] for row in rows]
    headings = [_heading(column, upright=bool(keys)) for column in columns]
    tallest = _heights(style, rows, labels, names)
    figure = s.new(style, sum(tallest) / 72)
    axes = s.tidy(figure.subplots(), style)
    edges = [0.0]
    for height in tallest:
        edges.append(edges[-1] + height)
    for number, row in enumerate(rows):
        for place, column in enumerate(columns):
            _cell(
                axes,
                style,
                (place, edges[number], edges[number + 1]),
                row.answers.get(column),
                labels[number][place],
            )
    _frame(axes, style, rows, headings, edges, upright=bool(keys))
    notes = [f"{key}  {rule}" for rule, key in keys.items()]
    s.legend(figure, style, _entries(rows), notes=notes)
    return s.settle(figure, [axes], sum(tallest) / 72)


def caption(*_: object, **__: object) -> str:
    """What `matrix` shows."""
    return (
        "What the user's own submission server answers, by policy (rows), by where the user is and "
        "whether the recipient is at the same ISP (columns; numbers: the six situations). Exact, "
        "not sampled: each cell is one decision, coloured by the verdict and labelled by the "
        "restriction that decided it. A policy has one row where credentials make no difference."
    )


def _rows(frame: pd.DataFrame, arm: str) -> list[Row]:
    """Return the rows of one arm: credentials with the same answers throughout share one."""
    part = frame[frame["arm"].astype(str) == arm]
    answers: dict[str, dict[Column, Answer]] = {}
    columns = ("credentials", "place", "to", "verdict", "rule")
    for credentials, place, to, verdict, rule in zip(*(part[c] for c in columns), strict=True):
        answers.setdefault(str(credentials), {})[(str(place), str(to))] = (str(verdict), str(rule))
    shared: list[tuple[list[str], dict[Column, Answer]]] = []
    for credentials, found in answers.items():
        for names, same in shared:
            if same == found:
                names.append(credentials)
                break
        else:
            shared.append(([credentials], found))
    if len(shared) == 1:
        return [Row(arm, "", shared[0][1])]
    return [
        Row(arm, " or ".join(CREDENTIALS.get(name, name) for name in names), found)
        for names, found in shared
    ]


def _rank(column: Column) -> tuple[int, str, int]:
    place, to = column
    return (ORDER.index(place) if place in ORDER else len(ORDER), place, to != "same ISP")


def _share(rows: Sequence[Row], number: int) -> int:
    """Return how many rows the arm of row *number* has: its name spreads over them."""
    return sum(row.arm == rows[number].arm for row in rows)


def _heights(
    style: Style, rows: Sequence[Row], labels: Sequence[Sequence[str]], names: Sequence[str]
) -> list[float]:
    """Return points for each row: what its cells, its credentials and its arm's name need."""
    small = 1.25 * _type(style)
    needed = [
        max(
            s.lines([*cells, _held(row)]) * small,
            s.lines([name]) / _share(rows, number) * 1.25 * style.small,
        )
        for number, (row, cells, name) in enumerate(zip(rows, labels, names, strict=True))
    ]
    return [height + 0.7 * _type(style) for height in needed]


def _held(row: Row) -> str:
    return s.name(row.credentials or "any credentials", 15)


def _type(style: Style) -> float:
    return style.small - (1.0 if style.name != "slide" else 2.0)


def _letters(style: Style, columns: int) -> int:
    """Return how many letters fit into a cell."""
    left = 1.3 * style.wrap * 0.6 * style.small + 0.2 * 72
    return int((72 * style.width - left) / columns / (0.59 * _type(style)))


def _keys(rows: Sequence[Row]) -> dict[str, str]:
    """Return a letter for each restriction, for cells too narrow for its name."""
    rules = dict.fromkeys(rule for row in rows for _, rule in row.answers.values())
    return {rule: chr(ord("A") + number % 26) for number, rule in enumerate(rules)}


def _label(answer: Answer | None, letters: int, keys: Mapping[str, str]) -> str:
    if answer is None:
        return ""
    verdict, rule = answer
    if keys:
        return VERDICT.get(verdict, UNKNOWN).sign + keys[rule]
    words = f"{VERDICT.get(verdict, UNKNOWN).sign} {rule}".replace("_", "_ ")
    lines = [line.replace("_ ", "_") for line in wrap(words, letters, break_long_words=True)]
    return "\n".join(lines)


def _cell(
    axes: Axes,
    style: Style,
    box: tuple[float, float, float],
    answer: Answer | None,
    label: str,
) -> None:
    left, top, bottom = box
    kind = VERDICT.get(answer[0], UNKNOWN) if answer else UNKNOWN
    axes.add_patch(
        Rectangle(
            (left, top),
            1,
            bottom - top,
            facecolor=kind.colour,
            edgecolor="0.45",
            linewidth=0.5 * style.line,
        )
    )
    if kind.hatch:
        axes.add_patch(_corner(kind, box))
    axes.text(
        left + 0.5, (top + bottom) / 2, label, ha="center", va="center", fontsize=_type(style)
    )


def _corner(kind: Kind, box: tuple[float, float, float]) -> Rectangle:
    """A hatched strip at the left of a cell: for grey print, without striking through the text."""
    left, top, bottom = box
    return Rectangle(
        (left, top),
        0.07,
        bottom - top,
        facecolor=kind.colour,
        edgecolor="0.25",
        hatch=3 * kind.hatch,
        linewidth=0,
    )


def _frame(
    axes: Axes,
    style: Style,
    rows: Sequence[Row],
    columns: Sequence[str],
    edges: Sequence[float],
    *,
    upright: bool,
) -> None:
    axes.set_xlim(0, len(columns))
    axes.set_ylim(edges[-1], 0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.set_xticks(
        [number + 0.5 for number in range(len(columns))],
        columns,
        fontsize=style.small,
        rotation=90 if upright else 0,
        parse_math=False,
    )
    middles, names = [], []
    for number, row in enumerate(rows):
        if number == 0 or rows[number - 1].arm != row.arm:
            last = max(place for place, other in enumerate(rows) if other.arm == row.arm)
            middles.append((edges[number] + edges[last + 1]) / 2)
            names.append(s.name(row.arm, style.wrap))
            axes.plot(
                [-0.02, len(columns)],
                [edges[number]] * 2,
                color="black",
                linewidth=style.line,
                clip_on=False,
            )
    axes.plot([-0.02, len(columns)], [edges[-1]] * 2, color="black", linewidth=style.line)
    credentials = any(row.credentials for row in rows)
    axes.set_yticks(middles, names, fontsize=style.small, parse_math=False)
    if credentials:
        side = axes.secondary_yaxis("right")
        side.set_yticks(
            [(edges[n] + edges[n + 1]) / 2 for n in range(len(rows))],
            [_held(row) for row in rows],
            fontsize=_type(style),
        )
        side.tick_params(length=0, labelsize=_type(style))
        side.spines["right"].set_visible(False)


def _heading(column: Column, *, upright: bool) -> str:
    place, to = column
    number = f"({SITUATIONS[column]})" if column in SITUATIONS else ""
    if upright:
        return f"{number} {place}, to {to}".strip()
    return "\n".join(filter(None, [number, *wrap(place, 12), f"to {to}"]))


def _entries(rows: Sequence[Row]) -> list[tuple[Artist | None, str]]:
    present = {answer[0] for row in rows for answer in row.answers.values()}
    made: list[tuple[Artist | None, str]] = []
    for verdict, kind in VERDICT.items():
        if verdict in present:
            made.append(
                (
                    Patch(facecolor=kind.colour, edgecolor="0.25", hatch=2 * kind.hatch or None),
                    kind.label,
                )
            )
    if present - set(VERDICT):
        made.append((Patch(facecolor="white", edgecolor="0.25", hatch="|||"), UNKNOWN.label))
    return made
