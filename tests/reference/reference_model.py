"""A second model of relay restrictions, written from its description alone (docs/model.md).

A plain SimPy program: a process for each message, a Resource for the sessions of each server,
numpy for what is drawn. It knows nothing of mailsim, reads the numbers of reference.toml by
itself, and has only what that file needs: no greylists, no dial-in, no operators.
"""

import math
import tomllib
import zlib
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import simpy

FILE = Path(__file__).with_name("reference.toml")

HOUR, DAY = 3600.0, 86400.0
UNITS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "hours": HOUR, "h": HOUR, "day": DAY, "days": DAY}
LINES = {  # latency one way in s, octets a second
    "dial-up": (0.067, 33_600 / 8),
    "isdn": (0.014, 64_000 / 8),
    "cable": (0.003, 128_000 / 8),
    "lan": (0.001, 10_000_000 / 8),
}
T1 = 1_544_000 / 8
NOTICE, SPAM = 2_000, 2_900  # octets
LIFETIME = 5 * DAY
HOURLY = [0.006, 0.003, 0.002, 0.002, 0.002, 0.005, 0.012, 0.030, 0.070, 0.150, 0.110, 0.090]
HOURLY += [0.050, 0.060, 0.070, 0.070, 0.060, 0.040, 0.030, 0.035, 0.040, 0.035, 0.018, 0.010]
WEEK = np.array(HOURLY * 5 + [x / 2 for x in HOURLY] * 2)


def quantity(text):
    """A duration in s, a rate a second, or a size in octets: '30 min', '4 / day'."""
    value, _, unit = text.partition(" ")
    if unit == "octets":
        return float(value)
    if unit.startswith("/"):
        return float(value) / UNITS[unit.removeprefix("/").strip()]
    return float(value) * UNITS[unit]


def spread(shares, count):
    """Names for so many people, each time that which is furthest behind its share."""
    given, names = dict.fromkeys(shares, 0), []
    for i in range(1, count + 1):
        name = max(shares, key=lambda n: round(shares[n] * i - given[n], 9))
        given[name] += 1
        names.append(name)
    return names


@dataclass(eq=False)
class Recipient:
    """A mailbox that one message goes to, and what becomes of it."""

    domain: str
    exists: bool = True
    trap: bool = False
    fate: str = "in_transit"
    ended: float = math.nan


@dataclass(eq=False)
class Message:
    """What somebody writes: by its sender's domain, None for whoever no notice can reach."""

    written: float
    size: float
    recipients: list
    sender: str | None
    refused_first: bool = False
    route: str = "submission"
    notice: bool = False


@dataclass(eq=False)
class Customer:
    """Who sits at a place until a newcomer takes over: settings, and what has been learned."""

    order: list
    pop_first: bool
    auth: bool = False
    learned: dict = field(default_factory=dict)  # (place, account) -> server
    calls: dict = field(default_factory=dict)  # account -> the event of an open call


@dataclass(eq=False)
class Person:
    """A place of a person in a group: where they are in each block, who it is now."""

    group: dict
    accounts: dict  # home, work -> network
    first_pop: bool
    blocks: list = None  # (begin, place)
    visits: list = field(default_factory=list)  # (begin, end)
    customer: Customer = None

    def block(self, t):
        return bisect_right(self.blocks, t, key=lambda b: b[0]) - 1

    def place(self, t):
        return self.blocks[self.block(t)][1]

    def network(self, place):
        return self.accounts.get(place, place)


class Server:
    """Parallel sessions, first come, first served; what it relays and whom it has seen."""

    def __init__(self, world, name, network, keys):
        self.world, self.name, self.network = world, name, network
        self.domain = world.networks[network]["domain"]
        self.policy = keys["relay"]
        self.asks = bool(keys.get("client"))
        self.sessions = simpy.Resource(world.env, keys["sessions"])
        self.service = quantity(keys["service_time"]["mean"])
        self.per_recipient = quantity(keys["per_recipient"])
        self.failure = keys["temporary_failure"]
        self.window = quantity(keys.get("pop_window", "0 s"))
        self.first_run = 300 * zlib.crc32(name.encode()) / 2**32
        self.logins = {}  # address -> moment of the last POP login
        self.busy = self.waited = self.connections = 0

    def session(self, recipients, size, rate):
        """A process: wait for a free session, and use it."""
        env, came = self.world.env, self.world.env.now
        lasts = self.world.rng.exponential(self.service) + self.per_recipient * recipients
        lasts += size / rate
        with self.sessions.request() as turn:
            yield turn
            if came >= self.world.starts:
                self.connections += 1
                self.waited += env.now - came
                self.busy += lasts
            yield env.timeout(lasts)

    def relays(self, network, address=None, auth=False):
        """Whether a client there may send to domains of others, at this moment."""
        if self.policy == "open" or ("on_network" in self.policy and network == self.network):
            return True
        if "auth" in self.policy and auth:
            return True
        if "pop_first" in self.policy:
            return self.world.env.now - self.logins.get(address, -math.inf) <= self.window
        return False


