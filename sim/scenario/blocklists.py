"""The keys of ``[blocklists.NAME]``: how an address gets on a list, and off it again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sim.scenario.distributions import Time
from sim.scenario.keys import Table, key
from sim.scenario.quantities import Duration, Name, Prefixes, Share

MOST_TRAPS = 100_000
"""Traps of one list in one network; more are a fault."""

Scope = Literal["address", "/24"]


class Blocklist(Table):
    """A list of client addresses that sent spam; servers use it by ``reject_rbl_client(NAME)``."""

    opens: Duration = key("when the list begins; before, it hears and lists nothing", "0 s")
    reports: Share = key(
        "share of the spam delivered to people that they report to the list; the report names "
        "the client that brought it",
        0.001,
        source="chosen",
    )
    report_delay: Time = key(
        "time from delivery to the report",
        {"distribution": "exponential", "mean": "12 h"},
        source="chosen",
    )
    reports_needed: int = key(
        "reports about an address (or its /24) after which it is listed",
        3,
        source="chosen",
        ge=1,
        le=1_000_000,
    )
    traps: Annotated[
        dict[Name, Annotated[int, Field(ge=0, le=MOST_TRAPS)]], Field(max_length=1000)
    ] = key(
        "mailboxes that no person owns, by the network in whose domain they are: spam to one of "
        "them lists the client",
        {},
    )
    delay: Time = key(
        "time from the trap, or the last report needed, until the list answers so",
        {"distribution": "uniform", "low": "1 s", "high": "60 s"},
        source="dnsbl.listing_delay.trap_list",
    )
    scope: Scope = key(
        "what is listed: the address alone, or the 256 addresses of its /24", "address"
    )
    open_relays_only: bool = key(
        "whether it lists only what relays for a stranger when it is tested "
        "(dnsbl.test_before_listing.dsbl)",
        False,
    )
    expiry: Duration = key(
        "time after the last spam that the list heard of until it forgets the address",
        "30 days",
        source="dnsbl.quarantine.tqmcube",
    )
    removal: Time | None = key(
        "time until the owner of a listed server has it removed, once it does not relay for "
        "strangers (dnsbl.quarantine.tqmcube: on request usually within 4 h); without it, "
        "entries only expire",
        None,
    )
    ranges: Prefixes = key(
        "addresses listed all the time, such as those that ISPs lease to dial-up customers", []
    )
    lists_the_world: Duration | None = key(
        "when it dies and from then on answers 'listed' for every address "
        "(open_relay_list.ordb.lists_the_world); without it, never",
        None,
    )
