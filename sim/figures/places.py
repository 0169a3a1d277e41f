"""A measure of honest mail split by where its writer is, or by who the writer is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from sim.figures import bars, palette, words
from sim.figures.data import Estimate, estimate, known, need, order, some
from sim.figures.style import Style, drawn
from sim.records.measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd

ORDER = ("home", "work", "hotel", "airport", "kiosk")
"""Places in the order of the six situations; others follow by name."""


@drawn
def places(
    style: Style,
    measures: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    measure: str = "delivery_rate",
) -> Figure:
    """Delivery of honest mail, a panel for each place of its writer; or another *measure*."""
    return _split(style, measures, "place", arms, measure, "places")


@drawn
def groups(
    style: Style,
    measures: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    measure: str = "delivery_rate",
) -> Figure:
    """Delivery of honest mail, a panel for each group of users; or another *measure*."""
    return _split(style, measures, "group", arms, measure, "groups")


def places_caption(*_: object, measure: str = "delivery_rate", **__: object) -> str:
    """What `places` shows."""
    return _caption(measure, "where the writer was when the wish arose")


def groups_caption(*_: object, measure: str = "delivery_rate", **__: object) -> str:
    """What `groups` shows."""
    return _caption(measure, "the group of users that the writer belongs to")


def _caption(measure: str, split: str) -> str:
    told = words.titles([("honest", measure)])
    return (
        f"{told[0].upper()}{told[1:]}, by arm and by {split}, after the policy started. "
        f"{words.INTERVALS} {words.definitions(measure)}"
    )


def _split(
    style: Style,
    measures: pd.DataFrame,
    by: str,
    arms: Sequence[str] | None,
    measure: str,
    figure: str,
) -> Figure:
    frame = need(measures, "measures", figure=figure)
    known([("honest", measure)], figure=figure)
    honest = frame[(frame["by"] == by) & (frame["class"] == "honest") & (frame["phase"] == "after")]
    # spammers and servers are groups too: a count a day of their honest mail is 0, and says nothing
    wished = honest[(honest["measure"] == "delivery_rate") & (honest["denominator"] > 0)]
    rows = honest[(honest["measure"] == measure) & honest["key"].isin(set(wished["key"]))]
    rows = some(rows, f"{measure} by {by} of honest mail", figure=figure)
    rows = rows.assign(arm=rows["arm"].astype(str), key=rows["key"].astype(str))
    found: dict[tuple[str, str], Estimate] = {
        (str(key), str(arm)): estimate(
            MEASURES[measure].kind, part["numerator"], part["denominator"]
        )
        for (key, arm), part in rows.groupby(["key", "arm"], sort=True)
    }
    # one axis for all panels: they are there to be compared
    limit = bars.ceiling(max(row.top for row in found.values()))
    panels = [
        bars.Panel(
            title=key or f"(no {by})",
            label=words.label("honest", measure),
            look=palette.FATE["delivered"]
            if measure == "delivery_rate"
            else palette.CLASS["honest"],
            rows={arm: row for (of, arm), row in found.items() if of == key},
            percent=words.is_share(measure),
            limit=1.0 if measure == "delivery_rate" else limit,
            absent="nothing wished",
        )
        for key in sorted({key for key, _ in found}, key=_rank)
    ]
    return bars.draw(style, panels, order(rows["arm"], arms, figure=figure))


def _rank(key: str) -> tuple[int, str]:
    return (ORDER.index(key) if key in ORDER else len(ORDER), key)
