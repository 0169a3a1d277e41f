"""Addresses get on a list and off it, with constant times and an exact log; who pays for it."""

from pathlib import Path

import numpy as np
import pytest
from little_world import DAY, HOUR, SCENARIO, STRANGER, Little

from sim.measure.counters import count_measures
from sim.scenario import ScenarioError, load, loads
from sim.workload.workload import workload
from sim.world import simulate
from sim.world.blocklists import _gaps

SCENARIOS = Path(__file__).parents[2] / "scenarios"

DELIVERED = ("delivered", "", "end_of_list")
BLOCKED = ("bounced", "blocklist", "reject_rbl_client")


def test_a_trap_lists_the_relay_and_its_honest_customers_pay():
    world = Little()
    world.write(HOUR)
    world.send_spam(2 * HOUR)
    world.write(2 * HOUR + 60, to="people-3@careless.example")
    world.write(2 * HOUR + 60)
    world.write(2 * DAY + 2 * HOUR)
    world.write(2 * DAY + 3 * HOUR)
    world.run()
    # 30 s after the trap was hit, until 2 days after it
    assert world.log() == [
        (30.0, "listed", "trap", "proseware-smtp"),
        (2 * DAY, "delisted", "expired", "proseware-smtp"),
    ]
    assert world.calendar["address"].tolist() == [0xC633647E] * 2
    assert world.calendar["prefix"].tolist() == [32, 32]
    assert world.calendar["name"].tolist() == ["trap-list"] * 2
    # careless has no list; adatum refuses while it lasts, and the sender gets a notice
    assert world.fates() == [DELIVERED, DELIVERED, BLOCKED, BLOCKED, DELIVERED]
    assert world.rows[world.rows["class"] == "honest"]["believed"].tolist() == [
        True, True, False, False, True,
    ]  # fmt: skip
    assert len(world.fates("notice")) == 2


def test_spam_in_the_meantime_puts_expiry_off():
    world = Little()
    world.send_spam(2 * HOUR)
    world.send_spam(2 * HOUR + DAY)
    assert world.run().log() == [
        (30.0, "listed", "trap", "proseware-smtp"),
        (3 * DAY, "delisted", "expired", "proseware-smtp"),
    ]


def test_a_second_trap_before_the_list_answers_makes_no_second_entry():
    world = Little()
    world.send_spam(2 * HOUR)
    world.send_spam(2 * HOUR + 10.0)
    assert world.run().log() == [
        (30.0, "listed", "trap", "proseware-smtp"),
        (10.0 + 2 * DAY, "delisted", "expired", "proseware-smtp"),
    ]


def test_spam_straight_to_the_mx_lists_the_spammer_and_not_the_relay():
    world = Little()
    world.send_spam(2 * HOUR, through="rest-mx")
    world.write(3 * HOUR)
    world.send_spam(4 * HOUR, to="people-2@adatum.com", through="adatum-mx")
    world.run()
    assert world.log()[0] == (30.0, "listed", "trap", "")
    assert world.calendar["address"].tolist()[0] == STRANGER
    assert world.fates() == [DELIVERED]
    assert world.fates("spam")[1][0] == "in_transit"  # refused; this spammer does not react


def test_a_list_hears_nothing_before_it_opens():
    world = Little(**{"blocklists.trap-list.opens": "1 day"})
    world.send_spam(2 * HOUR)
    world.send_spam(DAY + 2 * HOUR)
    assert world.run().log()[0] == (DAY + 30.0, "listed", "trap", "proseware-smtp")


def test_reports_list_when_there_are_enough():
    world = Little(**{"blocklists.trap-list.reports": 1.0})
    for hour in (2, 3, 4):
        world.send_spam(hour * HOUR, to="rest-box-1@rest.example")
    assert world.run().log() == [
        # the second report comes 1 h after the second spam; the third puts expiry off
        (2 * HOUR + 30.0, "listed", "reports", "proseware-smtp"),
        (3 * HOUR + 2 * DAY, "delisted", "expired", "proseware-smtp"),
    ]


def test_reports_count_anew_after_an_entry_has_expired():
    world = Little(**{"blocklists.trap-list.reports": 1.0})
    for hour in (2, 3, 5 * 24, 8 * 24, 8 * 24 + 1):
        world.send_spam(hour * HOUR, to="rest-box-1@rest.example")
    listed = [at for at, change, *_ in world.run().log() if change == "listed"]
    # two within two hours; one alone days later does nothing, but is the first of the next two
    assert listed == [2 * HOUR + 30.0, 8 * DAY - HOUR + 30.0]


