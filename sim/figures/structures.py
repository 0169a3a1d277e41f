"""What is only assumed, beside chance: how far each may move what is said of a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import bars
from sim.figures.bars import Panel
from sim.figures.data import Estimate, Frame, Names
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.specification import figure
from sim.figures.style import Style
from sim.figures.words import digits

QUANTITIES = ("honest recipients lost", "refused at first", "spam per mailbox and day")
BAND, CENTRAL = "0.75", Look("black", marker="o")


@dataclass(frozen=True, slots=True)
class Structural(Panel):
    """A mark an arm, on its interval of chance, before the band over what is assumed."""

    chance: Mapping[str, Estimate]
    bands: Mapping[str, Estimate]

    @property
    def limits(self) -> tuple[float, float]:
        """From 0 to the furthest end of all."""
        tops = [row.top for rows in (self.chance, self.bands) for row in rows.values()]
        return 0.0, bars.ceiling(max(tops, default=0.0) or 1.0)

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw band, interval and mean, and write the mean beside them."""
        central, band = (rows.get(arm, Estimate()) for rows in (self.chance, self.bands))
        if not central.defined:
            bars.absent(axes, style, place, "not defined")
            return
        record(axes, central, row=arm, series="chance")
        record(axes, band, row=arm, series="structure")
        height = bars.THICK * style.row
        axes.barh(place, band.high - band.low, left=band.low, height=height, color=BAND, gid="band")
        bars.line(axes, style, place, central, "black", 0.7)
        bars.mark(axes, style, place, central.mean, CENTRAL, 0.6)
        bars.beside(axes, style, place, digits(central.mean))


@figure(
    "As stated (dots), with the 95 % interval that chance makes (lines), and how far the mean goes "
    "if what is only assumed is otherwise (grey): [structures] and [ranges] of the scenario, each "
    "alternative alone, then some together. What grey bands of two policies share does not say "
    "that their order may flip: assumptions move both.",
    bands="arm quantity unit mean low high band_low band_high",
)
def structures(style: Style, bands: Frame, arms: Names) -> Figure:
    """The interval of chance beside the band over what is assumed, a row an arm."""
    panels = [_panel(name, bands[bands["quantity"] == name]) for name in QUANTITIES]
    present = [panel for panel in panels if panel.chance]
    entries: list[tuple[Artist, str]] = [(Patch(color=BAND), "if what is assumed is otherwise")]
    entries += [(Line2D([], [], **bars.marker(style, CENTRAL, 0.6)), "as stated")]
    return bars.draw(style, present, arms, entries)


def _panel(name: str, rows: Frame) -> Structural:
    share = bool((rows["unit"] == "share").any())
    unit = "%" if share else str(rows["unit"].iloc[0]) if len(rows) else ""

    def estimates(low: str, high: str) -> dict[str, Estimate]:
        columns = zip(rows["arm"], rows["mean"], rows[low], rows[high], strict=True)
        scale = 100.0 if share else 1.0
        return {
            str(arm): Estimate(float(mean), float(left), float(right)).times(scale)
            for arm, mean, left, right in columns
        }

    return Structural(name, unit, estimates("low", "high"), estimates("band_low", "band_high"))
