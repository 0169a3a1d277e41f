"""The keys of ``[spammers.NAME]``: who sends spam, by which routes, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from sim.records.words import SPAM_ROUTES, Route
from sim.scenario.keys import Table, key
from sim.scenario.people import MOST
from sim.scenario.quantities import Domain, Duration, Name, Names, Rate, Share
from sim.smtp import units

if TYPE_CHECKING:
    SpamRoute = Route
else:  # a `Route` that spam takes
    SpamRoute = Literal[SPAM_ROUTES]


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
    capacity: dict[SpamRoute, Rate] = key(
        {},
        meaning="most recipients of one spammer by each route; a route left out has "
        + ", ".join(f"{route} {route.capacity}" for route in SPAM_ROUTES),
        source="chosen",
    )
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
    recipients: int = key(20, source="chosen", ge=1, le=10_000)
    """recipients of a transaction"""
    campaign: int = key(0, source="chosen", ge=0, le=10_000_000)
    """recipients of a campaign, sent one transaction after the other; fewer than a transaction's
    means no campaigns: transactions come one by one"""
    pace: Duration = key("1 s", source="chosen")
    """time between the transactions of a campaign"""
    unknown: Share = key(0.0, source="chosen")
    """share of their list of recipients that does not exist"""
    adaptive: bool = key(True)
    """whether they leave a route that no longer delivers for the next one"""
    heeds: Names = key([], source="chosen")
    """blocklists that adaptive spammers look up themselves: they leave alone a relay or host that
    is on one of them"""
    scan_rate: Rate = key("20 / day", source="chosen")
    """servers that one spammer tries as relays"""
    sender_domain: Domain = key("bulk.example", source="chosen")
    """domain of the forged sender; one under .invalid does not resolve, any other does"""
    helo: str | None = key(None, max_length=255)
    """what they call themselves in HELO; without it, mail. before sender_domain"""
    known_relays: Share = key(1.0, source="chosen")
    """share of the open relays that they know at the start"""

    forge: Literal["fixed", "recipient", "customer"] = key("fixed", source="chosen")
    """the forged sender: fixed (in sender_domain); recipient (in the recipient's own domain); or
    customer of the server that is asked (in its domain; with a stolen login, the address that
    belongs to it)"""
    hosts: int = key(20, source="chosen", ge=0, le=100_000)
    """open proxies or hijacked machines that one spammer has at the start, anywhere on the networks
    of ISPs"""
    recruits: Rate = key("1 / day", source="chosen")
    """hosts that one spammer gains"""
    stolen: int = key(5, source="chosen", ge=0, le=100_000)
    """logins of other people that one spammer has, with their POP passwords"""
    calls: int = key(10, source="chosen", ge=0, le=1000)
    """how often, for one message by inherited_window, they dial in again on a network that leases
    addresses, until they get one with an open window"""
    account_lasts: Duration | None = key(None, source="chosen")
    """mean time until the ISP closes the own account; without it, never"""
    account_renewed: Duration = key("1 day", source="chosen")
    """time until a closed account is replaced by a new one"""

    def rate(self, route: SpamRoute) -> float:
        """Recipients a second that one spammer reaches by *route*."""
        stated = self.capacity.get(route)
        return units.rate(route.capacity) if stated is None else stated

    def price(self, route: SpamRoute) -> float:
        """USD per recipient by *route*."""
        return self.cost.get(route, route.cost) / 1000.0
