"""What each arm of scenarios/servers-in-trouble.toml costs whom, against the baseline arm."""

from functools import cache
from pathlib import Path

import pytest

from sim.measure import conservation
from sim.scenario import load
from sim.world import simulate

SCENARIO = load(Path(__file__).parents[2] / "scenarios" / "servers-in-trouble.toml")
BASE, STARTS, DAY = "none of it", SCENARIO.policy_starts, 86400.0


@cache
def run(arm):
    made = simulate(SCENARIO, arm, 0)
    frames = made.frames()
    conservation.check(frames, made.intended)
    return frames


def rows(arm, name, **having):
    """Intended recipients after the policy starts and, if honest, two days before the end."""
    r = run(arm)["recipients"]
    end = SCENARIO.run_length - (2 * DAY if name == "honest" else 0.0)
    r = r[(r["class"] == name) & (r["written_at"] >= STARTS) & (r["written_at"] < end)]
    for column, value in having.items():
        r = r[r[column] == value]
    return r


def delivered(arm, name="honest", **having):
    return (rows(arm, name, **having)["fate"] == "delivered").mean()


def median_delay(arm, **having):
    r = rows(arm, "honest", fate="delivered", **having)
    return (r["ended_at"] - r["written_at"]).median()


@pytest.mark.parametrize("arm", SCENARIO.arms)
def test_nothing_is_lost(arm):
    assert len(run(arm)["recipients"]) > 5000


def test_greylisting_stops_who_never_retries_and_delays_who_does():
    assert delivered(BASE, "spam") > 0.6  # 30 % of the list does not exist
    returning = SCENARIO.spammers["bulk"].retry_share * delivered(BASE, "spam")
    assert 0.8 * returning < delivered("greylisting", "spam")
    # besides who comes back: the same recipient twice within a day
    assert delivered("greylisting", "spam") < returning + 0.03
    assert delivered("greylisting") > delivered(BASE) - 0.01
    strangers = {"same_isp": False, "place": "home"}
    assert median_delay(BASE, **strangers) < 60.0
    # Most correspondents are new to each other: the delay is that of their server's retries
    assert 300.0 < median_delay("greylisting", account="adatum", **strangers) < 900.0
    assert 600.0 < median_delay("greylisting", account="proseware", **strangers) < 5400.0


def test_a_rate_limit_slows_spam_down_and_honest_servers_with_it():
    assert delivered("rate limit", "spam") < 0.6 * delivered(BASE, "spam")
    assert delivered("rate limit") > delivered(BASE) - 0.05
    a = run("rate limit")["attempts"]
    honest = set(rows("rate limit", "honest")["message"])
    assert (a["message"].isin(honest) & (a["cause"] == "rate")).any()


def test_recipients_looked_up_later_are_backscatter():
    later = "recipients looked up later"
    assert len(rows(BASE, "notice", route="backscatter")) == 0
    spam = rows(later, "spam")
    bounced = spam[spam["fate"] == "bounced"]
    sessions = bounced.groupby(["message", "server"], observed=True).ngroups
    notices = rows(later, "notice", route="backscatter")
    # one a session, however many of its recipients do not exist
    assert len(notices) == pytest.approx(sessions, abs=3)
    assert len(notices) < len(bounced)
    assert set(notices["domain"]) == {"proseware.com"}


def test_a_blocked_port_hurts_guests_and_587_helps_those_who_are_set():
    blocked, offered = "hotel blocks port 25", "hotel blocks port 25, servers offer 587"
    for group in ("travellers", "on-587"):
        having = {"group": group, "place": "hotel"}
        assert delivered(BASE, **having) > 0.99
        assert delivered(blocked, **having) < 0.8
    assert delivered(offered, group="on-587", place="hotel") > 0.99
    # the others wait a day before they ask, and hear of the port another day later
    assert delivered(blocked, **having) < delivered(offered, group="travellers", place="hotel")
    calls = rows(offered, "honest", group="travellers")["calls"].sum()
    assert calls > 0
    assert rows(offered, "honest", group="on-587")["calls"].sum() == 0


def test_a_bad_week_delays_and_loses_nothing():
    week = "a bad week"
    assert delivered(week) == pytest.approx(delivered(BASE), abs=0.01)
    assert median_delay(week) == pytest.approx(median_delay(BASE), rel=0.5)

    def late(arm):
        r = rows(arm, "honest", fate="delivered")
        return (r["ended_at"] - r["written_at"] > 3600.0).mean()

    assert late(BASE) < 0.05
    assert late(week) > late(BASE) + 0.05
    warned = rows(week, "notice", route="delay_notice")
    assert set(warned["group"]) == {"proseware-smtp"}  # Sendmail says so after 4 h, Postfix never


def test_delays_do_not_shake_belief():
    r = rows("a bad week", "honest", fate="delivered")
    assert r["believed"].all()
