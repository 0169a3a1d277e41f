"""The exact matrix: what a server answers in each of the six situations, under each policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from sim.figures import layout
from sim.figures.by_arm import place_rank
from sim.figures.data import Frame, Names
from sim.figures.layout import Entry
from sim.figures.palette import UNKNOWN, VERDICT, Kind
from sim.figures.specification import SEVERAL, figure
from sim.figures.style import Style

CREDENTIALS = {"none": "no credentials", "auth": "AUTH", "pop": "POP first", "587": "port 587"}
SITUATIONS = {
    (place, to): str(2 * number + away + 1)
    for number, place in enumerate(("home", "work", "hotel"))
    for away, to in enumerate(("same ISP", "elsewhere"))
}
"""The numbers the situations bear in the source."""
ROOM = 9
"""Letters a cell must have room for, to hold a verdict in words."""
ARMS_AGREE = "all arms alike: none of these answers depends on the policy"

Answer = tuple[str, str]  # kind of verdict, restriction that decided
Column = tuple[str, str]  # place, recipient


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the matrix: arms, and who is asked with which credentials for these answers."""

    arms: tuple[str, ...]
    credentials: str
    answers: Mapping[Column, Answer]


def _caption(cells: Frame, **_: object) -> str:
    server = _server(cells)
    who = (
        f"{server} answers its customers" if server else "the user's own submission server answers"
    )
    return (
        f"What {who}, by policy (rows), by where the user is and whether the recipient is at the "
        "same ISP (columns; numbers: the six situations). Exact, not sampled: each cell is one "
        "decision, in words; letters: the restriction that decided. Policies with the same answers "
        "share rows; a policy has one row where credentials make no difference."
    )


@figure(_caption, first=SEVERAL)
def matrix(style: Style, cells: Frame, arms: Names) -> Figure:
    """Six situations by policy: the verdict in words, and the restriction that decided."""
    several = [key for key in ("server", "port") if key in cells and cells[key].nunique() > 1]
    rows = _merged([row for arm in arms for row in _rows(cells[cells["arm"] == arm], arm, several)])
    columns = sorted({column for row in rows for column in row.answers}, key=_rank)
    room, keys = _letters(style, len(columns)), _keys(rows)
    narrow = room < ROOM
    width = 0 if narrow else room
    labels = [[_label(row.answers.get(column), width, keys) for column in columns] for row in rows]
    heights = [_height(style, rows, *pair) for pair in zip(rows, labels, strict=True)]
    edges = [0.0, *map(float, np.cumsum(heights))]
    figure = layout.new(style, edges[-1] / 72)
    axes = layout.tidy(figure.subplots(), style)
    for row, words, (top, bottom) in zip(rows, labels, pairwise(edges), strict=True):
        for place, (column, label) in enumerate(zip(columns, words, strict=True)):
            kind = _kind(row.answers.get(column))
            axes.add_artist(_box(kind, style, (place, top, 1.0, bottom - top)))
            if kind.hatch:
                axes.add_artist(_strip(kind, (place, top, 0.07, bottom - top)))
            middle = (place + 0.5, (top + bottom) / 2)
            layout.write(axes, style, middle, label, fontsize=_type(style))
    _name_columns(axes, style, _headings(columns, 0 if narrow else int(0.85 * room)))
    _name_rows(axes, style, rows, edges)
    if server := _server(cells):
        axes.set_title(f"what {server} answers its customers", fontsize=style.text)
    decided = ", ".join(f"{key}\u00a0{rule}" for rule, key in keys.items())
    notes = [ARMS_AGREE] if _arms_agree(rows, arms) else []
    notes.append(f"decided by: {decided}")
    layout.legend(figure, style, _entries(rows), notes=notes)
    return layout.settle(figure, [axes], edges[-1] / 72)


