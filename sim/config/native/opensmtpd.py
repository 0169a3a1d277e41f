"""A policy as smtpd.conf of OpenSMTPD."""

from __future__ import annotations

from collections.abc import Iterator

from sim.config.native.plain import NO_PORTS, Exported, Plain, Ports, plain
from sim.path.facts import TLS_PORT
from sim.smtp import Policy

RECIPIENTS = "/etc/smtpd/recipients"
LOGINS = "/etc/smtpd/logins"


def export(policy: Policy, ports: Ports = NO_PORTS) -> Exported:
    """One file, `smtpd.conf`, and the recipients beside it."""
    rules = plain(policy, ports)
    if rules.pop:
        rules.not_expressed.append("permit_pop_before_smtp: OpenSMTPD has no POP before SMTP")
    if rules.sender_must_resolve:
        rules.not_expressed.append("reject_unknown_sender_domain: no rule asks for it")
    if rules.blocklists:
        rules.not_expressed.append("blocklists: a filter has to ask them (filter-dnsbl)")
    if rules.logins:
        rules.not_expressed.append(
            "logins: OpenSMTPD offers them after STARTTLS only, so a key is needed"
        )
        rules.not_expressed.append(
            f"{LOGINS} has to hold the users, as `name hash` (smtpctl encrypt)"
        )
    files = {"smtpd.conf": "\n".join(_conf(rules)) + "\n"}
    if rules.logins:
        files[LOGINS] = ""
    if rules.mailboxes is not None:
        files[RECIPIENTS] = "".join(f"{one}\n" for one in rules.mailboxes)
    return Exported(files, tuple(rules.not_expressed))


def _conf(rules: Plain) -> Iterator[str]:
    own = (*rules.domains, rules.hostname)
    yield f"table here {_list(dict.fromkeys(own))}"
    if rules.on_network and rules.networks:
        yield f"table networks {_list(rules.networks)}"
    if rules.ranges:
        yield f"table offices {_list(rules.ranges)}"
    if rules.relay_domains:
        yield f"table backup {_list(rules.relay_domains)}"
    if rules.by_sender or rules.own_senders_only:
        yield f"table senders {_list(f'@{domain}' for domain in rules.domains)}"
    if rules.mailboxes is not None:
        yield f"table recipients file:{RECIPIENTS}"
    if rules.logins:
        yield f'pki {rules.hostname} cert "/etc/smtpd/cert.pem"'
        yield f'pki {rules.hostname} key "/etc/smtpd/key.pem"'
        yield f"table logins file:{LOGINS}"
    listen = f"tls pki {rules.hostname} auth-optional <logins>" if rules.auth else ""
    yield f'listen on 0.0.0.0 port 25 hostname "{rules.hostname}" {listen}'.rstrip()
    for port in rules.submission:
        options = (
            f"{'smtps' if port == TLS_PORT else 'tls-require'} pki {rules.hostname} auth <logins>"
        )
        yield f'listen on 0.0.0.0 port {port} hostname "{rules.hostname}" {options}'
    yield 'action "here" maildir'
    yield 'action "relay" relay'
    yield from _rules(rules)


def _rules(rules: Plain) -> Iterator[str]:
    sender = " mail-from <senders>" if rules.own_senders_only else ""
    recipients = (
        " rcpt-to <recipients>" if rules.mailboxes is not None and rules.rejects_unknown else ""
    )
    if rules.own_senders_only:
        yield 'match from any mail-from "<>" for domain <here>' + recipients + ' action "here"'
    yield f'match from any{sender} for domain <here>{recipients} action "here"'
    if rules.relay_domains:
        yield f'match from any{sender} for domain <backup> action "relay"'
    if rules.open:
        yield f'match from any{sender} ! for domain <here> action "relay"'
    if rules.on_network and rules.networks:
        yield f'match from src <networks>{sender} ! for domain <here> action "relay"'
    if rules.ranges:
        yield f'match from src <offices>{sender} ! for domain <here> action "relay"'
    if rules.by_login or rules.submission:
        yield f'match from any auth{sender} ! for domain <here> action "relay"'
    if rules.by_sender:
        yield 'match from any mail-from <senders> ! for domain <here> action "relay"'


def _list(items: object) -> str:
    return "{ " + ", ".join(f'"{item}"' for item in items) + " }"  # type: ignore[attr-defined]
