"""The keys of ``[networks.NAME]``: who hands out which addresses, and what joins them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from sim.scenario.keys import Table, key
from sim.scenario.quantities import Bandwidth, Domain, Duration, Intervals, Name, Prefixes
from sim.topology.names import ReverseNames


class Link(Table):
    """What joins two networks, in both directions."""

    latency: Duration = key()
    """time from one end to the other, one way"""
    bandwidth: Bandwidth | None = key(None)
    """bits per second; without it, unlimited"""
    down: Intervals = key([])
    """stretches of time in which it carries nothing"""

    @property
    def bits_per_second(self) -> float:
        """The bandwidth, or infinity."""
        return math.inf if self.bandwidth is None else self.bandwidth


def _link(item: Any) -> Any:
    return item if isinstance(item, (dict, Link)) else {"latency": item}


LinkTo = Annotated[
    Link,
    BeforeValidator(_link),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "examples": ["12 ms"]}, {"type": "object"}],
            "kind": "latency, or latency and bandwidth",
        }
    ),
]


class Network(Table):
    """A network: an ISP, a workplace, a venue that lends its connection, or transit."""

    kind: Literal["isp", "work", "venue", "transit"] = key()
    """isp: people live there; work: they go there; venue: guests (hotel, airport); transit: carries
    only"""
    domain: Domain | None = key(None)
    """mail domain of the network; gives it the servers NAME-smtp (submission) and NAME-mx"""
    prefixes: Prefixes = key([])
    """its IPv4 and IPv6 networks, whose addresses are handed out in this order, of an IPv6 network
    the first 65536; they may overlap no other network's"""
    links: dict[Name, LinkTo] = key({}, max_length=1000)
    """links to other networks: a latency, or a table of latency, bandwidth and down; one of both
    ends says it"""
    lease: Duration | None = key(None)
    """how long an address is held on average, then it is free for another; without it, addresses
    are static: whoever gets one keeps it"""
    lease_lengths: Literal["exponential", "uniform", "constant"] = key(
        "exponential", source="chosen"
    )
    """how leases differ in length: exponential, as calls do; uniform from 0 to twice the mean;
    constant, as where a line is cut after so many hours (address.periodic_change)"""
    reuse: Literal["fifo", "lifo", "random", "sticky"] = key("fifo", source="chosen")
    """which free address is given out next: that free longest (fifo), shortest (lifo), any
    (random), or what the holder had before, if it is free (sticky)"""
    reserved: Prefixes = key([])
    """addresses never leased: a block for customers with a fixed_address, or for nobody"""
    reverse_names: ReverseNames = key("matching", source="chosen")
    """what its addresses are called: matching: each has a name that leads back to it; mismatched: a
    name that does not; none"""
    shared_address: bool = key(False)
    """all guests stand behind one address (NAT): what opens relaying for one, opens it for all"""
    blocks_port_25: bool = key(False, source="chosen", dated=True)
    """guests and customers reach port 25 on its own servers only"""
    blocks_port_25_of_servers: bool = key(False, source="chosen", dated=True)
    """its servers reach port 25 on its own servers only, too: they need a relayhost with a login"""
    down: Intervals = key([])
    """stretches of time in which nothing enters or leaves it"""
    mailboxes: int = key(0, ge=0, le=1_000_000)
    """mailboxes in its domain besides those of the users: they receive, and never write"""
