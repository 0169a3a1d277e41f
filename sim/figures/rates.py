"""The three rates of the mission, delivery, rejection and spam abuse, and others of a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sim.figures import bars, palette, words
from sim.figures.bars import Bars, Missing, Panel
from sim.figures.data import Estimate, FigureError, Frame, Names, check_measures, select
from sim.figures.numbers import record
from sim.figures.palette import Look
from sim.figures.specification import figure
from sim.figures.style import Style

Pairs = Sequence[tuple[str, str]]
"""Classes of mail and measures."""

RATES = (("honest", "delivery_rate"), ("honest", "first_refusal_rate"), ("spam", "spam_abuse_rate"))
MISSION = {
    "delivery_rate": "delivery rate:\nhonest mail delivered",
    "first_refusal_rate": "rejection rate:\nhonest mail refused at first",
    "spam_abuse_rate": "spam-abuse rate:\nspam in what is relayed",
}
"""What the mission calls the three rates, and what they are."""
OPEN = "some server relays for everybody: open trust"
GROUND = Patch(facecolor=bars.GROUND)


def _rates_caption(measures: Pairs, **_: object) -> str:
    delivered = ("honest", "delivery_rate") in measures
    hang = "Bars of the delivery rate hang from 100 %: what they show is missing. " * delivered
    return (
        f"By arm, after the policy started: {words.titles(measures)}. {hang}{words.WHISKERS} "
        f"{words.EXPECTATION} {words.definitions(*(measure for _, measure in measures))}"
    )


@figure(_rates_caption, first=1)
def rates(
    style: Style,
    summary: Frame,
    arms: Names,
    policies: Frame | None = None,
    *,
    measures: Pairs = RATES,
) -> Figure:
    """Delivery, rejection and spam abuse, open trust against restricted relaying.

    *measures* are pairs (class, measure). Policies under which some server relays for everybody
    have a grey ground.
    """
    check_measures(measures)
    panels = [_rate(summary, kind, measure) for kind, measure in measures]
    if not any(panel.rows for panel in panels):
        names = ", ".join(measure for _, measure in measures)
        raise FigureError(f"summary has no rows of {names}")
    open_ = _open(policies) & set(arms)
    entries = bars.entries(style, panels) + [(GROUND, OPEN)] * bool(open_)
    return bars.draw(style, panels, arms, entries, shaded=open_)


def _rate(summary: Frame, kind: str, measure: str) -> Bars:
    """The bars of a rate; those of the mission under its name, delivery by what is missing."""
    panel = bars_of(summary, kind, measure)
    if measure not in MISSION:
        return panel
    title = MISSION[measure]
    panel = replace(panel, title=title)
    if measure != "delivery_rate":
        return panel
    return Missing(title, panel.label, palette.CLASS["honest"], panel.rows)


def _open(policies: Frame | None) -> set[str]:
    """The arms under which some server relays for everybody."""
    if policies is None:
        return set()
    return set(policies.loc[policies["relay"].isin(["open", "permit"]), "arm"].astype(str))


def bars_of(summary: Frame, kind: str, measure: str) -> Bars:
    """The bars of one measure of a class of mail, an arm each."""
    return Bars(
        words.title(kind, measure),
        words.axis(measure),
        palette.measure(measure, kind),
        select(summary, kind, measure, words.scale(measure)),
        share=words.is_share(measure),
        absent=words.undefined(measure),
    )


DELIVERED = palette.FATE["delivered"]
BELIEVED = Look("black", marker="s")
OFFSET = 0.22
"""Delivered stands this part of a row above its middle, believed below: neither hides the other."""


@dataclass(frozen=True, slots=True)
class Pair(Panel):
    """Two marks an arm: recipients delivered, and those whose sender believes so."""

    delivered: Mapping[str, Estimate]
    believed: Mapping[str, Estimate]

    @property
    def limits(self) -> tuple[float, float]:
        """From a round number below all of them to all recipients."""
        rows = (*self.delivered.values(), *self.believed.values())
        least = min((row.bottom for row in rows), default=0.0)
        return max(100.0 - bars.ceiling(100.0 - least), 0.0), 100.0

    def row(self, axes: Axes, style: Style, place: float, arm: str) -> None:
        """Draw both marks with their intervals, and both values beside them."""
        pair = [table.get(arm, Estimate()) for table in (self.delivered, self.believed)]
        for mean, (side, look, label) in zip(pair, PAIR, strict=True):
            if mean.defined:
                at = place + side * OFFSET * style.row
                record(axes, mean, row=arm, series=label)
                bars.line(axes, style, at, mean, look.colour, 0.5)
                bars.mark(axes, style, at, mean.mean, look, 0.6, **_hollow(look))
        if all(mean.defined for mean in pair):
            bars.beside(axes, style, place, " / ".join(words.digits(mean.mean) for mean in pair))


PAIR = ((-1, DELIVERED, "delivered"), (1, BELIEVED, "believed delivered"))


def _hollow(look: Look) -> dict[str, str]:
    return {"markerfacecolor": "white"} if look is BELIEVED else {}


@figure(
    "Honest recipients reached, and honest recipients whose sender had no reason to doubt it. "
    f"Right: mail that was accepted and then dropped silently. {words.WHISKERS} "
    + words.definitions("delivery_rate", "believed_rate", "silent_loss_rate")
)
def believed(style: Style, summary: Frame, arms: Names) -> Figure:
    """Honest recipients delivered and believed delivered by arm, and those silently lost."""
    delivered = select(summary, "honest", "delivery_rate", 100.0)
    trusted = select(summary, "honest", "believed_rate", 100.0)
    if not delivered or not trusted:
        raise FigureError("summary has no rows of delivery_rate and believed_rate")
    label = words.axis("delivery_rate")
    pair = Pair("delivered / believed delivered", label, delivered, trusted)
    lost = replace(bars_of(summary, "honest", "silent_loss_rate"), title="silently lost")
    marks = [
        (Line2D([], [], **bars.marker(style, look, 0.6, **_hollow(look))), label + note)
        for (_, look, label), note in zip(PAIR, ("", ": no error seen"), strict=True)
    ]
    return bars.draw(style, [pair, lost], arms, marks)