class World:
    """One replication of one arm."""

    def __init__(self, config, arm, seed):
        self.config, self.arm = config, arm
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.length = quantity(config["run_length"])
        self.starts = quantity(config["policy_starts"])
        self.networks = config["networks"]
        links = {name: keys["links"] for name, keys in self.networks.items() if "links" in keys}
        self.links = {name: quantity(ends["core"]) for name, ends in links.items()}
        self.messages, self.spam = [], []
        self.heard, self.listed, self.listed_time = {}, {}, 0.0
        self.make_servers()
        self.make_people()
        self.make_mailboxes()
        self.write()
        for keys in config["spammers"].values():
            self.env.process(self.spammer(keys))
        self.env.process(self.change())

    def run(self):
        self.env.run(self.length)
        for since in self.listed.values():
            self.listed_time += self.length - max(since, self.starts)
        return self

    # ---- What there is

    def make_servers(self):
        self.servers, defaults = {}, self.config["defaults"]
        for network, keys in self.networks.items():
            for role, word in (("submission", "smtp"), ("mx", "mx")):
                if "domain" in keys:
                    name = f"{network}-{word}"
                    own = self.config["servers"].get(name, {})
                    self.servers[name] = Server(self, name, network, defaults[role] | own)
        self.mx = {s.domain: s for n, s in self.servers.items() if n.endswith("-mx")}

    def change(self):
        """A process: the policy of the arm takes the place of the servers' own."""
        yield self.env.timeout(self.starts)
        for value in self.config["arms"][self.arm].values():
            for name in ("proseware-smtp", "adatum-smtp"):
                self.servers[name].policy = value

    def make_people(self):
        self.people = []
        for group in self.config["users"].values():
            count = group["count"]
            homes = spread(group["accounts"], count)
            share = group["pop_before_sending"]
            first = spread({"off": 1 - share, "on": share}, count)
            choices = self.rng.permutation(spread(group["when_refused"], count))
            for home, pop, choice in zip(homes, first, choices, strict=True):
                accounts = {"home": home}
                if group.get("work_account", 0) > 0:
                    accounts["work"] = group["work"]
                person = Person(group, accounts, pop == "on")
                person.blocks = self.whereabouts(group)
                person.customer = self.newcomer(person, str(choice))
                self.people.append(person)
                self.env.process(self.turnover(person))

    def newcomer(self, person, first=None):
        left = dict(person.group["when_refused"])
        order = []
        while left:
            names = list(left)
            shares = np.array([left[n] for n in names])
            name = first or str(self.rng.choice(names, p=shares / shares.sum()))
            first = None
            order.append(name)
            del left[name]
        return Customer(order, person.first_pop)

    def turnover(self, person):
        rate = quantity(person.group["turnover"])
        while True:
            yield self.env.timeout(self.rng.exponential(1 / rate))
            person.customer = self.newcomer(person)

    def make_mailboxes(self):
        self.mailboxes = {keys["domain"]: 0 for keys in self.networks.values() if "domain" in keys}
        for keys in self.networks.values():
            if "domain" in keys:
                self.mailboxes[keys["domain"]] += keys.get("mailboxes", 0)
        for person in self.people:
            for network in person.accounts.values():
                self.mailboxes[self.networks[network]["domain"]] += 1
        self.traps = self.config["blocklists"]["list"]["traps"]

    # ---- What no policy changes: where everybody is, and what is written when

    def whereabouts(self, group):
        """The place of each block, by a number that is held while a stay lasts."""
        stay, u, blocks = quantity(group.get("stay", "0 s")), self.rng.random(), []
        begin = -6 * HOUR
        while begin < self.length:
            day, hour = divmod(begin, DAY)
            day, length = int(day) % 7, (10 if hour == 8 * HOUR else 14) * HOUR
            office = hour == 8 * HOUR and day < 5
            weekend = (hour == 8 * HOUR and day >= 5) or (hour == 18 * HOUR and day == 5)
            kind = "office_hours" if office else "weekend" if weekend else "places"
            shares = group.get(kind, group["places"])
            if stay == 0 or self.rng.random() < 1 - math.exp(-length / stay):
                u = self.rng.random()
            names = [n for n in ("home", "work") if n in shares]
            names += [n for n in shares if n not in names]
            upto = np.cumsum([shares[n] for n in names])
            blocks.append((begin, names[min(bisect_right(upto, u), len(names) - 1)]))
            begin += length
        return blocks

    def moments(self, rate):
        """Moments of a week's profile, as many as a Poisson variable says."""
        hours = np.arange(math.ceil(self.length / HOUR))
        part = WEEK[hours % 168] / WEEK.sum()
        count = self.rng.poisson(quantity(rate) * 7 * DAY * part.sum())
        hour = self.rng.choice(hours, size=count, p=part / part.sum())
        return np.sort((hour + self.rng.random(count)) * HOUR)

    def write(self):
        for person in self.people:
            written = self.moments(person.group["messages"])
            self.visit(
                person, np.sort(np.append(written, self.moments(person.group["mail_checks"])))
            )
            for moment in written:
                self.env.process(self.message(person, self.compose(person, float(moment))))

    def visit(self, person, moments):
        """The stretches of time in which the mail program is open."""
        end = -1.0
        for moment in moments:
            if moment < end:
                continue
            index = person.block(moment) + 1
            end = person.blocks[index][0] if index < len(person.blocks) else self.length
            place = person.place(moment)
            lease = self.networks[person.network(place)].get("lease")
            if lease:
                end = min(end, moment + self.rng.exponential(quantity(lease)))
            person.visits.append((float(moment), float(end)))
            if place != "home" and "pop_first" in self.arm_policy():
                self.env.process(self.polls(person, float(moment), float(end)))

    def arm_policy(self):
        return "".join(self.config["arms"][self.arm].values())

    def compose(self, person, moment):
        group, rng = person.group, self.rng
        by_work = "work" in person.accounts and rng.random() < group["work_account"]
        account = "work" if by_work else "home"
        own = self.networks[person.accounts[account]]["domain"]
        count = rng.geometric(1 / group["recipients"])
        here = rng.binomial(count, group["to_same_isp"])
        others = [d for d, n in self.mailboxes.items() if d != own for _ in range(n)]
        there = rng.choice(len(others), size=min(count - here, len(others)), replace=False)
        domains = [own] * min(here, self.mailboxes[own]) + [others[i] for i in there]
        size = group["size"]
        octets = quantity(size["median"]) * math.exp(size["sigma"] * rng.standard_normal())
        octets = min(octets, quantity(group["largest"]))
        message = Message(moment, octets, [Recipient(d) for d in domains], own)
        message.account = account
        self.messages.append(message)
        return message

    # ---- Sending

    def latency(self, a, b):
        return 0.0 if a == b else self.links[a] + self.links[b]

    def address(self, person, place):
        """The address that the world sees; none is shared but where guests share one."""
        network = person.network(place)
        return network if self.networks[network].get("shared_address") else (network, id(person))

    def polls(self, person, begin, end):
        """POP logins of one visit, which open the window of the address for a while."""
        group = person.group
        yield self.env.timeout(begin - self.env.now)
        address = self.address(person, person.place(begin))
        if not person.first_pop:
            yield self.env.timeout(quantity(group["pop_after_sending"]))
        while self.env.now < end:
            for network in person.accounts.values():
                self.servers[f"{network}-smtp"].logins[address] = self.env.now
            yield self.env.timeout(quantity(group["pop_poll"]))

    def message(self, person, message):
        """A process: write, send, and do what refused people do until nothing is left."""
        yield self.env.timeout(message.written)
        customer, account = person.customer, message.account
        own = self.servers[f"{person.accounts[account]}-smtp"]
        place = person.place(self.env.now)
        server = customer.learned.get((place, account), own)
        tried, first = [], True
        while True:
            place = person.place(self.env.now)
            taken = yield from self.submit(person, customer, message, place, server, own)
            if taken:
                if tried and tried[-1] in ("switch_server", "ask_isp"):
                    customer.learned[place, account] = server
                return
            message.refused_first |= first
            first = False
            server = yield from self.remedy(person, customer, message, place, server, own, tried)
            if server is None:
                for recipient in message.recipients:
                    recipient.fate = "refused"
                return

    def submit(self, person, customer, message, place, server, own):
        """One attempt: whether every recipient was taken."""
        network, address = person.network(place), self.address(person, place)
        late, rate = LINES[person.group["access"].get(place, "lan")]
        if customer.pop_first:
            own.logins[address] = self.env.now
        yield self.env.timeout(late + self.latency(network, server.network))
        auth = customer.auth and server is own
        foreign = any(r.domain != server.domain for r in message.recipients)
        taken = not foreign or server.relays(network, address, auth)
        yield from server.session(len(message.recipients), message.size, rate)
        if taken:
            self.accept(server, message, message.recipients)
        return taken

    def remedy(self, person, customer, message, place, server, own, tried):
        """Make the next choice, wait as long as it takes; the server to ask, None if lost."""
        account, delays = message.account, person.group["delays"]
        for choice in customer.order:
            if choice in tried:
                continue
            tried.append(choice)
            if choice == "give_up":
                return None
            if choice == "wait" and person.network(place) != own.network:
                now = person.block(self.env.now)
                later = [b for b, where in person.blocks[now + 1 :] if where == account]
                if not later:
                    return None
                yield self.env.timeout(later[0] + self.rng.uniform(0, 2 * HOUR) - self.env.now)
                return customer.learned.get((account, account), own)
            if choice == "switch_server":
                other = self.servers.get(f"{person.network(place)}-smtp")
                if other and other is not server:
                    yield self.env.timeout(quantity(delays["switch_server"]))
                    return other
            if choice == "ask_isp":
                auth = "auth" in own.policy and not customer.auth
                pop = "pop_first" in own.policy and not customer.pop_first
                if account in customer.calls:
                    yield customer.calls[account]
                    yield self.env.timeout(0.001)
                    return own
                if auth or pop:
                    customer.calls[account] = self.env.event()
                    yield self.env.timeout(quantity(delays["ask_isp"]))
                    customer.auth |= auth
                    customer.pop_first |= pop
                    customer.calls.pop(account).succeed()
                    return own
        return None

    # ---- After acceptance

    def accept(self, server, message, recipients):
        """Deliver to the server's own mailboxes, pass the rest on, a transfer for each domain."""
        for domain in sorted({r.domain for r in recipients}):
            part = [r for r in recipients if r.domain == domain]
            if domain == server.domain:
                self.deliver(part)
            elif domain in self.mx:
                self.env.process(self.transfer(server, message, part))

    def deliver(self, recipients, client=None):
        for recipient in recipients:
            recipient.fate, recipient.ended = "delivered", self.env.now
            if recipient.trap:
                self.hear(client)

    def transfer(self, server, message, recipients):
        """A process: to the MX, again and again while replies are temporary."""
        mx, accepted = self.mx[recipients[0].domain], self.env.now
        while True:
            failure = self.rng.random() < server.failure
            yield self.env.timeout(self.latency(server.network, mx.network))
            taken, _ = yield from self.offer(mx, server.name, message, recipients, T1, failure)
            if not failure:
                break
            age = self.env.now - accepted
            if age > LIFETIME:
                break
            due = self.env.now + min(max(age, 300), 4000)
            run = server.first_run + 300 * math.ceil((due - server.first_run) / 300)
            yield self.env.timeout(run - self.env.now)
        lost = [r for r in recipients if r not in taken]
        for recipient in lost:
            recipient.fate = "bounced"
        if lost and message.sender and not message.notice:
            back = [Recipient(message.sender)]
            notice = Message(self.env.now, NOTICE, back, None, notice=True)
            self.accept(server, notice, back)

    def offer(self, mx, client, message, recipients, rate, failure=False):
        """A session at an MX: who of the recipients was taken, and whether it was a listing."""
        listed = mx.asks and client in self.listed
        yield from mx.session(len(recipients), message.size, rate)
        if failure or listed:
            return [], listed
        taken = [r for r in recipients if r.exists]
        self.deliver(taken, client)
        return taken, False

    # ---- Spam, and the list that hears of it

    def spammer(self, keys):
        """A process: campaigns by the first route that works, walking through the list."""
        addresses = [(d, True, False) for d, n in self.mailboxes.items() for _ in range(n)]
        for network, count in self.traps.items():
            addresses += [(self.networks[network]["domain"], True, True)] * count
        self.spam_mailboxes, real = len(addresses), list(addresses)
        unknown = round(len(real) * keys["unknown"] / (1 - keys["unknown"]))
        for i in self.rng.integers(len(real), size=unknown):
            addresses.append((real[i][0], False, False))
        relays, queue = [], []
        self.env.process(self.scan(keys, relays))
        while True:
            route = "open_relay" if relays else "direct"
            rate = quantity(keys["volume"])
            if route in keys["capacity"]:
                rate = min(rate, quantity(keys["capacity"][route]))
            left = round(min(keys["campaign"], rate * DAY))
            yield self.env.timeout(self.rng.exponential(left / rate))
            while left > 0:
                count = min(left, keys["recipients"])
                while len(queue) < count:
                    queue += [addresses[i] for i in self.rng.permutation(len(addresses))]
                chosen, queue = queue[:count], queue[count:]
                message = Message(self.env.now, SPAM, [Recipient(*a) for a in chosen], None)
                self.spam.append(message)
                self.env.process(self.bulk(keys, message, relays))
                left -= count
                if left > 0:
                    yield self.env.timeout(quantity(keys["pace"]))
                if route == "open_relay" and not relays:
                    break

    def scan(self, keys, relays):
        """A process: ask one server after the other whether it relays for strangers."""
        strange = [s for s in self.servers.values() if s.network != keys["network"]]
        while True:
            yield self.env.timeout(self.rng.exponential(1 / quantity(keys["scan_rate"])))
            server = strange[self.rng.integers(len(strange))]
            if server.policy == "open" and server not in relays:
                relays.append(server)

    def bulk(self, keys, message, relays):
        """A process: one transaction, by a relay while one is known, else straight to each MX."""
        late, rate = LINES[keys["line"]]
        while relays:
            message.route = "open_relay"
            relay = relays[self.rng.integers(len(relays))]
            yield self.env.timeout(late + self.latency(keys["network"], relay.network))
            open_to_all = relay.relays(keys["network"])
            yield from relay.session(len(message.recipients), message.size, rate)
            if open_to_all:
                known = [r for r in message.recipients if r.exists or r.domain != relay.domain]
                self.accept(relay, message, known)
                return
            if relay in relays:
                relays.remove(relay)
        message.route = "direct"
        for domain in sorted({r.domain for r in message.recipients}):
            part = [r for r in message.recipients if r.domain == domain]
            self.env.process(self.direct(keys, message, part, late, rate))

    def direct(self, keys, message, recipients, late, rate):
        mx = self.mx[recipients[0].domain]
        yield self.env.timeout(late + self.latency(keys["network"], mx.network))
        yield from self.offer(mx, "spammer", message, recipients, rate)

    def hear(self, client):
        """Spam has come to a trap: list its client, and forget it when no more comes."""
        self.heard[client] = self.env.now
        self.env.process(self.listing(client))

    def listing(self, client):
        keys = self.config["blocklists"]["list"]
        low, high = quantity(keys["delay"]["low"]), quantity(keys["delay"]["high"])
        yield self.env.timeout(self.rng.uniform(low, high))
        if client in self.listed:
            return
        self.listed[client] = self.env.now
        expiry = quantity(keys["expiry"])
        while self.env.now < self.heard[client] + expiry:
            yield self.env.timeout(self.heard[client] + expiry - self.env.now)
        since = self.listed.pop(client)
        self.listed_time += max(0.0, self.env.now - max(since, self.starts))

    # ---- What counts

    def measures(self):
        """Numbers of what was written after the policies changed."""
        days = (self.length - self.starts) / DAY
        honest = [m for m in self.messages if m.written >= self.starts]
        rows = [(m, r) for m in honest for r in m.recipients]
        delays = [r.ended - m.written for m, r in rows if r.fate == "delivered"]
        found = {
            "delivery_rate": len(delays) / len(rows),
            "first_refusal_rate": sum(m.refused_first for m, _ in rows) / len(rows),
            "bounce_rate": sum(r.fate == "bounced" for _, r in rows) / len(rows),
            "lost_per_day": sum(r.fate in ("refused", "bounced") for _, r in rows) / days,
            "delay_median": float(np.quantile(delays, 0.5)),
            "delay_p90": float(np.quantile(delays, 0.9)),
            "listed_days": self.listed_time / DAY,
        }
        for route in ("open_relay", "direct"):
            came = [
                r
                for m in self.spam
                if m.written >= self.starts and m.route == route
                for r in m.recipients
                if r.fate == "delivered"
            ]
            found[f"spam {route}"] = len(came) / days / self.spam_mailboxes
        for name in ("proseware-smtp", "adatum-smtp", "adatum-mx", "phone-mx"):
            server = self.servers[name]
            spent = server.busy / server.sessions.capacity / (self.length - self.starts)
            found[f"utilisation {name}"] = spent
            found[f"session_wait {name}"] = server.waited / max(server.connections, 1)
        return found


def config():
    """The numbers of reference.toml."""
    return tomllib.loads(FILE.read_text())


def simulate(arm, replications, seed=0):
    """Measures of each replication of one arm."""
    return [World(config(), arm, (seed, k)).run().measures() for k in range(replications)]