@pytest.mark.parametrize("share", [0.003, 0.2, 0.9])
def test_each_recipient_reports_with_the_same_chance(share):
    gaps = _gaps(share, np.random.default_rng(1))
    recipients, reports, left = 100_000, 0, next(gaps)
    for _ in range(recipients // 20):
        left -= 20
        while left <= 0:
            reports, left = reports + 1, left + next(gaps)
    deviation = (recipients * share * (1 - share)) ** 0.5  # binomial
    assert abs(reports - recipients * share) < 4 * deviation


def test_a_block_of_256_takes_the_neighbours_along():
    world = Little(**{"blocklists.trap-list.scope": "/24"})
    world.send_spam(2 * HOUR, through="rest-mx")  # 203.0.113.0/24: careless and rest themselves
    world.run()
    assert world.log()[0] == (30.0, "listed", "trap", "")
    assert world.calendar[["address", "prefix"]].to_numpy().tolist()[0] == [0xCB007100, 24]
    world = Little(**{"blocklists.trap-list.scope": "/24"})
    world.send_spam(2 * HOUR, through="rest-mx", by=0xC6336405)  # a customer of proseware
    world.write(3 * HOUR)
    assert world.run().fates() == [BLOCKED]


def test_an_owner_is_removed_once_the_relay_is_closed():
    settings = {"blocklists.trap-list.removal": "4 h", "operators.owner.date": "1 day"}
    world = Little(**settings)
    world.send_spam(2 * HOUR)
    world.write(DAY - HOUR)
    world.write(DAY + 5 * HOUR)
    world.run()
    came = world.rows["ended_at"][world.rows["class"] == "spam"].iloc[0]
    assert world.log() == [
        # asked for when it was listed, but then the test came through
        (30.0, "listed", "trap", "proseware-smtp"),
        (pytest.approx(DAY - came), "closed", "date", "proseware-smtp"),
        (pytest.approx(DAY + 4 * HOUR - came), "delisted", "removed", "proseware-smtp"),
    ]
    assert world.fates() == [BLOCKED, ("delivered", "", "end_of_list")]


def test_a_list_of_open_relays_tests_before_it_lists():
    settings = {"blocklists.trap-list.open_relays_only": True}
    world = Little(**settings)
    world.send_spam(2 * HOUR, through="rest-mx")  # from the spammer's own line
    world.send_spam(3 * HOUR)
    assert [entry[1:] for entry in world.run().log()] == [
        ("listed", "trap", "proseware-smtp"), ("delisted", "expired", "proseware-smtp"),
    ]  # fmt: skip
    closed = Little(**settings, **{"servers.proseware-smtp.relay": "on_network"})
    closed.send_spam(2 * HOUR, by=0xC6336405)  # a customer of its own
    closed.run()
    assert closed.fates("spam")[0][0] == "delivered"
    assert closed.log() == []


def test_reports_count_anew_after_a_test_that_did_not_come_through():
    settings = {"open_relays_only": True, "reports": 1.0}
    world = Little(**{f"blocklists.trap-list.{key}": value for key, value in settings.items()})
    world.settings |= {
        "policy_starts": "1 day", "servers.proseware-smtp.relay": "on_network",
        "arms.only.servers.proseware-smtp.relay": "open",
    }  # fmt: skip
    for hour in (2, 3, 30, 40):  # by a customer of proseware, who may relay all along
        world.send_spam(hour * HOUR, to="rest-box-1@rest.example", by=0xC6336405)
    listed = [at for at, change, *_ in world.run().log() if change == "listed"]
    assert listed == [(40 - 2 + 1) * HOUR + 30.0]


def test_a_dead_list_lists_the_world():
    world = Little(**{"blocklists.trap-list.lists_the_world": "5 days"})
    world.write(4 * DAY)
    world.write(6 * DAY)
    world.write(6 * DAY, to="people-3@careless.example")
    world.run()
    assert world.fates() == [DELIVERED, BLOCKED, DELIVERED]
    c = world.calendar
    assert c[["at", "prefix", "address"]].to_numpy().tolist() == [[5 * DAY, 0, 0]]
    assert c[["change", "reason"]].astype(str).to_numpy().tolist() == [["listed", "died"]]


def test_fixed_ranges_are_always_listed():
    world = Little(**{"blocklists.trap-list.ranges": ["198.51.100.126"]})
    world.write(HOUR)
    assert world.run().fates() == [BLOCKED]


def test_the_whole_thing_without_a_list_notes_nothing():
    world = Little(**{"servers.adatum-mx.client": [], "blocklists.trap-list.traps": {}})
    world.write(HOUR)
    world.send_spam(2 * HOUR, to="rest-box-1@rest.example")
    assert world.run().log() == []
    assert list(world.calendar.columns)[:4] == ["arm", "replication", "at", "change"]


def test_honest_people_never_write_to_traps():
    more = loads(SCENARIO).with_overrides({"blocklists.trap-list.traps": {"rest": 500}})
    few = loads(SCENARIO)
    a, b = (workload(scenario, 0).arrivals for scenario in (few, more))
    assert len(a) > 20
    assert (a.at, a.recipients) == (b.at, b.recipients)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("servers.adatum-mx.client", ["reject_rbl_client(trap)"], "did you mean 'trap-list'"),
        ("blocklists.trap-list.traps", {"core": 1}, "expected a network with a mail domain"),
        ("blocklists.trap-list.traps", {"rset": 1}, "did you mean 'rest'"),
        ("blocklists.trap-list.scope", "/16", "expected 'address' or '/24'"),
        ("operators.owner.servers", ["prosewear-*"], "operators.owner.servers"),
        ("operators.owner.closes_to", "on_netwrk", "did you mean 'on_network'"),
    ],
)
def test_what_cannot_be(key, value, told):
    with pytest.raises(ScenarioError) as error:
        loads(SCENARIO).with_overrides({key: value})
    assert told in str(error.value)


