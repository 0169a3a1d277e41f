"""The market keeps its sums and does what its mechanism says."""

import numpy as np
import pytest

from sim.hindcast.inputs import PRIORS
from sim.hindcast.market import (
    ACCOUNT,
    BY_SERVER,
    DIRECT,
    RELAY,
    Intervention,
    draw,
    follow,
)

SIZE = 40


@pytest.fixture(scope="module")
def members():
    return draw(SIZE, 3)


def last(members, until=2008.9, **change):
    *_, moment = follow(members, until, Intervention(**change))
    return moment


def test_members_lie_within_their_priors(members):
    for name, prior in PRIORS.items():
        assert ((prior.low <= members[name]) & (members[name] <= prior.high)).all(), name


def test_a_parameter_is_drawn_alike_whatever_others_there_are(monkeypatch, members):
    monkeypatch.delitem(PRIORS, "wanted_consumer")
    assert (draw(SIZE, 3)["income"] == members["income"]).all()


def test_shares_sum_to_one_and_lie_between_0_and_1(members):
    for moment in follow(members):
        assert moment.routes.sum(axis=0) == pytest.approx(1)
        for share in (moment.routes, moment.listed, moment.asking, moment.spam_share()):
            assert ((share >= 0) & (share <= 1)).all()


def test_a_route_carries_no_more_than_its_hosts_can(members):
    few = members | {"relay_rate": np.full(SIZE, 1.0)}
    moment = last(few, 1999.0)
    assert (moment.routes[RELAY] < 0.01).all()
    assert (moment.routes[ACCOUNT] > 0.99).all()


def test_relays_lose_worth_where_lists_are_asked(members):
    early = members | {"proxy_from": np.full(SIZE, 2020.0), "infected_from": np.full(SIZE, 2020.0)}
    never = last(early | {"relay_tests": np.full(SIZE, 0.0)}, 2004.0)
    always = last(early | {"relay_tests": np.full(SIZE, 1.0)}, 2004.0)
    assert always.routes[RELAY].mean() < never.routes[RELAY].mean()


def test_no_spam_is_sent_by_tools_that_do_not_exist(members):
    moment = last(members | {"infected_from": np.full(SIZE, 2020.0)})
    assert (moment.routes[[DIRECT, BY_SERVER]] == 0).all()


def test_spam_grows_no_faster_than_entrants_can(members):
    first, second = list(follow(members, 1998.1))[:2]
    growth = np.log(members["growth_most"])
    assert (np.log(second.spam / first.spam) <= growth / 24 + 1e-9).all()


def test_dearer_sending_means_less_spam(members):
    dear = {name: members[name] * 20 for name in members if name.startswith("cost_")}
    assert (last(members | dear).spam <= last(members).spam).all()


def test_a_network_that_blocks_port_25_lets_out_what_its_own_server_sends(members):
    free, blocked = last(members), last(members, block_port_25=2005.0)
    assert blocked.left_network == pytest.approx(blocked.spam * blocked.routes[BY_SERVER] / 100)
    assert (blocked.left_network <= free.left_network).all()


def test_lost_controllers_take_their_share_at_once_and_come_back(members):
    date = 2008.5
    before, on_the_day = (list(follow(members, date + 0.05, Intervention(lose_controllers=date)))
                          [n] for n in (round((date - 1998) * 24) - 1, -1))  # fmt: skip
    infected = before.routes[[DIRECT, BY_SERVER]].sum(axis=0)
    fell = on_the_day.spam / before.spam - 1
    expected = -infected * members["controlled"]
    assert fell == pytest.approx(expected, abs=0.12)
    assert (last(members, lose_controllers=2003.0).spam > 0).all()
