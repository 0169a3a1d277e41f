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

    opens: Duration = key("0 s")
    """when the list begins; before, it hears and lists nothing"""
    reports: Share = key(0.001, source="chosen")
    """share of the spam delivered to people that they report to the list; the report names the
    client that brought it"""
    report_delay: Time = key({"distribution": "exponential", "mean": "12 h"}, source="chosen")
    """time from delivery to the report"""
    reports_needed: int = key(3, source="chosen", ge=1, le=1_000_000)
    """reports about an address (or its /24) after which it is listed"""
    traps: Annotated[
        dict[Name, Annotated[int, Field(ge=0, le=MOST_TRAPS)]], Field(max_length=1000)
    ] = key({})
    """mailboxes that no person owns, by the network in whose domain they are: spam to one of them
    lists the client"""
    delay: Time = key(
        {"distribution": "uniform", "low": "1 s", "high": "60 s"},
        source="dnsbl.listing_delay.trap_list",
    )
    """time from the trap, or the last report needed, until the list answers so"""
    scope: Scope = key("address")
    """what is listed: the address alone, or the 256 addresses of its /24"""
    open_relays_only: bool = key(False)
    """whether it lists only what relays for a stranger when it is tested
    (dnsbl.test_before_listing.dsbl)"""
    expiry: Duration = key("30 days", source="dnsbl.quarantine.tqmcube")
    """time after the last spam that the list heard of until it forgets the address"""
    removal: Time | None = key(None)
    """time until the owner of a listed server has it removed, once it does not relay for strangers
    (dnsbl.quarantine.tqmcube: on request usually within 4 h); without it, entries only expire"""
    ranges: Prefixes = key([])
    """addresses listed all the time, such as those that ISPs lease to dial-up customers"""
    lists_the_world: Duration | None = key(None)
    """when it dies and from then on answers 'listed' for every address
    (open_relay_list.ordb.lists_the_world); without it, never"""
