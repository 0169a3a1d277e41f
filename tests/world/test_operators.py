"""Relays close on a date, along a curve, or after complaints; an exact log of each."""

import math
from functools import lru_cache
from pathlib import Path

import pytest
from little_world import DAY, HOUR, SCENARIO, Little

from sim.scenario import load, loads
from sim.scenario.operators import closing_time
from sim.workload.streams import stream
from sim.world import simulate

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CURVE = ((10.0, 0.6), (20.0, 0.4), (30.0, 0.4), (40.0, 0.0))


@pytest.mark.parametrize(
    ("number", "at"),
    [(0.9, 10.0), (0.6, 10.0), (0.5, 15.0), (0.4, 20.0), (0.1, 37.5), (0.0, 40.0)],
)
def test_closing_times_are_read_off_the_curve(number, at):
    assert closing_time(CURVE, number) == pytest.approx(at)


def test_who_is_below_the_curve_to_the_end_stays_open():
    assert closing_time(CURVE[:2], 0.39) is None
    assert closing_time((), 0.5) is None


def operated(**settings):
    """The little world, with proseware's operator told otherwise."""
    told = {f"operators.owner.{key}": value for key, value in settings.items()}
    return Little(**{"servers.adatum-mx.client": [], "servers.proseware-mx.relay": "open"} | told)


def test_a_date():
    world = operated(date="1 day")
    world.send_spam(DAY - HOUR, to="people-2@adatum.com")
    world.send_spam(DAY + HOUR, to="people-2@adatum.com")
    world.write(DAY + 2 * HOUR)  # a customer, on the network
    world.run()
    c = world.calendar
    assert c["server"].tolist() == ["proseware-smtp", "proseware-mx"]
    assert c[["at", "address", "prefix"]].to_numpy().tolist() == [
        [DAY, 0xC633647E, 32], [DAY, 0xC633647D, 32],
    ]  # fmt: skip
    assert set(c["name"]) == {"owner"}
    assert [fate for fate, *_ in world.fates("spam")] == ["delivered", "in_transit"]
    assert [fate for fate, *_ in world.fates()] == ["delivered"]


def test_closed_to_what_is_named():
    world = operated(date="1 day", closes_to=["reject"])
    world.write(DAY + 2 * HOUR)
    assert world.run().fates() == [("refused", "relaying", "reject")]


def test_a_number_of_reports_about_the_isp():
    world = operated(after_reports=2, reaction="3 h")
    world.settings["blocklists.trap-list.reports"] = 1.0
    for hour in (2, 3, 4, 5):
        world.send_spam(hour * HOUR, to="rest-box-1@rest.example")
    world.send_spam(9 * HOUR, to="rest-box-1@rest.example")
    log = [entry for entry in world.run().log() if entry[1] == "closed"]
    # the second report comes 1 h after the second spam, which came 1 h after the first
    assert [(at, reason) for at, _, reason, _ in log] == [(5 * HOUR, "reports")] * 2
    assert [fate for fate, *_ in world.fates("spam")] == ["delivered"] * 4 + ["in_transit"]


def test_a_number_of_listings_of_the_isp():
    world = operated(after_listings=2, reaction="3 h")
    world.settings["blocklists.trap-list.expiry"] = "1 day"
    for day in (1, 3):
        world.send_spam(day * DAY)
    assert [entry for entry in world.run().log() if entry[1] != "delisted"] == [
        (30.0, "listed", "trap", "proseware-smtp"),
        (2 * DAY + 30.0, "listed", "trap", "proseware-smtp"),
        (2 * DAY + 30.0 + 3 * HOUR, "closed", "listings", "proseware-smtp"),
        (2 * DAY + 30.0 + 3 * HOUR, "closed", "listings", "proseware-mx"),
    ]


@pytest.mark.parametrize(("most", "closed"), [(2, [2 * DAY + 3 * HOUR] * 2), (3, [])])
def test_a_day_on_which_so_much_is_relayed_for_strangers(most, closed):
    """The first day has one recipient, the second two; a customer's mail is none."""
    world = operated(after_relayed=most, reaction="3 h")
    world.write(HOUR)
    for at in (2 * HOUR, DAY + HOUR, DAY + 2 * HOUR):
        world.send_spam(at, to="people-2@adatum.com")
    log = [entry for entry in world.run().log() if entry[1] == "closed"]
    assert {reason for _, _, reason, _ in log} <= {"relayed"}
    since = 2 * HOUR  # the log begins with the first spam
    assert [at + since for at, *_ in log] == pytest.approx(closed, abs=10.0)


