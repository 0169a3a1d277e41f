"""Yesterday's address: what an operator's list of addresses lets in and keeps out."""

import numpy as np
import pytest
from staged import staged, submissions

from sim.measure.counters import count_measures
from sim.scenario import loads
from sim.world import simulate

HOUR, DAY = 3600.0, 86400.0
ONE, TWO, THREE = 0xC0000281, 0xC0000282, 0xC0000283  # at the hotel

REMOTE = """
[users.agents]
count = 2
accounts = { proseware = 1.0 }
places = { home = 0.5, hotel = 0.5 }
when_refused = { give_up = 1.0 }
[users.guests]
count = 1
accounts = { proseware = 1.0 }
places = { hotel = 1.0 }
when_refused = { give_up = 1.0 }
[arms.listed]
"servers.proseware-smtp.relay" = "on_network+address_range"
"servers.proseware-smtp.listed_users" = ["agents"]
"""
ANN, BEN, GUEST = "agents-1", "agents-2", "guests-1"


def stay(name, client, start, end):
    return (name, "hotel", client, start, end)


def at(hours):
    return int(hours * HOUR)


ANNS = [stay(ANN, ONE, at(1), at(2)), stay(ANN, TWO, at(11), at(12))]
NEVER, LATER, AT_ONCE = "never", "5 hours", "0 s"
LISTS = {
    "the address that the agent was listed with": (
        NEVER, ANNS, [(ANN, at(1))], [(at(1), 250, "own_listing")],
    ),
    "the agent has another by now: refused": (
        NEVER, ANNS, [(ANN, at(11))], [(at(11), 550, "missed_listing")],
    ),
    "somebody else has it now: let in": (
        NEVER, [*ANNS, stay(GUEST, ONE, at(5), at(6))], [(GUEST, at(5))],
        [(at(5), 250, "others_listing")],
    ),
    "a guest at an address of nobody's is not meant": (
        NEVER, [*ANNS, stay(GUEST, THREE, at(5), at(6))], [(GUEST, at(5))], [(at(5), 550, "")],
    ),
    "corrected at once": (
        AT_ONCE, [*ANNS, stay(GUEST, ONE, at(13), at(14))], [(ANN, at(11)), (GUEST, at(13))],
        [(at(11), 250, "own_listing"), (at(13), 550, "")],
    ),
    "corrected too late for the first message": (
        LATER, [stay(ANN, ONE, at(1), at(2)), stay(ANN, TWO, at(11), at(17))],
        [(ANN, at(11)), (ANN, at(15.9)), (ANN, at(16.1))],
        [(at(11), 550, "missed_listing"), (at(15.9), 550, "missed_listing"),
         (at(16.1), 250, "own_listing")],
    ),
    "until it is corrected the next holder is let in": (
        LATER, [*ANNS, stay(GUEST, ONE, at(15.9), at(17))], [(GUEST, at(15.9)), (GUEST, at(16.1))],
        [(at(15.9), 250, "others_listing"), (at(16.1), 550, "")],
    ),
    "two agents at each other's address: both are let in, by the other's listing": (
        NEVER,
        [stay(ANN, ONE, at(1), at(2)), stay(BEN, TWO, at(1), at(2)),
         stay(ANN, TWO, at(5), at(6)), stay(BEN, ONE, at(5), at(6))],
        [(ANN, at(5)), (BEN, at(5) + 60)],
        [(at(5), 250, "others_listing"), (at(5) + 60, 250, "others_listing")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("update", "sessions", "written", "log"), LISTS.values(), ids=LISTS)
def test_whom_the_list_lets_in(update, sessions, written, log):
    text = REMOTE + f'"servers.proseware-smtp.listing_update" = "{update}"\n'
    found = submissions(staged(text, "listed", sessions, written))
    assert found == log


def test_at_home_the_list_is_not_needed():
    sessions = [("agents-1", "home", 0xC6336405, at(1), at(2)), ANNS[1]]
    found = submissions(staged(REMOTE, "listed", sessions, [(ANN, at(1)), (ANN, at(11))]))
    # the first address outside is the one listed, when the agent comes to have it
    assert found == [(at(1), 250, ""), (at(11), 250, "own_listing")]


def test_who_writes_by_web_mail_needs_no_listing_and_gets_none():
    sessions = [*ANNS, stay(GUEST, ONE, at(5), at(6))]
    web = {"users.agents.program": "web"}
    found = submissions(staged(REMOTE, "listed", sessions, [(GUEST, at(5))], web))
    assert found == [(at(5), 550, "")]


def test_the_list_is_written_when_the_policy_takes_effect():
    sessions = [*ANNS, stay(ANN, ONE, at(20), at(21))]
    found = submissions(
        staged(
            REMOTE, "listed", sessions, [(ANN, at(11)), (ANN, at(20))],
            {"policy_starts": "11 hours", "servers.proseware-smtp.relay": "on_network"},
        )
    )  # fmt: skip
    # at 11 h it is TWO that the agent has; until then only the own network relays
    assert found == [(at(11), 250, "own_listing"), (at(20), 550, "missed_listing")]


def test_a_list_that_the_arm_leaves_alone_is_not_written_anew():
    text = REMOTE.replace("[arms.listed]", "[arms.later]").replace('"servers', '# "servers')
    text += "[arms.listed]\n"
    sessions = [*ANNS, stay(ANN, ONE, at(20), at(21))]
    keys = {
        "policy_starts": "11.5 hours",
        "servers.proseware-smtp.relay": "on_network+address_range",
        "servers.proseware-smtp.listed_users": ["agents"],
    }
    found = submissions(staged(text, "listed", sessions, [(ANN, at(11)), (ANN, at(20))], keys))
    assert found == [(at(11), 550, "missed_listing"), (at(20), 250, "own_listing")]


OFFICE = """
title = "agents at a place with {n} leased addresses"
run_length = "8 days"
policy_starts = "1 day"
transient = "0 s"
seed = 7
[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
links = {{ core = "10 ms" }}
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.128/25"]
links = {{ core = "20 ms" }}
mailboxes = 10
[networks.office]
kind = "work"
prefixes = ["192.0.2.0/{length}"]
reserved = ["192.0.2.0/28"]
links = {{ core = "20 ms" }}
lease = "20 min"
reuse = "random"
[defaults.submission]
sessions = 100
[users.agents]
count = 10
accounts = {{ proseware = 1.0 }}
work = "office"
places = {{ work = 1.0 }}
messages = "12 / day"
to_same_isp = 0
when_refused = {{ give_up = 1.0 }}
[arms.listed]
"servers.proseware-smtp.relay" = "on_network+address_range"
"servers.proseware-smtp.listed_users" = ["agents"]
"servers.proseware-smtp.client_ranges" = ["192.0.2.0/28"]
"""


def office(length=26, **changes):
    n = 2 ** (32 - length) - 2 - 14
    return loads(OFFICE.format(n=n, length=length)).with_overrides(changes)


def shares(scenario, replication=0):
    """Shares of submissions to elsewhere after the first day, by permission."""
    a = simulate(scenario, "listed", replication).frames()["attempts"]
    a = a[(a["hop"] == "submission") & (a["at"] > 2 * DAY)]
    counts = a["permission"].value_counts(normalize=True)
    return {name: share for name, share in counts.items() if share}


def test_a_list_that_is_not_corrected_hits_as_often_as_chance():
    """Leased anew at random from n addresses, with few in use, an address is that of the own
    listing with probability 1 / n, and that of one of the 9 others with 9 / n at most (two may
    be listed with the same): by the 10 listed addresses that differ."""
    n = 47  # a /26 has 62 hosts, of which the reserved block takes 15
    own, others = [], []
    for replication in range(12):
        found = shares(office(), replication)
        assert set(found) <= {"own_listing", "others_listing", "missed_listing"}
        own.append(found.get("own_listing", 0.0))
        others.append(found.get("others_listing", 0.0))
    distinct = n * (1 - (1 - 1 / n) ** 10)  # addresses listed, on average
    for values, expected in ((own, 1 / n), (others, (distinct - 1) / n)):
        error = np.std(values, ddof=1) / np.sqrt(len(values))
        assert abs(np.mean(values) - expected) < 4 * error


def test_a_fixed_address_out_of_the_reserved_block_is_never_refused():
    fixed = office(**{"users.agents.fixed_address": ["office"]})
    assert shares(fixed) == {"": 1.0}
    clients = simulate(fixed, "listed", 0).frames()["attempts"]["client"]
    assert clients.min() >= 0xC0000201
    assert clients[clients < 0xC0000300].max() <= 0xC000020F


def test_the_old_holder_is_favoured_where_leases_are_sticky():
    assert shares(office(**{"networks.office.reuse": "sticky"}))["own_listing"] > 0.95


def test_a_list_corrected_at_once_is_right():
    corrected = loads(
        OFFICE.format(n=47, length=26) + '"servers.proseware-smtp.listing_update" = "0 s"\n'
    )
    assert shares(corrected) == {"own_listing": 1.0}


def permissions_by_day(frames):
    """Submissions by whose permission they used and the day (s)."""
    attempts = frames["attempts"]
    used = attempts[(attempts["permission"] != "") & (attempts["hop"] == "submission")]
    return used.groupby([used["permission"].astype(str), used["at"] // DAY * DAY]).size()


def test_mistakes_are_measures_with_the_same_counts():
    scenario = office()
    frames = simulate(scenario, "listed", 0).frames()
    table = permissions_by_day(frames)
    m = count_measures(frames, scenario)
    m = m[(m["by"] == "day") & (m["class"] == "honest") & m["phase"].isin(["warm-up", "after"])]
    for measure, name in (
        ("false_refusals_per_day", "missed_listing"),
        ("false_acceptances_per_day", "others_listing"),
    ):
        days = m[m["measure"] == measure].groupby("key", observed=True)["numerator"].sum()
        counted = [days[str(day)] for day in range(1, 8)]
        assert counted == table[name].tolist()
        assert sum(counted) == days.sum() > 10
