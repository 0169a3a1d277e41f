"""Servers and arrivals of whole simulated worlds against queueing theory.

People write as a Poisson process during the first hour, in which the weekly profile is flat;
their own server takes as good as no time, so that it passes a Poisson process on to the MX,
which is the queue that is looked at. Closed forms: Gross and Harris, Fundamentals of Queueing
Theory, sections 2.1 to 2.5, 3.1 and 5.1; batches that are served one by one: section 5.1 again,
with the wait behind those of the same batch (Burke, Operations Research 23, 1975, 830-833).
"""

from functools import cache
from math import factorial

import numpy as np
import pytest
from scipy import stats

from sim.scenario import loads
from sim.workload import week
from sim.world import simulate

HOUR, WARM_UP = 3600.0, 600.0
PEOPLE, REPLICATIONS = 400, 10

SCENARIO = """
title = "a queue"
run_length = "1 h"
policy_starts = "0 s"
transient = "0 s"
[networks]
core = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["10.0.0.0/16"], links = { core = "5 ms" } }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["10.1.0.0/24"], links = { core = "5 ms" }, mailboxes = 10 }
[defaults.submission]
sessions = 10000
service_time = "0 s"
per_recipient = "0 s"
temporary_failure = 0.0
[defaults.mx]
connection_queue = 1000000
per_recipient = "0 s"
[users.people]
accounts = { proseware = 1.0 }
recipients = 1
to_same_isp = 0.0
size = "1 octets"
[arms.only]
"""  # noqa: E501


def world(rate, besides="", **changes):
    """The scenario with *rate* messages a second in the first hour of the week, and *besides*."""
    daily = rate * HOUR / PEOPLE / week.expected(1.0, HOUR) * 86400.0
    told = f"count = {PEOPLE}\nmessages = '{daily} / day'\n{besides}\n[arms.only]"
    return loads(SCENARIO.replace("[arms.only]", told)).with_overrides(changes)


def interval(values, confidence=0.999):
    """Student's t interval of the mean over the replications."""
    return stats.t.interval(confidence, len(values) - 1, np.mean(values), stats.sem(values))


def agrees(values, expected, least=0.9, most=1.1):
    """Whether *expected* lies in the interval, which must be narrow enough to say something."""
    low, high = interval(values)
    assert least * expected < low < high < most * expected, "an interval that says something"
    return low <= expected <= high


# ---- a server as a queue: sessions, offered load per session, service


def erlang_c(c, load):
    """Mean wait in M/M/c, in mean services."""
    a = c * load
    tail = a**c / factorial(c) / (1 - load)
    return tail / (sum(a**k / factorial(k) for k in range(c)) + tail) / (c - a)


def pollaczek_khinchine(_, load):
    """Mean wait in M/D/1, in services."""
    return load / (2 * (1 - load))


EXPONENTIAL, CONSTANT = {"distribution": "exponential", "mean": "1 s"}, "1 s"
QUEUES = {
    "M/M/1": (1, 0.5, EXPONENTIAL, erlang_c),
    "M/M/3": (3, 0.7, EXPONENTIAL, erlang_c),
    "M/D/1": (1, 0.6, CONSTANT, pollaczek_khinchine),
}


class Seen:
    """What was seen at the MX in one replication, after the warm-up."""

    def __init__(self, frames):
        a = frames["attempts"]
        a = a[a["server"] == "adatum-mx"]
        came = a["at"].to_numpy()
        begun, over = came + a["waited"].to_numpy(), (a["at"] + a["waited"] + a["took"]).to_numpy()
        late = came >= WARM_UP
        self.waited = a["waited"].to_numpy()[late].mean()
        self.stayed = (over - came)[late].mean()
        looks = np.arange(WARM_UP, HOUR, 0.5)  # at even moments, as nobody arrives
        self.present = np.mean(
            np.searchsorted(np.sort(came), looks) - np.searchsorted(np.sort(over), looks)
        )
        self.busy = np.mean(
            np.searchsorted(np.sort(begun), looks) - np.searchsorted(np.sort(over), looks)
        )
        servers = frames["servers"]
        self.told = servers[servers["server"] == "adatum-mx"].sum(numeric_only=True)


