"""A world in which people and spam send what a test says, when it says, with constant times."""

from operator import itemgetter

import numpy as np
from handmade import Written, add_visits, workload

from sim.path.facts import NO_LOGIN
from sim.records.words import MailClass, Route
from sim.scenario import loads
from sim.workload.arrivals import RecipientGroup
from sim.workload.mobility import Mobility, Visit
from sim.workload.people import populate
from sim.workload.week import blocks
from sim.world.run import World
from sim.world.transfers import Message, Transfer

HOUR, DAY = 3600.0, 86400.0

SCENARIO = """
title = "one list"
run_length = "14 days"
policy_starts = "0 s"
transient = "0 s"

[networks]
core = { kind = "transit" }
proseware = { kind = "isp", domain = "proseware.com", prefixes = ["198.51.100.0/25"], links = { core = "10 ms" } }
adatum = { kind = "isp", domain = "adatum.com", prefixes = ["198.51.100.128/25"], links = { core = "20 ms" } }
careless = { kind = "isp", domain = "careless.example", prefixes = ["203.0.113.0/25"], links = { core = "20 ms" } }
rest = { kind = "isp", domain = "rest.example", prefixes = ["203.0.113.128/25"], links = { core = "30 ms" }, mailboxes = 2 }

[defaults.submission]
relay = "open"
service_time = "2 s"
per_recipient = "0 s"
temporary_failure = 0.0
[defaults.mx]
relay = "closed"
service_time = "1 s"
per_recipient = "0 s"
temporary_failure = 0.0
[servers.adatum-mx]
client = ["reject_rbl_client(trap-list)"]

[users.people]
count = 3
accounts = { proseware = 0.34, adatum = 0.33, careless = 0.33 }

[blocklists.trap-list]
reports = 0.0
report_delay = "1 h"
reports_needed = 2
traps = { rest = 1 }
delay = "30 s"
expiry = "2 days"

[operators.owner]
servers = ["proseware-*"]

[arms.only]
"""  # noqa: E501
STRANGER = 0xCB007105  # 203.0.113.5, a customer of careless


class Silent:
    """A spammer who never reacts."""

    def needs_all(self, transfer, refused):
        return False

    def receive_replies(self, transfer, now, refused):
        pass


class Little:
    """A world in which people and spam send what a test says, when it says."""

    def __init__(self, **settings):
        self.settings = settings
        self.written, self.spam = [], []

    def write(self, at, to="people-2@adatum.com"):
        """people-1 writes from home, through proseware's server."""
        self.written.append((at, to))

    def send_spam(
        self, at, to="trap-list-trap-1@rest.example", through="proseware-smtp", by=STRANGER
    ):
        """A stranger sends one spam message through a relay, or to the MX."""
        self.spam.append((at, to, through, by))

    def _message(self, at, to, boxes, writer):
        key = 12345 + int(at)
        return Written(at, writer, "home", "proseware", 0xC6336401, [boxes.find(to)], key)

    def run(self):
        """Let it happen; *rows* and *calendar* are what comes out."""
        scenario = loads(SCENARIO).with_overrides(self.settings)
        population = populate(scenario)
        boxes, writer = population.mailboxes, population.people[0]
        messages = [
            self._message(at, to, boxes, writer)
            for at, to in sorted(self.written, key=itemgetter(0))
        ]
        mobility = Mobility(np.array(blocks(14 * DAY)[0]))
        for p in population.people:
            mobility.places.append(["home"] * (len(mobility.edges) - 1))
            mine = [Visit(p, "home", "proseware", 0xC6336401, 0.0, 14 * DAY)] if p is writer else []
            add_visits(mobility, p, mine)
        mobility.leasable = {n: scenario.pool(n).leasable for n in scenario.networks}
        given = workload(scenario, population, mobility, messages)
        world = World(scenario, "only", 0, given)
        servers = {server.name: server for server in world.servers}
        for at, to, through, by in self.spam:
            box = boxes.find(to)
            nobody = world.recorder.groups[""]
            number = world.recorder.add_message(
                MailClass.SPAM, [box], sender=0, group=nobody, written_at=at, route=Route.OPEN_RELAY
            )
            first = world.recorder.messages.first_row[number]
            message = Message(
                number, "offer@bulk.example", "anyone@bulk.example", 2900.0, Silent(), (0.5, 0.5),
                0.5, 0.5, number, spam=True,
            )  # fmt: skip
            group = RecipientGroup(first, first + 1, boxes.domain_of[box], boxes.addresses[box])
            transfer = Transfer(message, [group], servers[through], by, NO_LOGIN, 33.6e3)
            world.transport.send(transfer, at, "careless")
        frames = world.run().frames()
        self.rows, self.calendar = frames["recipients"], frames["calendar"]
        return self

    def log(self):
        """What changed when, with times as seconds since the first spam arrived somewhere."""
        spam = self.rows[self.rows["class"] == "spam"]
        came = spam["ended_at"].min()
        c = self.calendar
        return [
            (round(at - came, 6), change, reason, server)
            for at, change, reason, server in zip(
                c["at"], c["change"], c["reason"], c["server"], strict=True
            )
        ]

    def fates(self, name="honest"):
        r = self.rows[self.rows["class"] == name]
        return [tuple(x) for x in r[["fate", "cause", "rule"]].astype(str).to_numpy()]