def _rows(cells: Frame, arm: str, several: Names) -> list[Row]:
    """Return the rows of one arm: credentials with the same answers throughout share one.

    *several* names the columns, server or port, by which what is asked differs.
    """
    rows = []
    groups = cells.groupby(list(several), sort=False) if several else [((), cells)]
    for names, part in groups:
        shared = _shared(part)
        for credentials, answers in shared:
            label = credentials if len(shared) > 1 else "any credentials"
            rows.append(Row((arm,), ", ".join([*map(str, names), label]), answers))
    return rows


def _merged(rows: Sequence[Row]) -> list[Row]:
    """Return the rows with arms that have the same answers throughout together."""
    tables: list[tuple[list[str], list[Row]]] = []
    for (arm,), group in groupby(rows, lambda row: row.arms):
        own = list(group)
        same = next((names for names, others in tables if _alike(others, own)), None)
        if same is None:
            tables.append(([arm], own))
        else:
            same.append(arm)
    return [replace(row, arms=tuple(names)) for names, own in tables for row in own]


def _alike(some: Sequence[Row], others: Sequence[Row]) -> bool:
    """Whether all rows have the same answers to the same credentials."""
    return [replace(row, arms=()) for row in some] == [replace(row, arms=()) for row in others]


def _server(cells: Frame) -> str:
    """Return the one server that is asked, if it is known."""
    names = set(cells["server"].astype(str)) if "server" in cells else set()
    return names.pop() if len(names) == 1 else ""


def _shared(cells: Frame) -> list[tuple[str, dict[Column, Answer]]]:
    """Return credentials in words, and the answers that they get; equal answers are one."""
    shared: list[tuple[list[str], dict[Column, Answer]]] = []
    for credentials, part in cells.groupby("credentials", sort=False):
        columns = zip(part["place"], part["to"], part["verdict"], part["rule"], strict=True)
        answers = {(place, to): (verdict, rule) for place, to, verdict, rule in columns}
        name = CREDENTIALS.get(str(credentials), str(credentials))
        same = next((names for names, others in shared if others == answers), None)
        if same is None:
            shared.append(([name], answers))
        else:
            same.append(name)
    return [(" or ".join(names), answers) for names, answers in shared]


def _arms_agree(rows: Sequence[Row], arms: Names) -> bool:
    """Whether all of several arms have the same rows."""
    return len(arms) > 1 and len({row.arms for row in rows}) == 1


def _rank(column: Column) -> tuple[int, str, bool]:
    place, to = column
    return (*place_rank(place), to != "same ISP")


def _height(style: Style, rows: Sequence[Row], row: Row, labels: Names) -> float:
    """Return points for a row: what its cells, its credentials and its arm's name need."""
    share = sum(other.arms == row.arms for other in rows)  # names spread over all rows of the arms
    name = layout.lines([_names(row.arms, style)]) / share * 1.25 * style.small
    cells = layout.lines([*labels, _credentials_text(row)]) * 1.25 * _type(style)
    return max(cells, name) + 0.7 * _type(style)


def _names(arms: Names, style: Style) -> str:
    """Return the names of arms, each on lines of its own."""
    mark = "• " if len(arms) > 1 else ""
    return "\n".join(layout.name(f"{mark}{arm}", style.wrap) for arm in arms)


def _credentials_text(row: Row) -> str:
    return layout.name(row.credentials, 15)


def _type(style: Style) -> float:
    return style.small - (1.0 if style.name != "slide" else 2.0)


def _letters(style: Style, columns: int) -> int:
    """Return how many letters fit into a cell."""
    left = 1.3 * style.wrap * 0.6 * style.small + 0.2 * 72
    return int((72 * style.width - left) / columns / (0.59 * _type(style)))


def _keys(rows: Sequence[Row]) -> dict[str, str]:
    """Return a letter for each restriction that decided."""
    rules = dict.fromkeys(rule for row in rows for _, rule in row.answers.values() if rule)
    return {rule: chr(ord("a") + number % 26) for number, rule in enumerate(rules)}


def _kind(answer: Answer | None) -> Kind:
    return VERDICT.get(answer[0], UNKNOWN) if answer else UNKNOWN