def test_a_block_of_256_that_is_listed_counts_for_each_isp_with_a_server_in_it():
    world = operated(after_listings=1, reaction="3 h")
    world.settings |= {"blocklists.trap-list.scope": "/24"}
    world.send_spam(DAY, through="adatum-smtp")  # 198.51.100.0/24 is proseware's, too
    assert [entry[:3] for entry in world.run().log() if entry[1] != "delisted"] == [
        (30.0, "listed", "trap"),
        (30.0 + 3 * HOUR, "closed", "listings"),
        (30.0 + 3 * HOUR, "closed", "listings"),
    ]


@pytest.mark.parametrize(("date", "reason"), [("1 hour", "date"), ("3 days", "curve")])
def test_whichever_comes_first(date, reason):
    world = operated(date=date, open_share=[["0 s", 1.0], ["2 days", 0.0]])
    closed = world.run().calendar
    number = stream(1, replication=0, entity="networks.proseware", purpose="closing").random()
    at = {"date": HOUR, "curve": 2 * DAY * (1.0 - number)}[reason]
    assert closed["at"].tolist() == pytest.approx([at] * 2)
    assert set(closed["reason"]) == {reason}


def test_what_is_closed_already_is_left_alone():
    world = operated(date="1 day")
    world.settings |= {"servers.proseware-*.relay": "on_network+pop_first"}
    assert world.run().log() == []


def test_an_arm_does_not_open_what_an_operator_has_closed():
    world = operated(date="1 day")
    world.settings["policy_starts"] = "2 days"
    world.send_spam(3 * DAY, to="people-2@adatum.com")
    assert [fate for fate, *_ in world.run().fates("spam")] == ["in_transit"]


# ---- a population

ISPS = 200


@lru_cache
def population():
    """Many ISPs with an open relay each, of which a curve closes one after the other."""
    networks = "\n".join(
        f'isp-{i} = {{ kind = "isp", domain = "isp-{i}.example", links = {{ core = "10 ms" }},'
        f' prefixes = ["10.0.{i}.0/28"] }}'
        for i in range(ISPS)
    )
    told = f"""
        title = "many"
        run_length = "10 days"
        policy_starts = "1 day"
        transient = "0 s"
        [networks]
        core = {{ kind = "transit" }}
        {networks}
        [users.nobody]
        count = 1
        accounts = {{ isp-0 = 1.0 }}
        messages = "0 / day"
        [operators.everybody]
        servers = ["isp-*"]
        open_share = [["0 s", 0.55], ["2 days", 0.36], ["9 days", 0.02]]
        [arms.x]
        [arms.y]
        "operators.everybody.open_share" = [["0 s", 0.55], ["2 days", 0.36], ["9 days", 0.01]]
    """
    return loads(told)


def closings(run):
    c = run.frames()["calendar"]
    c = c[c["change"] == "closed"]
    return dict(zip(c["server"], c["at"], strict=True))


def test_the_open_share_follows_the_curve():
    scenario = population()
    closed = closings(simulate(scenario, "x", 0))
    one = [at for name, at in closed.items() if name.endswith("-mx")]
    for day, share in [(0, 0.55), (1, 0.455), (2, 0.36), (5.5, 0.19), (9, 0.02)]:
        still = ISPS - sum(at <= day * DAY for at in one)
        # 4 standard deviations of a binomial number: fails once in 16,000 seeds
        assert abs(still - ISPS * share) <= 4 * math.sqrt(ISPS * share * (1 - share)) + 1e-9
    # an ISP closes its machines at once
    assert all(closed[f"isp-{i}-smtp"] == closed[f"isp-{i}-mx"] for i in range(ISPS)
               if f"isp-{i}-mx" in closed)  # fmt: skip


def test_arms_share_each_isps_number():
    scenario = population()
    x, y = (closings(simulate(scenario, arm, 0)) for arm in ("x", "y"))
    assert set(x) <= set(y)  # the lower curve closes more, and nobody later
    assert all(y[name] <= x[name] for name in x)
    assert all(y[name] == x[name] for name in x if x[name] <= 2 * DAY)
    assert closings(simulate(scenario, "x", 1)) != x


