"""Figures of a sweep: a measure along one key, maps over two, and the tornado of ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import bars, layout, lines, palette, words
from sim.figures.bars import Panel
from sim.figures.data import Estimate, FigureError, Floats, Frame, Names, of
from sim.figures.layout import Entry
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.specification import figure
from sim.figures.style import Style
from sim.measure.digits import apart
from sim.measure.intervals import Intervals
from sim.measure.sweeps import CHANGE, REACH

LOGARITHMIC = 50.0
"""From so many times the least value on, the axis of a key is logarithmic; chosen."""
MAPS = 0.45
"""Share of a figure's width that maps take, with words on either side; about."""
FITS = 6
"""Letters of a value that fit under a cell of a map; longer ones stand upright."""


@figure(
    lambda measure, **_: (
        f"The same scenario at every point of a sweep. {words.definitions(measure)}"
    ),
    standard=False,
)
def swept(
    style: Style,
    points: Frame,
    arms: Names,
    *,
    keys: Names,
    class_: str = "honest",
    measure: str = "lost_per_day",
    follow: Names = (),
    difference: bool = False,
) -> Figure:
    """A measure at the points of a sweep: a curve an arm over one key, a map an arm over two.

    *points* is the summary of `sim.results.sweep.Sweep`: a row per point, arm, class and measure;
    or a *difference* of two arms, the means and intervals being those of pairs. The keys that
    *follow* change with the first.
    """
    rows = of(points, class_, measure)
    columns = ["mean", "low", "high"]
    rows = rows.assign(**{name: words.scale(measure) * rows[name] for name in columns})
    label = "difference in\n" * difference + words.label(class_, measure)
    if len(keys) == 2:
        return _maps(style, rows, arms, keys, label)
    if len(keys) != 1:
        raise FigureError(f"{len(keys)} keys; one or two can be drawn")
    notes = ["Bands: 95 % intervals over replications" + " in pairs" * difference + "."]
    notes += [f"With it change: {', '.join(follow)}."] if follow else []
    return _curves(style, rows, arms, keys[0], label, notes, zero=difference)


def _curves(
    style: Style, rows: Frame, arms: Names, key: str, label: str, notes: Names, *, zero: bool
) -> Figure:
    figure = layout.new(style, 0.55 * style.width)
    axes = layout.tidy(figure.subplots(), style)
    if zero:  # where the order of the two flips
        axes.axhline(0.0, color="black", linewidth=style.line, linestyle=":", gid="zero")
    values = list(dict.fromkeys(rows[key]))
    at, ticks, unit = _positions(values)
    if not ticks and min(at) > 0 and max(at) >= LOGARITHMIC * min(at):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    entries: list[Entry] = []
    for number, arm in enumerate(arms):
        part = rows[rows["arm"] == arm]
        x = np.array([at[values.index(value)] for value in part[key]])
        turn = np.argsort(x, kind="stable")
        mean, low, high = (part[c].to_numpy(float)[turn] for c in ("mean", "low", "high"))
        means = Intervals(mean, low, high, np.zeros(len(x), dtype=np.int64), np.full(len(x), ""))
        look = palette.arm(number)
        mark: dict[str, Any] = {"marker": look.marker, "markersize": 4}
        lines.band(axes, look, x[turn], means, width=style.line, gid=arm, **mark)
        entries.append(lines.entry(look, arm, style.line, **mark))
    if ticks:
        letters = max(map(len, ticks)) * len(ticks)
        wide = 0.6 * style.small * letters > 0.8 * 72 * style.width
        axes.set_xticks(at, ticks, rotation=90 if wide else 0)
    axes.set(xlabel=f"{key}{unit}", ylabel=label)
    layout.legend(figure, style, entries, notes=notes)
    return layout.settle(figure, [axes], 0.45 * style.width)


def _positions(values: Sequence[Any]) -> tuple[list[float], list[str], str]:
    """Where values stand, their names unless they are numbers, and the unit of those.

    Numbers stand where they are, also such as "30 min" if all are of one unit; else side by side.
    """
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return [float(v) for v in values], [], ""
    try:
        sizes, units = zip(*(v.split(maxsplit=1) for v in values), strict=True)
        if len(set(units)) == 1:
            return [float(size) for size in sizes], [], f" ({units[0]})"
    except (AttributeError, ValueError):
        pass  # not such text
    return [float(n) for n in range(len(values))], [_text(v) for v in values], ""


def _text(value: Any) -> str:
    """A value at an axis; a table without its braces."""
    return str(value).strip("{} ")


def _maps(style: Style, rows: Frame, arms: Names, keys: Names, label: str) -> Figure:
    across, up = (list(dict.fromkeys(rows[key])) for key in keys)
    low, high = rows["mean"].min(), rows["mean"].max()
    figure, panels = lines.grid(style, arms, xlabel=keys[0], ylabel=keys[1])
    for arm, axes in zip(arms, panels, strict=True):
        means = rows[rows["arm"] == arm].pivot(index=keys[1], columns=keys[0], values="mean")
        values = means.reindex(index=up, columns=across).to_numpy(float)
        axes.grid(visible=False)
        image = axes.imshow(
            values, origin="lower", aspect="auto", vmin=low, vmax=high, cmap="cividis"
        )
        _write_values(axes, style, values, (low + high) / 2)
        labels = [_text(value) for value in across]
        upright = max(map(len, labels)) > FITS
        axes.set_xticks(range(len(across)), labels, rotation=90 if upright else 0)
        axes.set_yticks(range(len(up)), [_text(value) for value in up])
    figure.colorbar(image, ax=panels, label=label)
    return lines.settle(figure, style, panels)