@cache
def seen(name):
    sessions, load, service, _ = QUEUES[name]
    changes = {"servers.adatum-mx.sessions": sessions, "servers.adatum-mx.service_time": service}
    scenario = world(sessions * load, **changes)
    return [Seen(simulate(scenario, "only", r).frames()) for r in range(REPLICATIONS)]


@pytest.mark.parametrize("name", QUEUES)
def test_the_wait_is_that_of_theory(name):
    sessions, load, _, wait = QUEUES[name]
    expected = wait(sessions, load)
    assert agrees([s.waited for s in seen(name)], expected, 0.7, 1.3)
    assert not agrees([s.waited for s in seen(name)], 1.3 * expected, 0.4, 1.6)


@pytest.mark.parametrize("name", QUEUES)
def test_littles_law(name):
    """Who is present on average: the rate that was asked for, times the mean stay; and the
    closed form of it."""
    sessions, load, _, wait = QUEUES[name]
    rate = sessions * load
    assert agrees([s.present / s.stayed for s in seen(name)], rate)
    assert agrees([s.present for s in seen(name)], rate * (wait(sessions, load) + 1), 0.8, 1.2)
    assert agrees([s.busy / sessions for s in seen(name)], load)


@pytest.mark.parametrize("name", QUEUES)
def test_the_table_of_servers_tells_the_same(name):
    sessions, load, _, wait = QUEUES[name]
    told = [s.told for s in seen(name)]
    assert agrees([t["busy"] / t["span"] / sessions for t in told], load)
    assert agrees([t["waited"] / t["connections"] for t in told], wait(sessions, load), 0.7, 1.3)


# ---- loss, classes, batches


def erlang_loss(a, c, k):
    """Share of arrivals that M/M/c/k turns away at offered load *a*."""
    weights = [a**n / factorial(n) if n < c else a**n / factorial(c) / c ** (n - c)
               for n in range(k + 1)]  # fmt: skip
    return weights[-1] / sum(weights)


def over_replications(scenario, number):
    """What *number* makes of the attempts of each replication."""
    runs = (simulate(scenario, "only", r).frames()["attempts"] for r in range(REPLICATIONS))
    return [number(attempts) for attempts in runs]


def test_a_full_queue_turns_away_as_many_as_theory_says():
    """M/M/2/5, for those turned away (421) come back long after the run."""
    scenario = world(
        0.6,
        **{
            "servers.proseware-smtp.retry": ["10 h"],
            "servers.adatum-mx.sessions": 2,
            "servers.adatum-mx.connection_queue": 3,
            "servers.adatum-mx.service_time": {"distribution": "exponential", "mean": "4 s"},
        },
    )

    def turned_away(attempts):
        came = attempts[(attempts["server"] == "adatum-mx") & (attempts["at"] > WARM_UP)]
        return (came["code"] == 421).mean()

    shares = over_replications(scenario, turned_away)
    assert agrees(shares, erlang_loss(2.4, 2, 5), 0.8, 1.2)
    assert not agrees(shares, 1.2 * erlang_loss(2.4, 2, 5), 0.7, 1.3)


LARGE = """access = { home = "lan" }
[users.large]
count = 400
accounts = { proseware = 1.0 }
recipients = 1
to_same_isp = 0.0
access = { home = "lan" }
size = "386000 octets"
"""


def test_two_classes_wait_alike():
    """M/G/1: messages whose sending takes 2 s wait as long as the others, as both services say."""
    daily = 0.15 * HOUR / PEOPLE / week.expected(1.0, HOUR) * 86400.0
    scenario = world(
        0.15,
        LARGE + f"messages = '{daily} / day'",
        **{"servers.adatum-mx.sessions": 1, "servers.adatum-mx.service_time": EXPONENTIAL},
    )
    waits = {"people": [], "large": []}
    for replication in range(REPLICATIONS):
        frames = simulate(scenario, "only", replication).frames()
        group = frames["recipients"].drop_duplicates("message").set_index("message")["group"]
        attempts = frames["attempts"]
        came = attempts[(attempts["server"] == "adatum-mx") & (attempts["at"] > WARM_UP)]
        for name, waited in waits.items():
            waited.append(came.loc[came["message"].map(group) == name, "waited"].mean())
    square = (2 + (1 + 3**2)) / 2  # mean of the squares of both services
    expected = 0.3 * square / 2 / (1 - 0.6)
    for waited in waits.values():
        assert agrees(waited, expected, 0.4, 1.6)
        assert not agrees(waited, 1.6 * expected, 0.2, 1.8)


