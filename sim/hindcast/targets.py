"""What really came, O1 to O18, and how near the forecast and three naive ones lie.

A target has a value and a band, which its sources leave (keys of the published facts). The error
of a forecast is its distance from the value in units of half the band, on the logit scale for
shares and as it stands for changes and ratios: 1 is the edge of the band. A forecast *hits* where
its median lies in the band. Skill against a naive forecast is one less the ratio of mean errors
over the targets that both speak of: 1 is perfect, 0 no better, below 0 worse.

Naive forecasts: N1, nothing changes after mid-2001. N2, the ruler: spam's odds go on growing from
0.07 in April 2001 as campaigns did in 2000 and 2001, by 3.57 a year, and wanted mail by 1.07. N3,
spam's share by relays falls with the share of open servers, and the rest goes by accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from sim.hindcast.forecast import BAND, Forecast
from sim.hindcast.inputs import CUT, OPEN_SHARE
from sim.hindcast.market import BY_SERVER, DIRECT, PROXY, RELAY, Array

Question = Callable[[Forecast], Array]
"""What a forecast says to a target, a value a member."""

EDGE = 0.005
"""Shares nearer to 0 or 1 than this count as this: a logit has no value there."""
DECEMBER_2002, MAY_2004, APRIL_2001 = 2002.96, 2004.38, 2001.29


class Target(NamedTuple):
    """What was observed later, with its band, and what the forecast says of it."""

    name: str
    text: str
    low: float
    value: float
    high: float
    source: str
    question: Question
    scale: Literal["share", "plain"] = "share"


def _spam_share(year: float) -> Question:
    return lambda forecast: forecast.at(year).spam_share()


def _routes(routes: list[int], *years: float) -> Question:
    return lambda forecast: np.asarray(
        np.mean([forecast.at(year).routes[routes].sum(axis=0) for year in years], axis=0)
    )


def _odds_growth(forecast: Forecast, first: float, last: float) -> Array:
    """Factor a year by which the odds of spam grew between two moments."""
    odds = [(share := forecast.at(year).spam_share()) / (1 - share) for year in (first, last)]
    return np.asarray((odds[1] / odds[0]) ** (1 / (last - first)))


def _slowing(forecast: Forecast) -> Array:
    before = _odds_growth(forecast, APRIL_2001, DECEMBER_2002)
    return before / _odds_growth(forecast, DECEMBER_2002, MAY_2004)


def _direct_change(forecast: Forecast) -> Array:
    """Change of the direct share of what infected machines send, October 2004 to February 2005.

    Markets without infected machines at either moment do not say.
    """
    shares = []
    for year in (2004.79, 2005.12):
        routes = forecast.at(year).routes
        infected = routes[DIRECT] + routes[BY_SERVER]
        shares.append(routes[DIRECT] / np.where(infected > EDGE, infected, np.nan))
    return np.asarray(shares[1] - shares[0])


BRIGHTMAIL = "spam_share.brightmail"
TARGETS = (
    Target("O1", "spam share, Dec 2002", 0.30, 0.40, 0.45, f"{BRIGHTMAIL}.2002-12",
           _spam_share(DECEMBER_2002)),
    Target("O2", "spam share, Jul 2003", 0.40, 0.50, 0.55, f"{BRIGHTMAIL}.2003-07",
           _spam_share(2003.54)),
    Target("O3", "spam share, Dec 2003", 0.50, 0.57, 0.65, f"{BRIGHTMAIL}.2003-12",
           _spam_share(2003.96)),
    Target("O4", "spam share, May 2004", 0.60, 0.64, 0.76, f"{BRIGHTMAIL}.2004-05",
           _spam_share(MAY_2004)),
    Target("O5", "spam share, Jan 2005", 0.72, 0.80, 0.88, "spam_share.messagelabs.2005-01",
           _spam_share(2005.04)),
    Target("O6", "spam share, 2006", 0.80, 0.86, 0.92, "spam_share.messagelabs.2006",
           _spam_share(2006.5)),
    Target("O7", "slowing of odds, 2001-04", 1.3, 1.85, 2.5, f"{BRIGHTMAIL}.*",
           _slowing, "plain"),
    Target("O8", "by relays, 2006", 0, 0.005, 0.05, "spam_route.open_relay.2006",
           _routes([RELAY], 2006.5)),
    Target("O9", "by proxies or infected, 2003", 0.50, 0.66, 0.75,
           "spam_route.open_proxy.2003", _routes([PROXY, DIRECT, BY_SERVER], 2003.5, 2003.96)),
    Target("O10", "by infected, mid-2004", 0.33, 0.56, 0.80, "spam_route.zombie.2004-06",
           _routes([DIRECT, BY_SERVER], 2004.46)),
    Target("O11", "by infected, 2006", 0.70, 0.80, 0.90, "spam_route.botnet.2006",
           _routes([DIRECT, BY_SERVER], 2006.5)),
    Target("O12", "direct of infected, change", -0.30, -0.20, -0.10,
           "spam_route.open_proxy.2005-02", _direct_change, "plain"),
    Target("O13a", "top senders stopped, week 1", -0.30, -0.20, -0.10,
           "port25.comcast.spam_reduction.first_week",
           lambda forecast: forecast.selective_block(2004.46, 1), "plain"),
    Target("O13b", "top senders stopped, week 3", -0.45, -0.33, -0.20,
           "port25.comcast.spam_reduction",
           lambda forecast: forecast.selective_block(2004.46, 3), "plain"),
    Target("O14", "controllers lost, on the day", -0.80, -0.60, -0.40,
           "mccolo.drop.ironport", lambda forecast: forecast.lost_controllers(2008.87), "plain"),
    Target("O15", "sources listed, 2004", 0.65, 0.80, 0.90, "dnsbl.spam_sources_listed.2004",
           lambda forecast: forecast.at(2004.5).sources_listed()),
    Target("O16", "spam a greylist sees again", 0.02, 0.05, 0.15,
           "greylist.harris.2003.triplets_blocked", lambda forecast: forecast.retried(2003.5)),
    Target("O16b", "honest mail greylisted", 0.04, 0.15, 0.40,
           "greylist.harris.2003.delayed",
           lambda forecast: forecast.fit.members["new_senders"]),
    Target("O17", "spam by top tenth of senders", 0.70, 0.80, 0.90,
           "spammers.share_of_top200.2007", lambda forecast: forecast.top_operations()),
    Target("O18", "people over 100 a day", 0, 0.005, 0.02,
           "rate_limit.hotmail.honest_affected", lambda forecast: forecast.hit_by_cap(100)),
)  # fmt: skip
PRIOR_ALONE = ("O16b", "O17", "O18")
"""Targets to which the forecast says what a prior says: no mechanism and no fit enters."""


# ---- naive forecasts


def _unchanged(forecast: Forecast) -> dict[str, float]:
    """N1: each share as it is at mid-2001, and no change."""
    now = forecast.at(CUT)
    shares = dict.fromkeys(("O1", "O2", "O3", "O4", "O5", "O6"), now.spam_share())
    infected = now.routes[[DIRECT, BY_SERVER]].sum(axis=0)
    shares |= {
        "O8": now.routes[RELAY],
        "O9": infected + now.routes[PROXY],
        "O10": infected,
        "O11": infected,
        "O15": now.sources_listed(),
    }
    return {name: float(np.median(value)) for name, value in shares.items()} | {
        "O7": 1.0,
        "O12": 0.0,
        "O13a": 0.0,
        "O13b": 0.0,
        "O14": 0.0,
    }


RULER = 3.57 / 1.07
"""Factor a year of spam's odds: growth of campaigns by that of wanted mail."""


