"""The study in words and tables of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sim.hindcast.forecast import BAND, Forecast
from sim.hindcast.inputs import LATER, OBSERVATIONS
from sim.hindcast.market import Array

YEARLY = {
    "spam share": "spam_share_all",
    "consumer": "spam_share_consumer",
    "company": "spam_share_company",
    "webmail": "spam_share_webmail",
    "relays": "route_relay",
    "proxies": "route_proxy",
    "infected": "route_infected_direct",
    "listed": "sources_listed",
}
"""Columns of the table of years: heading, and column of the monthly table."""
LIMITS = (
    "It tests the spam side alone: nobody published what refused people did, so the",
    "honest side of every scenario has no outcome to be held against.",
)


def lines(forecast: Forecast) -> Iterator[str]:
    """The study: what was fitted, and what follows from it."""
    yield "The market of spam, fitted to what was known by mid-2001."
    yield from LIMITS
    yield ""
    yield from fitted(forecast)
    yield ""
    yield from yearly(forecast)


def fitted(forecast: Forecast) -> Iterator[str]:
    """What the fit was given, and what is left of it."""
    fit = forecast.fit
    members = len(next(iter(fit.members.values())))
    yield f"{members} of {fit.drawn:,} drawn markets lie within all bands of the time:"
    yield f"{'':33} {'observed':>8} {'band':>13}  {'the model (90 %)':>20}"
    for one in OBSERVATIONS:
        name = f"{one.name} {one.quantity}"
        band = f"{one.low:g} to {one.high:g}"
        mark = " *" if one.name in LATER else ""
        yield f"{name:33} {one.value:8g} {band:>13}  {_band(fit.fitted[name]):>20}{mark}"
    yield "* rests on what was written after mid-2001, and is wide for that reason"


def yearly(forecast: Forecast) -> Iterator[str]:
    """Medians at each midsummer."""
    table = forecast.table()
    summers = table[table["month"].str.endswith("-07")]
    yield "Shares each July, median over these markets:"
    yield "year " + " ".join(f"{heading:>9}" for heading in YEARLY)
    for row in summers.to_dict("records"):
        values = " ".join(f"{row[column]:9.2f}" for column in YEARLY.values())
        yield f"{row['month'][:4]} {values}"


def _band(values: Array | Sequence[float]) -> str:
    low, middle, high = np.quantile(values, BAND)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"
