"""How often somebody else's POP login opens relaying, against closed forms.

All runs last one hour, in which the weekly profile is flat, so that people connect as a
Poisson process.
"""

from math import exp

import numpy as np
import pytest
from scipy import stats

from sim.scenario import loads
from sim.workload import week
from sim.workload.workload import workload
from sim.world import simulate

HOUR = 3600.0
VENUES, GUESTS = 10, 150
MEAN, GAP, WINDOW = 60.0, 40.0, 60.0
"""Seconds: lease, idle time of an address, window; 1 to 30 of a real one."""


def world(venues, groups):
    return f"""
title = "windows"
run_length = "1 h"
policy_starts = "0 s"
transient = "0 s"
[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
links = {{ core = "5 ms" }}
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.128/25"]
links = {{ core = "5 ms" }}
mailboxes = 10
{venues}
[defaults.submission]
relay = "pop_first"
pop_window = "{WINDOW} s"
sessions = 1000
{groups}
[arms.pop]
"""


def per_day(events_per_hour):
    """The rate of one person that gives so many events in the first hour of the week."""
    return f"{events_per_hour / week.expected(1.0, HOUR) * 86400} / day"


def agrees(values, expected):
    """Whether *expected* is in the 99 % interval of the replications' mean (Student's t)."""
    half = stats.t.ppf(0.995, len(values) - 1) * stats.sem(values)
    assert half < 0.05, "an interval that says something"
    return abs(np.mean(values) - expected) < half


# ---- an address that is handed on


def exponential_leases(mean, gap, window):
    """P(L + G < W), L and G exponential: one lease, then the address idle.

    The last login is that at the beginning of the lease before, L + G ago.
    """
    return 1.0 - (mean * exp(-window / mean) - gap * exp(-window / gap)) / (mean - gap)


def uniform_leases(mean, gap, window):
    """The same with L uniform from 0 to twice the mean:
    the integral of 1 - exp(-(W - l) / g) over l up to c = min(W, 2 mean), over 2 mean."""
    most = min(window, 2 * mean)
    tail = exp(-(window - most) / gap) - exp(-window / gap)
    return (most - gap * tail) / (2 * mean)


def test_the_integral_is_that_of_the_density():
    lengths = (np.arange(1_000_000) + 0.5) * 2 * MEAN / 1_000_000
    inside = np.where(lengths < WINDOW, 1 - np.exp(-(WINDOW - lengths).clip(min=0) / GAP), 0)
    assert uniform_leases(MEAN, GAP, WINDOW) == pytest.approx(inside.mean(), rel=1e-5)


def handed_on(lengths):
    """Ten venues with one address each; whoever connects sends at once and polls after it."""
    venues = "".join(
        f"""
[networks.venue-{i}]
kind = "venue"
prefixes = ["192.0.2.{i}/32"]
links = {{ core = "5 ms" }}
lease = "{MEAN} s"
lease_lengths = "{lengths}"
"""
        for i in range(VENUES)
    )
    groups = "".join(
        f"""
[users.at-{i}]
count = {GUESTS}
accounts = {{ proseware = 1.0 }}
places = {{ venue-{i} = 1.0 }}
messages = "{per_day(HOUR / GAP / GUESTS)}"
mail_checks = "0 / day"
recipients = 1
to_same_isp = 0
pop_poll = "1 day"
pop_after_sending = "0.1 s"
when_refused = {{ give_up = 1.0 }}
"""
        for i in range(VENUES)
    )
    return loads(world(venues, groups))


LEASES = {"exponential": exponential_leases, "uniform": uniform_leases}


@pytest.mark.parametrize(("lengths", "closed_form"), LEASES.items(), ids=LEASES)
def test_the_next_holder_inherits_the_window_with_the_probability_of_the_closed_form(
    lengths, closed_form
):
    shares = []
    scenario = handed_on(lengths)
    for replication in range(16):
        a = simulate(scenario, "pop", replication).frames()["attempts"]
        # who finds the address taken gets a busy signal, and is no holder
        a = a[(a["hop"] == "submission") & (a["attempt"] == 1) & (a["client"] != 0)]
        a = a[a["permission"] != "own_window"]  # a second message in the same lease
        # the same number of holders from each address: the run's end would favour short cycles
        heirs = [one.sort_values("at").iloc[1:21] for _, one in a.groupby("client")]
        assert [len(one) for one in heirs] == [20] * VENUES
        inherited = [(one["permission"] == "inherited_window").mean() for one in heirs]
        shares.append(np.mean(inherited))
    assert agrees(shares, closed_form(MEAN, GAP, WINDOW))


# ---- an address that is shared


@pytest.mark.parametrize("window", [20.0, 60.0])
def test_behind_a_shared_address_the_window_is_open_as_often_as_the_closed_form_says(window):
    """Guests log in as a Poisson process of rate r, and who asks sees it as any moment does:
    somebody did within the window with probability 1 - exp(-r W)."""
    every = 50.0  # s between logins
    venue = """
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.0/28"]
links = { core = "5 ms" }
shared_address = true
lease = "1 s"
"""
    groups = f"""
[users.log-in]
count = 400
accounts = {{ proseware = 1.0 }}
places = {{ hotel = 1.0 }}
messages = "0 / day"
mail_checks = "{per_day(HOUR / every / 400)}"
pop_before_sending = 1.0
pop_poll = "1 day"
when_refused = {{ give_up = 1.0 }}
[users.ask]
count = 400
accounts = {{ proseware = 1.0 }}
places = {{ hotel = 1.0 }}
messages = "{per_day(0.5)}"
mail_checks = "0 / day"
recipients = 1
to_same_isp = 0
pop_after_sending = "1 day"
when_refused = {{ give_up = 1.0 }}
"""
    scenario = loads(world(venue, groups))
    scenario = scenario.with_overrides({"servers.proseware-smtp.pop_window": f"{window} s"})
    shares = []
    for replication in range(16):
        a = simulate(scenario, "pop", replication).frames()["attempts"]
        a = a[(a["hop"] == "submission") & (a["at"] > window)]
        assert set(a["permission"]) <= {"", "shared_window"}
        shares.append((a["permission"] == "shared_window").mean())
    assert agrees(shares, 1 - exp(-window / every))


# ---- what is left of the window when a call ends


def test_the_window_at_the_end_of_a_call():
    """pop_window.open_at_hangup and pop_window.mean_rest_at_hangup: one login at the start."""
    mean = window = 30 * 60.0
    groups = f"""
[users.dial-in]
count = 2000
accounts = {{ proseware = 1.0 }}
messages = "0 / day"
mail_checks = "{per_day(1.0)}"
pop_before_sending = 1.0
pop_poll = "1 day"
"""
    scenario = loads(world("", groups)).with_overrides(
        {"networks.proseware.lease": "30 min", "networks.proseware.prefixes": ["10.0.0.0/16"]}
    )
    is_open, rest = [], []
    for replication in range(10):
        drawn = workload(scenario.arm("pop"), replication)
        calls = [s for mine in map(drawn.mobility.visits, drawn.mobility.people) for s in mine]
        ages = [s.end - drawn.pop_logins.last("proseware", s.client, s.end) for s in calls]
        left = np.clip(window - np.array(ages), 0, None)
        is_open.append((left > 0).mean())
        rest.append(left.mean() / mean)
    assert agrees(is_open, 1 - exp(-window / mean))
    assert agrees(rest, window / mean - (1 - exp(-window / mean)))
    assert round(1 - exp(-window / mean), 2) == 0.63  # as the facts have it
    assert round((window - mean * (1 - exp(-window / mean))) / 60) == 11
