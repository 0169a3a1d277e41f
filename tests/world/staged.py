"""A world whose people are where a test puts them, and write what it has them write."""

import numpy as np

from sim.scenario import loads
from sim.workload import week
from sim.workload.arrivals import Wish, planned
from sim.workload.mobility import Presence, Session
from sim.workload.people import populate
from sim.world.run import World

DAY = 86400.0

NETWORKS = """
title = "staged"
run_length = "2 days"
policy_starts = "0 s"
transient = "0 s"

[networks.core]
kind = "transit"
[networks.proseware]
kind = "isp"
domain = "proseware.com"
prefixes = ["198.51.100.0/25"]
links = { core = "10 ms" }
[networks.adatum]
kind = "isp"
domain = "adatum.com"
prefixes = ["198.51.100.128/25"]
links = { core = "20 ms" }
mailboxes = 1
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/28"]
links = { core = "30 ms" }
lease = "30 min"

[defaults.submission]
relay = "open"
service_time = "1 s"
per_recipient = "0 s"
temporary_failure = 0
[defaults.mx]
relay = "closed"
"""
ADATUM = "adatum-box-1@adatum.com"


def staged(text, arm, sessions, wishes, settings=None, replication=0):
    """Run *arm* with *sessions* (name, place, client, start, end) and *wishes* (name, at).

    Everybody writes to another ISP; who has no session is at home.
    """
    scenario = loads(NETWORKS + text).with_overrides(settings or {})
    population = populate(scenario)
    people = {p.name: p for p in population.people}
    presence = Presence(np.array(week.blocks(scenario.run_length)[0]))
    for person in population.people:
        mine = [
            Session(person, place, person.network_at(place), client, start, end)
            for name, place, client, start, end in sessions
            if name == person.name
        ]
        places = ["home"] * (len(presence.edges) - 1)
        for s in mine:
            for block in range(presence.block(s.start), presence.block(s.end) + 1):
                places[block] = s.place
        presence.places.append(places)
        presence.add(person, mine)
    for name, network in scenario.networks.items():
        presence.leasable[name] = scenario.pool(name).leasable
        if network.shared_address:
            presence.shared.add(name)
    recipient = population.mailboxes.find(ADATUM)
    drawn = []
    for number, (name, at) in enumerate(wishes):
        person = people[name]
        session = presence.session(person, at)
        account = person.accounts[0]
        domain = scenario.users[person.group].sender_domain or account.domain
        drawn.append(
            Wish(
                at, person, 0, session.place, session.network, session.client,
                f"{person.name}@{domain}", [recipient], [], 4200.0, (0.5, 0.5), 0.5, 0.5, 0.5,
                1000 + number,
            )
        )  # fmt: skip
    plan = planned(scenario, population, presence, drawn)
    return World(scenario, arm, replication, (population, plan)).run().frames()


def submissions(frames):
    """(second, code, permission) of every submission of honest mail, in order."""
    a = frames["attempts"]
    a = a[a["hop"] == "submission"]
    return [
        (int(at), code, permission)
        for at, code, permission in zip(a["at"], a["code"], a["permission"], strict=True)
    ]
