"""A second model of relay restrictions, written from its description alone (docs/model.md).

A plain SimPy program: a process for each message, a Resource for the sessions of each server,
numpy for what is drawn. It knows nothing of mailsim, reads the numbers of a scenario file by
itself, and has only what reference.toml and reference-busy.toml need. Spam is in reference_spam.
"""

import math
import zlib
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import simpy
from reference_parts import DAY, HOUR, LINES, Mailbox, Message, Recipient, config, quantity
from reference_spam import Blocklist, Operator, Spammer

T1 = 1_544_000 / 8
NOTICE = 2_000  # octets
LIFETIME = 5 * DAY
HOURLY = [0.006, 0.003, 0.002, 0.002, 0.002, 0.005, 0.012, 0.030, 0.070, 0.150, 0.110, 0.090]
HOURLY += [0.050, 0.060, 0.070, 0.070, 0.060, 0.040, 0.030, 0.035, 0.040, 0.035, 0.018, 0.010]
WEEK = np.array(HOURLY * 5 + [x / 2 for x in HOURLY] * 2)
LEARNT = ("switch_server", "ask_isp", "dial_in")


def spread(shares, count):
    """Names for so many people, each time that which is furthest behind its share."""
    given, names = dict.fromkeys(shares, 0), []
    for i in range(1, count + 1):
        name = max(shares, key=lambda n: round(shares[n] * i - given[n], 9))
        given[name] += 1
        names.append(name)
    return names


def ways(networks):
    """The least latency (s) between any two networks, by whatever networks in between."""
    far = {(a, b): 0.0 if a == b else math.inf for a in networks for b in networks}
    for a, keys in networks.items():
        for b, latency in keys.get("links", {}).items():
            far[a, b] = far[b, a] = quantity(latency)
    for via in networks:
        for a, b in far:
            far[a, b] = min(far[a, b], far[a, via] + far[via, b])
    return far


@dataclass(eq=False)
class Customer:
    """Who sits at a place until a newcomer takes over: settings, and what has been learned."""

    order: list
    pop_first: bool
    auth: bool = False
    learned: dict = field(default_factory=dict)  # (place, account) -> (server, dialled in)
    calls: dict = field(default_factory=dict)  # account -> the event of an open call
    vain: set = field(default_factory=set)  # offers about which a call was in vain


@dataclass(eq=False)
class Person:
    """A place of a person in a group: where they are in each block, who it is now."""

    group: dict
    accounts: dict  # home, work -> network
    first_pop: bool
    vpn: bool
    blocks: list = None  # (begin, place)
    online: bool = False  # in a visit, which may have found no address
    address: object = None
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
        grey = [rule for rule in keys.get("recipient", []) if rule.startswith("greylist(")]
        self.greylist = quantity(grey[0][len("greylist(") : -1]) if grey else 0.0
        self.sessions = simpy.Resource(world.env, keys["sessions"])
        self.limit = keys.get("connection_queue", 100)
        self.service = quantity(keys["service_time"])
        self.per_recipient = quantity(keys["per_recipient"])
        self.failure = keys["temporary_failure"]
        self.window = quantity(keys.get("pop_window", "0 s"))
        self.first_run = 300 * zlib.crc32(name.encode()) / 2**32
        self.logins = {}  # address -> moment of the last POP login
        self.seen = {}  # (client, sender, mailbox) -> moment of the first attempt
        self.busy = self.waited = self.connections = self.full = 0

    def session(self, recipients, size, rate):
        """A process: wait for a free session, and use it; False where too many wait (421)."""
        env, came = self.world.env, self.world.env.now
        late = came >= self.world.starts
        self.connections += late
        lasts = self.world.rng.exponential(self.service) + self.per_recipient * recipients
        lasts += size / rate
        if self.sessions.count == self.sessions.capacity and len(self.sessions.queue) >= self.limit:
            self.full += late
            return False
        with self.sessions.request() as turn:
            yield turn
            if late:
                self.waited += env.now - came
                self.busy += lasts
            yield env.timeout(lasts)
        return True

    def relays(self, network, address=None, auth=False):
        """Whether a client there may send to domains of others, at this moment."""
        if self.policy == "open" or ("on_network" in self.policy and network == self.network):
            return True
        if "auth" in self.policy and auth:
            return True
        if "pop_first" in self.policy:
            return self.world.env.now - self.logins.get(address, -math.inf) <= self.window
        return False

    def greylists(self, client, sender, box):
        """Whether this client, sender and mailbox have been seen too lately (450)."""
        now = self.world.env.now
        return now - self.seen.setdefault((client, sender, box), now) < self.greylist


