"""What the hindcast may know: observations, forcings and priors from before mid-2001.

An observation is what the model is fitted to, with the band that its sources leave. A forcing is
given to the model. A prior is a range of a parameter that no source of the time fixes: each is
drawn anew for each member of the ensemble. Nothing here is dated after `CUT`; the only ranges that
rest on later data are those that say so (`LATER`), kept wide for that reason.

Sources are keys of the published facts; C1 to C11 are the names of the calibration targets.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

CUT = 2001.5
"""The moment after which nothing is known: the middle of 2001, as a year."""
START, END = 1998.0, 2009.0
"""The years between which the market is followed."""


class Observation(NamedTuple):
    """A quantity that was observed, with the band that its sources leave."""

    name: str
    """C1 to C11."""
    quantity: str
    low: float
    value: float
    high: float
    year: float
    """When it was observed; the end of the period, for a growth."""
    source: str


class Prior(NamedTuple):
    """The range of a parameter of which no source before mid-2001 gives a value."""

    low: float
    high: float
    unit: str
    reason: str
    scale: Literal["log", "linear"] = "log"
    """On which scale all values of the range are alike likely."""


OPEN_SHARE = ((1998.08, 0.55), (1998.54, 0.36), (1999.54, 0.17))
"""C0, a forcing: (year, share of servers that relay for everybody); ``open_relay_share.*``."""
SERVERS = (1996.91, 667_000.0)
"""A forcing: (year, SMTP servers of the Internet); ``smtp_servers.count.1996-11``."""
ATTACKS = (1999.8, 1100.0)
"""A forcing: (year, campaigns started a day); ``spam_attacks.growth.1999-2001``."""

OBSERVATIONS = (
    Observation("C1", "spam share", 0.05, 0.12, 0.30, 1998.74, "spam_share.aol.1998"),
    Observation("C2", "spam share", 0.05, 0.07, 0.15, 2001.29, "spam_share.brightmail.2001-04"),
    Observation("C2", "spam share, consumer", 0.15, 0.30, 0.40, 2001.49, "spam_share.aol.2001"),
    Observation(
        "C3",
        "growth of spam per mailbox",
        1.35,
        1.6,
        2.05,
        2000.99,
        "spam_growth.personal.1998-2001",
    ),
    Observation(
        "C4", "growth of campaigns", 3.0, 3.6, 5.0, 2001.49, "spam_attacks.growth.1999-2001"
    ),
    Observation(
        "C5",
        "spam per mailbox and day",
        0.1,
        0.8,
        1.5,
        1999.5,
        "spam_per_mailbox.gartner.1999.weekly",
    ),
    Observation("C6", "relay share", 0.5, 0.9, 0.95, 2001.1, "spam_route.open_relay.2001"),
    Observation("C7", "proxy share", 0.0, 0.0, 0.05, 2001.49, "spam_route.open_proxy.2001-09"),
    Observation(
        "C10", "receivers asking a list", 0.1, 0.3, 0.5, 2001.49, "dnsbl.users_share.us_isps.2001"
    ),
)
"""What the fit reads, and nothing else. C8, C9 and C11 are priors of the same name below."""
LATER = {
    "C6": "remembered in 2006",
    "C7": "told in 2002 of September 2001",
    "C10": "September 2001",
    "C9": "all incomes that were published are of 2002 and 2003",
}
"""Observations and priors that rest on what was written after the cut, and so are wide."""

NO_SOURCE = "no source before mid-2001"
PRIORS = {
    # mailboxes and wanted mail
    "wanted_consumer": Prior(1.5, 3, "messages a mailbox and day", "C11"),
    "wanted_company": Prior(10, 25, "messages a mailbox and day", "mail.received.corporate.2001"),
    "wanted_webmail": Prior(0.7, 3, "messages a mailbox and day", NO_SOURCE),
    "wanted_growth": Prior(0.95, 1.25, "factor a year", NO_SOURCE),
    "exposure_company": Prior(0.3, 1, "spam, against a consumer's mailbox", NO_SOURCE),
    "exposure_webmail": Prior(0.7, 4, "spam, against a consumer's mailbox", NO_SOURCE),
    "mailboxes_company": Prior(0.2, 0.5, "share of mailboxes", NO_SOURCE, "linear"),
    "mailboxes_webmail": Prior(0.1, 0.4, "share of mailboxes", NO_SOURCE, "linear"),
    "mailboxes_2001": Prior(3e8, 9e8, "mailboxes", NO_SOURCE),
    "mailboxes_growth": Prior(1.1, 1.4, "factor a year at 2001", NO_SOURCE),
    "mailboxes_most": Prior(1e9, 3e9, "mailboxes", NO_SOURCE),
    # how much spam there is, and what it earns
    "spam_1998": Prior(0.05, 0.8, "spam a consumer's mailbox and day, 1998", "C5"),
    "income": Prior(90, 2000, "USD a million delivered, at the volume of 1998", "C9"),
    "dilution": Prior(0, 0.7, "power of volume by which response falls", NO_SOURCE, "linear"),
    "entry": Prior(0.1, 1.5, "growth of volume a year for each unit of return", NO_SOURCE),
    "growth_most": Prior(1.5, 4.5, "factor a year, most that entrants can add", "C4"),
    "campaign_shrinks": Prior(0.2, 1.0, "factor a year, size of a campaign", NO_SOURCE),
    "filter_speed": Prior(0.05, 1.5, "filters a year at all mail spam", NO_SOURCE),
    "filter_most": Prior(0.5, 0.95, "share of responses that filters take", NO_SOURCE, "linear"),
    # routes: cost in USD a million sent
    "cost_account": Prior(10, 500, "USD a million", "C8"),
    "cost_relay": Prior(10, 500, "USD a million", "C8"),
    "cost_proxy": Prior(5, 500, "USD a million", NO_SOURCE),
    "cost_infected": Prior(5, 500, "USD a million", NO_SOURCE),
    "cost_fall": Prior(0.7, 1.0, "factor a year", NO_SOURCE),
    "judgement": Prior(0.1, 1.0, "spread of profits that spammers see, of income", NO_SOURCE),
    "switching": Prior(0.5, 4, "share of spam that chooses anew, a year", NO_SOURCE),
    "relay_1998": Prior(0.2, 0.9, "share of spam by relays, 1998", NO_SOURCE, "linear"),
    # supply of hosts
    "servers_growth": Prior(1.0, 1.5, "factor a year", NO_SOURCE),
    "closing": Prior(0.4, 1.1, "relays that close a year, in logarithms, after July 1999", "C0"),
    "relay_rate": Prior(1e3, 1e5, "recipients a relay and day", NO_SOURCE),
    "relays_found": Prior(0.05, 0.5, "share of relays that spammers know", NO_SOURCE),
    "always_on_2001": Prior(5e6, 3e7, "home machines always on", NO_SOURCE),
    "always_on_growth": Prior(1.4, 2.5, "factor a year at 2001", NO_SOURCE),
    "always_on_most": Prior(1e8, 5e8, "home machines", NO_SOURCE),
    "proxy_share": Prior(0.002, 0.03, "share of home machines that are open proxies", NO_SOURCE),
    "proxy_from": Prior(2000.5, 2005, "year when tools for proxies spread", NO_SOURCE, "linear"),
    "infected_from": Prior(2001, 2006, "year when infections sell spam", NO_SOURCE, "linear"),
    "infection": Prior(0.01, 0.3, "share of home machines infected a year", NO_SOURCE),
    "cleaning": Prior(0.5, 12, "times a year that an infected machine is cleaned", NO_SOURCE),
    "host_rate": Prior(2e3, 2e5, "recipients a home machine and day", "line.rate.cable.2000"),
    # lists
    "asking_1998": Prior(0.02, 0.2, "share of receivers that ask a list, 1998", NO_SOURCE),
    "asking_speed": Prior(0.2, 4, "askers a year at all mail spam", NO_SOURCE),
    "relay_tests": Prior(0.01, 0.5, "chance that a relay's use on a day lists it", NO_SOURCE),
    "relay_replaced": Prior(0.3, 3, "times a year that a listed relay is mended", NO_SOURCE),
    "listing_delay": Prior(2, 30, "days from first spam to listing, 2001", NO_SOURCE),
    "listing_faster": Prior(0.5, 1.0, "factor a year", NO_SOURCE),
    "account_life": Prior(1, 20, "days", NO_SOURCE),
    "proxy_life": Prior(5, 90, "days at one address", NO_SOURCE),
    "infected_life": Prior(1, 30, "days at one address", NO_SOURCE),
    "server_listed": Prior(0, 0.2, "share of ISPs' servers listed", NO_SOURCE, "linear"),
    # networks
    "blocking_speed": Prior(0.02, 1, "networks a year that block port 25, at all spam", NO_SOURCE),
    "server_lag": Prior(0, 3, "years until infections use the ISP's server", NO_SOURCE, "linear"),
    "server_cost": Prior(1, 5, "cost against direct sending", NO_SOURCE),
    "uneven_hosts": Prior(0.7, 2, "sd of ln(spam) over infected machines", NO_SOURCE, "linear"),
    "cases_weekly": Prior(0.005, 0.1, "share of machines a network stops a week", NO_SOURCE),
    "controlled": Prior(0.5, 0.9, "share meant by 'most' controllers", NO_SOURCE, "linear"),
    "recovery": Prior(1, 12, "times a year that lost machines are won back", NO_SOURCE),
    # people and operations
    "uneven_operations": Prior(0.7, 2.5, "sd of ln(size) over operations", NO_SOURCE, "linear"),
    "uneven_people": Prior(0.7, 1.6, "sd of ln(messages) over people", NO_SOURCE, "linear"),
    "retry_real": Prior(0.8, 1.0, "share that a real server tries again", NO_SOURCE, "linear"),
    "new_senders": Prior(0.02, 0.4, "share of wanted mail, sender not seen before", NO_SOURCE),
}
"""Every parameter of the market, by name."""
