"""The study in words and tables of at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sim.hindcast import targets
from sim.hindcast.forecast import BAND, Forecast
from sim.hindcast.inputs import LATER, OBSERVATIONS
from sim.hindcast.market import Array

YEARLY = {
    "all": "spam_share_all",
    "consumer": "spam_share_consumer",
    "company": "spam_share_company",
    "webmail": "spam_share_webmail",
    "relays": "route_relay",
    "proxies": "route_proxy",
    "infected": "route_infected_direct",
    "listed": "sources_listed",
}
"""Columns of the table of years: heading, and column of the monthly table."""
NAIVE = {
    "N1": "nothing changes after mid-2001",
    "N2": "spam's odds go on growing as campaigns did",
    "N3": "relays lose spam as servers close",
}
"""The naive forecasts, in words."""
LIMITS = (
    "It tests the spam side alone: nobody published what refused people did, so the",
    "honest side of every scenario has no outcome to be held against.",
)


def lines(forecast: Forecast) -> Iterator[str]:
    """The study: what was fitted, and what follows from it."""
    yield "The market of spam, fitted to what was known by mid-2001."
    yield from LIMITS
    yield ""
    yield from fit_lines(forecast)
    yield ""
    yield from yearly(forecast)
    yield ""
    yield from held_against(forecast)


def fit_lines(forecast: Forecast) -> Iterator[str]:
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
    yield "Each July, medians: spam in mail, of all and by class of receiver; share of"
    yield "spam by route; share of spam whose source is on a list:"
    yield "year " + " ".join(f"{heading:>8}" for heading in YEARLY)
    for row in summers.to_dict("records"):
        values = " ".join(f"{row[column]:8.2f}" for column in YEARLY.values())
        yield f"{row['month'][:4]} {values}"


def held_against(forecast: Forecast) -> Iterator[str]:
    """What came, and how near each forecast was."""
    table = targets.scores(forecast)
    yield "Held against what came (error: in half bands; 1 is the edge of the band):"
    heads = "".join(f"{head:>5}" for head in ("err.", *targets.NAIVE))
    yield f"{'':32} {'came':>5} {'forecast (90 %)':>21}{heads}"
    for row in table.to_dict("records"):
        name = f"{row['target']} {row['text']}"
        middle, low, high = (_number(row[key]) for key in ("forecast", "low", "high"))
        errors = (row["error"], *(row[f"error_{naive}"] for naive in targets.NAIVE))
        interval = f"{middle} ({low}..{high})"
        figures = "".join(map(_error, errors))
        yield f"{name:32} {_number(row['observed']):>5} {interval:>21}{figures}".rstrip()
    own = table[~table["target"].isin(targets.PRIOR_ALONE)]
    alone = ", ".join(targets.PRIOR_ALONE)
    yield f"Hits: {own['hit'].sum()} of {len(own)}; {alone} repeat a prior and do not count."
    for naive, text in NAIVE.items():
        value, count = targets.skill(table, naive)
        yield f"Skill {value:+.2f} against {naive} ({text}; {count} targets)"


def _error(value: float) -> str:
    return "     " if np.isnan(value) else f"{value:5.1f}"


def _number(value: float) -> str:
    return f"{value:.3f}" if 0 < value < 0.01 else f"{value:.2f}"


def _band(values: Array | Sequence[float]) -> str:
    low, middle, high = np.quantile(values, BAND)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"
