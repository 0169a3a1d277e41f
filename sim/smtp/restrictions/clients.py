"""Restrictions on the client: its address, its name, its login."""

from __future__ import annotations

from sim.smtp.arguments import Parameter
from sim.smtp.clients import Range
from sim.smtp.facts import Facts, SessionState
from sim.smtp.names import OK, RETRY
from sim.smtp.opinions import PERMIT, Opinion, Refusal
from sim.smtp.restrictions.entry import permit_if, restriction
from sim.smtp.transaction import Transaction


def _says_login(t: Transaction, *_: object) -> str:
    return f"login {t.facts.login}" if t.facts.login is not None else "no login"


def _says_networks(t: Transaction, *_: object) -> str:
    networks = ", ".join(map(str, t.site.network_ranges)) or "none"
    return f"client {t.client_text()}, own networks {networks}"


def _says_ranges(t: Transaction, *ranges: Range) -> str:
    named = ", ".join(map(str, ranges or t.site.client_range_pairs)) or "none"
    return f"client {t.client_text()}, named ranges {named}"


def _says_pop(t: Transaction, window: float) -> str:
    if t.facts.pop_age is None:
        return f"client {t.client_text()} never logged in by POP"
    return f"POP login of {t.client_text()} {t.facts.pop_age:g} s ago, window {window:g} s"


def _says_name(t: Transaction, *_: object) -> str:
    names = t.client_names
    return f"client {t.client_text()} is called {names.name}, its PTR record says {names.reverse}"


@restriction(compared=_says_login, reads=("login",), own=True)
def reject_unauthenticated(t: Transaction) -> Opinion:
    """Refuse all mail without a login: a submission server."""
    # RFC 6409 section 4.3: a submission server answers 530 to MAIL.
    return Refusal("auth_required") if t.facts.login is None else None


@restriction(compared=_says_networks, reads=("client",), grants=True)
def permit_mynetworks(t: Transaction) -> Opinion:
    """Clients on the server's own networks may relay."""
    return PERMIT if t.client_on_network() else None


@restriction(compared=_says_networks, reads=("client",), grants=True)
def permit_inet_interfaces(t: Transaction) -> Opinion:
    """The server itself may relay: clients with an address of its interfaces."""
    loopback = t.facts.client >> 24 == 127
    return permit_if(loopback or t.facts.client in t.site.own_addresses)


@restriction(compared=_says_login, reads=("login",), grants=True)
def permit_sasl_authenticated(t: Transaction) -> Opinion:
    """Clients that logged in with SMTP AUTH may relay."""
    return PERMIT if t.facts.login is not None else None


def _says_certificate(t: Transaction, *_: object) -> str:
    return f"certificate {t.facts.certificate or 'none'}"


@restriction(compared=_says_certificate, reads=("certificate",), grants=True)
def permit_tls_all_clientcerts(t: Transaction) -> Opinion:
    """Clients with a trusted TLS certificate may relay."""
    return permit_if(t.facts.certificate is not None)


@restriction(compared=_says_certificate, reads=("certificate",), grants=True)
def permit_tls_clientcerts(t: Transaction) -> Opinion:
    """Clients with a listed TLS certificate may relay."""
    certificate, maps = t.facts.certificate, t.site.settings.relay_clientcerts
    if certificate is None or maps is None:
        return permit_if(certificate is not None)
    return permit_if(t.site.maps(maps).find(certificate) is not None)


def _window_open(facts: Facts | SessionState, window: float) -> bool:
    age = facts.pop_age
    return age is not None and age < window


@restriction(
    compared=_says_pop,
    parameters=(Parameter("window", "duration"),),
    state_key=_window_open,
    state_facts=("pop_age",),
    breakpoints=lambda window: {"pop_age": (None, 0.0, window)},
    own=True,
    grants=True,
)
def permit_pop_before_smtp(t: Transaction, window: float) -> Opinion:
    """A POP login opens relaying for the client's address, for the window."""
    return PERMIT if _window_open(t.facts, window) else None


@restriction(
    compared=_says_ranges,
    reads=("client",),
    parameters=(Parameter("ranges", "range", optional=True, many=True),),
    own=True,
    grants=True,
)
def permit_client_ranges(t: Transaction, *ranges: Range) -> Opinion:
    """Clients in the named addresses or ranges may relay; without any, the policy's."""
    return PERMIT if t.client_in(ranges or t.site.client_range_pairs) else None


_NAMES = ("client", "names", "client_name", "reverse_name")


@restriction(aliases=("reject_unknown_client",), compared=_says_name, reads=_NAMES)
def reject_unknown_client_hostname(t: Transaction) -> Opinion:
    """Refuse a client whose address and name do not lead to each other."""
    status = t.client_names.status
    if status == OK:
        return None
    return Refusal("client_unknown", "retry" if status == RETRY else "")


@restriction(compared=_says_name, reads=_NAMES)
def reject_unknown_reverse_client_hostname(t: Transaction) -> Opinion:
    """Refuse a client whose address has no name at all."""
    status = t.client_names.reverse_status
    if status == OK:
        return None
    return Refusal("client_no_reverse", "retry" if status == RETRY else "")
