"""Spam in the second model: spammers and their routes, a blocklist, operators of relays.

Written from the description alone (docs/md, 7.5 and 7.6), like reference_
"""

import itertools
import math
from collections import Counter, deque
from dataclasses import dataclass, replace

from reference_parts import DAY, LINES, Mailbox, Message, Recipient, quantity

SPAM, COMMAND = 2_900, 50  # octets
RESPONSE, REVENUE = 1.5e-5, 50.0  # answers a message, USD an answer
COST = {"open_relay": 0.01, "own_account": 0.1, "direct": 0.1, "hijacked_host": 0.01}
COST |= {"stolen_credentials": 0.05}  # USD for 1000 recipients
TO_MX = ("direct", "hijacked_host")
TRIES, REST = 3, DAY


@dataclass(eq=False)
class Login:
    """Somebody else's, at a server."""

    server: object
    used: bool = False
    changed: bool = False
    rests_until: float = 0.0


@dataclass(eq=False)
class Host:
    """A machine on the network of an ISP."""

    network: str


class Spammer:
    """Messages and campaigns by the routes that work, walking through a list of addresses."""

    def __init__(self, world, name, keys):
        self.world, self.name, self.keys = world, name, keys
        self.env, self.rng = world.env, world.rng
        self.n, self.choice = keys["recipients"], keys.get("choice", "order")
        self.account, self.relays, self.queue, self.messages = True, [], [], []
        self.hosts = []
        self.lately = {route: deque(maxlen=20) for route in keys["routes"]}
        self.connections = keys.get("connections", 10)
        self.unanswered, self.answered = Counter(), self.env.event()
        self.make_list()
        self.logins = []
        for process in self.lives():
            self.env.process(process)

    def number(self, key, default=None):
        return quantity(self.keys.get(key, default))

    def make_list(self):
        real = self.world.mailboxes + self.world.traps
        unknown = self.keys.get("unknown", 0)
        picks = self.rng.integers(len(real), size=round(len(real) * unknown / (1 - unknown)))
        self.list = real + [Mailbox(real[i].domain, exists=False) for i in picks]

    # ---- What they have

    def lives(self):
        """Processes of this spammer: what it sends, finds, gains and loses."""
        routes = self.keys["routes"]
        for only in routes if self.choice == "parallel" else [None]:
            yield self.sending(only)
        if "open_relay" in routes:
            yield self.scan()
        if "own_account" in routes and "account_lasts" in self.keys:
            yield self.accounts()
        if "hijacked_host" in routes:
            for _ in range(self.keys["hosts"]):
                self.recruit()
            yield self.recruits()
        if "stolen_credentials" in routes:
            self.steal()

    def scan(self):
        """Ask one server after the other whether it relays for strangers."""
        own = self.keys["network"]
        strange = [s for s in self.world.servers.values() if s.network != own]
        while True:
            yield self.env.timeout(self.rng.exponential(1 / self.number("scan_rate")))
            server = strange[self.rng.integers(len(strange))]
            if server.policy == "open" and server not in self.relays:
                self.relays.append(server)

    def accounts(self):
        """The account with the own ISP is closed, and renewed."""
        while True:
            yield self.env.timeout(self.rng.exponential(self.number("account_lasts")))
            self.account = False
            yield self.env.timeout(self.number("account_renewed", "1 day"))
            self.account = True

    def recruit(self):
        """One more host, on the network of an ISP, until it is cleaned."""
        isps = [n for n, keys in self.world.networks.items() if keys["kind"] == "isp"]
        host = Host(isps[self.rng.integers(len(isps))])
        self.hosts.append(host)
        self.env.process(self.clean(host))

    def clean(self, host):
        yield self.env.timeout(self.rng.exponential(self.number("cleaned")))
        if host in self.hosts:
            self.hosts.remove(host)

    def recruits(self):
        while True:
            yield self.env.timeout(self.rng.exponential(1 / self.number("recruits")))
            self.recruit()

    def steal(self):
        """Logins of people, drawn without repetition; each is good until its password changes."""
        people = self.rng.permutation(len(self.world.people))[: self.keys["stolen"]]
        for i in people:
            server = self.world.servers[f"{self.world.people[i].accounts['home']}-smtp"]
            self.logins.append(Login(server))

    def usable(self):
        """Logins at servers that offer AUTH, or relay for anybody, of those that do not rest."""
        ready = [login for login in self.logins if login.rests_until <= self.env.now]
        return [k for k in ready if "auth" in k.server.policy or k.server.policy == "open"]

    # ---- Which route

    def works(self, route):
        return {
            "direct": True,
            "own_account": self.account,
            "open_relay": self.relays,
            "hijacked_host": self.hosts,
            "stolen_credentials": route == "stolen_credentials" and self.usable(),
        }[route]

    def many(self, route):
        """How many machines send by this route."""
        return len(self.hosts) if route == "hijacked_host" else 1

    def carries(self, route):
        """Recipients a second that the line carries, or the stated cap if that is less."""
        late, rate = LINES["cable" if route == "hijacked_host" else self.keys["line"]]
        sending = (SPAM + COMMAND * (5 + self.n)) / rate
        waiting = 2 * late * (5 + self.n)
        each = max(sending, (sending + waiting) / self.connections)
        carried = self.n / each * self.keys.get("online", 1.0) * self.many(route)
        cap = self.keys.get("capacity", {}).get(route)
        return min(carried, quantity(cap)) if cap else carried

    def profit(self, route):
        """USD a second that a route brings in, by the share of its mail that arrived lately."""
        lately = [r for at, r in self.lately[route] if at > self.env.now - 7 * DAY]
        decided, arrived = (sum(r[i] for r in lately) for i in (0, 1))
        share = (arrived + 1) / (decided + 1)
        return (RESPONSE * REVENUE * share - COST[route] / 1000) * self.carries(route)

    def choose(self, only=None):
        """The route for the next message, None where none works; *only* it where all are used."""
        routes = [r for r in self.keys["routes"] if self.works(r) and only in (None, r)]
        if not routes:
            return None
        return max(routes, key=self.profit) if self.choice == "profit" else routes[0]

    def rate(self, route):
        """Recipients a second by this route: of the volume, in parallel, its part."""
        if self.choice != "parallel":
            return min(self.number("volume"), self.carries(route))
        carried = sum(self.carries(r) for r in self.keys["routes"] if self.works(r))
        return self.carries(route) * min(1.0, self.number("volume") / carried)

    # ---- Sending

    def sending(self, only=None):
        """A process: one campaign or message after the other, *only* by one route in parallel."""
        waited, before = 0.0, 0.0
        for stretch in itertools.count():
            place = stretch + self.rng.random()
            route, left = yield from self.gap(only, waited, place - before)
            waited, before = 0.0, place
            while left > 0 and self.choose(only) == route:
                begin = self.env.now
                while self.unanswered[route] >= self.connections * max(1, self.many(route)):
                    yield self.answered
                waited += self.env.now - begin
                if self.choose(only) != route:
                    break
                count = min(left, self.n)
                self.env.process(self.message(self.pick(count), route))
                left -= count
                if left > 0:
                    yield self.env.timeout(self.number("pace", "1 s"))

    def gap(self, only, passed, drawn):
        """Wait for the next campaign: its route and recipients. Another route has its own pace."""
        while True:
            route = self.choose(only)
            if route is None:
                yield self.env.timeout(DAY)
                continue
            rate = self.rate(route)
            left = round(min(max(self.keys.get("campaign", 0), self.n), rate * DAY))
            due = drawn * left / rate
            if passed >= due:
                return route, left
            yield self.env.timeout(due - passed)
            passed = due

    def pick(self, count):
        while len(self.queue) < count:
            self.queue += [self.list[i] for i in self.rng.permutation(len(self.list))]
        chosen, self.queue = self.queue[:count], self.queue[count:]
        return [Recipient(box) for box in chosen]

    def message(self, recipients, route):
        """A process: one message, by this route first, unanswered until all replies are there."""
        message = Message(self.env.now, SPAM, recipients, self.name, record=[0, 0])
        message.route = route
        self.lately[route].append((self.env.now, message.record))
        self.messages.append(message)
        self.unanswered[route] += 1
        yield from self.send(message, recipients, route, 1)
        self.unanswered[route] -= 1
        self.answered.succeed()
        self.answered = self.env.event()

    def send(self, message, recipients, route, tries, host=None):
        """One try with these recipients: to each MX, or to the server of the route."""
        message.route = route
        if route not in TO_MX:
            yield from self.by_server(message, recipients, route, tries)
            return
        if route == "hijacked_host":
            host = host or self.hosts[self.rng.integers(len(self.hosts))]
        _, rate = LINES[self.keys["line"]]
        parts = []
        for k, domain in enumerate(sorted({r.box.domain for r in recipients})):
            part = [r for r in recipients if r.box.domain == domain]
            later = k * SPAM / rate
            parts.append(self.env.process(self.by_mx(message, part, host, later, tries)))
        yield self.env.all_of(parts)

    def by_mx(self, message, recipients, host, later, tries):
        """A process: a transaction with the MX, from the own line or from a host."""
        world, mx = self.world, self.world.mx[recipients[0].box.domain]
        network = host.network if host else self.keys["network"]
        late, rate = LINES["cable" if host else self.keys["line"]]
        yield self.env.timeout(later + late + world.far[network, mx.network])
        client = host or self.name
        listed = mx.asks and world.blocklist.lists(client)
        refused, again = yield from world.offer(mx, client, message, recipients, rate)
        if listed and refused and host in self.hosts:
            self.hosts.remove(host)
        route = "hijacked_host" if host else "direct"
        yield from self.other_route(message, refused if listed else [], route, tries)
        message.record[0] += len([] if listed else refused)
        self.come_back(message, again, route, tries, host)

    def by_server(self, message, recipients, route, tries):
        """A transaction with a server that relays: open, of the own ISP, or by a stolen login."""
        world, network = self.world, self.keys["network"]
        login = None
        if route == "open_relay":
            server = self.relays[self.rng.integers(len(self.relays))]
        elif route == "own_account":
            server = world.servers[f"{network}-smtp"]
        else:
            usable = self.usable()
            login = usable[self.rng.integers(len(usable))]
            server = login.server
        late, rate = LINES[self.keys["line"]]
        yield self.env.timeout(late + world.far[network, server.network])
        wrong = login and login.changed and "auth" in server.policy
        taken = not wrong and server.relays(network, self.name, login is not None)
        if not (yield from server.session(len(recipients), SPAM, rate)):
            self.come_back(message, recipients, route, tries)
            return
        if taken:
            if login and not login.used:
                self.env.process(self.reset(login))
            known = [r for r in recipients if r.box.exists or r.box.domain != server.domain]
            world.accept(server, message, known, self.name)
            message.record[0] += len(recipients) - len(known)
            return
        if login:
            login.rests_until = self.env.now + REST if not wrong else math.inf
        if server in self.relays:
            self.relays.remove(server)
        yield from self.other_route(message, recipients, route, tries)

    def reset(self, login):
        """A process: spam by a login is noticed, and its password changed."""
        login.used = True
        yield self.env.timeout(self.rng.exponential(self.number("reset")))
        login.changed = True

    def other_route(self, message, refused, route, tries):
        """What is refused for good goes by what would be chosen now, if that is something else."""
        if not refused:
            return
        now = self.choose()
        other = now not in (None, route) or (now and route not in ("direct", "own_account"))
        if tries < TRIES and other:
            if now != route:  # by the first one they did not arrive
                message.record[0] += len(refused)
                message.route, message = now, replace(message, record=[0, 0])
                self.lately[now].append((self.env.now, message.record))
            yield from self.send(message, refused, now, tries + 1)
        else:
            message.record[0] += len(refused)

    def come_back(self, message, again, route, tries, host=None):
        """What is refused for a while comes back, for a share of messages."""
        if not again:
            return
        if tries < TRIES and self.rng.random() < self.keys.get("retry_share", 0.077):
            self.env.process(self.later(message, again, route, tries, host))
        else:
            message.record[0] += len(again)

    def later(self, message, again, route, tries, host):
        yield self.env.timeout(self.rng.exponential(self.number("retry_after", "30 min")))
        if self.works(route):
            host = host if host in self.hosts else None
            yield from self.send(message, again, route, tries + 1, host)

    def measures(self, days):
        """Recipients of spam a day, and the share that arrived, by the route that was the last."""
        found = {}
        for route in self.keys["routes"]:
            rows = [
                r.fate == "delivered"
                for m in self.messages
                if m.written >= self.world.starts and m.route == route
                for r in m.recipients
            ]
            found[f"sent {self.name} {route}"] = len(rows) / days
            found[f"arrived {self.name} {route}"] = sum(rows) / max(len(rows), 1)
        return found


