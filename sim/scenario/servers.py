"""The keys of ``[servers.NAME]``: what a server does, for whom, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal

from pydantic import Field

from sim.scenario import retries
from sim.scenario.distributions import Time
from sim.scenario.keys import Table, extra, key
from sim.scenario.quantities import (
    Address,
    Addresses,
    Domain,
    Domains,
    Duration,
    Intervals,
    Name,
    Names,
    Prefixes,
    PrefixText,
    Share,
    form,
)
from sim.scenario.retries import SCHEDULES, ScheduleName
from sim.smtp import clients

DEFAULT_LIFETIME = 5 * 86400.0
"""Seconds; smtp.retry.give_up_min: 4 to 5 days (RFC 5321 §4.5.4.1)."""

Restriction = Annotated[str, Field(max_length=4000, json_schema_extra={"kind": "restriction"})]
Restrictions = Annotated[tuple[Restriction, ...], Field(strict=False, max_length=100)]
Preset = Annotated[str, Field(max_length=4000, json_schema_extra={"kind": "preset"})]
Relay = Annotated[
    Preset | Restrictions,
    form("a preset such as 'on_network+auth', or a list of at most 100 restrictions"),
]
AuthOffered = Annotated[bool | Literal["auto"], form("true, false or 'auto'")]
Wait = Annotated[Duration, Field(ge=1.0)]
Retry = Annotated[
    Literal["auto"]
    | ScheduleName
    | Annotated[tuple[Wait, ...], Field(strict=False, min_length=1, max_length=1000)],
    form(f"'auto', {', '.join(map(repr, SCHEDULES))}, or a list of waits of at least '1 s'"),
]
DurationOrAuto = Annotated[
    Duration | Literal["auto"], form("'auto' or a duration such as '5 days'")
]
ListingUpdate = Annotated[
    Duration | Literal["never"], form("'never' or a duration such as '1 day'")
]

Text = Annotated[str, Field(max_length=4000)]
Texts = Annotated[tuple[Text, ...], Field(strict=False, max_length=10_000)]
Targets = Annotated[Text | Texts, form("an address, or a list of addresses")]
Rows = Annotated[dict[Text, Text], Field(max_length=10_000)]
File = Annotated[str, Field(max_length=100_000)]
TableRows = Annotated[Rows | File, form("keys and values, or a text")]


Answers = Annotated[
    tuple[Annotated[tuple[dict[Text, Text], Text], Field(strict=False)], ...],
    Field(strict=False, max_length=10_000),
]


class Port(Table):
    """What holds on a port of a server instead of what the server says itself."""

    client: Restrictions | None = key(None)
    """restrictions on the connecting client"""
    helo: Restrictions | None = key(None)
    """restrictions on the name that the client gives in HELO"""
    sender: Restrictions | None = key(None)
    """restrictions on the reverse-path"""
    relay: Relay | None = key(None)
    """who may relay: a preset, or an ordered list of restrictions"""
    recipient: Restrictions | None = key(None)
    """restrictions on the forward-path"""
    data: Restrictions | None = key(None)
    """restrictions that are asked at DATA"""
    end_of_data: Restrictions | None = key(None)
    """restrictions that are asked when the message has arrived"""
    content: Restrictions | None = key(None)
    """restrictions on the content"""
    auth_offered: bool = key(True)
    """whether it offers SMTP AUTH there"""
    settings: dict[Text, Any] = key({})
    """parameters of main.cf that differ there"""


class Server(Table):
    """A server: the submission server that customers name in their mail program, or an MX."""

    role: Literal["submission", "mx", "both"] = key()
    """submission: takes mail from its customers; mx: takes mail for its domains from anyone; both:
    one machine for both"""
    network: Name = key()
    """the network it stands in"""
    address: Address = key()
    """its address; without it, the highest one free in its network"""
    domains: Domains = key([])
    """the domains that it processes; without it, that of its network"""
    hostname: Domain | None = key(None)
    """its fully qualified name; without it, made of its own name and the domain of its network"""
    relay_domains: Domains = key([], policy=True)
    """domains that it takes mail for from anybody, and passes on: as a backup MX does"""
    relay_recipients: Texts = key([], policy=True)
    """addresses in relay_domains that reject_unlisted_recipient knows; without it, all"""
    aliases: dict[Text, Targets] = key({}, max_length=10_000, policy=True)
    """where mail for an address goes instead: to one address or several, of which a run follows the
    first; @domain is a catch-all (virtual_alias_maps)"""
    sender_rewriting: bool = key(False, source="chosen", policy=True)
    """whether mail that aliases send elsewhere goes under a sender in its own domain (SRS), which
    brings notices back; otherwise under the sender's own"""
    settings: dict[Text, Any] = key({}, policy=True)
    """parameters of main.cf by the names that Postfix gives them, such as smtpd_delay_reject,
    unknown_address_reject_code or recipient_delimiter"""
    tables: dict[Text, TableRows] = key({}, max_length=1000, policy=True)
    """tables by name, of keys and values, for restrictions such as check_sender_access(NAME) and
    settings that name tables; those of a name that begins with cidr: have networks as keys, pcre:
    and regexp: patterns such as '/^bulk@/i', ! before one: not, && between several; the one key *:
    every key; 'unavailable': look-ups fail; one that begins with / is a file of domains or
    networks, a text"""
    restriction_classes: dict[Text, Text] = key({}, max_length=1000, policy=True)
    """lists of restrictions by name, as in main.cf, which values of access tables may name"""
    policy_services: dict[Text, Answers] = key({}, max_length=100, policy=True)
    """what check_policy_service(NAME) is answered: rows of attributes and an action, of which the
    first whose attributes agree counts; without a row that does, DUNNO"""
    ports: dict[Literal["587", "465"], Port] = key({}, policy=True)
    """what holds on a port for submissions (587; 465: with TLS from the start) instead of the lists
    above; without it, who has logged in may relay, and blocklists are not asked; mail programs use
    465 where it alone is said"""
    relay: Relay = key("open", source="chosen", policy=True)
    """who may relay: a preset such as 'on_network+auth', or an ordered list of restrictions"""
    client: Restrictions = key([], policy=True)
    """restrictions on the connecting client"""
    helo: Restrictions = key([], policy=True)
    """restrictions on the name that the client gives in HELO"""
    sender: Restrictions = key([], policy=True)
    """restrictions on the reverse-path"""
    recipient: Restrictions = key([], policy=True)
    """restrictions on the forward-path"""
    data: Restrictions = key([], policy=True)
    """restrictions that are asked at DATA"""
    end_of_data: Restrictions = key([], policy=True)
    """restrictions that are asked when the message has arrived"""
    content: Restrictions = key([], policy=True)
    """restrictions on the content: outbound spam detection"""
    auth_offered: AuthOffered = key("auto", policy=True)
    """whether it offers SMTP AUTH; auto: where some restriction reads a login"""
    pop_window: Duration = key("30 min", source="pop_window.drac", policy=True)
    """how long a POP login opens relaying for its address, in the preset pop_first"""
    client_ranges: Prefixes = key([], policy=True)
    """addresses that the preset address_range, and permit_client_ranges without arguments, let
    relay"""
    listed_users: Names = key([], policy=True)
    """user groups whose members, where customers of this server, the operator lists among
    client_ranges: by the address that each has, outside trusted_networks, when this policy takes
    effect"""
    listing_update: ListingUpdate = key("never", source="chosen", policy=True)
    """how long after a listed customer got another address the operator lists that instead; never:
    the first one stays"""
    auth_password: Literal["pop", "separate"] = key("pop", source="chosen", dated=True)
    """the password of SMTP AUTH: that of POP, or one of its own"""
    seen_as: dict[PrefixText, Address] = key({}, max_length=1000)
    """as what address it sees clients of a network, through a container gateway, a proxy or inbound
    NAT; POP logins and outgoing mail do not pass there"""
    outbound_addresses: Addresses = key([])
    """addresses that it sends from, in turn, one an attempt; without it, its own: greylists that
    go by the address then see a stranger each time"""
    relayhost: Name | None = key(None)
    """the server that it passes all mail for elsewhere to (a smarthost); without it, and at that
    server itself, the MX of each domain"""
    sender_dependent_relayhosts: dict[Text, Name] = key({}, max_length=1000)
    """the same by sender: user@domain or @domain"""
    relayhost_login: str | None = key(None, max_length=255)
    """the name that it logs in with at a relayhost, on port 587 where that offers it; without it,
    it does not log in"""
    trusted_networks: Prefixes = key([], policy=True)
    """addresses that permit_mynetworks and the preset on_network let relay; without it, the
    prefixes of its network"""
    flavour: str = key("neutral", policy=True)
    """the make of server: how it reads addresses, and the defaults of wording and retry"""
    wording: str = key("auto", policy=True)
    """the make of server whose reply texts it uses; auto: its flavour's"""
    sessions: int = key(4, source="chosen", ge=1, le=10_000)
    """concurrent sessions"""
    connection_queue: int = key(100, source="chosen", ge=0, le=1_000_000)
    """connections that wait for a session; beyond it the answer is 421"""
    service_time: Time = key({"distribution": "exponential", "mean": "1 s"}, source="chosen")
    """session time of a transaction"""
    per_recipient: Duration = key("0.2 s", source="chosen")
    """session time for each recipient, besides"""
    temporary_failure: Share = key(0.01, source="chosen")
    """share of attempts to relay to a next hop that are deferred and retried"""
    retry: Retry = key(
        "auto",
        meaning=f"when a deferred message is tried again: {', '.join(SCHEDULES)}, or a list of "
        "waits of which the last repeats; auto: its flavour's, or postfix",
    )
    queue_run: DurationOrAuto = key("auto", source="retry.postfix.queue_run")
    """how often it looks into its queue for messages that are due; 0: it tries each the moment it
    is due; auto: that of its retry schedule, or 0"""
    queue_lifetime: DurationOrAuto = key("auto", source="smtp.retry.give_up_min")
    """how long a deferred message is tried; the first attempt that fails afterwards is the last,
    and a DSN tells the sender; auto: that of its retry schedule, or 5 days"""
    delay_warning: DurationOrAuto = key("auto", source="retry.sendmail.warning")
    """age at which a deferred message is reported to its sender, once, at the next attempt that
    fails; 0: never; auto: that of its retry schedule, or never"""
    check_recipients: Literal["rcpt", "later"] = key("rcpt", source="chosen", policy=True)
    """when it finds that a mailbox does not exist: at RCPT, or later, with a DSN (backscatter)"""
    port_587: bool = key(False, source="chosen", dated=True)
    """whether it takes submissions on port 587 too, from clients that log in (RFC 6409); no network
    blocks that port (bcp134.port_587_not_blocked); said by ports too"""
    greylist_window: Duration = key("1 day", source="greylist.delay.range")
    """how long after the first attempt a retry counts for the restriction greylist"""
    greylist_memory: Duration = key("7 days", source="greylist.record_lifetime")
    """how long greylist knows a client, sender and recipient that got through and stay away"""
    down: Intervals = key([])
    """stretches of time in which it neither answers nor sends: sessions are lost, and what is in
    its queue waits"""

    def source(self, attempt: int = 0) -> int:
        """The address, as a number, that it sends from at an *attempt*, counted by messages too."""
        pool = self.outbound_addresses
        return clients.number(pool[attempt % len(pool)] if pool else self.address)

    @property
    def addresses(self) -> Iterator[IPv4Address | IPv6Address]:
        """All addresses that may be seen of it, or of clients in front of it."""
        yield from (self.address, *self.outbound_addresses, *self.seen_as.values())

    @property
    def number(self) -> int:
        """Its address as a number."""
        return clients.number(self.address)

    def smarthost(self, own: str, sender: str | None) -> str | None:
        """The server that it, called *own*, passes mail of *sender* to; None: the MX of each
        domain."""
        host = self.relayhost
        if self.sender_dependent_relayhosts and sender is not None:
            by_sender, address = self.sender_dependent_relayhosts, sender.lower()
            host = by_sender.get(address) or by_sender.get(address[address.rfind("@") :], host)
        return None if host == own else host

    @property
    def submission_port(self) -> int:
        """The port besides 25 that mail programs send by; 0: there is none."""
        return 0 if not self.port_587 else 465 if {*self.ports} == {"465"} else 587

    @property
    def schedule(self) -> str | tuple[float, ...]:
        """Its retry schedule: a name of ``retries.SCHEDULES``, or waits (s)."""
        if self.retry != "auto":
            return self.retry
        return self.flavour if self.flavour in SCHEDULES else "postfix"

    @property
    def lifetime(self) -> float:
        """How long (s) a deferred message is tried."""
        return self._scheduled(self.queue_lifetime, "lifetime", DEFAULT_LIFETIME)

    @property
    def between_runs(self) -> float:
        """Time (s) from one look into the queue to the next; 0: it is looked at all the time."""
        return self._scheduled(self.queue_run, "queue_run", 0.0)

    @property
    def warning(self) -> float:
        """Age (s) at which a deferred message is reported to its sender; 0: never."""
        return self._scheduled(self.delay_warning, "warning", 0.0)

    @property
    def wait(self) -> retries.Wait:
        """How long a message is left alone after an attempt that failed."""
        named = self.schedule
        return SCHEDULES[named].wait if isinstance(named, str) else retries.listed(named)

    def _scheduled(self, value: float | str, of_schedule: str, otherwise: float) -> float:
        """What is *parse*, or what its schedule has, or else *otherwise*."""
        named = self.schedule
        if value == "auto":
            schedule = SCHEDULES.get(named) if isinstance(named, str) else None
            value = getattr(schedule, of_schedule, otherwise)
        return float(value)


POLICY_KEYS = tuple(name for name, field in Server.model_fields.items() if extra(field, "policy"))
"""Keys whose override by an arm takes effect at ``policy_starts``; all others hold from 0 s."""
