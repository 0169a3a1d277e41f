"""The keys of ``[spammers.NAME]``: who sends spam, by which routes, and how much."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from sim.records.words import SPAM_ROUTES, Route
from sim.scenario.distributions import Time
from sim.scenario.keys import Table, key
from sim.scenario.people import MOST
from sim.scenario.quantities import Domain, Duration, Name, Names, Rate, Share
from sim.scenario.spam_market import line_rate, worth
from sim.topology.lines import LINES

if TYPE_CHECKING:
    SpamRoute = Route
else:  # a `Route` that spam takes
    SpamRoute = Literal[SPAM_ROUTES]

DAY = 86400.0
SIZE = 2900.0
"""Octets of a spam message: mail.size.spam.mean."""
HOSTED = frozenset({Route.OPEN_PROXY, Route.HIJACKED_HOST, Route.HIJACKED_SMARTHOST})
"""Routes by the lines of other people's machines."""
TO_MX = frozenset({Route.DIRECT, Route.OPEN_PROXY, Route.HIJACKED_HOST})
"""Routes to the MX of each recipient."""
USUAL = 600 / DAY
"""Recipients a second that one spammer wishes to reach where no key says how many (chosen)."""


class Spammers(Table):
    """Spammers with the same means."""

    network: Name = key()
    """the network they send from"""
    count: int = key(1, ge=1, le=MOST)
    """how many"""
    routes: Annotated[tuple[SpamRoute, ...], Field(strict=False, min_length=1)] = key(
        meaning="ways to send, the preferred one first: "
        + "; ".join(f"{route}: {route.meaning}" for route in SPAM_ROUTES)
    )
    choice: Literal["order", "profit", "parallel"] = key("order", source="chosen")
    """which of the routes that work they take: the first (order); the one that brings in most, by
    what it carries, its cost and what arrives of it (profit); or all at once, each for its part of
    the volume (parallel)"""
    volume: Rate | None = key(None, source="chosen")
    """recipients that one spammer wishes to reach, by whatever route; without it, as many as the
    largest stated capacity of a route, or 600 a day where none is stated"""
    capacity: dict[SpamRoute, Rate] = key({}, source="chosen")
    """most recipients by each route on average, over and above what its line, its servers and the
    volume allow; a route left out has no such limit"""
    capacity_per: Literal["spammer", "relay"] = key("spammer", source="chosen")
    """what a stated capacity belongs to: one spammer by this route; or one relay, host or login of
    it (relay), so that more of them carry more; spammers of a group share what a relay carries"""
    cost: dict[SpamRoute, Annotated[float, Field(ge=0.0)]] = key(
        {},
        meaning="cost of each route in USD per 1000 recipients; a route left out has "
        + ", ".join(f"{route} {route.cost:g}" for route in SPAM_ROUTES),
        source="spam_price_per_million.2009",
    )
    response: Share = key(1.5e-5, source="spam_response.2002")
    """share of delivered messages that somebody answers"""
    revenue: Annotated[float, Field(ge=0.0)] = key(50.0, source="spam_price.goods")
    """USD that an answer brings"""
    response_halves_at: Annotated[float, Field(gt=0.0)] | None = key(None, source="chosen")
    """spam that a mailbox gets a day at which that share is half as large, since people answer a
    number of offers however many they get; without it, it stays the same"""
    entry: Literal["fixed", "profit"] = key("fixed", source="chosen")
    """who of them sends: all, all the time (fixed); or those whose expected profit a day is more
    than their overhead, who enter and leave as that changes (profit)"""
    overhead: Annotated[float, Field(ge=0.0)] = key(0.2, source="chosen")
    """what a spammer's business costs in USD a day besides what it sends, with entry by profit:
    spread evenly from 0 to twice this"""
    review: Duration = key("1 day", source="chosen")
    """mean time from one look at the profit to the next"""
    recipients: int = key(20, source="chosen", ge=1, le=10_000)
    """recipients of a transaction"""
    recipients_at_mx: int | None = key(None, ge=1, le=10_000)
    """recipients of a transaction with the MX of their own domain, by direct, open_proxy and
    hijacked_host; without it, as many of a message as are in the domain"""
    line: Literal["dial-up", "isdn", "cable", "lan"] = key(
        "dial-up", source="line.rate.modem_56k.upstream"
    )
    """the line of one spammer, which bounds what its own machine sends"""
    host_line: Literal["dial-up", "isdn", "cable", "lan"] = key(
        "cable", source="line.rate.cable.2000"
    )
    """the line of a proxy or hijacked machine"""
    connections: int = key(10, source="chosen", ge=1, le=10_000)
    """messages that one spammer, or each of its hosts, sends at the same time: the next one waits
    until one of them is answered, so that a slow server slows it"""
    online: Share = key(1.0, source="chosen")
    """share of the time that lines are used for sending; below 1 it scales what they carry to a
    world with few mailboxes"""
    campaign: int = key(0, source="chosen", ge=0, le=10_000_000)
    """recipients of a campaign, sent one transaction after the other; fewer than a transaction's
    means no campaigns: transactions come one by one"""
    pace: Duration = key("1 s", source="chosen")
    """time between the transactions of a campaign"""
    gaps: Literal["stratified", "exponential"] = key("stratified", source="chosen")
    """times between campaigns: one campaign in each stretch of the mean gap, at a moment drawn
    evenly in it, so that every run has the spam that `volume` says (stratified); or as in a Poisson
    process, which takes some ten to forty times the replications for the same interval
    (exponential)"""
    unknown: Share = key(0.0, source="chosen")
    """share of their list of recipients that does not exist"""
    washes: bool = key(False, source="chosen")
    """whether they take off the list who is refused as unknown (5xx)"""
    retry_share: Share = key(0.077, source="greylist.schokokeks.retry")
    """share of the messages that come back to the same server after a temporary refusal (4xx), or
    without a connection, where no other route is tried; up to three attempts in all"""
    retry_after: Time = key({"distribution": "exponential", "mean": "30 min"}, source="chosen")
    """how long after it"""
    adaptive: bool = key(True)
    """whether they leave a route that no longer delivers for the next one"""
    heeds: Names = key([], source="chosen")
    """blocklists that adaptive spammers look up themselves: they leave alone a relay or host that
    is on one of them"""
    scan_rate: Rate = key("20 / day", source="chosen")
    """servers that one spammer tries as relays"""
    sender_domain: Domain = key("bulk.example", source="chosen")
    """domain of the forged sender, offer-0 for the first spammer of the group; one under .invalid
    does not resolve, any other does"""
    helo: str | None = key(None, max_length=255)
    """what they call themselves in HELO; without it, mail. before sender_domain"""
    known_relays: Share = key(1.0, source="chosen")
    """share of the open relays that they know at the start"""

    forge: Literal["fixed", "recipient", "customer"] = key("fixed", source="chosen")
    """the forged sender: fixed (in sender_domain); recipient (in the recipient's own domain); or
    customer of the server that is asked (in its domain; with a stolen login, the address that
    belongs to it)"""
    hosts: int = key(20, source="chosen", ge=0, le=100_000)
    """open proxies or hijacked machines that one spammer has at the start"""
    infects: Names = key([])
    """groups of users whose machines they hijack: these send while their owner is connected, from
    the owner's address, to the MX (hijacked_host) or through the owner's ISP (hijacked_smarthost);
    without it, machines of no user, anywhere on the networks of ISPs"""
    recruits: Rate = key("1 / day", source="chosen")
    """hosts that one spammer gains, by infection or by asking"""
    cleaned: Duration | None = key(None, source="chosen")
    """mean time until a host is cleaned, or closed; without it, never"""
    stolen: int = key(5, source="chosen", ge=0, le=100_000)
    """logins of other people that one spammer has at the start, with their POP passwords"""
    stolen_from: Names = key([])
    """groups of users whose logins they steal; without it, all"""
    steals: Rate = key("0 / day", source="chosen")
    """logins that one spammer gains"""
    reset: Duration | None = key(None, source="chosen")
    """mean time from the first spam by a login until that is noticed and its password changed;
    without it, never"""
    calls: int = key(10, source="chosen", ge=0, le=1000)
    """how often, for one message by inherited_window, they dial in again on a network that leases
    addresses, until they get one with an open window"""
    account_lasts: Duration | None = key(None, source="chosen")
    """mean time until the ISP closes the own account; without it, never"""
    account_renewed: Duration = key("1 day", source="chosen")
    """time until a closed account is replaced by a new one"""

    @property
    def demand(self) -> float:
        """Recipients a second that one spammer wishes to reach."""
        if self.volume is not None:
            return self.volume
        return max(self.capacity.values(), default=USUAL)

    def limit(self, route: SpamRoute, units: float = 1.0) -> float:
        """Recipients a second that one spammer may send by *route*, on which it has so many *units*
        (relays, hosts, logins)."""
        hosted = route in HOSTED
        each = self.recipients_at_mx if route in TO_MX else None
        line = LINES[self.host_line if hosted else self.line]
        by_line = line_rate(line, SIZE, each or self.recipients, self.connections)
        capacity = self.capacity.get(route, inf)
        if self.capacity_per == "relay" and capacity < inf:
            capacity *= units / (self.count if route == Route.OPEN_RELAY else 1)
        return min(capacity, self.online * by_line * (units if hosted else 1.0))

    def rate(self, route: SpamRoute, units: float = 1.0) -> float:
        """Recipients a second that one spammer sends where it sends by *route* alone."""
        return min(self.demand, self.limit(route, units))

    def times(self, factor: float) -> dict[str, str]:
        """The keys by which they send *factor* times as much."""
        rates = {f"capacity.{route}": rate for route, rate in self.capacity.items()}
        rates["volume"] = self.demand
        return {name: f"{rate * DAY * factor:.6g} / day" for name, rate in rates.items()}

    def worth(self, route: SpamRoute, delivered: float, response: float | None = None) -> float:
        """USD that a recipient by *route* brings in after its cost, where that share is
        *delivered* and that share of it answers (None: as where there is little spam)."""
        answered = self.response if response is None else response
        return worth(answered, self.revenue, delivered, self.price(route))

    def price(self, route: SpamRoute) -> float:
        """USD per recipient by *route*."""
        return self.cost.get(route, route.cost) / 1000.0
