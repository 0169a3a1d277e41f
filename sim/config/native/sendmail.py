"""A policy as sendmail.mc and its access table."""

from __future__ import annotations

from collections.abc import Iterator

from sim.config.native.plain import NO_PORTS, Exported, Plain, Ports, plain
from sim.path.facts import TLS_PORT
from sim.smtp import Policy

POP = "the POP server has to write addresses into /etc/mail/popauth, as `address OK` (makemap hash)"


def export(policy: Policy, ports: Ports = NO_PORTS) -> Exported:
    """sendmail.mc, the access table, and the own domains."""
    rules = plain(policy, ports)
    if rules.pop:
        rules.not_expressed.append(f"permit_pop_before_smtp: {POP}")
    for text in (str(one) for one in (*rules.networks, *rules.ranges)):
        if not _prefixes(text):
            rules.not_expressed.append(f"{text}: an access table has whole octets of IPv4 only")
    if rules.by_login or rules.submission:
        rules.not_expressed.append(
            "logins: Cyrus SASL knows the users; Sendmail.conf says where they are"
        )
    if rules.own_senders_only:
        rules.not_expressed.append(
            "reject_sender_not_local: needs a rule set of its own (check_mail)"
        )
    files = {
        "sendmail.mc": "\n".join(_mc(rules)) + "\n",
        "/etc/mail/access": "".join(f"{line}\n" for line in _access(rules)),
        "/etc/mail/local-host-names": "".join(f"{name}\n" for name in rules.domains),
        "/etc/mail/relay-domains": "".join(f"{name}\n" for name in rules.relay_domains),
    }
    if rules.mailboxes is not None:
        files["/etc/mail/virtusertable"] = "".join(_users(rules))
    return Exported(files, tuple(rules.not_expressed))


def _mc(rules: Plain) -> Iterator[str]:
    yield "divert(0)dnl"
    yield "OSTYPE(`debian')dnl"
    yield "DOMAIN(`debian-mta')dnl"
    yield f"define(`confDOMAIN_NAME', `{rules.hostname}')dnl"
    yield "FEATURE(`use_cw_file')dnl"
    yield "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl"
    if rules.open:
        yield "FEATURE(`promiscuous_relay')dnl"
    if rules.by_sender:
        yield "FEATURE(`relay_local_from')dnl"
    for zone in rules.blocklists:
        yield f"FEATURE(`dnsbl', `{zone.partition('=')[0]}')dnl"
    if not rules.sender_must_resolve:
        yield "FEATURE(`accept_unresolvable_domains')dnl"
    if rules.mailboxes is not None:
        yield "FEATURE(`virtusertable', `hash -o /etc/mail/virtusertable')dnl"
    if rules.by_login or rules.submission:
        yield "TRUST_AUTH_MECH(`PLAIN LOGIN')dnl"
        yield "define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl"
    yield "FEATURE(`no_default_msa')dnl"
    no_login = ", M=A" if rules.submission and not rules.by_login else ""
    yield f"DAEMON_OPTIONS(`Family=inet, Name=MTA, Port=smtp{no_login}')dnl"
    for port in rules.submission:
        modifiers = (
            "sa" if port == TLS_PORT else "Ea"
        )  # s: TLS from the start, a: a login is needed
        yield f"DAEMON_OPTIONS(`Family=inet, Name=MSA{port}, Port={port}, M={modifiers}')dnl"
    yield "MAILER(`local')dnl"
    yield "MAILER(`smtp')dnl"
    if rules.pop:
        yield from _pop_rules()


def _pop_rules() -> Iterator[str]:
    yield "LOCAL_CONFIG"
    yield "Kpopauth hash -o /etc/mail/popauth"
    yield "LOCAL_RULESETS"
    yield "SLocal_check_rcpt"
    yield "R$*\t\t\t$: $1 $| $(popauth $&{client_addr} $: ? $)"
    yield "R$* $| ?\t\t$@ $1"
    yield "R$* $| $*\t\t$#OK $: popauth"


def _access(rules: Plain) -> Iterator[str]:
    networks = rules.networks if rules.on_network else ()
    for network in (*networks, *rules.ranges):
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


def _users(rules: Plain) -> Iterator[str]:
    for one in rules.mailboxes or ():
        yield f"{one} {one.partition('@')[0]}\n"
    for domain in rules.domains:
        yield f"@{domain} error:5.1.1:550 User unknown\n"
