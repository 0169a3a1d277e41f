"""Equivalence classes: addresses of mail and of clients that one policy cannot tell apart.

A server need not be asked about every pair of people: one member of a class stands for all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Hashable, Iterable, Iterator
from functools import cached_property
from itertools import chain, pairwise
from typing import TYPE_CHECKING

from sim.smtp import Policy
from sim.smtp.matching import lookup_table
from sim.smtp.restrictions import Range
from sim.smtp.tables import Keyed, Pattern, Table
from sim.topology.addresses import handed_out

if TYPE_CHECKING:
    from sim.scenario.networks import Network
    from sim.smtp.names import Names


class Representatives(dict[str | None, str | None]):
    """For each mail address, one that stands for all that *policy* cannot tell from it.

    Addresses in domains that the policy does not know are alike, except that some domains
    resolve (they are in *names*; None: all do) and others do not.
    """

    def __init__(self, policy: Policy, names: Container[str] | None = None) -> None:
        self.policy = policy
        self.names = names if "names" in policy.reads else None
        self._resolves: dict[str, bool | None] = {}
        self._strangers: dict[bool, str] = {}

    def __missing__(self, address: str | None) -> str | None:
        """Keep the first stranger of each class."""
        representative = address
        if address is not None:
            domain = address.rpartition("@")[2]
            if domain not in self._resolves:
                self._resolves[domain] = self._is_resolved(domain)
            resolves = self._resolves[domain]
            if resolves is not None:
                representative = self._strangers.setdefault(resolves, address)
        self[address] = representative
        return representative

    def _is_resolved(self, domain: str) -> bool | None:
        """Whether *domain* resolves; None: the policy knows it."""
        if self.policy.knows(domain):
            return None
        return self.names is None or domain in self.names


class ClientRanges:
    """Which of the address ranges that *policy* compares with a client is in."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._within: dict[int, tuple[bool, ...]] = {}
        self._reads_text = _reads_text(policy)
        self._reads_names = not policy.reads.isdisjoint(("client_name", "reverse_name"))
        self.one_by_one = self._reads_text or self._reads_names
        """Whether addresses between the same bounds may be told apart."""

    @cached_property
    def bounds(self) -> list[int]:
        """Addresses, ascending, with each of which begins an interval of addresses that are
        alike: ranges are compared with their first and last address only."""
        ranges = {address for some in self.policy.ranges for address in some}
        edges = {edge for first, last in ranges for edge in (first, first + 1, last, last + 1)}
        return sorted(edges | {0})

    def client_name(self, client: int, names: Names | None) -> Hashable:
        """What *client* is called, where the policy asks; None: it does not, or all are alike."""
        if self._reads_text:
            return client
        if not self._reads_names or names is None:
            return None
        return names.client(client)

    def interval(self, client: int) -> int:
        """Number of the interval that *client* is in."""
        return bisect_right(self.bounds, client)

    def within(self, client: int) -> tuple[bool, ...]:
        """For each group of ranges of the policy, whether *client* is in it."""
        interval = self.interval(client)
        if interval not in self._within:
            inside = self.policy.is_within
            self._within[interval] = tuple([inside(client, some) for some in self.policy.ranges])
        return self._within[interval]


def tells_addresses(policy: Policy, path: str) -> bool:
    """Whether *policy* may tell two addresses of one domain apart, apart from who owns a sender and
    which mailboxes exist. *path*: forward_path or reverse_path."""
    s = policy.settings
    lists = s.relay_recipient_maps, s.local_recipient_maps, s.virtual_mailbox_maps
    maps = (*lists, s.virtual_alias_maps, s.transport_maps)
    if path == "forward_path" and any(maps):
        return True
    names = {restriction.name for restriction in policy.restrictions()}
    unlisted = s.smtpd_reject_unlisted_sender or "reject_unlisted_sender" in names
    if path == "reverse_path" and unlisted:
        return True
    return any(
        parameter.kind == "server"
        or (parameter.kind == "table" and _names_users(lookup_table(table, policy.tables)))
        for r in policy.restrictions()
        if path in r.entry.reads
        for parameter, table in zip(r.entry.parameters, r.args, strict=False)
    )


def _names_users(table: Table) -> bool:
    """Whether a key of *table* may be the address of one user."""
    return "@" in "".join(table.content) if isinstance(table, Keyed) else True


def _reads_text(policy: Policy) -> bool:
    """Whether *policy* compares addresses of clients as text: with patterns, or by a service."""
    return not policy.own_networks.plain or any(
        parameter.kind == "server"
        or (parameter.kind == "table" and isinstance(lookup_table(table, policy.tables), Pattern))
        for r in policy.restrictions()
        if "client" in r.entry.reads
        for parameter, table in zip(r.entry.parameters, r.args, strict=False)
    )


def address_parts(
    network: Network, groups: Iterable[Iterable[Range]]
) -> Iterator[tuple[float, int]]:
    """Addresses of a network that *groups* of ranges tell apart: share, and one that stands for
    them."""
    prefixes = [handed_out(prefix) for prefix in network.prefixes]
    reserved = [Range.of(prefix) for prefix in network.reserved]
    cuts = {cut for r in (*chain(*groups), *prefixes, *reserved) for cut in (r.first, r.last + 1)}
    parts = [
        (high - low, low + (high - low) // 2)
        for low, high in pairwise(sorted(cuts))
        if any(r.first <= low <= r.last for r in prefixes)
        and not any(r.first <= low <= r.last for r in reserved)
    ]
    if network.shared_address:
        parts = parts[:1]
    total = sum(size for size, _ in parts)
    for size, client in parts:
        yield size / total, client
