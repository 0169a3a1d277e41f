"""Addresses of people: how long leases last, who keeps one, which are idle, which have a window."""

from itertools import pairwise

import numpy as np
import pytest
from handmade import add_visits
from staged import NETWORKS

from sim.scenario import loads
from sim.workload.mobility import LENGTHS, Mobility, Visit
from sim.workload.people import populate
from sim.workload.pop_logins import PopLog, PopLogins
from sim.workload.workload import workload

GROUP = """
[users.guests]
count = 3
accounts = { proseware = 1.0 }
places = { home = 0.5, hotel = 0.5 }
pop_before_sending = 1.0
[arms.open]
"""
ONE, TWO = 0xC0000281, 0xC0000282
QUANTILES = {
    # of leases of mean 1, at exponential draws whose probabilities are 1/4, 1/2, 3/4
    "exponential": [0.288, 0.693, 1.386],
    "uniform": [0.5, 1.0, 1.5],
    "constant": [1.0, 1.0, 1.0],
}


@pytest.mark.parametrize(("shape", "lengths"), QUANTILES.items(), ids=QUANTILES)
def test_lengths_of_leases(shape, lengths):
    draws = -np.log1p(-np.array([0.25, 0.5, 0.75]))
    assert [LENGTHS[shape](draw) for draw in draws] == pytest.approx(lengths, abs=1e-3)


@pytest.fixture
def hotel():
    """Three guests; the first is at the hotel from 100 s to 200 s, the second from 150 s."""
    scenario = loads(NETWORKS + GROUP)
    people = populate(scenario).people
    mobility = Mobility(np.array([0.0, 1e5, np.inf]))
    mobility.leasable["hotel"] = (ONE, TWO)
    held = [[(ONE, 100.0, 200.0)], [(TWO, 150.0, 400.0)], []]
    for person, mine in zip(people, held, strict=True):
        mobility.places.append(["hotel", "hotel"])
        visits = [Visit(person, "hotel", "hotel", c, a, b) for c, a, b in mine]
        add_visits(mobility, person, visits)
    return scenario, people, mobility


AGAIN = {
    "while connected, the address of the connection": (0, 150.0, ONE),
    "afterwards an idle one: that of another is left alone": (0, 300.0, ONE),
    "whichever is idle": (2, 120.0, TWO),
    "none while all are held": (2, 180.0, 0),
}


@pytest.mark.parametrize(("number", "now", "address"), AGAIN.values(), ids=AGAIN)
def test_the_address_from_which_a_refused_message_is_sent_again(hotel, number, now, address):
    _, people, mobility = hotel
    assert mobility.client(people[number], "hotel", now) == address


def test_guests_behind_one_address_have_it_whoever_else_does(hotel):
    _, people, mobility = hotel
    mobility.shared.add("hotel")
    mobility.leasable["hotel"] = (ONE,)
    assert mobility.client(people[2], "hotel", 180.0) == ONE


def test_an_address_of_ones_own_is_kept(hotel):
    _, people, mobility = hotel
    mobility.permanent[2, "hotel"] = TWO
    assert mobility.client(people[2], "hotel", 180.0) == TWO
    assert mobility.client(people[0], "hotel", 50.0) == ONE  # TWO is idle, but not to be had


def test_a_program_that_is_open_is_not_opened_again():
    """Whatever is written or looked for meanwhile falls into the visit that there is."""
    busy = {"users.guests.messages": "200 / day", "users.guests.mail_checks": "200 / day"}
    mobility = workload(loads(NETWORKS + GROUP).with_overrides(busy).arm("open"), 0).mobility
    for mine in map(mobility.visits, mobility.people):
        assert len(mine) > 3
        assert all(before.end < after.start for before, after in pairwise(mine))


def test_static_addresses_stay_with_their_people():
    scenario = loads(NETWORKS + GROUP).with_overrides(
        {"networks.proseware.prefixes": ["10.0.0.0/29"]}
    )
    mobility = workload(scenario.arm("open"), 0).mobility
    at_home = {
        (s.person.number, s.client)
        for person in mobility.people
        for s in mobility.visits(person)
        if s.network == "proseware"
    }
    assert len(at_home) == 3
    assert {number for number, _ in at_home} == {0, 1, 2}
    # and theirs alone, whenever they send again
    for person in mobility.people:
        mine = dict(at_home)[person.number]
        assert {mobility.client(person, "proseware", at) for at in (0.0, 5e4, 1e5)} == {mine}


def test_the_last_login_from_each_address(hotel):
    """The first guest polls at 100 s alone, the second at 150 s alone: the interval is longer."""
    scenario, _, mobility = hotel
    logins = PopLogins(PopLog(scenario, mobility))

    def last(now, network="proseware"):
        return [logins.last(network, address, now) for address in (ONE, TWO)]

    assert last(99.0) == [None, None]
    assert last(120.0) == [100.0, None]
    assert last(1900.0) == [100.0, 150.0]
    assert last(1900.0, "adatum") == [None, None]
    for at in (1890.0, 1880.0):  # told of the earlier one later
        logins.log_in("proseware", ONE, at, person=2)
    assert last(1900.0) == [1890.0, 150.0]
    assert logins.last_of(0, "proseware", ONE, 1900.0) == 100.0
    assert logins.last_of(2, "proseware", ONE, 1900.0) == 1890.0
    assert logins.last_of(2, "proseware", TWO, 1900.0) is None
