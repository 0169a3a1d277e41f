"""How a figure is laid out: as tall as its panels and words need, with one legend below them."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerLine2D
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures.numbers import has_interval, has_lone, has_none
from sim.figures.shown import Picture
from sim.figures.style import Style

Entry = tuple[Artist | None, str]
"""An entry of a legend: its picture, if it has one, and its words."""

SPARE = 4.0
"""Inches that a figure is begun with beyond its panels, until `settle` knows what they need."""
LEAST = 0.45
"""Part of their height that panels keep where a figure would be too tall: chosen."""
ONE_REPLICATION = "one replication: no interval"
NO_INTERVAL = "without an interval: too few replications, none that differ, or no method"
INTERVAL = "95 % interval"
WHITE = {"boxstyle": "square,pad=0.05", "facecolor": "white", "edgecolor": "none"}
"""A white ground for words upon lines."""


def new(style: Style, height: float) -> Figure:
    """Return an empty figure of the style's width; `settle` sets its height in the end."""
    figure = Picture(figsize=(style.width, height + SPARE), layout="constrained", dpi=150)
    engine = figure.get_layout_engine()
    if engine is not None:
        pad = 0.5 * style.text / 72
        engine.set(w_pad=pad, h_pad=pad, wspace=0.02, hspace=0.02)  # type: ignore[call-arg]
    return figure


def settle(
    figure: Figure, panels: Sequence[Axes], height: float, *, tallest: float | None = None
) -> Figure:
    """Make the figure as tall as it must be for *panels*, one above the other, of *height* inches.

    What the words around them need is measured, not guessed; so nothing can overlap. *tallest*:
    panels that can be lower are, down to LEAST of their height, so that the figure is no taller.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")  # nothing moves any more: saving need not measure again
    tall = figure.get_figheight()
    spans = [(axes.get_position().y0 * tall, axes.get_position().y1 * tall) for axes in panels]
    now = sum(top - bottom for bottom, top in spans)
    if tallest is not None:
        height = max(min(height, tallest - (tall - now)), LEAST * height)
    part = height / now

    def moved(at: float) -> float:
        """Where a height (inches) comes to lie: words keep their room, panels get theirs."""
        above = sum(max(0.0, min(at, top) - bottom) for bottom, top in spans)
        return float(at - (1 - part) * above)

    boxes = {axes: axes.get_position() for axes in figure.axes}
    edges = {axes: (moved(box.y0 * tall), moved(box.y1 * tall)) for axes, box in boxes.items()}
    broken = [_break_label(axes, top - bottom) for axes, (bottom, top) in edges.items()]
    if any(broken):
        figure.set_layout_engine(engine)
        return settle(figure, panels, height)
    lower = moved(tall)
    figure.set_figheight(lower)
    for axes, box in boxes.items():
        bottom, top = (edge / lower for edge in edges[axes])
        axes.set_position((box.x0, bottom, box.width, top - bottom))
    for text in figure.texts:
        text.set_y(moved(text.get_position()[1] * tall) / lower)
    return figure


def _break_label(axes: Axes, room: float) -> bool:
    """Break the label of a height axis to *room* inches; whether it took more lines than before."""
    label = axes.yaxis.label
    letters = max(8, int(72 * room / (0.6 * float(label.get_fontsize()))))
    before = label.get_text()
    if len(max(before.split("\n"), key=len)) <= letters:
        return False
    axes.set_ylabel(name(before.replace("\n", " "), letters))
    return axes.get_ylabel() != before


def tidy(axes: Axes, style: Style, *, grid: str = "") -> Axes:
    """Fix what an axis would otherwise ask matplotlib's settings for when it is drawn later.

    *grid* names the axes whose values have grid lines: x, y or both.
    """
    axes.tick_params(
        labelsize=style.small,
        width=0.6 * style.line,
        length=0.35 * style.small,
        pad=0.35 * style.small,
    )
    if grid:
        axes.grid(axis=grid, color="0.9", linewidth=0.5 * style.line)  # type: ignore[arg-type]
    return axes


def write(axes: Axes, style: Style, at: tuple[float, float], words: str, **look: Any) -> None:
    """Write *words* in the small type of the style with their middle at a point."""
    look = {"ha": "center", "va": "center", "fontsize": style.small, "parse_math": False, **look}
    axes.text(*at, words, **look)


def name(text: object, width: int) -> str:
    """Break a name into lines of at most *width* letters; nothing of it is lost."""
    clean = "".join(character if character.isprintable() else "\ufffd" for character in str(text))
    if clean.startswith("_"):
        clean = " " + clean  # matplotlib leaves such a name out of a legend
    clean = clean.replace(" %", "\u00a0%")
    return "\n".join(wrap(clean, width, break_on_hyphens=False)) or "(no name)"


def title(text: str, width: int) -> str:
    """Break each line of a heading as `name` does."""
    return "\n".join(name(line, width) for line in text.split("\n"))


def lines(names: Sequence[str]) -> int:
    """Return the greatest number of lines among wrapped *names*."""
    return max((text.count("\n") + 1 for text in names), default=1)


def letters(style: Style, inches: float) -> int:
    """Return how many letters of text fit into *inches*."""
    return int(72 * inches / (0.6 * style.text))


def legend(
    figure: Figure,
    style: Style,
    entries: Sequence[Entry],
    *,
    interval: Entry | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Put one legend below all panels, where it cannot cover data; *notes* follow its entries.

    *interval* is its entry for intervals, if any is drawn; where there can be none, that is noted.
    """
    if interval and has_interval(figure):
        entries = [*entries, interval]
    if interval and has_lone(figure):
        notes = [*notes, ONE_REPLICATION]
    elif interval and has_none(figure):
        notes = [*notes, NO_INTERVAL]
    blank = Line2D([], [], linestyle="none")
    handles = [handle if handle is not None else blank for handle, _ in entries]
    labels = [text for _, text in entries]
    longest = max((len(line) for text in labels for line in text.split("\n")), default=1)
    room = int(72 * style.width / (0.58 * style.small))
    note = "\n".join(part for text in notes for part in wrap(text, room - 4))
    if not handles and not note:
        return
    box = figure.legend(
        handles or [blank],
        labels or [note],
        loc="outside lower center",
        ncols=max(1, min(room // (longest + 6), len(handles))),
        handlelength=2.4,
        columnspacing=1.2,
        handler_map={h: HandlerLine2D(numpoints=2) for h in handles if h.get_gid() == "ends"},
    )
    if handles and note:
        box.set_title(note)
        box.set_alignment("left")


def whisker(style: Style, label: str = INTERVAL) -> Entry:
    """Return the legend's entry of an interval that is drawn as a line."""
    look: dict[str, Any] = {"linewidth": style.line, "markersize": 0.7 * style.small}
    return Line2D([], [], color="black", marker="|", gid="ends", **look), label


BAND: Entry = (Patch(facecolor="0.8"), INTERVAL)
"""The legend's entry of intervals that are drawn as a band."""
