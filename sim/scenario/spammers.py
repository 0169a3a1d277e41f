"""The keys of ``[spammers.NAME]``: who sends spam, by which routes, and how much."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.keys import Table, key
from sim.scenario.people import MOST
from sim.scenario.quantities import Domain, Duration, Name, Rate, Share
from sim.smtp import units

ROUTES = ("open_relay", "own_account", "direct")
"""Routes a scenario may name; a route of ``sim.records`` joins when the world sends by it."""

Route = Literal["open_relay", "own_account", "direct"]

CAPACITY = {"open_relay": "600 / day", "own_account": "200 / day", "direct": "120 / day"}
"""Recipients that a spammer reaches by each route unless the file says otherwise: chosen."""


class Spammers(Table):
    """Spammers with the same means."""

    network: Name = key("the network they send from")
    count: int = key("how many", 1, ge=1, le=MOST)
    routes: Annotated[tuple[Route, ...], Field(strict=False, min_length=1)] = key(
        "ways to send, the preferred one first: open_relay (servers that relay for strangers), "
        "own_account (the submission server of their network), direct (to the recipient's MX)"
    )
    capacity: dict[Route, Rate] = key(
        "most recipients of one spammer by each route; a route left out has "
        + ", ".join(f"{route} {rate}" for route, rate in CAPACITY.items()),
        {},
        source="chosen",
    )
    recipients: int = key("recipients of a transaction", 20, source="chosen", ge=1, le=10_000)
    campaign: int = key(
        "recipients of a campaign, sent one transaction after the other; fewer than a "
        "transaction's means no campaigns: transactions come one by one",
        0,
        source="chosen",
        ge=0,
        le=10_000_000,
    )
    pace: Duration = key("time between the transactions of a campaign", "1 s", source="chosen")
    unknown: Share = key(
        "share of their list of recipients that does not exist", 0.0, source="chosen"
    )
    adaptive: bool = key(
        "whether they leave a route that no longer delivers for the next one", True
    )
    scan_rate: Rate = key("servers that one spammer tries as relays", "20 / day", source="chosen")
    sender_domain: Domain = key("domain of the forged sender", "bulk.example", source="chosen")
    known_relays: Share = key(
        "share of the open relays that they know at the start", 1.0, source="chosen"
    )

    def rate(self, route: Route) -> float:
        """Recipients a second that one spammer reaches by *route*."""
        stated = self.capacity.get(route)
        return units.rate(CAPACITY[route]) if stated is None else stated
