"""A policy as sendmail.mc and its access table."""

from __future__ import annotations

from collections.abc import Iterator

from sim.config.native.plain import Exported, Plain, plain
from sim.smtp import Policy

POP = "the POP server has to write addresses into /etc/mail/popauth, as `address OK` (makemap hash)"


def export(policy: Policy) -> Exported:
    """sendmail.mc, the access table, and the own domains."""
    said = plain(policy)
    if said.pop:
        said.unsaid.append(f"permit_pop_before_smtp: {POP}")
    for text in (str(one) for one in (*said.networks, *said.ranges)):
        if not _prefixes(text):
            said.unsaid.append(f"{text}: an access table has whole octets of IPv4 only")
    if said.own_senders_only:
        said.unsaid.append("reject_sender_not_local: needs a rule set of its own (check_mail)")
    files = {
        "sendmail.mc": "\n".join(_mc(said)) + "\n",
        "/etc/mail/access": "".join(f"{line}\n" for line in _access(said)),
        "/etc/mail/local-host-names": "".join(f"{name}\n" for name in said.domains),
        "/etc/mail/relay-domains": "".join(f"{name}\n" for name in said.relay_domains),
    }
    if said.mailboxes is not None:
        files["/etc/mail/virtusertable"] = "".join(_users(said))
    return Exported(files, tuple(said.unsaid))


def _mc(said: Plain) -> Iterator[str]:
    yield "divert(0)dnl"
    yield "OSTYPE(`debian')dnl"
    yield "DOMAIN(`debian-mta')dnl"
    yield f"define(`confDOMAIN_NAME', `{said.hostname}')dnl"
    yield "FEATURE(`use_cw_file')dnl"
    yield "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl"
    if said.open:
        yield "FEATURE(`promiscuous_relay')dnl"
    if said.by_sender:
        yield "FEATURE(`relay_local_from')dnl"
    for zone in said.blocklists:
        yield f"FEATURE(`dnsbl', `{zone.partition('=')[0]}')dnl"
    if not said.sender_must_resolve:
        yield "FEATURE(`accept_unresolvable_domains')dnl"
    if said.mailboxes is not None:
        yield "FEATURE(`virtusertable', `hash -o /etc/mail/virtusertable')dnl"
    if said.by_login:
        yield "TRUST_AUTH_MECH(`PLAIN LOGIN')dnl"
        yield "define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl"
    yield "DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp')dnl"
    yield "MAILER(`local')dnl"
    yield "MAILER(`smtp')dnl"
    if said.pop:
        yield from _pop_rules()


def _pop_rules() -> Iterator[str]:
    yield "LOCAL_CONFIG"
    yield "Kpopauth hash -o /etc/mail/popauth"
    yield "LOCAL_RULESETS"
    yield "SLocal_check_rcpt"
    yield "R$*\t\t\t$: $1 $| $(popauth $&{client_addr} $: ? $)"
    yield "R$* $| ?\t\t$@ $1"
    yield "R$* $| $*\t\t$#OK $: popauth"


def _access(said: Plain) -> Iterator[str]:
    networks = said.networks if said.on_network else ()
    for network in (*networks, *said.ranges):
        for prefix in _prefixes(network):
            yield f"Connect:{prefix} RELAY"


def _prefixes(network: str) -> list[str]:
    """A network as the leading octets that an access table has."""
    address, _, bits = network.partition("/")
    if ":" in address:
        return []
    octets, length = address.split("."), int(bits or 32)
    whole = -(-length // 8)
    first = int(octets[whole - 1])
    last = first + (1 << (whole * 8 - length))
    return [".".join([*octets[: whole - 1], str(number)]) for number in range(first, last)]


def _users(said: Plain) -> Iterator[str]:
    for one in said.mailboxes or ():
        yield f"{one} {one.partition('@')[0]}\n"
    for domain in said.domains:
        yield f"@{domain} error:5.1.1:550 User unknown\n"