class Blocklist:
    """Clients that sent spam, by traps and reports."""

    def __init__(self, world, keys):
        self.world, self.env, self.rng, self.keys = world, world.env, world.rng, keys
        self.heard, self.reports, self.listed, self.time = {}, {}, {}, 0.0
        servers = world.config["servers"].items()
        self.always = {n for n, s in servers if s.get("address") in keys.get("ranges", [])}

    def lists(self, client):
        return client in self.listed or client in self.always

    def hear(self, client, trap):
        """Spam was delivered: a trap tells at once, a person perhaps and later."""
        if client is None:
            return
        if trap:
            self.told(client, self.keys.get("reports_needed", 3))
        elif self.rng.random() < self.keys["reports"]:
            self.env.process(self.report(client))

    def report(self, client):
        yield self.env.timeout(self.rng.exponential(quantity(self.keys["report_delay"])))
        self.told(client, 1)
        for operator in self.world.operators:
            operator.hear(client)

    def told(self, client, weight):
        """Heard of: list the client when that is enough."""
        self.heard[client] = self.env.now
        self.reports[client] = self.reports.get(client, 0) + weight
        if self.reports[client] >= self.keys.get("reports_needed", 3):
            self.env.process(self.listing(client))

    def listing(self, client):
        """A process: list the client, and forget it when no more comes."""
        low, high = (quantity(self.keys["delay"][k]) for k in ("low", "high"))
        yield self.env.timeout(self.rng.uniform(low, high))
        if client in self.listed:
            return
        self.listed[client] = self.env.now
        expiry = quantity(self.keys["expiry"])
        while client in self.listed and self.env.now < self.heard[client] + expiry:
            yield self.env.timeout(self.heard[client] + expiry - self.env.now)
        self.forget(client)

    def forget(self, client):
        self.reports[client] = 0
        since = self.listed.pop(client)
        self.time += max(0.0, self.env.now - max(since, self.world.starts))

    def close(self):
        for since in self.listed.values():
            self.time += self.world.length - max(since, self.world.starts)


class Operator:
    """Closes all its relays after so many reports about them."""

    def __init__(self, world, keys):
        self.world, self.keys, self.count = world, keys, 0

    def hear(self, client):
        if client in self.keys["servers"]:
            self.count += 1
            if self.count == self.keys["after_reports"]:
                self.world.env.process(self.close())

    def close(self):
        mean = quantity(self.keys["reaction"])
        yield self.world.env.timeout(self.world.rng.exponential(mean))
        for name in self.keys["servers"]:
            self.world.servers[name].policy = "on_network"
