"""A world whose people are where a test puts them, and write what it has them write."""

import numpy as np
from handmade import Written, add_visits, visit_at, workload

from sim.scenario import loads
from sim.workload import week
from sim.workload.mobility import Mobility, Visit
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


def staged(text, arm, visits, written, settings=None, replication=0):
    """Run *arm* with *visits* (name, place, client, start, end) and messages *written* (name, at).

    Everybody writes to another ISP; who has no visit is at home.
    """
    scenario = loads(NETWORKS + text).with_overrides(settings or {})
    population = populate(scenario)
    people = {p.name: p for p in population.people}
    mobility = Mobility(np.array(week.blocks(scenario.run_length)[0]))
    for person in population.people:
        mine = [
            Visit(person, place, person.network_at(place), client, start, end)
            for name, place, client, start, end in visits
            if name == person.name
        ]
        places = ["home"] * (len(mobility.edges) - 1)
        for s in mine:
            for block in range(mobility.block(s.start), mobility.block(s.end) + 1):
                places[block] = s.place
        mobility.places.append(places)
        add_visits(mobility, person, mine)
    for name, network in scenario.networks.items():
        mobility.leasable[name] = scenario.pool(name).leasable
        if network.shared_address:
            mobility.shared.add(name)
    recipient = population.mailboxes.find(ADATUM)
    messages = []
    for number, (name, at) in enumerate(written):
        person = people[name]
        visit = visit_at(mobility, person, at)
        where = visit.place, visit.network, visit.client
        messages.append(Written(at, person, *where, [recipient], 1000 + number))
    given = workload(scenario, population, mobility, messages)
    return World(scenario, arm, replication, given).run().frames()


def submissions(frames):
    """(second, code, permission) of every submission of honest mail, in order."""
    a = frames["attempts"]
    a = a[a["hop"] == "submission"]
    return [
        (int(at), code, permission)
        for at, code, permission in zip(a["at"], a["code"], a["permission"], strict=True)
    ]
