"""Whose permission relayed mail used, over time: hijacked windows, stolen logins, and an
operator's list of addresses that lets the wrong people in and keeps the right ones out."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

DAY = 86400.0
COLUMNS = ("start", "server", "class", "permission", "attempts", "recipients")


def permissions(frames: Mapping[str, pd.DataFrame], every: float = DAY) -> pd.DataFrame:
    """Submissions by whose permission they used, in stretches of *every* seconds.

    One row a stretch, server, class and permission that occurred: *start* of the stretch (s),
    *attempts*, and *recipients* that were named in them. Permissions are those of
    `sim.records.rows.PERMISSIONS`; submissions that used nobody's in particular are left out.
    """
    attempts, recipients = frames["attempts"], frames["recipients"]
    used = attempts[(attempts["permission"] != "") & (attempts["hop"] == "submission")]
    first = recipients.drop_duplicates("message").set_index("message")["class"].astype(str)
    rows = pd.DataFrame(
        {
            "start": np.floor(used["at"] / every) * every,
            "server": used["server"].astype(str),
            "class": used["message"].map(first),
            "permission": used["permission"].astype(str),
            "attempts": 1,
            "recipients": used["recipients"],
        }
    )
    keys = list(COLUMNS[:4])
    return rows.groupby(keys, as_index=False)[list(COLUMNS[4:])].sum()
