"""What an arm changes at a stated moment holds from that moment on, and not before."""

import pytest
from town import refused, town

from sim.world.run import simulate
from sim.world.stages import shifted


def test_a_policy_holds_between_two_moments():
    lost, arrived = refused(
        town(
            {"when": "4 days", "servers.proseware-smtp.relay": "on_network"},
            {"when": "6 days", "servers.proseware-smtp.relay": "open"},
        )
    )
    assert 3.9 < lost.min() < lost.max() < 6.0
    assert not arrived.between(4.01, 5.99).any()
    assert (arrived > 6).any()


def test_a_network_blocks_port_25_from_a_day_on():
    lost, arrived = refused(town({"when": "4 days", "networks.hotel.blocks_port_25": True}))
    assert lost.min() >= 4.0 > arrived.max()


def test_people_send_by_another_port_once_they_are_told():
    blocked = {"when": "4 days", "networks.hotel.blocks_port_25": True}
    told = {"when": "6 days", "users.travellers.port_587": 0.5}
    keys = {"servers.proseware-smtp.port_587": True}
    lost, arrived = refused(town(blocked, told, **keys))
    assert not arrived.between(4, 4.99).any()  # later ones wait in the outbox for a day
    late = (arrived > 6).sum() / ((arrived > 6).sum() + (lost > 6).sum())
    assert 0.4 < late < 0.6
    none, _ = refused(town({**blocked, "users.travellers.port_587": 1.0}, **keys))
    assert none.empty


def test_what_refused_people_do_changes_with_an_announcement():
    entries = (
        {"when": "3 days", "servers.proseware-smtp.relay": "on_network+auth"},
        {"when": "5 days", "users.travellers.when_refused": {"ask_isp": 1.0}},
    )
    lost, arrived = refused(town(*entries))
    assert lost.min() >= 3
    assert lost[lost < 6.5].max() < 5.01  # the last ones wait for advice
    assert arrived.between(5.1, 6.5).any()


def test_a_moment_at_policy_starts_is_the_policy_itself():
    stated = town(**{"arms.phased.servers.proseware-smtp.relay": "on_network"})
    dated = town({"when": "2 days", "servers.proseware-smtp.relay": "on_network"})
    runs = [simulate(scenario, "phased", 0).frames() for scenario in (stated, dated)]
    for table in ("recipients", "attempts"):
        assert runs[0][table].equals(runs[1][table])


def test_a_relay_that_its_owner_has_closed_stays_closed():
    change = {"when": "5 days", "servers.proseware-smtp.sender": ["reject_sender_not_local"]}
    lost, arrived = refused(town(change, **{"operators.owner.date": "4 days"}))
    assert lost.min() > 3.99
    assert arrived.max() < 4.01


def test_an_owner_closes_to_what_is_said_at_the_moment():
    keys = {"operators.owner.date": "5 days", "users.travellers.auth": 1.0}
    change = {"when": "4 days", "operators.owner.closes_to": "on_network+auth"}
    lost, _ = refused(town(change, **keys))
    assert lost.empty
    assert not refused(town(**keys))[0].empty


@pytest.mark.parametrize(
    ("before", "share", "after"),
    [
        ("....", 0.5, ".#.#"),
        ("#...", 0.5, "#.#."),
        ("####", 0.5, "#.#."),
        (".#.#", 0.5, ".#.#"),
        (".#.#", 1.0, "####"),
        (".#.#", 0.0, "...."),
        ("", 0.5, ""),
    ],
)
def test_nobody_changes_a_setting_but_who_must(before, share, after):
    on = shifted([mark == "#" for mark in before], share)
    assert "".join("#" if is_on else "." for is_on in on) == after
