"""The keys of ``[operators.NAME]``: who closes which relays, when, and to what."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field

from sim.scenario.distributions import Time
from sim.scenario.keys import Table, key
from sim.scenario.quantities import Duration, Share
from sim.scenario.servers import Relay

Pattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.*{},-]{1,1000}$")]
"""Names of servers: ``*`` is any text, ``{a,b}`` either."""

Patterns = Annotated[tuple[Pattern, ...], Field(strict=False, min_length=1, max_length=1000)]

Point = Annotated[tuple[Duration, Share], Field(strict=False)]
Points = tuple[Point, ...]


def _falling(curve: Points) -> Points:
    for (before, more), (after, fewer) in pairwise(curve):
        if after <= before or fewer > more:
            raise ValueError(
                "expected [time, share] points in order of time, with shares that do not rise"
            )
    return curve


Curve = Annotated[Points, Field(strict=False, max_length=1000), AfterValidator(_falling)]
"""Shares that fall with time (s): points with straight lines between them."""


class Operator(Table):
    """Those who run some servers; what opens or closes a relay besides the arms.

    All servers of one network close together: an ISP closes its machines at once.
    """

    servers: Patterns = key()
    """the servers they run: names, in which * is any text and {a,b} either"""
    closes_to: Relay = key("on_network", dated=True)
    """what the relay key of these servers becomes: a preset such as 'on_network', or a list of
    restrictions"""
    date: Duration | None = key(None)
    """when they close, all together; without it, no such date"""
    open_share: Curve = key([])
    """share of the ISPs among them that are still open, as [time, share] points with straight lines
    between them; each ISP has a number of its own from 0 to 1, and closes when the share falls to
    it"""
    after_reports: int | None = key(None, ge=1, dated=True)
    """reports to blocklists about an ISP's servers after which it closes; without it, they do not
    matter"""
    after_listings: int | None = key(None, ge=1, dated=True)
    """times that a server of an ISP gets on a blocklist after which it closes; without it, they do
    not matter"""
    after_relayed: int | None = key(None, ge=1, dated=True)
    """recipients of spam that strangers send through an ISP's servers within a day after which it
    notices, since they are slow, and closes; without it, it does not look"""
    reaction: Time = key(
        {"distribution": "exponential", "mean": "3 days"}, source="chosen", dated=True
    )
    """time from that report, listing or day until the ISP has closed"""


def closing_time(curve: Points, number: float) -> float | None:
    """When (s) the open share of *curve* falls to *number* in [0, 1); None: not within it.

    At that moment an ISP with this number closes; so at each moment the share of numbers
    above the curve is the share that has closed.
    """
    if not curve:
        return None
    if curve[0][1] <= number:
        return curve[0][0]
    for (before, more), (after, fewer) in pairwise(curve):
        if fewer <= number:
            return before + (after - before) * (more - number) / (more - fewer)
    return None