def _ruler(_: Forecast) -> dict[str, float]:
    """N2: spam's odds on a line on logarithmic paper."""
    years = (DECEMBER_2002, 2003.54, 2003.96, MAY_2004, 2005.04, 2006.5)
    odds = [0.07 / 0.93 * RULER ** (year - APRIL_2001) for year in years]
    return {f"O{n}": value / (1 + value) for n, value in enumerate(odds, 1)} | {"O7": 1.0}


def _with_open_servers(forecast: Forecast) -> dict[str, float]:
    """N3: the relay share falls with the share of open servers, at the rate of 1998 and 1999."""
    (first, before), (last, after) = OPEN_SHARE[0], OPEN_SHARE[-1]
    rate = np.log(before / after) / (last - first)
    now = float(np.median(forecast.at(CUT).routes[RELAY]))
    return {"O8": now * float(np.exp(-rate * (2006.5 - CUT))), "O9": 0.0, "O10": 0.0, "O11": 0.0}


NAIVE: dict[str, Callable[[Forecast], dict[str, float]]] = {
    "N1": _unchanged,
    "N2": _ruler,
    "N3": _with_open_servers,
}


# ---- scores


def scores(forecast: Forecast) -> pd.DataFrame:
    """A row a target: what came, what was forecast, and the errors of all forecasts.

    Columns: target, text, observed, band_low, band_high, forecast, low, high, hit, error, and
    error_N1 to error_N3, which are missing where a naive forecast does not speak of the target.
    """
    naive = {name: say(forecast) for name, say in NAIVE.items()}
    rows = []
    for target in TARGETS:
        low, middle, high = np.nanquantile(target.question(forecast), BAND)
        rows.append(
            {
                "target": target.name,
                "text": target.text,
                "observed": target.value,
                "band_low": target.low,
                "band_high": target.high,
                "forecast": middle,
                "low": low,
                "high": high,
                "hit": target.low <= middle <= target.high,
                "error": _error(target, middle),
                **{
                    f"error_{name}": _error(target, prediction.get(target.name))
                    for name, prediction in naive.items()
                },
            }
        )
    return pd.DataFrame(rows)


def skill(table: pd.DataFrame, naive: str) -> tuple[float, int]:
    """One less the ratio of mean errors to those of a naive forecast, and the targets counted."""
    both = table[table[f"error_{naive}"].notna() & ~table["target"].isin(PRIOR_ALONE)]
    return 1 - both["error"].mean() / both[f"error_{naive}"].mean(), len(both)


def _error(target: Target, value: float | None) -> float:
    """Distance from what came in units of half the band; no number where nothing was said."""
    if value is None:
        return float("nan")
    to = _logit if target.scale == "share" else float
    half = (to(target.high) - to(target.low)) / 2
    return abs(to(value) - to(target.value)) / half


def _logit(share: float) -> float:
    inside = min(max(share, EDGE), 1 - EDGE)
    return float(np.log(inside / (1 - inside)))
