"""What follows from the inputs alone for spam: where it goes once everybody has found out.

Routes that a policy closes are left for the next ones, as far as these carry, by the same formulas
as in a run. Searching, renewing, listing and retrying take time, and are what a run adds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from typing import TYPE_CHECKING, NamedTuple

from sim.measure.inputs import Inputs, is_taken
from sim.path.alike import address_parts
from sim.path.journey import Shares
from sim.path.submission import Attempt, forged_sender, spammer_address
from sim.records.words import Route
from sim.scenario import spam_market

if TYPE_CHECKING:
    from sim.scenario.spammers import Spammers

DAY = 86400.0
NOWHERE = "elsewhere.example"
HALVINGS = 40
Row = tuple[str, str, str, str, float]
"""Class, measure, by, key, analytic (NaN: nothing follows)."""


class Reach(NamedTuple):
    """What a route is in the long run: whether it takes mail, how many units it has (relays, hosts,
    logins), and the share of mailboxes that mail by it reaches; NaN where nothing follows."""

    works: bool
    units: float
    share: float


CLOSED = Reach(works=False, units=0.0, share=0.0)
UNKNOWN = Reach(works=True, units=1.0, share=nan)


def spam_rows(inputs: Inputs) -> Iterator[Row]:
    """Spam per mailbox and day, by route and in all."""
    boxes = sum(inputs.mailboxes.values())
    if not boxes:
        return
    groups = [Group(inputs, name, s, boxes) for name, s in inputs.scenario.spammers.items()]

    def sent(spam: float) -> dict[Route, float]:
        """Spam per mailbox and day by route, where a mailbox gets *spam* a day."""
        routes: dict[Route, float] = defaultdict(float)
        for group in groups:
            for route, rate in group.sent(spam).items():
                routes[route] += rate
        return routes

    routes = sent(_level(lambda spam: sum(sent(spam).values()), sum(sent(0.0).values())))
    for name, rate in routes.items():
        yield "spam", "spam_per_mailbox_day", "route", name, rate
    yield "spam", "spam_per_mailbox_day", "all", "", sum(routes.values())


def _level(of: Callable[[float], float], most: float) -> float:
    """The spam at which as much is sent as makes it: *of* falls, from *most* on."""
    low, high = 0.0, most
    if not most > 0.0 or of(most) == most:
        return most if most == most else 0.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if of(middle) > middle else (low, middle)
    return (low + high) / 2.0


class Group:
    """What one group of spammers does: its first spammer stands for all."""

    def __init__(self, inputs: Inputs, name: str, spammers: Spammers, boxes: float) -> None:
        self.inputs, self.spammers, self.boxes = inputs, spammers, boxes
        client = spammer_address(inputs.scenario, name)
        helo = spammers.helo or f"mail.{spammers.sender_domain}"
        attempt = Attempt("", spammers.network, client, "", "", spam=True, helo=helo)
        self.spam = Spam(inputs, spammers, attempt)
        self._reaches: dict[Route, Reach] = {}

    def reach(self, route: Route) -> Reach:
        """What *route* is in the long run."""
        if route not in self._reaches:
            self._reaches[route] = REACHES[route](self) if route in REACHES else UNKNOWN
        return self._reaches[route]

    def share(self, number: float) -> float:
        """That *number* of mailboxes, as a share of all."""
        return number / self.boxes

    @cached_property
    def working(self) -> list[Route]:
        """The routes that they use in the end, as far as is asked."""
        spammers = self.spammers
        routes = [Route(route) for route in spammers.routes]
        if not spammers.adaptive:
            return routes if spammers.choice == "parallel" else routes[:1]
        working = (route for route in routes if self.reach(route).works)
        if spammers.choice == "order":
            return [next(working, routes[-1])]
        return list(working) or routes[-1:]

    def sent(self, spam: float) -> dict[Route, float]:
        """Spam per mailbox and day by each route, where a mailbox gets *spam* a day."""
        spammers = self.spammers
        response = spam_market.response(spammers.response, spam, spammers.response_halves_at)
        reaches = {route: self.reach(route) for route in self.working}
        limits = {route: spammers.limit(route, reach.units) for route, reach in reaches.items()}
        worths = {
            route: spammers.worth(route, (1.0 - spammers.unknown) * reach.share, response)
            for route, reach in reaches.items()
        }
        rates = spam_market.allocated(spammers.choice, spammers.demand, limits, worths)
        if spammers.entry == "profit":
            profit = DAY * sum(rate * worths[route] for route, rate in rates.items())
            senders = spammers.count * spam_market.in_business(profit, spammers.overhead)
        else:
            senders = spammers.count
        arriving = senders * (1.0 - spammers.unknown) * DAY / self.boxes
        none = dict.fromkeys(map(Route, spammers.routes), 0.0)
        return none | {r: arriving * rate * reaches[r].share for r, rate in rates.items()}


@dataclass(frozen=True)
class Spam:
    """An attempt to send spam, and what comes of it."""

    inputs: Inputs
    spammers: Spammers
    attempt: Attempt

    def by(self, **changes: object) -> Spam:
        """The same from another client, or with another login."""
        return replace(self, attempt=replace(self.attempt, **changes))  # type: ignore[arg-type]

    def attempt_at(self, server: str, domain: str) -> Attempt:
        """The attempt to send to a mailbox of *domain* by *server*."""
        own = self.inputs.scenario.servers[server].domains
        sender = forged_sender(self.spammers, domain, own)
        return replace(
            self.attempt, server=server, forward_path=f"user@{domain}", reverse_path=sender
        )

    def is_relayed(self, server: str | None) -> bool:
        """Whether *server* takes it for elsewhere, wherever it then goes."""
        if server is None:
            return False
        test = self.attempt_at(server, next(iter(self.inputs.elsewhere(server)), NOWHERE))
        shares = self.inputs.servers.shares(test)
        return any(verdict.accepted and verdict.relayed for _, verdict in shares)

    def arrives(self, server: str, boxes: Mapping[str, float]) -> float:
        """Number of mailboxes in these domains that it reaches by *server*."""
        inputs, reached = self.inputs, 0.0
        policy, own = inputs.servers.policy(server), inputs.scenario.servers[server].domains
        answers: dict[str, Shares] = {}
        for domain, count in boxes.items():
            alike = domain if policy.knows(domain) else ""  # it cannot tell others apart
            if alike not in answers:
                answers[alike] = inputs.servers.shares(self.attempt_at(server, domain))
            sender = forged_sender(self.spammers, domain, own)
            for share, verdict in answers[alike]:
                if is_taken(verdict):
                    share_onward = inputs.reached(server, sender, domain, spam=True)
                    reached += count * share * share_onward
        return reached

    def direct(self) -> float:
        """Number of mailboxes that it reaches by the MX of each."""
        return sum(
            self.arrives(mx, {domain: count})
            for domain, count in self.inputs.mailboxes.items()
            for mx in self.inputs.servers.names.mx(domain)[:1]
        )


# ---- the routes


def _open_relay(group: Group) -> Reach:
    """The servers of other networks that relay for a stranger, each as likely; by profit, as what
    each brings in."""
    spam, inputs, spammers = group.spam, group.inputs, group.spammers
    relays = [
        group.share(spam.arrives(name, inputs.mailboxes))
        for name, server in inputs.scenario.servers.items()
        if server.network != spam.attempt.network and spam.is_relayed(name)
    ]
    if not relays:
        return CLOSED
    weights = [1.0] * len(relays)
    if spammers.choice == "profit":
        worths = [max(0.0, spammers.worth(Route.OPEN_RELAY, share)) for share in relays]
        weights = worths if any(worths) else weights
    mean = sum(w * share for w, share in zip(weights, relays, strict=True)) / sum(weights)
    return Reach(works=True, units=len(relays), share=mean)


def _own_account(group: Group) -> Reach:
    server = group.inputs.submission.get(group.spam.attempt.network)
    if server is None or not group.spam.is_relayed(server):
        return CLOSED
    share = group.share(group.spam.arrives(server, group.inputs.mailboxes))
    return Reach(works=True, units=1.0, share=share)


def _direct(group: Group) -> Reach:
    return Reach(works=True, units=1.0, share=group.share(group.spam.direct()))


def _hosts(group: Group) -> Reach:
    return _from_hosts(group, lambda spam: spam.direct())


def _smarthosts(group: Group) -> Reach:
    def reached(spam: Spam) -> float:
        server = group.inputs.submission.get(spam.attempt.network)
        if server is None or not spam.is_relayed(server):
            return 0.0
        return spam.arrives(server, group.inputs.mailboxes)

    return _from_hosts(group, reached)


def _from_hosts(group: Group, reached: Callable[[Spam], float]) -> Reach:
    """By machines on the networks of ISPs, as likely as these are large; or of users at home."""
    scenario, servers = group.inputs.scenario, group.inputs.servers
    ranges = [servers.listings.ranges]
    ranges += {r for name in scenario.servers for r in servers.policy(name).ranges}
    share = 0.0
    networks = _networks(group)
    for network, weight in networks.items():
        for part, client in address_parts(scenario.networks[network], ranges):
            share += weight * part * reached(group.spam.by(network=network, client=client))
    share = group.share(share / sum(networks.values())) if networks else 0.0
    works = group.spammers.hosts > 0 and share > 0.0
    return Reach(works=works, units=float(group.spammers.hosts), share=share)


def _networks(group: Group) -> dict[str, float]:
    """Where machines are: network to its weight."""
    scenario, weights = group.inputs.scenario, dict[str, float]()
    if not group.spammers.infects:
        sizes = {n: len(scenario.leasable(n)) for n, k in scenario.networks.items()
                 if k.kind == "isp"}  # fmt: skip
        return {network: float(size) for network, size in sizes.items() if size}
    for name in group.spammers.infects:
        users = scenario.users[name]
        for network, share in users.accounts.items():
            weights[network] = weights.get(network, 0.0) + share * users.count
    return weights


def _stolen(group: Group) -> Reach:
    """By logins whose server takes them, each as likely, before their passwords are changed."""
    inputs, spammers = group.inputs, group.spammers
    scenario = inputs.scenario
    accounts: dict[str, float] = defaultdict(float)
    for name in spammers.stolen_from or scenario.users:
        users = scenario.users[name]
        for network, share in users.accounts.items():
            accounts[network] += share * users.count
        if users.work is not None and users.work_account > 0:
            accounts[users.work] += users.count
    share = passed = 0.0
    for network, weight in accounts.items():
        server = inputs.submission[network]
        separate = scenario.servers[server].auth_password == "separate"
        login = f"user@{inputs.domain(network)}"
        spam = group.spam.by(login=login, wrong_password=separate)
        if spam.is_relayed(server):
            passed += weight
            share += weight * spam.arrives(server, inputs.mailboxes)
    if not passed or not spammers.stolen:
        return CLOSED
    units = spammers.stolen * passed / sum(accounts.values())
    return Reach(works=True, units=units, share=group.share(share / passed))


REACHES: dict[Route, Callable[[Group], Reach]] = {
    Route.OPEN_RELAY: _open_relay,
    Route.OWN_ACCOUNT: _own_account,
    Route.DIRECT: _direct,
    Route.OPEN_PROXY: _hosts,
    Route.HIJACKED_HOST: _hosts,
    Route.HIJACKED_SMARTHOST: _smarthosts,
    Route.STOLEN_CREDENTIALS: _stolen,
}
"""Routes whose supply the inputs state."""
