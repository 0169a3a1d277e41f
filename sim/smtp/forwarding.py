"""What a server passes on of a message that it took: after its aliases, and under whose name."""

from __future__ import annotations

import re
from typing import NamedTuple

from sim.smtp import rfc822, srs
from sim.smtp.addresses import Fault
from sim.smtp.routing import alias_of, expanded
from sim.smtp.site import FINAL, LOCAL, Site


class Envelope(NamedTuple):
    """Who is named as the sender (None: the null reverse-path), and one recipient."""

    reverse_path: str | None
    forward_path: str


def has_aliases(site: Site) -> bool:
    """Whether mail for any address may go to another."""
    settings = site.settings
    return bool(settings.virtual_alias_maps or settings.alias_maps or site.sender_rewriting)


def destinations(site: Site, forward_path: str) -> tuple[str, ...]:
    """Where mail for *forward_path* goes instead, in the order of the alias; empty: no alias has
    it."""
    if not has_aliases(site):
        return ()
    read = site.read(forward_path)
    if isinstance(read, Fault):
        return ()
    back = srs.original(read.full) if site.sender_rewriting and read.kind in FINAL else None
    seen: set[str] = set()
    addresses = [a for one in expanded(site, back or read.full) for a in _followed(site, one, seen)]
    return () if addresses == [read.full] else tuple(dict.fromkeys(addresses))


def forwarded(site: Site, envelope: Envelope) -> Envelope | None:
    """*envelope* as it goes on by an alias; None: no alias has its recipient.

    Of several destinations it is the first. Where that is elsewhere, the sender is rewritten if
    the site does so, unless it is one of its own.
    """
    addresses = destinations(site, envelope.forward_path)
    if not addresses:
        return None
    sender, to = envelope.reverse_path, addresses[0]
    if site.sender_rewriting and sender is not None and not is_final(site, to):
        read = site.read(sender, sender=True)
        if not isinstance(read, Fault) and read.kind not in FINAL:
            sender = srs.rewritten(sender, site.rewriting.myorigin)
    return Envelope(sender, to)


def next_envelope(site: Site, envelope: Envelope, *, relayed: bool) -> Envelope | None:
    """How *envelope*, which was taken, goes on to another server; None: it stays at this one.

    *relayed*: it was taken for elsewhere.
    """
    envelope_out = forwarded(site, envelope)
    if envelope_out is None:
        return envelope if relayed else None
    return None if is_final(site, envelope_out.forward_path) else envelope_out


def is_final(site: Site, forward_path: str) -> bool:
    """Whether mail for *forward_path* stays at this server."""
    read = site.read(forward_path)
    return not isinstance(read, Fault) and read.kind in FINAL


def _followed(site: Site, address: str, seen: set[str]) -> list[str]:
    """Where aliases of local users send mail for *address*; each is followed once."""
    read = site.resolve(address)
    if isinstance(read, Fault) or read.kind != LOCAL or address in seen:
        return [address]
    seen.add(address)
    value = alias_of(site, read.address.local) or ""
    texts = [rfc822.extract(text) for text in re.split(r"\s*,\s*", value.strip())]
    targets = [site.rewriting.rewritten(one) for one in texts if one and one[0] not in "|/:"]
    return [
        further
        for target in targets
        for one in expanded(site, target)
        for further in _followed(site, one, seen)
    ] or [address]
