"""How often a message is tried, against the geometric law; and nothing lost with everything on.

An attempt fails with chance p, whatever happened before. With at most m attempts the number
made has mean (1 - p^m) / (1 - p), k of them or more have chance p^(k - 1), and a message
expires with chance p^m (Ross, Introduction to Probability Models, section 2.2.3, cut off).
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats
from small_post import DAY, HOUR, SCENARIO

from sim.measure import conservation
from sim.scenario import loads
from sim.world import simulate

GEOMETRIC = {
    "run_length": "4 days",
    "users.people.count": 60,
    "users.people.messages": "8 / day",
    "users.people.recipients": 1.0,
    "users.people.to_same_isp": 0.0,
    "users.people.places": {"home": 1.0},
    "servers.*.sessions": 1000,  # nobody waits: the ages at which a message is tried are exact
    "servers.proseware-smtp.retry": ["5 min"],
    "servers.proseware-smtp.queue_lifetime": "12 min",
}
MOST = 4  # at 0, 5, 10 and 15 min, the first that fails after 12


@cache
def tried(p, replication):
    """Attempts at the next hop of each message, and whether it expired."""
    scenario = loads(SCENARIO).with_overrides(
        GEOMETRIC | {"servers.proseware-smtp.temporary_failure": p}
    )
    frames = simulate(scenario, "only", replication).frames()
    r, a = frames["recipients"], frames["attempts"]
    r = r[(r["class"] == "honest") & (r["fate"] != "in_transit")].set_index("message")
    counts = a[(a["hop"] == "relay") & a["message"].isin(r.index)].groupby("message").size()
    return counts, r.loc[counts.index, "fate"] == "expired"


def holds(values, expected):
    """Whether *expected* is in the 99.9 % interval of the mean over the replications."""
    half = stats.t.ppf(0.9995, len(values) - 1) * stats.sem(values)
    assert 0 < half < 0.08, "an interval that says something"
    return abs(np.mean(values) - expected) < half


@pytest.mark.parametrize("p", [0.3, 0.6])
def test_the_number_of_attempts_is_geometric(p):
    runs = [tried(p, replication) for replication in range(8)]
    means = [counts.mean() for counts, _ in runs]
    assert holds(means, (1 - p**MOST) / (1 - p))
    for k in range(2, MOST + 1):
        assert holds([(counts >= k).mean() for counts, _ in runs], p ** (k - 1))
    assert holds([expired.mean() for _, expired in runs], p**MOST)
    assert max(counts.max() for counts, _ in runs) == MOST


def test_a_law_that_is_off_by_a_tenth_is_noticed():
    p = 0.6
    means = [tried(p, replication)[0].mean() for replication in range(8)]
    assert not holds(means, 1.1 * (1 - p**MOST) / (1 - p))


# ---- everything at once

EVERYTHING = {
    "run_length": "6 days",
    "policy_starts": "2 days",
    "transient": "1 day",
    "users.people.count": 40,
    "users.people.messages": "6 / day",
    "users.people.recipients": 2.5,
    "users.people.port_587": 0.3,
    "users.people.patience": "4 h",
    "users.people.when_refused": {
        "wait": 0.2, "switch_server": 0.2, "dial_in": 0.2, "ask_isp": 0.2, "give_up": 0.2,
    },
    "networks.hotel.blocks_port_25": True,
    "networks.hotel.down": [["1 days", "1.2 days"]],
    "networks.adatum.links": {
        "core": {"latency": "20 ms", "down": [["30 h", "31 h"], ["60 h", "61 h"]]}
    },
    "servers.*-smtp.port_587": True,
    "servers.*.temporary_failure": 0.2,
    "servers.*.sessions": 2,
    "servers.*.connection_queue": 2,
    "servers.*.service_time": {"distribution": "exponential", "mean": "20 s"},
    "servers.proseware-smtp.retry": "sendmail",
    "servers.proseware-mx.retry": "exim",
    "servers.adatum-smtp.retry": "qmail",
    "servers.adatum-mx.retry": "postfix",
    "servers.*.queue_lifetime": "1 day",
    "servers.*.delay_warning": "2 h",
    "servers.*-mx.check_recipients": "later",
    "servers.*-mx.recipient": ["greylist(5 min)"],
    "servers.*.client": ["limit_client_rate(30 / hour)", "limit_connections(2)"],
    "servers.*-mx.down": [[f"{a} h", f"{a + 2} h"] for a in range(3, 140, 13)],
    "servers.*-smtp.down": [[f"{a} h", f"{a + 1} h"] for a in range(5, 140, 17)],
}  # fmt: skip
SPAM = """
[spammers.bulk]
network = "adatum"
count = 3
routes = ["open_relay", "direct"]
unknown = 0.3
sender_domain = "proseware.com"
[arms."on network"]
"servers.*.relay" = "on_network"
"servers.*-smtp.sender" = ["reject_sender_not_local"]
"""


@cache
def everything(arm, replication):
    return simulate(loads(SCENARIO + SPAM).with_overrides(EVERYTHING), arm, replication)


@pytest.mark.parametrize("arm", ["only", "on network"])
@pytest.mark.parametrize("replication", [0, 1])
def test_nothing_is_lost_with_everything_switched_on(arm, replication):
    run = everything(arm, replication)
    frames = run.frames()
    conservation.check(frames, run.intended)
    r, a = frames["recipients"], frames["attempts"]
    # and everything did happen
    assert {"busy", "unreachable", "temporary", "greylisted", "rate"} <= set(a["cause"])
    assert {"delivered", "expired", "bounced"} <= set(r["fate"])
    assert {"dsn", "delay_notice", "backscatter"} <= set(r["route"])
    assert (a["enhanced"] == "4.4.2").any()
    spent = frames["servers"].groupby("server", observed=True)[["busy", "span"]].sum()
    assert (spent["busy"] <= 2 * spent["span"] + HOUR).all()  # two sessions each


def test_same_seed_same_rows_with_everything_switched_on():
    scenario = loads(SCENARIO + SPAM).with_overrides(EVERYTHING)
    first, second = (
        run.frames() for run in (everything("on network", 0), simulate(scenario, "on network", 0))
    )
    for name in first:
        assert first[name].equals(second[name])


def test_arms_share_the_workload_with_everything_switched_on():
    columns = ["sender", "written_at", "recipient"]
    intended = []
    for arm in ("only", "on network"):
        r = everything(arm, 0).frames()["recipients"]
        intended.append(r[r["class"] == "honest"][columns].reset_index(drop=True))
    assert intended[0].equals(intended[1])


def test_a_queue_is_tried_in_step_with_its_runs():
    """Sendmail's retries in a whole world come an hour apart, whatever came in when."""
    scenario = loads(SCENARIO).with_overrides({
        "run_length": "3 days", "users.people.count": 20,
        "servers.proseware-smtp.retry": "sendmail", "servers.adatum-mx.down": [["0 s", "2 days"]],
    })  # fmt: skip
    a = simulate(scenario, "only", 0).frames()["attempts"]
    again = np.sort(a[(a["hop"] == "relay") & (a["attempt"] > 1)]["at"].unique())
    gaps = [b - c for c, b in pairwise(again) if b - c > 1.0]
    assert gaps
    assert gaps == pytest.approx([HOUR * round(gap / HOUR) for gap in gaps], abs=1e-3)
    assert again.max() < 2 * DAY + HOUR