class World:
    """One replication of one arm."""

    def __init__(self, config, arm, seed):
        self.config, self.arm = config, config["arms"][arm]
        self.windows = "pop_first" in str(self.arm)
        self.rng = np.random.default_rng(seed)
        self.env = simpy.Environment()
        self.length = quantity(config["run_length"])
        self.starts = quantity(config["policy_starts"])
        self.networks = config["networks"]
        self.far = ways(self.networks)
        self.pools = {n: self.pool(k) for n, k in self.networks.items() if "lease" in k}
        self.messages, self.spam = [], []
        self.calls = 0
        self.make_servers()
        self.make_people()
        self.make_mailboxes()
        self.write()
        (keys,) = config["blocklists"].values()
        self.blocklist = Blocklist(self, keys)
        self.operators = [Operator(self, k) for k in config.get("operators", {}).values()]
        self.spammers = [Spammer(self, *item) for item in config["spammers"].items()]
        for at in [{"when": self.starts} | self.arm, *self.arm.get("at", [])]:
            self.env.process(self.change(at))

    def run(self):
        self.env.run(self.length)
        self.blocklist.close()
        return self

    # ---- What there is

    def pool(self, keys):
        """Addresses to lease, that which has been free longest first."""
        if keys.get("shared_address"):
            return None
        servers = 2 if "domain" in keys else 0
        return deque(range(2 ** (32 - int(keys["prefixes"][0].split("/")[1])) - 2 - servers))

    def make_servers(self):
        self.servers, defaults = {}, self.config["defaults"]
        for network, keys in self.networks.items():
            for role, word in (("submission", "smtp"), ("mx", "mx")):
                if "domain" in keys:
                    name = f"{network}-{word}"
                    own = self.config["servers"].get(name, {})
                    self.servers[name] = Server(self, name, network, defaults[role] | own)
        self.mx = {s.domain: s for n, s in self.servers.items() if n.endswith("-mx")}

    def change(self, at):
        """A process: what an arm changes takes the place of the servers' own."""
        when = at["when"]
        yield self.env.timeout(when if isinstance(when, float) else quantity(when))
        for key, value in at.items():
            if key.startswith("servers."):
                server = self.servers[key.split(".")[1]]
                if key.endswith(".relay"):
                    server.policy = value
                else:
                    server.asks = True

    def make_people(self):
        self.people = []
        for group in self.config["users"].values():
            count = group["count"]
            homes = spread(group["accounts"], count)
            pops, vpns = (
                spread({"off": 1 - group.get(key, 0), "on": group.get(key, 0)}, count)
                for key in ("pop_before_sending", "vpn")
            )
            choices = self.rng.permutation(spread(group["when_refused"], count))
            for home, pop, vpn, choice in zip(homes, pops, vpns, choices, strict=True):
                accounts = {"home": home}
                if group.get("work_account", 0) > 0:
                    accounts["work"] = group["work"]
                person = Person(group, accounts, pop == "on", vpn == "on")
                person.blocks = self.whereabouts(group)
                person.customer = Customer(self.preferences(group, str(choice)), person.first_pop)
                self.people.append(person)
                if "turnover" in group:
                    self.env.process(self.turnover(person))

    def preferences(self, group, first=""):
        """Remedies in an order drawn by their shares: the first, each next among those left."""
        shares = group["when_refused"]
        clocks = {name: self.rng.exponential() / share for name, share in shares.items()}
        return sorted(shares, key=lambda name: -1.0 if name == first else clocks[name])

    def turnover(self, person):
        rate = quantity(person.group["turnover"])
        while True:
            yield self.env.timeout(self.rng.exponential(1 / rate))
            person.customer = Customer(self.preferences(person.group), person.first_pop)

    def make_mailboxes(self):
        self.mailboxes = []
        for network, keys in self.networks.items():
            users = sum(n == network for p in self.people for n in p.accounts.values())
            count = users + keys.get("mailboxes", 0)
            self.mailboxes += [Mailbox(keys["domain"]) for _ in range(count)]
        self.near = {}  # domain -> the mailboxes there, and those elsewhere
        for domain in {b.domain for b in self.mailboxes}:
            here = [b for b in self.mailboxes if b.domain == domain]
            self.near[domain] = here, [b for b in self.mailboxes if b.domain != domain]
        self.traps = []
        for network, count in next(iter(self.config["blocklists"].values()))["traps"].items():
            domain = self.networks[network]["domain"]
            self.traps += [Mailbox(domain, trap=True) for _ in range(count)]

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
            self.visits(
                person, np.sort(np.append(written, self.moments(person.group["mail_checks"])))
            )
            for moment in written:
                self.env.process(self.message(person, self.compose(person, float(moment))))

    def visits(self, person, moments):
        """The stretches of time in which the mail program is open."""
        end = -1.0
        for moment in moments:
            if moment < end:
                continue
            index = person.block(moment) + 1
            end = person.blocks[index][0] if index < len(person.blocks) else self.length
            network = person.network(person.place(moment))
            lease = self.networks[network].get("lease")
            if lease:
                end = min(end, moment + self.rng.exponential(quantity(lease)))
            self.env.process(self.visit(person, network, float(moment), float(end)))

    def visit(self, person, network, begin, end):
        """A process: get an address, poll by POP, and leave."""
        yield self.env.timeout(begin - self.env.now)
        address = person.address = self.address(person, network)
        person.online = True
        pool = self.pools.get(network)
        if pool is not None and address:
            pool.remove(address[1])
        if address and self.windows:
            self.env.process(self.polls(person, address, end))
        yield self.env.timeout(end - begin)
        person.online = False
        if pool is not None and address:
            pool.append(address[1])

    def polls(self, person, address, end):
        """POP logins of one visit, which open the window of the address for a while."""
        group = person.group
        if not person.first_pop:
            yield self.env.timeout(quantity(group["pop_after_sending"]))
        while self.env.now < end:
            for network in person.accounts.values():
                self.servers[f"{network}-smtp"].logins[address] = self.env.now
            yield self.env.timeout(quantity(group["pop_poll"]))

    def compose(self, person, moment):
        group, rng = person.group, self.rng
        by_work = "work" in person.accounts and rng.random() < group["work_account"]
        account = "work" if by_work else "home"
        own = self.networks[person.accounts[account]]["domain"]
        here, there = self.near[own]
        count = rng.geometric(1 / group["recipients"])
        same = rng.binomial(count, group["to_same_isp"])
        chosen = []
        for boxes, n in ((here, same), (there, count - same)):
            some = rng.choice(len(boxes), size=min(n, len(boxes)), replace=False)
            chosen += [Recipient(boxes[i]) for i in some]
        size = group["size"]
        octets = quantity(size["median"]) * math.exp(size["sigma"] * rng.standard_normal())
        octets = min(octets, quantity(group["largest"]))
        message = Message(moment, octets, chosen, (id(person), account), own)
        message.account, message.place = account, person.place(moment)
        self.messages.append(message)
        return message

    # ---- Sending

    def address(self, person, network):
        """An address there that nobody holds, the one for good or of all; None if none is free."""
        keys = self.networks[network]
        if keys.get("shared_address"):
            return (network, "all")
        if network not in self.pools:
            return (network, id(person))
        pool = self.pools[network]
        return (network, pool[0]) if pool else None

    def message(self, person, message):
        """A process: write, send, and do what refused people do until nothing is left."""
        yield self.env.timeout(message.written)
        customer, account = person.customer, message.account
        learning = person.group["learning"]
        if learning != "person":
            customer = Customer(
                self.preferences(person.group), customer.pop_first, customer.auth,
                customer.learned, customer.calls,
            )  # fmt: skip
        own = self.servers[f"{person.accounts[account]}-smtp"]
        server, dialled = customer.learned.get((person.place(self.env.now), account), (own, False))
        tried = []
        while True:
            place = person.place(self.env.now)
            code = yield from self.persist(person, customer, message, server, own, dialled)
            if code == 250:
                if tried and tried[-1] in LEARNT and learning != "none":
                    customer.learned[place, account] = server, dialled
                    person.customer.auth |= customer.auth and learning == "message"
                return
            way = yield from self.remedy(person, customer, message, server, own, tried)
            if way is None:
                for recipient in message.recipients:
                    recipient.fate = "refused" if code == 554 else "gave_up"
                return
            server, dialled = way

    def persist(self, person, customer, message, server, own, dialled):
        """Try again while replies are temporary or none comes, as long as patience lasts."""
        since = self.env.now
        while True:
            code = yield from self.submit(person, customer, message, server, own, dialled)
            message.tries += 1
            message.refused_first |= message.tries == 1 and code != 250
            patience = quantity(person.group.get("patience", "1 day"))
            if code in (250, 554) or self.env.now - since >= patience:
                return code
            yield self.env.timeout(quantity(person.group["pop_poll"]))

    def submit(self, person, customer, message, server, own, dialled):
        """One attempt: the code of the reply, 0 without a connection."""
        place = person.place(self.env.now)
        network, line = person.network(place), person.group["access"].get(place, "lan")
        if person.vpn or dialled:
            network = own.network
            address = self.address(person, network)
            line = "dial-up" if dialled and not person.vpn else line
        else:
            address = person.address if person.online else self.address(person, network)
        late, rate = LINES[line]
        if customer.pop_first:
            own.logins[address] = self.env.now
        yield self.env.timeout(late + self.far[network, server.network])
        blocked = self.networks[network].get("blocks_port_25") and network != server.network
        if address is None or blocked:
            return 0
        foreign = any(r.box.domain != server.domain for r in message.recipients)
        taken = not foreign or server.relays(network, address, customer.auth and server is own)
        if not (yield from server.session(len(message.recipients), message.size, rate)):
            return 421
        if taken:
            self.accept(server, message, message.recipients)
        return 250 if taken else 554

    def remedy(self, person, customer, message, server, own, tried):
        """Make the next choice and wait as long as it takes: the way to send, None if lost."""
        account, delays = message.account, person.group["delays"]
        place = person.place(self.env.now)
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
                    yield self.env.event()  # in transit at the end
                yield self.env.timeout(later[0] + self.rng.uniform(0, 2 * HOUR) - self.env.now)
                return customer.learned.get((account, account), (own, False))
            if choice == "switch_server":
                other = self.servers.get(f"{person.network(place)}-smtp")
                if other and other is not server:
                    yield self.env.timeout(quantity(delays["switch_server"]))
                    return other, False
            if choice == "dial_in" and place != "home":
                yield self.env.timeout(quantity(delays["dial_in"]))
                return own, True
            if choice == "ask_isp" and (yield from self.ask(customer, account, own, delays)):
                return own, False
        return None

    def ask(self, customer, account, own, delays):
        """A call to the help desk: whether it had something to advise."""
        if account in customer.calls:
            yield customer.calls[account]
            yield self.env.timeout(0.001)
            return True
        auth = "auth" in own.policy and not customer.auth
        pop = "pop_first" in own.policy and not customer.pop_first
        if (own, own.policy) in customer.vain:
            return False
        self.calls += self.env.now >= self.starts
        if not auth and not pop:
            customer.vain.add((own, own.policy))
            return False
        customer.calls[account] = self.env.event()
        yield self.env.timeout(quantity(delays["ask_isp"]))
        customer.auth |= auth
        customer.pop_first |= pop
        customer.calls.pop(account).succeed()
        return True

    # ---- After acceptance

    def accept(self, server, message, recipients, client=None):
        """Deliver to the server's own mailboxes, pass the rest on, a transfer for each domain."""
        for domain in sorted({r.box.domain for r in recipients}):
            part = [r for r in recipients if r.box.domain == domain]
            if domain == server.domain:
                self.deliver(message, part, client)
            elif domain in self.mx:
                self.env.process(self.transfer(server, message, part))

    def deliver(self, message, recipients, client):
        """Mail is in the mailbox; who is sent spam may report the client that brought it."""
        for recipient in recipients:
            recipient.fate, recipient.ended = "delivered", self.env.now
            if message.record:
                self.blocklist.hear(client, recipient.box.trap)
        if message.record:
            message.record[0] += len(recipients)
            message.record[1] += len(recipients)

    def bounce(self, server, message, recipients):
        """What cannot be delivered is told to the sender, but for notices and forged senders."""
        for recipient in recipients:
            recipient.fate = "bounced"
        if message.record:
            message.record[0] += len(recipients)
        if recipients and message.domain:
            back = [Recipient(Mailbox(message.domain))]
            notice = Message(self.env.now, NOTICE, back, None)
            self.accept(server, notice, back)

    def transfer(self, server, message, recipients):
        """A process: to the MX, again and again while replies are temporary."""
        mx, accepted = self.mx[recipients[0].box.domain], self.env.now
        way = self.far[server.network, mx.network]
        while True:
            failure = self.rng.random() < server.failure
            yield self.env.timeout(way)
            refused, again = yield from self.offer(
                mx, server.name, message, recipients, T1, failure
            )
            self.bounce(server, message, refused)
            age = self.env.now - accepted
            if not again or age > LIFETIME:
                break
            recipients = again
            due = self.env.now + min(max(age, 300), 4000)
            run = server.first_run + 300 * math.ceil((due - server.first_run) / 300)
            yield self.env.timeout(run - self.env.now)
        self.bounce(server, message, again)

    def offer(self, mx, client, message, recipients, rate, failure=False):
        """A session at an MX: who is refused for good, and who for a while; others have it."""
        listed = mx.asks and self.blocklist.lists(client)
        grey = [r for r in recipients if mx.greylists(client, message.sender, r.box)]
        room = yield from mx.session(len(recipients), message.size, rate)
        if not room or failure:
            return [], recipients
        if listed:
            return recipients, []
        self.deliver(message, [r for r in recipients if r.box.exists and r not in grey], client)
        return [r for r in recipients if not r.box.exists], grey

    # ---- What counts

    def measures(self):
        """Numbers of what was written after the policies changed."""
        days = (self.length - self.starts) / DAY
        honest = [m for m in self.messages if m.written >= self.starts]
        rows = [(m, r) for m in honest for r in m.recipients]
        delays = [r.ended - m.written for m, r in rows if r.fate == "delivered"]
        whole = sum(any(r.fate == "delivered" for r in m.recipients) for m in honest)
        share = {f: sum(r.fate == f for _, r in rows) / len(rows) for f in FATES}
        found = {
            "delivery_rate": share["delivered"],
            "first_refusal_rate": float(np.mean([m.refused_first for m, _ in rows])),
            "refusal_rate": share["refused"],
            "gave_up_rate": share["gave_up"],
            "bounce_rate": share["bounced"],
            "in_transit_rate": share["in_transit"],
            "delay_median": float(np.quantile(delays, 0.5)),
            "delay_p90": float(np.quantile(delays, 0.9)),
            "attempts_per_delivered": sum(m.tries for m in honest) / whole,
            "calls": self.calls / days,
            "listed_days": self.blocklist.time / DAY,
        }
        for place in {p for group in self.config["users"].values() for p in group["places"]}:
            first = [m.refused_first for m, _ in rows if m.place == place]
            found[f"first_refusal_rate {place}"] = float(np.mean(first))
        for spammer in self.spammers:
            found |= spammer.measures(days)
        for name, server in self.servers.items():
            spent = server.busy / server.sessions.capacity / (self.length - self.starts)
            connections = max(server.connections, 1)
            found[f"utilisation {name}"] = spent
            found[f"session_wait {name}"] = server.waited / connections
            found[f"turned_away_rate {name}"] = server.full / connections
        return found


FATES = ("delivered", "refused", "gave_up", "bounced", "in_transit")


def simulate(name, arm, replications, seed=0):
    """Measures of each replication of one arm of a scenario."""
    return [World(config(name), arm, (seed, k)).run().measures() for k in range(replications)]
