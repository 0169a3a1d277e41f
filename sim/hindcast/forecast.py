"""What the fitted market says of 1998 to 2008, month by month, with bands.

The forecast knows inputs and fit alone; what really came is in `sim.hindcast.targets`, which
nothing here reads.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from sim.hindcast.fit import Fit, fit
from sim.hindcast.inputs import ATTACKS, END, START
from sim.hindcast.market import (
    BY_SERVER,
    CLASSES,
    DIRECT,
    PROXY,
    RELAY,
    ROUTES,
    STEPS,
    Array,
    Intervention,
    Moment,
    follow,
)

BAND = (0.05, 0.5, 0.95)
"""Quantiles over members: the ends of a band and its middle."""
MEMBERS = 200
SEED = 1
RECIPIENTS = 1.3
"""Recipients a message with those at one's own provider: ``mail.recipients_per_message.all``;
of 2010, 'not changed very much'."""


class Forecast:
    """The market of every member that agrees with what was known by mid-2001."""

    def __init__(
        self, members: int = MEMBERS, seed: int = SEED, change: Intervention | None = None
    ) -> None:
        self.fit: Fit = fit(members, seed)
        self.change = change or Intervention()

    @cached_property
    def moments(self) -> list[Moment]:
        """The market each half month."""
        return list(follow(self.fit.members, END, self.change))

    @cached_property
    def months(self) -> list[Moment]:
        """The market at the middle of each month."""
        return self.moments[1 :: STEPS // 12]

    def at(self, year: float) -> Moment:
        """The market at a moment."""
        return self.moments[min(int((year - START) * STEPS + 0.5), len(self.moments) - 1)]

    @cached_property
    def attacks(self) -> Array:
        """Campaigns a day for each unit of `Moment.campaigns`."""
        return ATTACKS[1] / self.at(ATTACKS[0]).campaigns

    def table(self) -> pd.DataFrame:
        """A row a month: ``month``, and for each quantity its median, ``_low`` and ``_high``."""
        rows = [
            {"month": _month(moment.year), **_banded(self.quantities(moment))}
            for moment in self.months
        ]
        return pd.DataFrame(rows)

    def quantities(self, moment: Moment) -> dict[str, Array]:
        """What the table says of a moment, a value a member."""
        classes = ("all", *CLASSES)
        return {
            **{f"spam_share_{name}": moment.spam_share(name) for name in classes},
            **{f"spam_per_mailbox_day_{name}": moment.per_mailbox[name] for name in classes},
            **{
                f"route_{name.replace(' ', '_')}": share
                for name, share in zip(ROUTES, moment.routes, strict=True)
            },
            "campaigns_per_day": moment.campaigns * self.attacks,
            "spam_per_day": moment.spam,
            "sources_listed": moment.sources_listed(),
            "receivers_asking": moment.asking,
            "left_network_per_day": moment.left_network,
        }

    # ---- reactions, shorter than a month

    def selective_block(self, year: float, weeks: float) -> Array:
        """Change of spam that leaves a network which stops its heaviest senders for some weeks.

        Spam is log-normal over infected machines, and the heaviest are stopped first; what goes
        by the network's own server goes on.
        """
        members, routes = self.fit.members, self.at(year).routes
        stopped = np.minimum(weeks * members["cases_weekly"], 1.0)
        of_direct = _share_of_top(stopped, members["uneven_hosts"])
        machines = routes[[PROXY, DIRECT]].sum(axis=0)
        return np.asarray(-of_direct * machines / (machines + routes[BY_SERVER] + 1e-12))

    def lost_controllers(self, year: float) -> Array:
        """Change of all spam on the day when most controllers are lost."""
        infected = self.at(year).routes[[DIRECT, BY_SERVER]].sum(axis=0)
        return np.asarray(-infected * self.fit.members["controlled"])

    def retried(self, year: float) -> Array:
        """Share of first refusals of a greylist that come back: what real servers send."""
        routes = self.at(year).routes
        return np.asarray(routes[[RELAY, BY_SERVER]].sum(axis=0) * self.fit.members["retry_real"])

    def top_operations(self) -> Array:
        """Share of spam that the largest tenth of operations sends."""
        return _share_of_top(0.1, self.fit.members["uneven_operations"])

    def hit_by_cap(self, recipients: float) -> Array:
        """Share of honest accounts that write to more recipients than a cap, on a mean day."""
        spread = self.fit.members["uneven_people"]
        mean = self.fit.members["wanted_consumer"] * RECIPIENTS
        return np.asarray(ndtr(-(np.log(recipients / mean) + spread**2 / 2) / spread))


def _share_of_top(share: Array | float, spread: Array) -> Array:
    """What the largest share of a log-normal population has of the whole (its Lorenz curve)."""
    return np.asarray(ndtr(spread - ndtri(1 - np.asarray(share))))


def _month(year: float) -> str:
    month = int((year - int(year)) * 12 + 1e-6)
    return f"{int(year)}-{month + 1:02}"


def _banded(values: dict[str, Array]) -> dict[str, float]:
    """Median, low and high of each quantity over members."""
    row: dict[str, float] = {}
    for name, value in values.items():
        low, middle, high = np.quantile(value, BAND)
        row |= {name: middle, f"{name}_low": low, f"{name}_high": high}
    return row
