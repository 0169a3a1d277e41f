"""A policy as the configuration of Exim 4."""

from __future__ import annotations

from collections.abc import Iterator

from sim.config.native.plain import NO_PORTS, Exported, Plain, Ports, plain
from sim.path.facts import TLS_PORT
from sim.smtp import Policy

POP_FILE = "/etc/exim4/pop_before_smtp"
RECIPIENTS = "/etc/exim4/recipients"
OTHER_PORT = "${if eq{$received_port}{25}{no}{yes}}"
PASSWORDS = "/etc/exim4/passwd"


def export(policy: Policy, ports: Ports = NO_PORTS) -> Exported:
    """One file, `exim.conf`, and lists beside it."""
    rules = plain(policy, ports)
    files = {"exim.conf": "\n".join(_conf(rules)) + "\n"}
    if rules.mailboxes is not None:
        files[RECIPIENTS] = "".join(f"{one}: x\n" for one in rules.mailboxes)
    if rules.pop:
        rules.not_expressed.append(f"the POP server has to write addresses into {POP_FILE}")
        files[POP_FILE] = ""
    if rules.by_login or rules.submission:
        rules.not_expressed.append(f"{PASSWORDS} has to hold the users, as `name: password`")
        files[PASSWORDS] = ""
    return Exported(files, tuple(rules.not_expressed))


def _conf(rules: Plain) -> Iterator[str]:
    yield f"primary_hostname = {rules.hostname}"
    yield f"qualify_domain = {(rules.domains or (rules.hostname,))[0]}"
    yield f"domainlist local_domains = {_list((*rules.domains, rules.hostname))}"
    yield f"domainlist relay_to_domains = {_list(rules.relay_domains)}"
    yield f"hostlist relay_from_hosts = {_list(rules.networks if rules.on_network else ())}"
    yield f"hostlist remote_offices = {_list(rules.ranges)}"
    yield "acl_smtp_rcpt = acl_check_rcpt"
    yield "host_lookup ="
    yield "rfc1413_hosts ="
    yield "never_users = root"
    where = "${if eq{$received_port}{25}{}{*}}" if rules.submission else ""
    yield "auth_advertise_hosts = " + ("*" if rules.auth else where)
    yield "tls_advertise_hosts ="
    if rules.submission:
        yield f"daemon_smtp_ports = {' : '.join(map(str, (25, *rules.submission)))}"
    if TLS_PORT in rules.submission:
        yield f"tls_on_connect_ports = {TLS_PORT}"
        yield "tls_certificate = /etc/exim4/exim.crt"
        yield "tls_privatekey = /etc/exim4/exim.key"
    yield ""
    yield "begin acl"
    yield "acl_check_rcpt:"
    yield from _acl(rules)
    yield ""
    yield "begin routers"
    yield from _routers(rules)
    yield ""
    yield "begin transports"
    yield "remote_smtp:"
    yield "  driver = smtp"
    yield "mailbox:"
    yield "  driver = appendfile"
    yield "  file = /var/mail/$local_part_data"
    yield "discard:"
    yield "  driver = appendfile"
    yield "  file = /dev/null"
    yield "  user = mail"
    yield ""
    yield "begin retry"
    yield "* * F,2h,15m; G,16h,1h,1.5; F,4d,6h"
    if rules.by_login or rules.submission:
        yield ""
        yield "begin authenticators"
        yield from _authenticators()


def _acl(rules: Plain) -> Iterator[str]:
    if rules.submission:
        yield f"  deny condition = {OTHER_PORT}"
        yield "       !authenticated = *"
        yield "       message = authentication required"
    for zone in rules.blocklists:
        yield f"  deny dnslists = {zone.partition('=')[0]}"
    if rules.own_senders_only:
        yield "  deny !senders = : *@+local_domains"
        yield "       message = sender address must be in a local domain"
    if rules.sender_must_resolve:
        yield "  require verify = sender"
    for condition in _grants(rules):
        yield f"  accept {condition}"
        if not rules.spares_relaying:
            yield "         !domains = +local_domains"
    yield "  deny !domains = +local_domains : +relay_to_domains"
    yield "       message = relay not permitted"
    if rules.rejects_unknown and rules.mailboxes is not None:
        yield "  deny domains = +local_domains"
        yield "       !verify = recipient"
    yield "  accept"


def _grants(rules: Plain) -> Iterator[str]:
    """The conditions that open relaying."""
    if rules.open:
        yield "hosts = *"
    if rules.on_network:
        yield "hosts = +relay_from_hosts"
    if rules.by_login:
        yield "authenticated = *"
    elif rules.submission:
        yield f"authenticated = *\n         condition = {OTHER_PORT}"
    if rules.pop:
        yield f"hosts = net-iplsearch;{POP_FILE}"
    if rules.ranges:
        yield "hosts = +remote_offices"
    if rules.by_sender:
        yield "senders = *@+local_domains"


def _routers(rules: Plain) -> Iterator[str]:
    yield "remote:"
    yield "  driver = dnslookup"
    yield "  domains = ! +local_domains"
    yield "  transport = remote_smtp"
    yield "  no_more"
    yield "here:"
    yield "  driver = accept"
    if rules.mailboxes is not None:
        yield f"  condition = ${{lookup{{$local_part@$domain}}lsearch{{{RECIPIENTS}}}{{1}}{{0}}}}"
    yield "  transport = discard"


def _authenticators() -> Iterator[str]:
    check = f"${{lookup{{$auth2}}lsearch{{{PASSWORDS}}}{{$value}}{{*}}}}"
    yield "plain:"
    yield "  driver = plaintext"
    yield "  public_name = PLAIN"
    yield f"  server_condition = ${{if eq{{$auth3}}{{{check}}}}}"
    yield "  server_set_id = $auth2"


def _list(items: tuple[str, ...] | list[str]) -> str:
    """A list of Exim; `<;` lets addresses of IPv6 stand as they are."""
    return f"<; {' ; '.join(items)}"