def _label(answer: Answer | None, letters: int, keys: Mapping[str, str]) -> str:
    """Return the verdict in words of at most *letters* a line (0: a sign), and the rule's key."""
    if answer is None:
        return ""
    kind, key = _kind(answer), keys.get(answer[1], "")
    if not letters:
        return kind.sign + key
    return "\n".join(wrap(f"{kind.sign} {kind.label} {f'[{key}]' if key else ''}", letters))


def _box(kind: Kind, style: Style, box: tuple[float, float, float, float]) -> Rectangle:
    left, top, width, height = box
    look: dict[str, Any] = {
        "facecolor": kind.colour,
        "edgecolor": "0.45",
        "linewidth": 0.5 * style.line,
    }
    return Rectangle((left, top), width, height, **look)


def _strip(kind: Kind, box: tuple[float, float, float, float]) -> Rectangle:
    """A hatched strip at the left of a cell: for grey print, without striking through the text."""
    left, top, width, height = box
    look: dict[str, Any] = {"facecolor": kind.colour, "edgecolor": "0.25", "linewidth": 0}
    return Rectangle((left, top), width, height, hatch=3 * kind.hatch, **look)


def _name_columns(axes: Axes, style: Style, headings: Names) -> None:
    axes.set_xlim(0, len(headings))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    middles = np.arange(len(headings)) + 0.5
    upright = not any("\n" in heading for heading in headings)
    look: dict[str, Any] = {"fontsize": style.small, "rotation": 90 if upright else 0}
    axes.set_xticks(middles, headings, parse_math=False, **look)


def _name_rows(axes: Axes, style: Style, rows: Sequence[Row], edges: Sequence[float]) -> None:
    """Write arms at the left, with a line above each; at the right who is asked, if it matters."""
    axes.set_ylim(edges[-1], 0)
    spans: dict[tuple[str, ...], list[float]] = {}
    for row, span in zip(rows, pairwise(edges), strict=True):
        spans.setdefault(row.arms, []).extend(span)
    width = axes.get_xlim()[1]
    for edge in (*(span[0] for span in spans.values()), edges[-1]):
        line: dict[str, Any] = {"color": "black", "linewidth": style.line, "clip_on": False}
        axes.plot([-0.02, width], [edge] * 2, **line)
    middles = [(span[0] + span[-1]) / 2 for span in spans.values()]
    names = [_names(arms, style) for arms in spans]
    axes.set_yticks(middles, names, fontsize=style.small, parse_math=False)
    if any(row.credentials != "any credentials" for row in rows):
        side = axes.secondary_yaxis("right")
        middles = [(top + bottom) / 2 for top, bottom in pairwise(edges)]
        side.set_yticks(middles, [_credentials_text(row) for row in rows], fontsize=_type(style))
        side.tick_params(length=0, labelsize=_type(style))
        side.spines["right"].set_visible(False)


def _headings(columns: Sequence[Column], letters: int) -> list[str]:
    """Return what columns are called, in lines of at most *letters* (0: in one line).

    They are numbered where all are among the six situations.
    """
    numbered = all(column in SITUATIONS for column in columns)
    parts = [
        ([f"({SITUATIONS[place, to]})"] if numbered else [], place, f"to {to}")
        for place, to in columns
    ]
    if not letters:
        return [" ".join([*number, f"{place}, {to}"]) for number, place, to in parts]
    return [
        "\n".join([*number, layout.name(place, letters), layout.name(to, letters)])
        for number, place, to in parts
    ]


def _entries(rows: Sequence[Row]) -> list[Entry]:
    present = {_kind(answer) for row in rows for answer in row.answers.values()}
    look: dict[str, Any] = {"edgecolor": "0.25"}
    return [
        (Patch(facecolor=kind.colour, hatch=2 * kind.hatch or None, **look), kind.label)
        for kind in (*VERDICT.values(), UNKNOWN)
        if kind in present
    ]
