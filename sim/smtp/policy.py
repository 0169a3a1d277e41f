"""The policy of a server: ordered lists of restrictions, and what the server calls its own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from operator import itemgetter
from typing import Any

from sim.smtp import wordings
from sim.smtp.addresses import Address, Fault, Site, read
from sim.smtp.facts import CIRCUMSTANCES, Circumstances, Facts
from sim.smtp.flavours import FLAVOURS, Flavour
from sim.smtp.replies import SITUATIONS
from sim.smtp.restrictions import STAGES, PolicyError, Range, Restriction, check_order

ALWAYS_READ = ("auth_failed", "reverse_path", "forward_path")
"""Facts that every policy reads: a failed login, and the form of the two addresses."""

Answer = tuple[str, str, str, int, str]
Plan = tuple[tuple[str, tuple[str, ...]], ...]
"""Commands, and the checks that are answered at each."""


@dataclass(frozen=True)
class Policy:
    """Who may use one server, and for what; validated when made (PolicyError).

    Names are compared without regard to case. Mail to a local domain is never relaying.
    """

    hostname: str
    """Fully qualified name of the server; its own domain too."""
    address: int = 0
    """Its IPv4 address as a number; ``user@[address]`` is local."""
    domains: frozenset[str] = frozenset()
    """Domains delivered here."""
    mailboxes: Container[str] | None = field(default=None, hash=False)
    """Those that exist, as lower-case ``local@domain``; None: all do."""
    relay_domains: frozenset[str] = frozenset()
    """Domains for which this server is backup MX: anybody may send to them through it."""
    networks: tuple[IPv4Network, ...] = ()
    """The server's own networks, for `permit_mynetworks`."""
    client_ranges: tuple[IPv4Network, ...] = ()
    """Further addresses, for `permit_client_ranges` without arguments."""
    auth_offered: bool = False
    """SMTP AUTH is offered; without it a login cannot succeed."""
    login_owns: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    """Addresses that belong to each login."""
    flavour: str = "neutral"
    """Key of `FLAVOURS`."""
    wording: str | None = None
    """Key of `wordings.WORDINGS`; None: the flavour's."""
    client: tuple[Restriction, ...] = ()
    sender: tuple[Restriction, ...] = ()
    relay: tuple[Restriction, ...] = ()
    recipient: tuple[Restriction, ...] = ()
    content: tuple[Restriction, ...] = ()

    def __post_init__(self) -> None:
        """Check names and the order of each list."""
        _known("flavour", self.flavour, FLAVOURS)
        _known("wording", self.words, wordings.WORDINGS)
        for stage in STAGES:
            restrictions = getattr(self, stage)
            for restriction in restrictions:
                if stage not in restriction.entry.stages:
                    raise PolicyError(
                        f"{restriction.name} belongs into another list than {stage}",
                        value=str(restriction),
                        expected=" or ".join(restriction.entry.stages),
                    )
            check_order(restrictions)
        for name in ("domains", "relay_domains"):
            lowered = frozenset(domain.lower() for domain in getattr(self, name))
            object.__setattr__(self, name, lowered)
        object.__setattr__(self, "hostname", self.hostname.lower())

    def __getstate__(self) -> dict[str, Any]:
        """Pickle what was given; the rest is made again."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    # ---- what the restrictions read

    @cached_property
    def lists(self) -> dict[str, tuple[Restriction, ...]]:
        """The list of each stage, as a server of this flavour has it."""
        style = self.style
        lists = {
            stage: tuple(
                Restriction(style.expressed.get(r.name, r.name), r.args)
                for r in getattr(self, stage)
            )
            for stage in STAGES
        }
        lists["sender"] += tuple(map(Restriction, style.unasked))
        lists["connect"] = tuple(r for r in lists["client"] if r.entry.at_connect)
        lists["client"] = tuple(r for r in lists["client"] if not r.entry.at_connect)
        lists["sender_login"] = tuple(r for r in lists["sender"] if r.entry.about == "login")
        lists["sender_domain"] = tuple(r for r in lists["sender"] if r.entry.about != "login")
        return lists

    @cached_property
    def plan(self) -> Plan:
        """The checks that are answered at each command, in order."""
        plan = (
            ("CONNECT", ("connect",)),
            ("AUTH", ("auth",)),
            ("MAIL", self.style.at_mail),
            ("RCPT", self.style.at_rcpt),
            ("DATA", ("content",)),
        )
        # an empty list has no opinion; an empty relay list refuses
        return tuple(
            (command, tuple(c for c in checks if c == "relay" or self.lists.get(c, True)))
            for command, checks in plan
        )

    def restrictions(self) -> Iterator[Restriction]:
        """All restrictions of all lists, with those inside others."""
        for stage in ("connect", *STAGES):
            for restriction in self.lists[stage]:
                yield from restriction.parts()

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names of the facts that can change a verdict."""
        return self._as_they_stand | {n for r in self.restrictions() for n in r.entry.projects}

    @cached_property
    def _as_they_stand(self) -> frozenset[str]:
        """Names of the facts that are read without a projection."""
        named = {name for r in self.restrictions() for name in r.entry.reads}
        login = {"login"} if self.style.mailboxes == "strangers" else set()
        return frozenset(ALWAYS_READ) | named | login

    @cached_property
    def key(self) -> Callable[[Facts], Hashable]:
        """``policy.key(facts)``: the part of the facts that determines the verdict."""
        plain = itemgetter(*(i for i, n in enumerate(Facts._fields) if n in self._as_they_stand))
        if not any(r.entry.projection is not None for r in self.restrictions()):
            return plain
        moment = self.moment
        return lambda facts: (plain(facts), moment(facts))

    @cached_property
    def moment(self) -> Callable[[Facts | Circumstances], Hashable]:
        """``policy.moment(facts)``: what the policy makes of clocks, counts and draws."""
        return self.moment_of(CIRCUMSTANCES)

    def moment_of(self, facts: Iterable[str]) -> Callable[[Facts | Circumstances], Hashable]:
        """The same for some of the *facts* that it may read."""
        wanted = set(facts)
        made = [
            _bound(r.entry.projection, r.args)
            for r in self.restrictions()
            if r.entry.projection is not None and wanted.intersection(r.entry.projects)
        ]
        if len(made) == 1:  # usual cases, for the hot path
            return made[0]
        if len(made) == 2:
            one, two = made
            return lambda facts: (one(facts), two(facts))
        return lambda facts: tuple([projection(facts) for projection in made])

    def turns(self, fact: str) -> list[Any]:
        """Values of *fact*, ascending: what the policy makes of it is the same from one of them
        up to the next. Empty for what is no clock, count or draw that it reads."""
        found = {v for r in self.restrictions() for v in r.entry.turns(*r.args).get(fact, ())}
        return sorted(found, key=lambda value: (value is not None, value))

    @cached_property
    def logins_relay(self) -> bool:
        """Whether a login by itself opens relaying; some servers then say so."""
        names = {restriction.name for restriction in self.lists["relay"]}
        return self.auth_offered and "permit_sasl_authenticated" in names

    # ---- what the server calls its own

    @cached_property
    def style(self) -> Flavour:
        """The row of its flavour."""
        return FLAVOURS[self.flavour]

    @property
    def words(self) -> str:
        """Key of `wordings.WORDINGS`."""
        return self.wording or FLAVOURS[self.flavour].wording or self.flavour

    @cached_property
    def answers(self) -> dict[tuple[str, str], Answer]:
        """What `answer` gave before."""
        return {}

    def answer(self, situation: str, detail: str = "") -> Answer:
        """The situation as this flavour sees it, its kind and cause, code and enhanced status."""
        seen = self.style.situations.get(situation, situation)
        code, enhanced, _ = wordings.template(self.words, seen, detail)
        made = (seen, *SITUATIONS[seen], code, enhanced)
        self.answers[situation, detail] = made
        return made

    @cached_property
    def literal(self) -> str:
        """Its own address literal."""
        return f"[{IPv4Address(self.address)}]" if self.address else ""

    @cached_property
    def own_names(self) -> frozenset[str]:
        """Domains in which local parts are looked up here: the local domains and its name."""
        return self.domains | {self.hostname} | frozenset(self.style.local_names)

    @cached_property
    def site(self) -> Site:
        """What reading an address needs of it."""
        return Site(
            names=self.own_names,
            domain=min(self.domains, default=self.hostname),
            host=self.hostname,
            literal=self.literal if self.style.own_literal else "",
        )

    @cached_property
    def network_ranges(self) -> tuple[Range, ...]:
        """`networks` as numbers."""
        return tuple(map(Range.of, self.networks))

    @cached_property
    def client_range_pairs(self) -> tuple[Range, ...]:
        """`client_ranges` as numbers."""
        return tuple(map(Range.of, self.client_ranges))

    @cached_property
    def ranges(self) -> tuple[tuple[Range, ...], ...]:
        """The groups of client addresses that anything here compares with."""
        named = (tuple(a for a in r.args if isinstance(a, Range)) for r in self.restrictions())
        return (self.network_ranges, self.client_range_pairs, *(some for some in named if some))

    @cached_property
    def owners(self) -> dict[str, frozenset[str]]:
        """The logins to which each owned address belongs."""
        owned: dict[str, frozenset[str]] = {}
        for login, addresses in self.login_owns.items():
            for address in addresses:
                key = address.lower()
                owned[key] = owned.get(key, frozenset()) | {login}
        return owned

    def read(self, text: str, *, sender: bool = False) -> Address | Fault:
        """Read an address as this server does."""
        return read(text, self.style.reading, self.site, sender=sender)

    def is_within(self, client: int, ranges: Iterable[Range]) -> bool:
        """Whether the address *client* is in one of *ranges*, as this server reads them."""
        for first, last in ranges:
            if first <= client <= last:
                return self.style.cidr_edges or first == last or first < client < last
        return False

    def is_local(self, address: Address) -> bool:
        """Whether mail to *address* is delivered here."""
        return self.site.owns(address.domain)

    def is_local_sender(self, address: Address) -> bool:
        """Whether a sender in the domain of *address* counts as local."""
        domain, names = address.domain, self.style.sender_names
        return (
            domain in self.domains
            or ("host" in names and domain == self.hostname)
            or ("names" in names and domain in self.style.local_names)
            or ("subdomains" in names and _below(domain, self.domains))
            or ("literal" in names and domain == self.literal)
        )

    def knows(self, domain: str) -> bool:
        """Whether anything here tells *domain* from that of any other stranger.

        All plain addresses in domains that it does not know are alike to `decide`, as long as
        no `Facts.known_domains` tell them apart.
        """
        own = self._own
        return domain in own or _below(domain, own) or not _PLAIN.fullmatch(domain)

    @cached_property
    def _own(self) -> frozenset[str]:
        """The domains that it knows."""
        return self.own_names | self.relay_domains

    def relays_for(self, address: Address) -> bool:
        """Whether anybody may send to *address* as one of a relay domain."""
        if not self.style.routed_relay and _ROUTE.search(address.local):
            return False
        domain = address.domain
        return domain in self.relay_domains or (
            self.style.relay_subdomains and _below(domain, self.relay_domains)
        )

    def has_mailbox(self, address: Address) -> bool:
        """Whether a local *address* exists; ``postmaster`` does (RFC 5321 section 4.5.1)."""
        if self.mailboxes is None:
            return True
        local = address.local if self.style.mailbox_case else address.local.lower()
        if local.lower() == "postmaster":
            return True
        domains = (address.domain,) if address.domain in self.domains else self.domains
        names = (local, local.partition("+")[0]) if self.style.plus_tag else (local,)
        return any(f"{name}@{domain}" in self.mailboxes for name in names for domain in domains)


_ROUTE = re.compile("[@%!]")
_PLAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def _bound(
    projection: Callable[..., Hashable], args: tuple[Any, ...]
) -> Callable[[Facts | Circumstances], Hashable]:
    """*projection* with its arguments."""
    if len(args) == 1:
        (limit,) = args
        return lambda facts: projection(facts, limit)
    return lambda facts: projection(facts, *args)


def _below(domain: str, parents: frozenset[str]) -> bool:
    """Whether *domain* is a subdomain of one of *parents*."""
    while "." in domain:
        domain = domain.partition(".")[2]
        if domain in parents:
            return True
    return False


def _known(what: str, name: str, table: Mapping[str, object]) -> None:
    if name not in table:
        near = difflib.get_close_matches(name, table, n=1)
        raise PolicyError(
            f"unknown {what}",
            value=name,
            expected=f"one of {', '.join(table)}",
            nearest=near[0] if near else "",
        )
