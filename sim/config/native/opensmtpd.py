"""A policy as smtpd.conf of OpenSMTPD."""

from __future__ import annotations

from collections.abc import Iterator

from sim.config.native.plain import Exported, Plain, plain
from sim.smtp import Policy

RECIPIENTS = "/etc/smtpd/recipients"


def export(policy: Policy) -> Exported:
    """One file, `smtpd.conf`, and the recipients beside it."""
    said = plain(policy)
    if said.pop:
        said.unsaid.append("permit_pop_before_smtp: OpenSMTPD has no POP before SMTP")
    if said.sender_must_resolve:
        said.unsaid.append("reject_unknown_sender_domain: no rule asks for it")
    if said.blocklists:
        said.unsaid.append("blocklists: a filter has to ask them (filter-dnsbl)")
    if said.auth:
        said.unsaid.append("logins: OpenSMTPD offers them after STARTTLS only, so a key is needed")
    files = {"smtpd.conf": "\n".join(_conf(said)) + "\n"}
    if said.mailboxes is not None:
        files[RECIPIENTS] = "".join(f"{one}\n" for one in said.mailboxes)
    return Exported(files, tuple(said.unsaid))


def _conf(said: Plain) -> Iterator[str]:
    here = (*said.domains, said.hostname)
    yield f"table here {_list(dict.fromkeys(here))}"
    if said.on_network and said.networks:
        yield f"table networks {_list(said.networks)}"
    if said.ranges:
        yield f"table offices {_list(said.ranges)}"
    if said.relay_domains:
        yield f"table backup {_list(said.relay_domains)}"
    if said.by_sender or said.own_senders_only:
        yield f"table senders {_list(f'@{domain}' for domain in said.domains)}"
    if said.mailboxes is not None:
        yield f"table recipients file:{RECIPIENTS}"
    if said.auth:
        yield f'pki {said.hostname} cert "/etc/smtpd/cert.pem"'
        yield f'pki {said.hostname} key "/etc/smtpd/key.pem"'
        listen = f"tls pki {said.hostname} auth-optional"
    else:
        listen = ""
    yield f'listen on 0.0.0.0 port 25 hostname "{said.hostname}" {listen}'.rstrip()
    yield 'action "here" maildir'
    yield 'action "relay" relay'
    yield from _rules(said)


def _rules(said: Plain) -> Iterator[str]:
    sender = " mail-from <senders>" if said.own_senders_only else ""
    known = " rcpt-to <recipients>" if said.mailboxes is not None and said.rejects_unknown else ""
    if said.own_senders_only:
        yield 'match from any mail-from "<>" for domain <here>' + known + ' action "here"'
    yield f'match from any{sender} for domain <here>{known} action "here"'
    if said.relay_domains:
        yield f'match from any{sender} for domain <backup> action "relay"'
    if said.open:
        yield f'match from any{sender} ! for domain <here> action "relay"'
    if said.on_network and said.networks:
        yield f'match from src <networks>{sender} ! for domain <here> action "relay"'
    if said.ranges:
        yield f'match from src <offices>{sender} ! for domain <here> action "relay"'
    if said.by_login:
        yield f'match from any auth{sender} ! for domain <here> action "relay"'
    if said.by_sender:
        yield 'match from any mail-from <senders> ! for domain <here> action "relay"'


def _list(items: object) -> str:
    return "{ " + ", ".join(f'"{item}"' for item in items) + " }"  # type: ignore[attr-defined]
