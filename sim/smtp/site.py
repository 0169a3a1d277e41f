"""A server's site: what it calls its own, who is there, and how it reads an address.

All that a policy has besides its lists of restrictions; ports of one server share it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from sim.smtp import addresses, clients, rfc822
from sim.smtp.addresses import Address, Fault
from sim.smtp.clients import Network, Range
from sim.smtp.flavours import FLAVOURS, Flavour
from sim.smtp.matching import Domains, Networks, is_below, lookup_table, parts_of, words
from sim.smtp.settings import UNCHANGED, Settings
from sim.smtp.tables import Keyed, Maps, Table, TableError

LOCAL, ALIAS, MAILBOX, RELAY, OTHER = "local", "alias", "mailbox", "relay", "other"
"""Classes of domains: delivered here, virtual aliases, virtual mailboxes, relayed for anybody
(a backup MX), and all others."""
FAILED = "failed"
"""The class of a domain where a table that would tell cannot be read."""
FINAL = frozenset({LOCAL, ALIAS, MAILBOX})
LOOPBACK = (clients.number("127.0.0.1"), clients.number("::1"))
MOST_ADDRESSES = 1 << 16
"""Addresses of which a site remembers how it reads them."""


class Mailbox(NamedTuple):
    """An address as a server reads it: as *original*, what it means, the class of its domain."""

    original: str
    """Without source route, quotes and comments; the text itself for most servers."""
    address: Address
    kind: str
    routed: bool = False
    """A route is left in its local part (``a%b@elsewhere``)."""

    @property
    def full(self) -> str:
        """Local part and domain, for look-ups."""
        return str(self.address)


@dataclass(frozen=True)
class Site:
    """What a server is, apart from whom it lets do what.

    Names are compared without regard to case. Mail to a local domain is never relaying.
    """

    hostname: str
    """Fully qualified name of the server; its own domain too."""
    address: int = 0
    """Its address as a number; ``user@[address]`` is local."""
    other_addresses: tuple[int, ...] = ()
    """Further addresses of its interfaces."""
    domains: Collection[str] = frozenset()
    """Domains delivered here."""
    mailboxes: Container[str] | None = field(default=None, hash=False)
    """Those that exist, as lower-case ``local@domain``; None: all do."""
    relay_domains: Collection[str] = frozenset()
    """Domains for which this server is backup MX: anybody may send to them through it."""
    networks: Networks | tuple[Network, ...] = ()
    """The server's own networks, for `permit_mynetworks`."""
    client_ranges: tuple[Network, ...] = ()
    """Further addresses, for `permit_client_ranges` without arguments."""
    auth_offered: bool = False
    """SMTP AUTH is offered; without it a login cannot succeed."""
    login_owns: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    """Addresses that belong to each login; ``@domain`` is all of a domain."""
    flavour: str = "neutral"
    """Key of `FLAVOURS`."""
    wording: str | None = None
    """Key of `wordings.WORDINGS`; None: the flavour's."""
    settings: Settings = UNCHANGED
    tables: Mapping[str, Table | str] = field(default_factory=dict, hash=False)
    """Tables by the names that restrictions and settings give them; files of patterns as text."""
    sender_rewriting: bool = False
    """Aliases that lead elsewhere put senders into its own domain: see `sim.smtp.srs`."""
    classes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Restriction classes: lists that a table or another list may name."""
    services: Mapping[str, tuple[tuple[Mapping[str, str], str], ...]] = field(
        default_factory=dict, hash=False
    )
    """What policy services answer: the first row whose attributes agree."""

    @cached_property
    def style(self) -> Flavour:
        """The row of its flavour."""
        return FLAVOURS[self.flavour]

    @property
    def words(self) -> str:
        """Key of `wordings.WORDINGS`."""
        return self.wording or FLAVOURS[self.flavour].wording or self.flavour

    @property
    def logins_relay(self) -> bool:
        """Whether a login by itself opens relaying."""
        return False

    # ---- clients

    @cached_property
    def own_networks(self) -> Networks:
        """`networks` as one list."""
        networks = self.networks
        return networks if isinstance(networks, Networks) else Networks.of(networks)

    @cached_property
    def network_ranges(self) -> tuple[Range, ...]:
        """The ranges of `networks`, as numbers."""
        return self.own_networks.ranges

    @cached_property
    def client_range_pairs(self) -> tuple[Range, ...]:
        """`client_ranges` as numbers."""
        return tuple(map(Range.of, self.client_ranges))

    @cached_property
    def own_addresses(self) -> frozenset[int]:
        """All addresses of its interfaces."""
        own = (self.address,) if self.address else ()
        return frozenset((*own, *self.other_addresses, *LOOPBACK))

    @cached_property
    def unlimited(self) -> Networks:
        """Networks for which no limit of rates holds."""
        text = self.settings.smtpd_client_event_limit_exceptions
        if text is not None:
            return Networks.parse(text, self.tables)
        return self.own_networks if self.style.spares_own_networks else Networks()

    @cached_property
    def backup_networks(self) -> Networks:
        """Where the first exchangers of a domain must stand for `permit_mx_backup`."""
        return Networks.parse(self.settings.permit_mx_backup_networks, self.tables)

    def is_within(self, client: int, ranges: Iterable[Range]) -> bool:
        """Whether the address *client* is in one of *ranges*, as this server reads them."""
        for first, last in ranges:
            if first <= client <= last:
                return self.style.cidr_edges or first == last or first < client < last
        return False

    # ---- domains

    @cached_property
    def literals(self) -> frozenset[str]:
        """Its own address literals."""
        own = (self.address,) if self.address else ()
        return frozenset(
            f"[IPv6:{clients.text(a)}]" if a >= clients.IPV6 else f"[{clients.text(a)}]"
            for a in (*own, *self.other_addresses)
        )

    @cached_property
    def own_names(self) -> Collection[str]:
        """Domains in which local parts are looked up here: the local domains and its name."""
        if isinstance(self.domains, Domains):
            return self.domains
        return frozenset(self.domains) | {self.hostname} | frozenset(self.style.local_names)

    @cached_property
    def address_site(self) -> addresses.Site:
        """What reading an address needs of it."""
        return addresses.Site(
            names=self.own_names,
            domain=min(self.domains, default=self.hostname),
            host=self.hostname,
            literals=self.literals if self.style.own_literal else frozenset(),
        )

    @cached_property
    def alias_domains(self) -> Domains:
        """Domains that are virtual aliases and nothing else."""
        text = self.settings.virtual_alias_domains
        return Domains.of(text, self.tables, string=True)

    @cached_property
    def mailbox_domains(self) -> Domains:
        """Domains with mailboxes of their own, apart from users of the system."""
        return Domains.of(self.settings.virtual_mailbox_domains, self.tables, string=True)

    def is_here(self, domain: str) -> bool:
        """Whether *domain* or address literal is local."""
        if domain in self.own_names:
            return True
        if not domain.startswith("[") or not self.style.own_literal:
            return False
        return rfc822.literal_address(domain) in self.own_addresses or domain in self.literals

    def domain_class(self, domain: str) -> str:
        """The class of *domain*."""
        try:
            if self.is_here(domain):
                return LOCAL
            if domain in self.alias_domains:
                return ALIAS
            if domain in self.mailbox_domains:
                return MAILBOX
            return RELAY if self._is_relay_domain(domain) else OTHER
        except TableError:
            return FAILED

    def _is_relay_domain(self, domain: str) -> bool:
        if domain in self.relay_domains:
            return True
        if isinstance(self.relay_domains, Domains) or not self.style.relay_subdomains:
            return False
        return any(parent in self.relay_domains for parent in parts_of(domain, parents=True))

    def is_local_sender(self, address: Address) -> bool:
        """Whether a sender in the domain of *address* counts as local."""
        domain, names = address.domain, self.style.sender_names
        return (
            domain in self.domains
            or ("host" in names and domain == self.hostname)
            or ("names" in names and domain in self.style.local_names)
            or ("subdomains" in names and is_below(domain, self.domains))
            or ("literal" in names and domain in self.literals)
        )

    def knows(self, domain: str) -> bool:
        """Whether anything here tells *domain* from that of any other stranger.

        All plain addresses in domains that it does not know are alike to `decide`, as long as
        no `Facts.names` tell them apart.
        """
        own = self._own
        return domain in own or is_below(domain, own) or not _PLAIN.fullmatch(domain)

    @cached_property
    def _own(self) -> frozenset[str]:
        """The domains that it knows."""
        return frozenset(self.own_names) | frozenset(self.relay_domains)

    # ---- addresses

    @cached_property
    def rewriting(self) -> rfc822.Rewriting:
        """How addresses are completed and resolved, token by token."""
        s = self.settings
        return rfc822.Rewriting(
            myorigin=s.myorigin or min(self.domains, default=self.hostname),
            mydomain=s.mydomain,
            myhostname=self.hostname,
            is_local=lambda domain: self.is_here(domain.lower()),
            swap_bangpath=s.swap_bangpath,
            allow_percent_hack=s.allow_percent_hack,
            append_at_myorigin=s.append_at_myorigin,
            append_dot_mydomain=s.append_dot_mydomain,
            resolve_dequoted_address=s.resolve_dequoted_address,
            resolve_null_domain=s.resolve_null_domain,
            resolve_numeric_domain=s.resolve_numeric_domain,
            allow_min_user=s.allow_min_user,
        )

    @cached_property
    def _read(self) -> dict[tuple[str, bool], Mailbox | Fault]:
        """How addresses were read before."""
        return {}

    def read(self, text: str, *, sender: bool = False) -> Mailbox | Fault:
        """Read an address as this server does."""
        mailbox = self._read.get((text, sender))
        if mailbox is None:
            if len(self._read) >= MOST_ADDRESSES:
                self._read.clear()
            mailbox = self._resolved(text) if self.style.tokens else self._standard(text, sender)
            self._read[text, sender] = mailbox
        return mailbox

    def _standard(self, text: str, sender: bool) -> Mailbox | Fault:
        address = addresses.read(text, self.style.reading, self.address_site, sender=sender)
        if isinstance(address, Fault):
            return address
        kind = LOCAL if not address.domain else self.domain_class(address.domain)
        routed = not self.style.routed_relay and bool(_ROUTE.search(address.local))
        return Mailbox(text, address, kind, routed)

    def _resolved(self, text: str) -> Mailbox | Fault:
        usual = addresses.usual(text)
        if usual is not None and text[0] != "-":
            return Mailbox(text, usual, self.domain_class(usual.domain))
        internal = rfc822.extract(text, strict=self.settings.strict_rfc821_envelopes)
        if not internal:
            return Fault("empty" if internal is not None or not text else "domain")
        return self.resolve(internal)

    def resolve(self, internal: str) -> Mailbox | Fault:
        """What the internal form *internal* of an address leads to."""
        rewriting = self.rewriting
        try:
            full, routed, valid = rewriting.resolve(rewriting.rewritten(internal))
        except TableError:  # of its own domains
            return Mailbox(internal, Address(internal.lower(), ""), FAILED)
        if not valid:
            return Fault("domain")
        local, _, domain = full.lower().rpartition("@")
        return Mailbox(internal, Address(local, domain), self.domain_class(domain), routed)

    # ---- who is here

    def maps(self, text: str) -> Maps:
        """The tables that a setting names."""
        named = self._maps.get(text)
        if named is None:
            tables = tuple(lookup_table(name, self.tables) for name in words(text))
            named = self._maps[text] = Maps(tables)
        return named

    @cached_property
    def _maps(self) -> dict[str, Maps]:
        return {}

    @cached_property
    def delimiter(self) -> str:
        """Characters of which the first ends the name of a user: ``user+tag`` is ``user``."""
        setting = self.settings.recipient_delimiter
        return setting if setting is not None else "+" * self.style.plus_tag

    def without_tag(self, local: str) -> str:
        """*local* up to the delimiter; itself if there is none, or nothing before it."""
        if not self.delimiter or local.lower() in ("mailer-daemon", "double-bounce", "postmaster"):
            return local
        special = "-" in self.delimiter and self.settings.owner_request_special
        if special and (local.startswith("owner-") or local.endswith("-request")):
            return local
        cut = re.split(f"[{re.escape(self.delimiter)}]", local, maxsplit=1)[0]
        return cut or local

    def find(self, maps: Maps, address: str) -> str | None:
        """The value for an address: itself, without its tag, a local user, its ``@domain``."""
        local, _, domain = address.rpartition("@")
        bare = self.without_tag(local)
        value = maps.find(address)
        if value is None and bare != local:
            value = maps.find(f"{bare}@{domain}", part=True)
        if value is None and (domain == self.rewriting.myorigin.lower() or self.is_here(domain)):
            value = maps.find(local, part=True)
            if value is None and bare != local:
                value = maps.find(bare, part=True)
        return maps.find(f"@{domain}", part=True) if value is None else value

    @cached_property
    def owners(self) -> dict[str, frozenset[str]]:
        """The logins to which each owned address belongs."""
        logins: dict[str, frozenset[str]] = {}
        for login, owned_addresses in self.login_owns.items():
            for address in owned_addresses:
                key = address.lower()
                logins[key] = logins.get(key, frozenset()) | {login}
        return logins

    @cached_property
    def login_maps(self) -> Maps:
        """Where owners of a sender are looked up."""
        setting = self.settings.smtpd_sender_login_maps
        if setting is not None:
            return self.maps(setting)
        return Maps((Keyed({a: " ".join(sorted(logins)) for a, logins in self.owners.items()}),))

    def owners_of(self, sender: Mailbox) -> frozenset[str]:
        """The logins to which *sender* belongs, in lower case where a table says so."""
        if not self.style.tokens:
            address = sender.full.lower()
            return self.owners.get(address) or self.owners.get(
                address[address.rfind("@") :], frozenset()
            )
        logins = self.find(self.login_maps, sender.full)
        return frozenset(re.findall(r"[^\s,]+", logins or ""))

    def has_mailbox(self, address: Address) -> bool:
        """Whether a local *address* exists; ``postmaster`` does (RFC 5321 section 4.5.1)."""
        if self.mailboxes is None:
            return True
        local = address.local if self.style.mailbox_case else address.local.lower()
        if local.lower() == "postmaster":
            return True
        domains = (address.domain,) if address.domain in self.domains else self.domains
        names = (local, self.without_tag(local))
        return any(f"{name}@{domain}" in self.mailboxes for name in names for domain in domains)


_ROUTE = re.compile("[@%!]")
_PLAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
