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
    """One recipient of a message: as *given*, how it goes, and through which host."""

    given: str
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
    found: list[Route] = []
    seen: set[tuple[str, str]] = set()
    for path in recipients:
        read = site.read(path)
        given = path if isinstance(read, Fault) else read.given
        shown = rfc822.quoted(given)
        for address in expanded(site, site.rewriting.rewritten(given)):
            key = (path.lower(), address.lower())
            if key not in seen:
                seen.add(key)
                try:
                    found += table.routes(address, shown)
                except TableError:
                    found.append(Route(shown, "none"))
    return found


def expanded(site: Site, address: str) -> list[str]:
    """What virtual aliases make of *address*."""
    maps = site.maps(site.settings.virtual_alias_maps)
    found, fixed = [address], set()
    place = 0
    while maps and place < len(found) <= MOST_EXPANSIONS:
        one = found[place]
        results = [] if one.lower() in fixed else _mapped(site, maps, one)
        fixed.add(one.lower())
        if results:
            found[place : place + 1] = [results[0]]
            found += results[1:]
            if one.lower() in {result.lower() for result in results}:
                fixed.add(one.lower())
        else:
            place += 1
    return found


def alias_of(site: Site, local: str) -> str | None:
    """What the aliases of local users have for *local*, with its tag or without."""
    maps = site.maps(site.settings.alias_maps)
    if not maps:
        return None
    bare = site.without_tag(local)
    try:
        found = maps.find(local)
        return maps.find(bare) if found is None and bare != local else found
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
    found = []
    for text in re.split(r"\s*,\s*", value.strip()):
        given = rfc822.extract(text)
        if given:
            whole = site.rewriting.rewritten(given)
            user, _, domain = whole.rpartition("@")
            found.append(f"{user}{tag}@{domain}")
    return found


class _Table:
    """The transports of one site for one message."""

    def __init__(self, site: Site, names: Names | None, sender: str) -> None:
        self.site, self.names, self.sender = site, names, sender
        self.settings = site.settings
        self.left = MOST_EXPANSIONS

    def routes(self, address: str, given: str) -> Iterator[Route]:
        """The routes of one address."""
        read = self.site.resolve(address)
        if isinstance(read, Fault):
            yield Route(given, "none")
            return
        name, nexthop = transport(self.site, read, self.sender)
        if name == "local":
            yield from self._delivered(read, given, frozenset())
        elif name in ("virtual", "lmtp", "dovecot"):
            yield Route(given, "virtual")
        elif name in ("smtp", "relay"):
            yield self._relayed(given, nexthop or read.address.domain)
        else:
            yield Route(given, "none")

    def _relayed(self, given: str, nexthop: str) -> Route:
        """The exchanger to which mail for *nexthop* goes."""
        host = nexthop.partition("]")[0].lstrip("[") if nexthop[:1] == "[" else ""
        domain = host or nexthop.partition(":")[0]
        if rfc822.valid_address(domain):
            return Route(given, "relay", domain)
        if self.names is None:
            return Route(given, "relay", domain)
        status, hosts = self.names.exchangers(domain)
        if host or status == NONE:
            status, hosts = OK, (domain,)
        if status != OK:
            return Route(given, "none")
        return self._first(given, domain, hosts, direct=bool(host))

    def _first(self, given: str, domain: str, hosts: tuple[str, ...], *, direct: bool) -> Route:
        """The first of *hosts* with an address; none behind this server itself."""
        assert self.names is not None
        ours = set(self.site.own_addresses)
        if not direct:
            best, others = self.names.preferred(domain)
            for place, one in enumerate([*best, *others]):
                if ours.intersection(self.names.numbers(one)):
                    if one in best:
                        return Route(given, "none")
                    hosts = hosts[:place]
                    break
        for host in hosts:
            numbers = self.names.numbers(host)
            if ours.intersection(numbers):
                return Route(given, "none")
            if numbers:
                return Route(given, "relay", host)
        return Route(given, "none")

    # ---- local users

    def _delivered(self, read: Mailbox, given: str, seen: frozenset[str]) -> Iterator[Route]:
        """The routes of a local user: an alias, a mailbox, or whoever gets what is left."""
        local = read.address.local
        value = alias_of(self.site, local)
        if value is None and self.settings.luser_relay and not self._is_user(local):
            value = self._luser(read)
        self.left -= 1
        if value is None or local in seen or self.left < 0:
            yield Route(given, "local")
            return
        forwarded = False
        for text in re.split(r"\s*,\s*", value.strip()):
            if not text or text[:1] in '|/:"':
                yield Route(given, "local")
                continue
            target = self.site.resolve(self.site.rewriting.rewritten(rfc822.extract(text) or text))
            if isinstance(target, Fault):
                yield Route(given, "none")
            elif target.kind == LOCAL and transport(self.site, target).name == "local":
                yield from self._delivered(target, given, seen | {local})
            else:
                forwarded = True
                for address in expanded(self.site, target.given):
                    yield from self.routes(address, given)
        if forwarded:
            yield Route(given, "local")

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
