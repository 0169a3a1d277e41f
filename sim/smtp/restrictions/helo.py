"""Restrictions on what the client calls itself in HELO or EHLO."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim.smtp import rfc822
from sim.smtp.names import OK, RETRY
from sim.smtp.opinions import PERMIT, Deferral, Opinion, Refusal
from sim.smtp.restrictions.entry import restriction
from sim.smtp.transaction import Transaction

READS = ("helo",)


def _says_helo(t: Transaction, *_: object) -> str:
    return f"HELO {t.facts.helo}" if t.facts.helo is not None else "no HELO"


def _bare(name: str) -> str:
    """*name* without one dot at its end."""
    return name[:-1] if len(name) > 1 and name[-1] == "." and name[-2] != "." else name


def _literal(name: str) -> Opinion:
    """Refuse an address literal that is none."""
    inside = name[1:-1] if name[-1:] == "]" and len(name) > 2 else name
    if rfc822.valid_address(inside) and ":" not in inside:
        return None
    if inside[:5].lower() == "ipv6:" and rfc822.valid_address(inside[5:]):
        return None
    return Refusal("helo_literal_invalid")


def _by_name(t: Transaction, judge: Callable[[str], Opinion]) -> Opinion:
    """The opinion on the name in HELO; on an address literal, whether it is one."""
    name = t.facts.helo
    if name is None:
        return None
    return _literal(name) if name[:1] == "[" else judge(name)


@restriction(aliases=("reject_invalid_hostname",), compared=_says_helo, reads=READS)
def reject_invalid_helo_hostname(t: Transaction) -> Opinion:
    """Refuse a name in HELO that is no host name."""
    return _by_name(t, _malformed)


def _malformed(name: str) -> Opinion:
    bare = _bare(name)
    valid = rfc822.valid_hostname(bare) or rfc822.valid_address(bare)
    return None if valid else Refusal("helo_invalid")


@restriction(aliases=("reject_non_fqdn_hostname",), compared=_says_helo, reads=READS)
def reject_non_fqdn_helo_hostname(t: Transaction) -> Opinion:
    """Refuse a name in HELO that is not fully qualified."""
    return _by_name(t, _short)


def _short(name: str) -> Opinion:
    bare = _bare(name)
    return None if rfc822.valid_hostname(bare) and "." in bare else Refusal("helo_not_fqdn")


@restriction(aliases=("reject_unknown_hostname",), compared=_says_helo, reads=(*READS, "names"))
def reject_unknown_helo_hostname(t: Transaction) -> Opinion:
    """Refuse a name in HELO that has neither an address nor an exchanger."""
    return _by_name(t, partial(_unknown, t))


def _unknown(t: Transaction, name: str) -> Opinion:
    names = t.facts.names
    status = OK if names is None else names.exists(name)
    if status == RETRY:
        refusal = Refusal("helo_unknown", "retry")
        wait = t.site.settings.unknown_helo_hostname_tempfail_action == "defer_if_permit"
        return Deferral("permit", refusal) if wait else refusal
    return None if status == OK else Refusal("helo_unknown")


@restriction(compared=_says_helo, reads=READS)
def permit_naked_ip_address(t: Transaction) -> Opinion:
    """Permit a client that says an address without brackets in HELO."""
    name = t.facts.helo
    if name is None or not name or name.strip("0123456789.:"):
        return None
    valid = rfc822.valid_address(name) and ":" not in name
    return PERMIT if valid else Refusal("helo_literal_invalid")
