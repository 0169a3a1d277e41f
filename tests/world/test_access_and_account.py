"""Who gives access is one thing, who has the account another; a VPN joins them again."""

import pytest
from town import refused, town

from sim.experiment.expected import analytic
from sim.scenario import of_tree
from sim.world.run import simulate

CLOSED = {"arms.phased.servers.proseware-smtp.relay": "on_network"}
HALLS = {
    "users.travellers.home": "adatum",
    "users.travellers.places": {"home": 1.0},
}


def test_somebody_whose_access_is_another_s_writes_home_mail_from_there():
    frames = simulate(town(**HALLS), "phased", 0).frames()
    attempts = frames["attempts"]
    submissions = attempts[attempts["hop"].astype(str) == "submission"]
    assert set(submissions["server"].astype(str)) == {"proseware-smtp"}
    clients = set(submissions["client"].astype(int))
    assert clients <= set(range(0xC6336480, 0xC6336500))  # of adatum
    lost, arrived = refused(town(**HALLS, **CLOSED))
    assert lost.min() >= 2.0 > arrived.max()


def test_a_vpn_brings_the_mail_to_the_account_s_network():
    lost, arrived = refused(town(**CLOSED, **{"users.travellers.vpn": 0.5}))
    after = (arrived > 2).sum() / ((arrived > 2).sum() + (lost > 2).sum())
    assert 0.4 < after < 0.6


def test_what_follows_from_a_vpn_is_worked_out_too():
    scenario = town(**CLOSED, **{"users.travellers.vpn": 0.5, "users.travellers.learning": "none"})
    table = analytic(scenario, ["phased"])
    rates = table[(table["class"] == "honest") & (table["measure"] == "rejection_rate")]
    assert rates["analytic"].to_numpy() == pytest.approx(0.5)


def test_a_vpn_may_be_switched_on_on_a_day():
    told = {"when": "5 days", "users.travellers.vpn": 1.0}
    lost, arrived = refused(town(told, **CLOSED))
    assert 2.0 <= lost.min() < lost.max() < 5.0
    assert arrived.max() > 5.0


@pytest.mark.parametrize("by", ["telephone", "vpn"])
def test_who_dials_in_does_so_over_a_line_of_its_kind(by):
    keys = {
        "users.travellers.when_refused": {"dial_in": 1.0},
        "users.travellers.dial_in_by": by,
        "users.travellers.size": "56000 octets",
        "servers.proseware-smtp.service_time": "1 s",
        "servers.proseware-smtp.per_recipient": "0 s",
    }
    frames = simulate(town(**CLOSED, **keys), "phased", 0).frames()
    attempts = frames["attempts"]
    again = attempts[(attempts["hop"].astype(str) == "submission") & (attempts["attempt"] > 1)]
    assert len(again) > 40
    seconds = 1 + 56000 * 8 / (33600 if by == "telephone" else 10e6)
    assert again["took"].mean() == pytest.approx(seconds, rel=0.2)


def test_who_is_refused_waits_for_any_network_of_the_account_s_organisation():
    office = {"kind": "work", "prefixes": ["203.0.113.128/25"], "links": {"core": "5 ms"}}
    tree = town(**CLOSED, **{"users.travellers.when_refused": {"wait": 1.0}}).tree
    tree = tree | {"networks": tree["networks"] | {"office": office}}
    places = {"places": {"hotel": 0.5, "office": 0.5}}
    tree["users"] = {"travellers": tree["users"]["travellers"] | places}
    owner = {"organisations": {"isp": {"networks": ["proseware", "office"]}}}
    alone, together = ((refused(of_tree(tree | more))[0] > 2).sum() for more in ({}, owner))
    assert alone > 400  # nobody comes to the account's own network: waiting does not help
    assert together < 0.3 * alone