# ---- the ready scenarios


@pytest.fixture(scope="module")
def collateral():
    """Runs of the scenario, in 8 days, by arm."""
    told = load(SCENARIOS / "blocklist-collateral.toml")
    scenario = told.with_overrides({"run_length": "8 days"})
    return {arm: simulate(scenario, arm, 0).frames() for arm in scenario.arms}, scenario


def lost(frames):
    """Honest rows lost to a listing."""
    r = frames["recipients"]
    return r[(r["class"] == "honest") & (r["cause"] == "blocklist")]


def test_only_who_asks_refuses_and_only_customers_of_the_listed_server_pay(collateral):
    runs, _ = collateral
    assert len(lost(runs["nobody asks"])) == 0
    assert set(lost(runs["adatum asks"])["server"]) == {"adatum-mx"}
    everybody = lost(runs["everybody asks"])
    assert set(everybody["group"]) == {"customers"}
    assert set(everybody["rule"]) == {"reject_rbl_client"}
    assert everybody["ended_at"].min() > 3 * DAY
    block = lost(runs["everybody asks, 256 at a time"])
    assert set(block["group"]) == {"customers", "neighbours"}  # one /24 holds both


def test_lists_change_no_honest_mail(collateral):
    runs, _ = collateral
    columns = ["sender", "written_at", "recipient", "place"]
    tables = [r[r["class"] == "honest"][columns] for r in (f["recipients"] for f in runs.values())]
    assert all(np.array_equal(t.to_numpy(), tables[0].to_numpy()) for t in tables)


def test_collateral_over_time_comes_from_the_rows(collateral):
    runs, scenario = collateral
    frames = runs["everybody asks"]
    m = count_measures(frames, scenario)
    m = m[(m["measure"] == "collateral_rate") & (m["class"] == "honest") & (m["by"] == "day")]
    m = m[m["phase"].isin(["warm-up", "after"])].groupby("key", observed=True)["numerator"].sum()
    rows = lost(frames)
    days = np.bincount((rows["written_at"] / DAY).astype(int), minlength=8)
    assert [m[str(day)] for day in range(8)] == days.tolist()
    assert sum(days[:3]) == 0
    assert min(days[3:]) > 0


def test_spam_falls_where_lists_are_asked(collateral):
    runs, _ = collateral

    def spam(arm):
        r = runs[arm]["recipients"]
        wanted = (r["class"] == "spam") & (r["fate"] == "delivered") & (r["phase"] != "warm-up")
        return int(wanted.sum())

    assert spam("everybody asks") < spam("nobody asks") / 3


def test_a_spammer_who_looks_at_the_list_leaves_the_relay(collateral):
    runs, _ = collateral
    arm = "everybody asks, the spammer looks too"
    r = runs[arm]["recipients"]
    assert "direct" in set(r[r["class"] == "spam"]["route"])
    r = runs["everybody asks"]["recipients"]
    assert set(r[r["class"] == "spam"]["route"]) == {"open_relay"}


def test_the_same_listings_for_the_same_seed(collateral):
    runs, scenario = collateral
    again = simulate(scenario, "everybody asks", 0).frames()["calendar"]
    assert again.equals(runs["everybody asks"]["calendar"])
    assert len(again) > 1


def test_what_a_dead_list_costs():
    scenario = load(SCENARIOS / "dead-list.toml")
    asks = lost(simulate(scenario, "adatum still asks", 0).frames())
    assert set(asks["server"]) == {"adatum-mx"}
    assert asks["ended_at"].min() > 5 * DAY
    both = simulate(scenario, "adatum asks on both machines", 0).frames()["recipients"]
    own = both[(both["account"] == "adatum") & (both["written_at"] > 5 * DAY)]
    assert set(own["fate"]) <= {"refused", "in_transit"}  # its own customers, all of them
