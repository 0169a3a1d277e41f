"""An operator's list of addresses as it ages: whom it keeps out, and whom it lets in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from sim.figures import daily, palette
from sim.figures.data import codes, counts, need, order, some
from sim.figures.palette import Look
from sim.figures.style import Style, drawn
from sim.records.measures import RATE

if TYPE_CHECKING:
    import pandas as pd

ROLES = {
    "missed_listing": ("false refusal: listed, but by another address",
                       Look(palette.ORANGE, "", "X", palette.DASHED)),
    "others_listing": ("false acceptance: by a listing for somebody else",
                       Look(palette.VERMILLION, "", "s", palette.CHAIN)),
    "own_listing": ("accepted as meant", Look(palette.GREEN, "", "o", "-")),
}  # fmt: skip


@drawn
def listings(
    style: Style,
    permissions: pd.DataFrame,
    *,
    arms: Sequence[str] | None = None,
    policy_starts: float | None = None,
    run_length: float | None = None,
) -> Figure:
    """False refusals and false acceptances of an address list over time, a panel for each arm."""
    frame = need(permissions, "permissions", figure="listings")
    rows = some(
        frame[frame["permission"].isin(list(ROLES))], "submissions that a list of addresses "
        "permitted or should have", figure="listings",
    )  # fmt: skip
    # an arm in which nothing turned on the list has no rows, and a panel that says so
    chosen = list(arms) if arms is not None else order(frame["arm"], None, figure="listings")
    replications = sorted(frame["replication"].unique())
    start = rows["start"].to_numpy(dtype=float)
    end = run_length or float(start.max()) + 86400.0
    shape = (len(chosen), len(ROLES), daily.days(end), len(replications))
    cells = counts(
        shape,
        [
            codes(rows["arm"], chosen),
            codes(rows["permission"], list(ROLES)),
            daily.of_day(start, end),
            codes(rows["replication"], replications),
        ],
        rows["attempts"].to_numpy(dtype=float),
    )
    per = np.broadcast_to(daily.lengths(end)[:, None], shape[2:])
    below = np.broadcast_to(per, (shape[0], *shape[2:])).copy()
    roles = [
        daily.Role(label, look, cells[:, number], below)
        for number, (label, look) in enumerate(ROLES.values())
        if cells[:, number].any()
    ]
    return daily.draw(
        style, chosen, roles, kind=RATE, end=end, policy_starts=policy_starts,
        ylabel="submissions / day", nothing="no submission turned on the list",
    )  # fmt: skip


def caption(*_: object, **__: object) -> str:
    """What `listings` shows."""
    return (
        "Submissions a day on which an operator's list of client addresses decided, one panel for "
        "each policy. False refusal: the client is meant by the list, which names another address "
        "of his. False acceptance: the address is listed for somebody else, who had it before. "
        "Bands: 95 % intervals over replications."
    )
