"""Two ISPs and a hotel, constant times, and exactly the mail that a test wants sent."""

import numpy as np
from handmade import Written, add_visits, workload

from sim.path.facts import NO_LOGIN
from sim.records.words import MailClass, Route
from sim.scenario import loads
from sim.workload.arrivals import RecipientGroup, runs
from sim.workload.mobility import Mobility, Visit
from sim.workload.people import NO_SUCH_USER, anyone_at, populate
from sim.workload.week import blocks
from sim.world.recorder import GAVE_UP, REFUSED
from sim.world.run import World
from sim.world.transfers import Message, Transfer

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

SCENARIO = """
title = "small post"
run_length = "15 days"
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
mailboxes = 9
[networks.hotel]
kind = "venue"
prefixes = ["192.0.2.128/28"]
links = { core = "30 ms" }
shared_address = true

[defaults.submission]
relay = "open"
service_time = "1 s"
per_recipient = "0 s"
temporary_failure = 0
retry = ["30 min"]
[defaults.mx]
relay = "closed"
service_time = "1 s"
per_recipient = "0 s"
temporary_failure = 0

[users.people]
count = 2
accounts = { proseware = 1.0 }
places = { home = 0.5, hotel = 0.5 }
when_refused = { give_up = 1.0 }
delays = { ask_isp = "1 day", switch_server = "10 min" }

[arms.only]
"""
BOX = "adatum-box-{}@adatum.com"
SPAMMER = 0xC0000285  # 192.0.2.133


class Heedless:
    """A spammer who never tries again."""

    def needs_all(self, transfer, refused):
        return False

    def __init__(self, recorder):
        self.recorder = recorder

    def receive_replies(self, transfer, now, refused):
        for group, answer in refused:
            self.recorder.end(group, REFUSED if answer.verdict.permanent else GAVE_UP, answer, now)


class Post:
    """What is written and sent, then what became of it."""

    batch = True

    def __init__(self, settings=None, text=""):
        self.settings, self.text = settings or {}, text
        self.written, self.spam = [], []

    def write(self, at, *to, by=0, place="home", luck=0.5):
        """people-1, or another, writes to mailboxes of adatum given by number."""
        self.written.append((at, to or (1,), by, place, luck))
        return self

    def send_spam(self, at, *to, through="adatum-mx", sender="offer@bulk.example"):
        """A guest of the hotel sends spam; 0 is a mailbox that does not exist."""
        self.spam.append((at, to or (1,), through, sender))
        return self

    def run(self):
        """Let it happen, and keep the tables."""
        scenario = loads(SCENARIO + self.text).with_overrides(self.settings)
        population = populate(scenario)
        boxes, people = population.mailboxes, population.people
        mobility = Mobility(np.array(blocks(15 * DAY)[0]))
        for person in people:
            mine = [w for w in self.written if w[2] == person.number]
            place = mine[0][3] if mine else "home"
            network = person.network_at(place)
            client = scenario.pool(network).take(person.number, 0.0)
            mobility.places.append([place] * (len(mobility.edges) - 1))
            visit = Visit(person, place, network, client, 0.0, 15 * DAY)
            add_visits(mobility, person, [visit])
        mobility.leasable = {name: scenario.pool(name).leasable for name in scenario.networks}
        messages = [
            Written(
                at, people[by], place, people[by].network_at(place),
                mobility.visits(people[by])[0].client,
                sorted(boxes.find(BOX.format(n)) for n in to), 12345 + i, luck,
            )
            for i, (at, to, by, place, luck) in enumerate(sorted(self.written))
        ]  # fmt: skip
        given = workload(scenario, population, mobility, messages)
        world = self.world = World(scenario, "only", 0, given, batch=self.batch)
        for sent in self.spam:
            self._send(world, *sent)
        self.frames = world.run().frames()
        return self

    def _send(self, world, at, to, through, sender):
        server = next(s for s in world.servers if s.name == through)
        domain = world.mailboxes.number_of["adatum.com"]
        found = [world.mailboxes.find(BOX.format(n)) if n else -1 - domain for n in to]
        nobody = world.recorder.groups[""]
        number = world.recorder.add_message(
            MailClass.SPAM, found, sender=0, group=nobody, written_at=at, route=Route.DIRECT
        )
        first = world.recorder.messages.first_row[number]
        someone = [BOX.format(1) if box >= 0 else f"{NO_SUCH_USER}adatum.com" for box in found]
        groups = [
            RecipientGroup(first + a, first + b, domain, address) for a, b, address in runs(someone)
        ]
        message = Message(
            number, sender, sender and anyone_at(sender), 2900.0, Heedless(world.recorder),
            (0.5, 0.5), 0.5, 0.5, number, spam=True,
        )  # fmt: skip
        transfer = Transfer(message, groups, server, SPAMMER, NO_LOGIN, 33.6e3)
        world.transport.send(transfer, at, "hotel")

    # ---- what became of it

    def log(self, hop=None):
        """(moment, server, code) of every attempt in order of time."""
        a = self.frames["attempts"]
        a = a[a["hop"] == hop] if hop else a
        a = a.sort_values("at", kind="stable")
        return [
            (round(at, 2), server, code)
            for at, server, code in zip(a["at"], a["server"], a["code"], strict=True)
        ]

    def moments(self, hop="relay"):
        """When attempts were made (s)."""
        return [at for at, _, _ in self.log(hop)]

    def fates(self, name="honest"):
        """(fate, cause, believed) of every recipient of a class of mail."""
        r = self.frames["recipients"]
        r = r[r["class"] == name]
        return [
            (fate, cause, bool(believed))
            for fate, cause, believed in zip(r["fate"], r["cause"], r["believed"], strict=True)
        ]

    def notices(self):
        """(moment, route, fate) of every notice."""
        r = self.frames["recipients"]
        r = r[r["class"] == "notice"]
        return [
            (round(at, 1), route, fate)
            for at, route, fate in zip(r["written_at"], r["route"], r["fate"], strict=True)
        ]