CAMPAIGNS = """
[spammers.bulk]
network = "adatum"
routes = ["open_relay"]
line = "lan"
volume = "4320 / day"
recipients = 1
campaign = 10
gaps = "exponential"
pace = "0 s"
connections = 1000
"""


def test_batches_wait_as_theory_says():
    """M^[10]/G/1: campaigns of ten transactions at once, at the one relay that is open."""
    scenario = world(
        1.0,
        CAMPAIGNS,
        run_length="6 h",
        **{
            "users.people.messages": "0.1 / day",
            "servers.proseware-mx.relay": "closed",
            "servers.adatum-mx.relay": "closed",
            "servers.proseware-smtp.sessions": 1,
            "servers.proseware-smtp.connection_queue": 1000000,
            "servers.proseware-smtp.service_time": {"distribution": "exponential", "mean": "10 s"},
        },
    )

    def waited(attempts):
        return attempts.loc[attempts["server"] == "proseware-smtp", "waited"].mean()

    waits = over_replications(scenario, waited)
    single = 0.05 * 200 / 2 / (1 - 0.5)  # as in M/M/1
    batch = 9 * 10 / 2 / (1 - 0.5)  # besides, for those of the same batch and before
    assert agrees(waits, single + batch, 0.5, 1.5)
    assert not agrees(waits, 1.5 * (single + batch), 0.3, 1.7)


# ---- arrivals


SAME, FAILS, RATE = 0.3, 0.25, 1.5


@cache
def thinned():
    """Moments (s) of arrivals at proseware's own mailboxes, of first attempts at adatum's MX
    that were taken, and of those that failed; a triple for each replication."""
    scenario = world(
        RATE,
        **{
            "users.people.to_same_isp": SAME,
            "servers.proseware-smtp.temporary_failure": FAILS,
            "servers.adatum-mx.sessions": 1000,
        },
    )
    found = []
    for replication in range(REPLICATIONS):
        frames = simulate(scenario, "only", replication).frames()
        a, r = frames["attempts"], frames["recipients"]
        first = a[(a["hop"] == "relay") & (a["attempt"] == 1)]
        own = r.loc[r["domain"] == "proseware.com", "written_at"]
        taken = first["code"] == 250
        found.append([np.sort(x) for x in (own, first[taken]["at"], first[~taken]["at"])])
    return found


PARTS = {"to the own ISP": SAME, "taken": (1 - SAME) * (1 - FAILS), "failed": (1 - SAME) * FAILS}


@pytest.mark.parametrize(("which", "part"), list(enumerate(PARTS)), ids=PARTS)
def test_a_thinned_poisson_process_is_one(which, part):
    """Each part is Poisson at its share of the rate: counts, and gaps that are exponential."""
    rate = RATE * PARTS[part]
    moments = [times[which] for times in thinned()]
    assert agrees([len(times) / HOUR for times in moments], rate)
    gaps = np.concatenate([np.diff(times) for times in moments])
    assert stats.kstest(gaps * rate, "expon").pvalue > 0.001
    assert stats.kstest(gaps * rate * 1.15, "expon").pvalue < 0.001  # it would be noticed
    minutes = np.concatenate([np.histogram(t, 60, (0, HOUR))[0] for t in moments])
    index = (len(minutes) - 1) * minutes.var(ddof=1) / minutes.mean()  # chi-square if Poisson
    assert stats.chi2.ppf(0.0005, len(minutes) - 1) < index
    assert index < stats.chi2.ppf(0.9995, len(minutes) - 1)


def test_the_parts_are_independent():
    """What goes one way says nothing of what goes another, minute by minute."""
    counts = np.array(
        [np.concatenate([np.histogram(t, 60, (0, HOUR))[0] for t in part])
         for part in zip(*thinned(), strict=True)]
    )  # fmt: skip
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert stats.pearsonr(counts[one], counts[other]).pvalue > 0.001
