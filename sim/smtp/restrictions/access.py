"""Restrictions that look the client, its name, the sender or the recipient up in a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sim.smtp import clients, rfc822
from sim.smtp.arguments import Parameter
from sim.smtp.matching import lookup_table, parts_of
from sim.smtp.names import NONE, OK, UNKNOWN
from sim.smtp.opinions import PERMIT, Opinion, Refusal
from sim.smtp.restrictions.actions import act, sublist
from sim.smtp.restrictions.entry import TABLE_NAME, restriction, row
from sim.smtp.restrictions.subjects import CLIENT_READS, SUBJECTS, Subject
from sim.smtp.site import Mailbox
from sim.smtp.tables import TableError
from sim.smtp.transaction import Transaction, kind_known

BROKEN_TABLE = "451 4.3.5 Server configuration error"
"""What a table that cannot be read has for every key."""
Keys = Iterator[tuple[str, bool]]
"""Keys to look up one after the other, and whether each is a part of what was asked."""


def _parents(t: Transaction) -> bool:
    return t.site.settings.parents_match("smtpd_access_maps")


def domain_keys(t: Transaction, domain: str) -> Keys:
    """A host name and its parent domains; an address has none."""
    yield domain, False
    if not rfc822.valid_address(domain):
        for part in parts_of(domain, _parents(t)):
            yield part, True


def address_keys(address: str) -> Keys:
    """An address and the networks that it is in, octet by octet."""
    yield address, False
    delimiter = ":" if ":" in address else "."
    while delimiter in address:
        address = address.rpartition(delimiter)[0]
        yield address, True


def mail_keys(t: Transaction, mailbox: Mailbox) -> Keys:
    """An address, without its tag, its domain and the parents of it, ``user@``."""
    local, _, domain = mailbox.full.rpartition("@")
    bare = t.site.without_tag(local)
    yield mailbox.full, False
    if bare != local:
        yield f"{bare}@{domain}", True
    yield domain, True
    for part in parts_of(domain, _parents(t)):
        yield part, True
    yield f"{local}@", True
    if bare != local:
        yield f"{bare}@", True


def look_up(t: Transaction, table: str, keys: Keys) -> str | None:
    """The first value of *keys* in *table*; an error in words where it cannot be read."""
    rows = lookup_table(table, t.site.tables)
    try:
        for key, part in keys:
            if part and not rows.fixed:
                continue
            value = rows.get(key)
            if value is not None:
                return value
    except TableError:
        return BROKEN_TABLE
    return None


def _client_keys(t: Transaction, name: str) -> Keys:
    yield from domain_keys(t, name)
    yield from address_keys(t.client_text())


def _sender_keys(t: Transaction) -> Keys:
    if t.sender is not None:
        return mail_keys(t, kind_known(t.sender))
    return iter([(t.site.settings.smtpd_null_access_lookup_key, False)] * t.no_sender)


def _recipient_keys(t: Transaction) -> Keys:
    return iter(()) if t.recipient is None else mail_keys(t, kind_known(t.recipient))


def _login_keys(t: Transaction) -> Keys:
    if t.facts.login and t.site.auth_offered:
        yield t.facts.login, False


def _access(
    name: str,
    keys: Callable[[Transaction], Keys],
    doc: str,
    says: Callable[[Transaction], str],
    reads: tuple[str, ...],
    *,
    subject: str = "",
    proves: bool = True,
) -> None:
    """Add the row that looks *keys* up; where they *prove* nothing, a permit is an error."""

    def judge(t: Transaction, table: str) -> Opinion:
        value = look_up(t, table, keys(t))
        opinion = None if value is None else act(t, value, subject or name)
        if opinion is not PERMIT:
            return opinion
        if not proves:
            return Refusal("configuration_error")
        routed = name == "recipient" and t.to.routed
        return None if routed and not t.site.settings.allow_untrusted_routing else opinion

    row(
        f"check_{name}_access",
        doc if proves else f"{doc[:-1]}; a permit is an error.",
        judge,
        compared=lambda t, table: f"{says(t)} looked up in {table}",
        reads=reads,
        parameters=TABLE_NAME,
    )


_access(
    "client",
    lambda t: _client_keys(t, t.client_names.name),
    "Look the client up by its verified name and its address.",
    lambda t: f"client {t.client_names.name}[{t.client_text()}]",
    CLIENT_READS,
)
_access(
    "reverse_client_hostname",
    lambda t: _client_keys(t, t.client_names.reverse),
    "Look the client up by the name of its PTR record.",
    lambda t: f"client {t.client_names.reverse}[{t.client_text()}]",
    CLIENT_READS,
    subject="reverse_client",
    proves=False,
)
_access(
    "helo",
    lambda t: iter(()) if t.facts.helo is None else domain_keys(t, t.facts.helo),
    "Look the name in HELO up.",
    lambda t: f"HELO {t.facts.helo}",
    ("helo",),
)
_access(
    "sender",
    _sender_keys,
    "Look the sender up: address, domain and its parents, user@; the null sender as <>.",
    lambda t: f"sender {t.sender_text()}",
    ("reverse_path",),
)
_access(
    "recipient",
    _recipient_keys,
    "Look the recipient up: address, domain and its parents, user@.",
    lambda t: f"recipient {t.destination_text()}",
    ("forward_path",),
)
_access("sasl", _login_keys, "Look the login up.", lambda t: f"login {t.facts.login}", ("login",))


# ---- the servers of a domain


def _server_keys(t: Transaction, name: str, kind: str) -> Keys:
    """The names and addresses of the servers of *name*: its exchangers, its name servers, or
    itself (``a``)."""
    names = t.facts.names
    domain = name.rpartition("@")[2]
    if domain[:1] == "[":
        number = rfc822.literal_address(domain)
        if number is not None and kind != "ns":
            yield from address_keys(clients.text(number))
        return
    if names is None:
        return
    hosts: tuple[str, ...] = (domain,)
    if kind != "a":
        status, servers = names.exchangers(domain) if kind == "mx" else names.servers(domain)
        if status not in (OK, NONE) or (status == NONE and kind == "ns"):
            return
        hosts = servers if status == OK else hosts
    for host in hosts:
        if rfc822.valid_address(host):
            yield from address_keys(host)
            continue
        if kind != "a":
            yield from domain_keys(t, host)
        for address in names.addresses(host).records:
            yield from address_keys(address)


_SERVERS = {"mx": "mail exchangers", "ns": "name servers", "a": "addresses"}


def _server_access(subject_name: str, subject: Subject, kind: str) -> None:
    """Add the row that looks the servers of a client, a name or an address up."""

    def keys(t: Transaction) -> Keys:
        name = subject.name(t)
        return iter(()) if not name or name == UNKNOWN else _server_keys(t, name, kind)

    _access(
        f"{subject_name}{'_hostname' * (subject_name == 'reverse_client')}_{kind}",
        keys,
        f"Look the {_SERVERS[kind]} of {subject.words} up.",
        lambda t: f"{_SERVERS[kind]} of {subject.name(t)}",
        subject.reads,
        subject=subject_name,
        proves=False,
    )


for _subject_name, _subject in SUBJECTS.items():
    for _kind in _SERVERS:
        _server_access(_subject_name, _subject, _kind)


# ---- lists and services


@restriction(parameters=(Parameter("class", "word"),))
def restriction_class(t: Transaction, name: str) -> Opinion:
    """A restriction class: a list that is asked in this place."""
    return sublist(t, t.site.classes.get(name, ""), t.subject)


def attributes(t: Transaction) -> dict[str, str]:
    """What a policy service is told."""
    facts, names = t.facts, t.client_names
    return {
        "request": "smtpd_access_policy",
        "protocol_state": {"EOD": "END-OF-MESSAGE"}.get(t.command, t.command),
        "protocol_name": "ESMTP",
        "client_address": t.client_text(),
        "client_name": names.name,
        "reverse_client_name": names.reverse,
        "helo_name": facts.helo or "",
        "sender": t.sender.original if t.sender is not None else "",
        "recipient": t.recipient.original if t.recipient is not None else "",
        "recipient_count": str(facts.recipients if t.command in ("DATA", "EOD") else 0),
        "sasl_username": facts.login or "",
    }


@restriction(
    compared=lambda _t, server: f"asked {server}",
    reads=(*CLIENT_READS, "reverse_path", "forward_path", "helo", "login", "recipients"),
    parameters=(Parameter("service", "server"),),
)
def check_policy_service(t: Transaction, server: str) -> Opinion:
    """Ask a policy service: what a table of its answers says; nothing without one."""
    rows = t.site.services.get(server, ())
    values = attributes(t) if rows else {}
    for conditions, action in rows:
        if all(values.get(key) == value for key, value in conditions.items()):
            return act(t, action, t.subject)
    return None