def _write_values(axes: Axes, style: Style, values: Floats, middle: float) -> None:
    """The value of each cell in it, where there is room: white on what is dark, else black."""
    spec = axes.get_subplotspec()
    panels = spec.get_gridspec().ncols if spec else 1
    room = MAPS * 72 * style.width / panels / values.shape[1] / (0.6 * style.small)
    texts = {at: f"{value:.3g}" for at, value in np.ndenumerate(values) if np.isfinite(value)}
    if max(map(len, texts.values()), default=0) + 1 > room:
        return
    for (y, x), text in texts.items():
        colour = "black" if values[y, x] > middle else "white"
        axes.text(x, y, text, color=colour, fontsize=style.small, ha="center", va="center")


# ---- how far each unknown alone moves a number, the widest first

ENDS = {"least": Look("#56b4e9"), "most": Look("#e69f00", "///")}
"""Colour and hatching of the bar to each end of a range: told apart in grey, too."""
BAND = "0.9"
BOUND: dict[str, Any] = {"color": "0.4", "linestyle": palette.DOTTED}
NOTE = (
    "Means over replications; each unknown alone at its least and most, the others as stated. "
    "At the right: the change from least to most, ± its 95 % interval in pairs. Dotted: from the "
    "least to the greatest bound of the 95 % intervals of all means that the band spans."
)


@dataclass(frozen=True, slots=True)
class Ranges(Panel):
    """A bar to each end of every unknown's range; *rows* is a row a key, *ends* are those of all.

    The mean at the values as stated is *own*; *reach* are the ends of the band and of chance.
    """

    rows: Mapping[Any, Mapping[Any, float]]
    ends: tuple[float, float]
    own: float
    reach: Sequence[float]

    @property
    def limits(self) -> tuple[float, float]:
        """The same for all panels."""
        return self.ends

    def ground(self, axes: Axes, style: Style) -> None:
        """Draw the band over all unknowns together, with chance, and the mean as stated."""
        axes.axvspan(*self.reach[:2], color=BAND, linewidth=0, gid="band")
        for bound in filter(math.isfinite, self.reach[2:]):
            axes.axvline(bound, linewidth=style.line, gid="chance", **BOUND)
        for series, ends in {"the unknowns": self.reach[:2], "and chance": self.reach[2:]}.items():
            record(axes, Estimate(self.own, ends[0], ends[1]), row="all together", series=series)
        axes.axvline(self.own, color="black", linewidth=style.line, gid="own")

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw the bars of one key, and the change between their ends beside them."""
        values = self.rows[arm]
        for end, look in ENDS.items():
            to = values[f"at_{end}"]
            record(axes, Estimate(to), row=arm, series=f"at its {end}")
            axes.barh(
                place,
                to - self.own,
                left=self.own,
                height=bars.THICK * style.row if to != self.own else 0.0,
                linewidth=0.5 * style.line,
                gid=f"{arm}: {end}",
                **_filling(look),
            )
        change, low, high = (values[name] for name in CHANGE)
        bars.beside(axes, style, place, apart(change, (high - low) / 2))


def _filling(look: Look) -> dict[str, Any]:
    return {"facecolor": look.colour, "hatch": look.hatch, "edgecolor": "black"}


def _tornado_caption(ranges: Frame, class_: str, measure: str, **_: object) -> str:
    rows = of(ranges, class_, measure)
    widest = rows["key"].iloc[int(np.argmax(rows["swing"].fillna(-np.inf)))]
    return (
        f"Each unknown alone at the ends of its range. {words.definitions(measure)} Most depends "
        f"on {widest}. Grey: from the least to the greatest mean over all ends together, which is "
        "what the unknowns do; dotted: with chance, too."
    )


@figure(_tornado_caption)
def tornado(
    style: Style,
    ranges: Frame,
    arms: Names,
    *,
    class_: str = "honest",
    measure: str = "lost_per_day",
) -> Figure:
    """One measure at the ends of each unknown's range, and the band over all of them together.

    *ranges* is that of `sim.results.sweep.Sweep.tornado`: a row per arm, class, measure and key.
    """
    rows = of(ranges, class_, measure)
    swings = rows.groupby("key", sort=False)["swing"].max()
    keys = list(swings.sort_values(kind="stable", ascending=False).index)
    numbers = ["own", "at_least", "at_most", *REACH, *CHANGE]
    scaled = rows.assign(**{name: words.scale(measure) * rows[name] for name in numbers})
    ends = scaled[["own", "at_least", "at_most", *REACH]].to_numpy(dtype=float)
    room = 0.05 * (np.nanmax(ends) - np.nanmin(ends)) or 1.0
    limits = float(np.nanmin(ends) - room), float(np.nanmax(ends) + room)
    present = [arm for arm in arms if (rows["arm"] == arm).any()]
    panels = []
    for arm in present:
        table = scaled[scaled["arm"] == arm].set_index("key")
        own, *reach = (float(table[name].iloc[0]) for name in ("own", *REACH))
        label = words.label(class_, measure) if arm == present[-1] else ""
        panels.append(Ranges(arm, label, table.to_dict("index"), limits, own, reach))
    baseline = rows.drop_duplicates("key").set_index("key")
    names = [f"{key}: {baseline['least'][key]} to {baseline['most'][key]}" for key in keys]
    return bars.draw(
        style, panels, keys, _legend(style), interval="", names=names, across=1, notes=[NOTE]
    )


def _legend(style: Style) -> list[Entry]:
    own = Line2D([], [], color="black", linewidth=style.line)
    chance = Line2D([], [], linewidth=style.line, **BOUND)
    patches = {f"at its {end}": Patch(**_filling(look)) for end, look in ENDS.items()}
    return [
        *((patch, label) for label, patch in patches.items()),
        (own, "all as stated"),
        (Patch(color=BAND), "all ends together: the unknowns"),
        (chance, "the same with chance"),
    ]
