"""Workloads made by hand: exactly the messages and visits that a test wants."""

from typing import NamedTuple

import numpy as np

from sim.workload.arrivals import TYPES, Arrivals
from sim.workload.columns import Names
from sim.workload.people import Person
from sim.workload.pop_logins import PopLog
from sim.workload.workload import Workload


class Written(NamedTuple):
    """A message that *person* writes at *at* (s) to *recipients*, mailboxes sorted by domain."""

    at: float
    person: Person
    place: str
    network: str
    client: int
    recipients: list[int]
    key: int
    luck: float = 0.5
    account: int = 0


def add_visits(mobility, person, visits):
    """Add the next person, with *visits* in order of time."""
    assert person.number == len(mobility.people), "people come in the order of their numbers"
    columns = [
        [column(v) for v in visits]
        for column in (
            lambda v: 0,
            lambda v: v.start,
            lambda v: v.end,
            lambda v: mobility.names[v.place],
            lambda v: mobility.names[v.network],
        )
    ]
    mobility.extend([person], *map(np.array, columns))
    for i, visit in enumerate(visits, mobility.first[-2]):
        mobility.client_of[i] = visit.client


def visit_at(mobility, person, now):
    """The visit of *person* at *now*."""
    return mobility.visits(person)[mobility.visit_at(person, now) - mobility.first[person.number]]


def workload(scenario, population, mobility, messages):
    """The workload of people who are where *mobility* says and write these *messages*."""
    names = Names()
    columns = {
        "at": [m.at for m in messages],
        "person": [m.person.number for m in messages],
        "account": [m.account for m in messages],
        "place": [names[m.place] for m in messages],
        "network": [names[m.network] for m in messages],
        "client": [m.client for m in messages],
        "key": [m.key for m in messages],
        "size": [4200.0 for _ in messages],
        "luck": [m.luck for m in messages],
        "count": [len(m.recipients) for m in messages],
        "recipients": [mailbox for m in messages for mailbox in m.recipients],
    }
    columns |= {name: [0.5] * len(messages) for name in
                ("service", "relay_service", "choice", "content")}  # fmt: skip
    of_ints = {"count", "recipients", *(name for name, code in TYPES.items() if code != "d")}
    for name, column in columns.items():
        columns[name] = np.array(column, dtype=np.int64 if name in of_ints else np.float64)
    arrivals = Arrivals(population, names, columns)
    return Workload(population, mobility, arrivals, PopLog(scenario, mobility))
