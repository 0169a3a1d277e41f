"""Spam from users' own machines and logins: infected, cleaned, noticed, and changed."""

import numpy as np
from test_spammers import SCENARIO

from sim.scenario import loads
from sim.world import simulate
from sim.world.run import World

DAY = 86400.0
OTHERS = """
[users.others]
count = 15
accounts = { proseware = 1.0 }
messages = "1 / day"
[arms."nobody gets out"]
"servers.*.relay" = "on_network"
"networks.*.blocks_port_25" = true
"""
KEYS = {
    "routes": ["hijacked_host"], "infects": ["others"], "hosts": 10, "recruits": "0 / day",
    "capacity": {}, "volume": "500 / day",
}  # fmt: skip


def scenario(**bulk):
    changes = {f"spammers.bulk.{key}": value for key, value in (KEYS | bulk).items()}
    return loads(SCENARIO + OTHERS).with_overrides(changes)


def spam(frames):
    rows, attempts = frames["recipients"], frames["attempts"]
    rows = rows[(rows["class"] == "spam") & (rows["written_at"] >= 2 * DAY)]
    theirs = attempts[attempts["message"].isin(rows["message"])]
    return rows.astype({"route": str, "fate": str}), theirs[theirs["hop"] == "submission"]


def test_an_infected_machine_sends_while_its_owner_is_connected_from_the_owners_address():
    told = scenario()
    world = World(told, "open", 0)
    mobility = world.workload.mobility
    visits = [v for p in mobility.people if p.group == "others" for v in mobility.visits(p)]
    frames = simulate(told, "open", 0).frames()
    rows, asked = spam(frames)
    assert (rows["fate"] == "delivered").mean() > 0.8  # when nobody is connected, nothing is sent
    assert len(asked) > 50
    for at, client in zip(asked["at"], asked["client"], strict=True):
        held = [v for v in visits if v.client == client and v.start <= at <= v.end + 60.0]
        assert held, (at, client)
    senders = {v.person.number for v in visits if v.client in set(asked["client"])}
    assert len(senders) <= 15


def test_behind_a_block_it_sends_through_its_owners_isp_which_takes_it_for_a_customer():
    frames = simulate(scenario(routes=["hijacked_smarthost"]), "nobody gets out", 0).frames()
    rows, asked = spam(frames)
    assert set(asked["server"].astype(str)) == {"proseware-smtp"}
    assert (rows["fate"] == "delivered").sum() > 100
    servers = frames["servers"][frames["servers"]["server"] == "proseware-smtp"]
    assert servers["relayed"].sum() > 100
    late = servers[servers["phase"].astype(str) != "warm-up"]
    assert late["relayed_spam"].sum() > 0
    relayed = frames["attempts"][frames["attempts"]["relayed"] > 0]
    assert set(relayed["abuse"].astype(str)) - {""} == {"customers_machines"}


def test_machines_are_cleaned_and_infected_again():
    world = World(scenario(cleaned="1 day", hosts=15), "open", 0)
    route = world.spammers[0].routes["hijacked_host"]
    held = [len(route.hosts)]
    for day in range(1, 5):
        world.env.run(until=day * DAY)
        held.append(len(route.hosts))
    assert held[0] == 15
    assert held == sorted(held, reverse=True)
    assert held[-1] < 5  # e^-4 of 15
    world = World(scenario(cleaned="1 day", hosts=0, recruits="100 / day"), "open", 0)
    route = world.spammers[0].routes["hijacked_host"]
    for day in range(1, 5):
        world.env.run(until=day * DAY)
        assert 10 <= len(route.hosts) <= 15  # each once
        assert len({person.number for person in route.hosts}) == len(route.hosts)


def test_logins_are_stolen_from_some_groups_and_changed_when_that_is_noticed():
    keys = {"routes": ["stolen_credentials", "direct"], "stolen_from": ["others"], "stolen": 6}
    told = scenario(**keys)
    world = World(told, "auth", 0)
    route = world.spammers[0].routes["stolen_credentials"]
    names = {a.address for p in world.workload.population.people for a in p.accounts
             if p.group == "others"}  # fmt: skip
    assert {login.name for login in route.logins} <= names
    assert len(route.logins) == 6
    rows, asked = spam(simulate(told, "auth", 0).frames())
    assert set(rows["route"]) == {"stolen_credentials"}
    assert not (asked["cause"] == "authentication").any()
    frames = simulate(scenario(**keys, reset="6 h"), "auth", 0).frames()
    assert (frames["attempts"]["cause"] == "authentication").sum() == 6  # each is dropped then
    rows, _ = spam(frames)
    last = rows[rows["written_at"] > 3.5 * DAY]
    assert set(last["route"]) == {"direct"}
    rows, _ = spam(simulate(scenario(**keys, reset="6 h", steals="20 / day"), "auth", 0).frames())
    last = rows[rows["written_at"] > 3.5 * DAY]
    assert np.mean(last["route"] == "stolen_credentials") > 0.5