def test_one_isp_more_changes_no_others_date():
    few = population().with_overrides({"operators.everybody.servers": ["isp-1*"]})
    all_of_them = closings(simulate(population(), "x", 0))
    some = closings(simulate(few, "x", 0))
    assert some == {name: at for name, at in all_of_them.items() if name.startswith("isp-1")}


def test_complaints_need_a_list_to_complain_to():
    without = SCENARIO.replace("[blocklists.trap-list]", "[users.other]").split("[users.other]")[0]
    with pytest.raises(ValueError, match="no list to report to"):
        loads(
            without.replace('["reject_rbl_client(trap-list)"]', "[]")
            + '[operators.o]\nservers = ["*"]\nafter_reports = 3\n[arms.only]\n'
        )


# ---- the ready scenarios


def spam_by_route(frames, first, last):
    """Delivered spam by route, of days *first* to *last*."""
    r = frames["recipients"]
    within = (r["written_at"] >= first * DAY) & (r["written_at"] < last * DAY)
    chosen = r[within & (r["class"] == "spam") & (r["fate"] == "delivered")]
    return chosen["route"].astype(str).value_counts().to_dict()


def test_one_isp_that_closes_alone_pays_and_stops_no_spam():
    scenario = load(SCENARIOS / "one-closes-alone.toml")
    runs = {arm: simulate(scenario, arm, 0).frames() for arm in scenario.arms}
    spam = {arm: sum(spam_by_route(frames, 6, 14).values()) for arm, frames in runs.items()}
    assert spam["the first alone"] == spam["all but one"] == spam["nobody closes"]
    assert spam["all"] < spam["nobody closes"] / 3
    assert set(spam_by_route(runs["all"], 6, 14)) == {"direct"}

    def refused(arm, account):
        r = runs[arm]["recipients"]
        mine = r[(r["class"] == "honest") & (r["account"] == account)]
        return int((mine["first_cause"] == "relaying").sum())

    paid = refused("the first alone", "isp-01")
    assert paid > 10
    assert refused("all", "isp-01") == paid  # the same, whatever the others do
    assert refused("the first alone", "isp-02") == refused("nobody closes", "isp-01") == 0


SURVEY = [(0, 0.55), (3, 0.36), (9, 0.17), (18, 0.043), (27.5, 0.01)]
"""Day of the run, share of open relays: open_relay_share.1998-01 to .2002-08."""


@pytest.fixture(scope="module")
def history():
    return load(SCENARIOS / "adoption-1998-2002.toml").with_overrides({"spammers.bulk.count": 3})


@pytest.fixture(scope="module")
def quiet(history):
    """The same with hardly any mail: relays close all the same."""
    hardly = {"users.*.messages": "0 / day", "spammers.bulk.capacity": {"open_relay": "1 / day"}}
    return history.with_overrides(hardly)


def test_the_input_curve_is_the_survey(history, quiet):
    isps, replications = 60, 5
    curve = history.arm("as surveyed, 1 in 100 at the end").operators["everybody"].open_share
    assert [(at / DAY, share) for at, share in curve] == SURVEY
    assert history.operators["everybody"].open_share == ((0.0, 0.55),)
    closed = []
    for replication in range(replications):
        found = closings(simulate(quiet, "as surveyed, 1 in 100 at the end", replication))
        closed += [at for name, at in found.items() if name.endswith("-mx")]
    for day, share in SURVEY:
        still = isps * replications - sum(at <= day * DAY for at in closed)
        n = isps * replications
        assert abs(still - n * share) <= 4 * math.sqrt(n * share * (1 - share))


def test_the_band_at_the_end_changes_nothing_before_it(quiet):
    one, two = (closings(simulate(quiet, f"as surveyed, {n} in 100 at the end", 0)) for n in (1, 2))
    early = {name: at for name, at in one.items() if at <= 18 * DAY}
    assert early == {name: at for name, at in two.items() if at <= 18 * DAY}
    assert set(two) <= set(one)


def test_spam_moves_away_from_relays(history):
    """The direction of spam_route.*, and no more than that."""
    frames = simulate(history, "as surveyed, with a list from 2001", 0).frames()
    before, after = spam_by_route(frames, 0, 9), spam_by_route(frames, 21, 30)
    assert set(before) == {"open_relay"}
    assert after.get("open_relay", 0) < sum(after.values()) / 2
    assert after["open_proxy"] > 0
