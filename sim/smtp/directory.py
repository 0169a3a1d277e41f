"""Who is at a site: whether an address is listed there, and by which transport it goes."""

from __future__ import annotations

from typing import NamedTuple

from sim.smtp import srs
from sim.smtp.matching import parts_of
from sim.smtp.opinions import Refusal
from sim.smtp.replies import CLASSES, Reply
from sim.smtp.site import ALIAS, FINAL, LOCAL, MAILBOX, RELAY, Mailbox, Site
from sim.smtp.statuses import split_status, status_for

UNTABLED = ("postmaster", "mailer-daemon", "double-bounce")
"""Local users that exist whatever the tables say."""


class Transport(NamedTuple):
    """How an address goes on: the name of a transport, and the next hop if not its domain."""

    name: str
    nexthop: str = ""


def transport(site: Site, to: Mailbox, sender: str = "") -> Transport:
    """The transport of *to*, by the class of its domain unless the table of transports says."""
    s = site.settings
    if to.kind == ALIAS:
        return Transport("error", "5.1.1 User unknown in virtual alias table")
    by_class = {LOCAL: s.local_transport, MAILBOX: s.virtual_transport, RELAY: s.relay_transport}
    name, _, nexthop = by_class.get(to.kind, s.default_transport).partition(":")
    if to.kind not in (LOCAL, MAILBOX) and not nexthop:
        nexthop = _smarthost(site, sender)
    entry = _transport_entry(site, to)
    if entry:
        other, _, hop = entry.partition(":")
        name, nexthop = other or name, hop or ("" if other else nexthop)
    return Transport(name, nexthop)


def _smarthost(site: Site, sender: str) -> str:
    maps = site.maps(site.settings.sender_dependent_relayhost_maps)
    host = site.find(maps, sender.lower()) if maps and sender else None
    return host if host and host.upper() != "DUNNO" else site.settings.relayhost


def _transport_entry(site: Site, to: Mailbox) -> str:
    """What the table of transports has for an address, its domain or a parent; or ``*``."""
    maps = site.maps(site.settings.transport_maps)
    if not maps:
        return ""
    local, _, domain = to.full.rpartition("@")
    bare = site.without_tag(local)
    keys = [(to.full, False), (f"{bare}@{domain}", True), (domain, True)]
    keys += [
        (part, True) for part in parts_of(domain, site.settings.parents_match("transport_maps"))
    ]
    for key, part in [*keys, ("*", True)]:
        value = maps.find(key, part=part)
        if value:
            return value
    return ""


def is_alias(site: Site, to: Mailbox) -> bool:
    """Whether an alias lists *to*, or the site itself wrote it when it rewrote a sender."""
    maps = site.settings.virtual_alias_maps
    if maps and site.find(site.maps(maps), to.full) is not None:
        return True
    return site.sender_rewriting and to.kind in FINAL and srs.original(to.full) is not None


def unlisted(site: Site, to: Mailbox, other: str, subject: str) -> Refusal | None:
    """The refusal of an address in a domain of the site that is not listed there.

    *subject*: recipient or sender; *other* is the address at the other end. A virtual alias
    lists an address of any class.
    """
    situation = "unknown_user" if subject == "recipient" else "unknown_sender"
    if is_alias(site, to):
        return None
    if to.kind == ALIAS:
        return Refusal(situation, "virtual alias")
    name, text = transport(site, to, other)
    if name in ("error", "retry"):
        return _undeliverable(situation, subject, name, text)
    table = _table_without(site, to)
    return None if table is None else Refusal(situation, table)


def _undeliverable(situation: str, subject: str, name: str, text: str) -> Refusal:
    code, kind = (550, 5) if name == "error" else (450, 4)
    default = f"{kind}.1.{'1' if subject == 'recipient' else '0'}"
    status, words = split_status(text, default)
    place, noun = CLASSES[subject]
    safe = words.replace("{", "{lbrace}")
    reply = Reply(code, status_for(status, subject), f"<{{{place}}}>: {noun} rejected: {safe}")
    return Refusal(situation, "", reply)


def _table_without(site: Site, to: Mailbox) -> str | None:
    """The table that lacks *to*; None: it is listed, or nothing lists such addresses."""
    s = site.settings
    if to.kind == LOCAL and s.local_recipient_maps is None:
        return None if site.has_mailbox(to.address) else "local recipient"
    if to.kind == LOCAL and to.address.local in UNTABLED:
        return None
    tables = {
        LOCAL: ("local recipient", s.local_recipient_maps or ""),
        MAILBOX: ("virtual mailbox", s.virtual_mailbox_maps),
        RELAY: ("relay recipient", s.relay_recipient_maps),
    }
    name, maps = tables.get(to.kind, ("", ""))
    return name if maps and site.find(site.maps(maps), to.full) is None else None
