"""Where a message that was taken goes: a pure function of a site, names and recipients.

Virtual aliases are replaced as the message comes in; then each address goes by the class of its
domain and the table of transports; aliases of local users are followed where it is delivered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sim.smtp import rfc822
from sim.smtp.addresses import Fault
from sim.smtp.directory import transport
from sim.smtp.names import NONE, OK, Names
from sim.smtp.site import LOCAL, Mailbox, Site
from sim.smtp.tables import Maps, TableError

MOST_EXPANSIONS = 1000
"""Addresses that one alias may become."""
USERS = "unix:passwd.byname"
"""The table of accounts of the system."""


class Route(NamedTuple):
    """One recipient of a message: as *original*, how it goes, and through which host."""

    original: str
    """The address as it came, before it was completed and aliases were replaced."""
    route: str
    """``local``, ``virtual``, ``relay``, or ``none`` for what comes back or is thrown away."""
    via: str | None = None


def routes(
    site: Site, names: Names | None, recipients: Iterable[str], sender: str | None = None
) -> list[Route]:
    """The routes of a message to *recipients*, texts of forward-paths.

    Without *names* every domain is its own exchanger.
    """
    table = _Table(site, names, sender or "")
    table_routes: list[Route] = []
    seen: set[tuple[str, str]] = set()
    for path in recipients:
        read = site.read(path)
        original = path if isinstance(read, Fault) else read.original
        original_text = rfc822.quoted(original)
        for address in expanded(site, site.rewriting.rewritten(original)):
            key = (path.lower(), address.lower())
            if key not in seen:
                seen.add(key)
                try:
                    table_routes += table.routes(address, original_text)
                except TableError:
                    table_routes.append(Route(original_text, "none"))
    return table_routes


def expanded(site: Site, address: str) -> list[str]:
    """What virtual aliases make of *address*."""
    maps = site.maps(site.settings.virtual_alias_maps)
    addresses, fixed = [address], set()
    place = 0
    while maps and place < len(addresses) <= MOST_EXPANSIONS:
        one = addresses[place]
        results = [] if one.lower() in fixed else _mapped(site, maps, one)
        fixed.add(one.lower())
        if results:
            addresses[place : place + 1] = [results[0]]
            addresses += results[1:]
            if one.lower() in {result.lower() for result in results}:
                fixed.add(one.lower())
        else:
            place += 1
    return addresses


def alias_of(site: Site, local: str) -> str | None:
    """What the aliases of local users have for *local*, with its tag or without."""
    maps = site.maps(site.settings.alias_maps)
    if not maps:
        return None
    bare = site.without_tag(local)
    try:
        value = maps.find(local)
        return maps.find(bare) if value is None and bare != local else value
    except TableError:
        return None


def _mapped(site: Site, maps: Maps, address: str) -> list[str]:
    """The addresses that a table has for *address*; ``@domain`` keeps the local part."""
    try:
        value = site.find(maps, address)
    except TableError:
        return []
    if value is None:
        return []
    local, _, _ = address.rpartition("@")
    tag = ""
    if maps.find(address) is None:
        bare = site.without_tag(local)
        tag = local[len(bare) :] if bare != local and value[:1] != "@" else ""
        if tag and site.find(maps, f"\0@{address.rpartition('@')[2]}") == value:
            tag = ""  # the whole domain was found, not the user
    if value[:1] == "@":
        return [f"{local}{value}"]
    addresses = []
    for text in re.split(r"\s*,\s*", value.strip()):
        address_text = rfc822.extract(text)
        if address_text:
            whole = site.rewriting.rewritten(address_text)
            user, _, domain = whole.rpartition("@")
            addresses.append(f"{user}{tag}@{domain}")
    return addresses


class _Table:
    """The transports of one site for one message."""

    def __init__(self, site: Site, names: Names | None, sender: str) -> None:
        self.site, self.names, self.sender = site, names, sender
        self.settings = site.settings
        self.expansions_left = MOST_EXPANSIONS

    def routes(self, address: str, original: str) -> Iterator[Route]:
        """The routes of one address."""
        read = self.site.resolve(address)
        if isinstance(read, Fault):
            yield Route(original, "none")
            return
        name, nexthop = transport(self.site, read, self.sender)
        if name == "local":
            yield from self._delivered(read, original, frozenset())
        elif name in ("virtual", "lmtp", "dovecot"):
            yield Route(original, "virtual")
        elif name in ("smtp", "relay"):
            yield self._relayed(original, nexthop or read.address.domain)
        else:
            yield Route(original, "none")

    def _relayed(self, original: str, nexthop: str) -> Route:
        """The exchanger to which mail for *nexthop* goes."""
        host = nexthop.partition("]")[0].lstrip("[") if nexthop[:1] == "[" else ""
        domain = host or nexthop.partition(":")[0]
        if rfc822.valid_address(domain):
            return Route(original, "relay", domain)
        if self.names is None:
            return Route(original, "relay", domain)
        status, hosts = self.names.exchangers(domain)
        if host or status == NONE:
            status, hosts = OK, (domain,)
        if status != OK:
            return Route(original, "none")
        return self._first(original, domain, hosts, direct=bool(host))

    def _first(self, original: str, domain: str, hosts: tuple[str, ...], *, direct: bool) -> Route:
        """The first of *hosts* with an address; none behind this server itself."""
        assert self.names is not None
        own = set(self.site.own_addresses)
        if not direct:
            best, further = self.names.preferred(domain)
            for place, one in enumerate([*best, *further]):
                if own.intersection(self.names.numbers(one)):
                    if one in best:
                        return Route(original, "none")
                    hosts = hosts[:place]
                    break
        for host in hosts:
            numbers = self.names.numbers(host)
            if own.intersection(numbers):
                return Route(original, "none")
            if numbers:
                return Route(original, "relay", host)
        return Route(original, "none")

    # ---- local users

    def _delivered(self, read: Mailbox, original: str, seen: frozenset[str]) -> Iterator[Route]:
        """The routes of a local user: an alias, a mailbox, or whoever gets what is left."""
        local = read.address.local
        value = alias_of(self.site, local)
        if value is None and self.settings.luser_relay and not self._is_user(local):
            value = self._luser(read)
        self.expansions_left -= 1
        if value is None or local in seen or self.expansions_left < 0:
            yield Route(original, "local")
            return
        forwarded = False
        for text in re.split(r"\s*,\s*", value.strip()):
            if not text or text[:1] in '|/:"':
                yield Route(original, "local")
                continue
            target = self.site.resolve(self.site.rewriting.rewritten(rfc822.extract(text) or text))
            if isinstance(target, Fault):
                yield Route(original, "none")
            elif target.kind == LOCAL and transport(self.site, target).name == "local":
                yield from self._delivered(target, original, seen | {local})
            else:
                forwarded = True
                for address in expanded(self.site, target.original):
                    yield from self.routes(address, original)
        if forwarded:
            yield Route(original, "local")

    def _is_user(self, local: str) -> bool:
        table = self.site.tables.get(USERS)
        if table is None or isinstance(table, str):
            return True
        bare = self.site.without_tag(local)
        return table.get(local) is not None or table.get(bare) is not None

    def _luser(self, read: Mailbox) -> str:
        """The address that gets mail for unknown local users."""
        local, domain = read.address
        values = {"local": local, "user": local, "domain": domain, "recipient": read.full}
        return re.sub(r"\$\{?(\w+)\}?", lambda m: values.get(m[1], ""), self.settings.luser_relay)
