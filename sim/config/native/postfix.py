"""A policy as main.cf, with its tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from sim.config.native.plain import NO_PORTS, Exported, Ports, mailboxes
from sim.smtp import Policy, Restriction, Settings, patterns
from sim.smtp.lint import REQUIRED
from sim.smtp.postfix import LISTS
from sim.smtp.tables import Cidr, Keyed, Pattern, Static, Table

DIRECTORY = "/etc/postfix"
HEADER = "compatibility_level = 3.6"
OWN_SETTINGS = frozenset({"local_recipient_maps", "smtpd_sender_login_maps"})
"""Settings that follow from the policy's mailboxes and logins where they are not stated."""
OPEN = "check_client_access static:OK, reject_unauth_destination"
"""What lets everybody relay; without a rule against it Postfix would serve nobody."""
FILTER = "a content filter has to do it: a milter, or content_filter"


class _Files:
    """The files of one export, and what they cannot say."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.tables: dict[str, str] = {}
        self.limits: dict[str, str] = {}
        self.not_expressed: list[str] = []

    def table(self, name: str, lines: list[str]) -> str:
        """Keep a table under *name*, and give its place in the file system."""
        path = f"{DIRECTORY}/{name}"
        self.tables[path] = "".join(f"{line}\n" for line in lines)
        return path


SERVICES = {25: "smtp", 587: "submission", 465: "submissions"}
WRAPPED = {465: {"smtpd_tls_wrappermode": "yes"}}
"""What else a port needs."""


def export(policy: Policy, ports: Ports = NO_PORTS) -> Exported:
    """main.cf, the tables that it names, and the services of master.cf where there are *ports*."""
    files = _Files(policy)
    main = _parameters(files)
    services = [_service(25, {})]
    for number, other in ports.items():
        own = _Files(other)
        own.tables, own.not_expressed = files.tables, files.not_expressed
        options = {n: v for n, v in _parameters(own).items() if main.get(n) != v}
        services.append(_service(number, options | WRAPPED.get(number, {})))
    lines = [HEADER, *(f"{name} = {value}".rstrip() for name, value in main.items())]
    texts = {"main.cf": "\n".join(lines) + "\n"}
    if ports:
        texts["master.cf"] = "".join(services)
    notes = tuple(dict.fromkeys(files.not_expressed))
    return Exported({**texts, **files.tables}, notes)


def _service(number: int, options: Mapping[str, str]) -> str:
    """The lines of master.cf for a port."""
    settings = (f"  -o {{ {name} = {value} }}\n" for name, value in options.items())
    return f"{SERVICES[number]:11} inet n - - - - smtpd\n{''.join(settings)}"


def _parameters(files: _Files) -> dict[str, str]:
    """The parameters that a policy comes to; tables are kept in *files*."""
    policy = files.policy
    lists = {
        parameter: ", ".join(filter(None, (_text(files, r) for r in getattr(policy, stage))))
        for stage, parameter in LISTS.items()
    }
    if not any(r.name in REQUIRED for r in (*policy.relay, *policy.recipient)):
        relay = lists["smtpd_relay_restrictions"].removesuffix("permit").rstrip(", ")
        lists["smtpd_relay_restrictions"] = ", ".join(filter(None, (relay, OPEN)))
    files.not_expressed += [f"{r}: {FILTER}" for r in policy.content]
    for name, table in policy.tables.items():
        if isinstance(table, Table):
            _keep(files, name, table)
        else:
            files.tables[name] = table
    return dict(_settings(files)) | lists | files.limits


def _settings(files: _Files) -> Iterator[tuple[str, str]]:
    policy = files.policy
    yield "myhostname", policy.hostname
    yield "mydomain", policy.settings.mydomain or policy.hostname.partition(".")[2]
    yield "myorigin", policy.settings.myorigin or min(policy.domains, default=policy.hostname)
    yield "mydestination", ", ".join(sorted({*policy.domains, policy.hostname}))
    yield "mynetworks", " ".join(_bracketed(str(r)) for r in policy.network_ranges) or "127.0.0.1"
    yield "relay_domains", ", ".join(sorted(policy.relay_domains))
    yield "smtpd_sasl_auth_enable", "yes" if policy.auth_offered else "no"
    if policy.auth_offered:
        yield "smtpd_sasl_local_domain", policy.settings.smtpd_sasl_local_domain
    yield "smtpd_client_event_limit_exceptions", ""
    if policy.classes:
        yield "smtpd_restriction_classes", ", ".join(policy.classes)
        yield from policy.classes.items()
    yield "local_recipient_maps", _recipients(files)
    yield "smtpd_sender_login_maps", _owners(files)
    settings = policy.settings
    for name, value, plain in zip(Settings._fields, settings, Settings(), strict=True):
        if value != plain and value is not None and name not in OWN_SETTINGS:
            yield name, _value(value)
    unlisted = any(r.name == "reject_unlisted_recipient" for r in policy.restrictions())
    if not unlisted:
        yield "smtpd_reject_unlisted_recipient", _value(settings.smtpd_reject_unlisted_recipient)


def _value(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _bracketed(network: str) -> str:
    if ":" not in network:
        return network
    address, _, bits = network.partition("/")
    return f"[{address}]/{bits}"


def _recipients(files: _Files) -> str:
    setting = files.policy.settings.local_recipient_maps
    if setting is not None:
        return setting
    users = mailboxes(files.policy)
    if users is None:
        return ""
    return f"texthash:{files.table('recipients', [f'{one} x' for one in users])}"


def _owners(files: _Files) -> str:
    setting = files.policy.settings.smtpd_sender_login_maps
    if setting is not None or not files.policy.owners:
        return setting or ""
    lines = [
        f"{a} {', '.join(sorted(logins))}" for a, logins in sorted(files.policy.owners.items())
    ]
    return f"texthash:{files.table('sender_logins', lines)}"


def _text(files: _Files, restriction: Restriction) -> str:
    """A restriction as main.cf has it; empty if it stands elsewhere or nowhere."""
    name = restriction.name
    if name in OWN:
        return OWN[name](files, restriction)
    if restriction.entry.own:
        files.not_expressed.append(f"{restriction}: Postfix has nothing like it")
        return ""
    if name == "restriction_class":
        return str(restriction.args[0])
    if name == "warn_if_reject" and restriction.args:
        return f"warn_if_reject {_text(files, restriction.args[0])}"
    return " ".join((name, *map(str, restriction.args)))


def _pop(files: _Files, restriction: Restriction) -> str:
    files.not_expressed.append(
        f"{restriction}: the POP server has to write addresses into {DIRECTORY}/pop_before_smtp "
        "and take them out again after that time"
    )
    return f"check_client_access texthash:{files.table('pop_before_smtp', [])}"


def _ranges(files: _Files, restriction: Restriction) -> str:
    ranges = restriction.args or files.policy.client_range_pairs
    path = files.table(f"client_ranges{len(files.tables)}", [f"{r} OK" for r in ranges])
    return f"check_client_access cidr:{path}"


def _sender_local(files: _Files, _: Restriction) -> str:
    lines = [f"/@{re.escape(domain)}$/ OK" for domain in sorted(files.policy.domains)]
    return f"check_sender_access regexp:{files.table('own_senders', lines)}"


def _sender_not_local(files: _Files, _: Restriction) -> str:
    domains = "|".join(re.escape(domain) for domain in sorted(files.policy.domains))
    lines = ["/^<>$/ DUNNO", f"/@({domains})$/ DUNNO", "/./ REJECT"]
    return f"check_sender_access regexp:{files.table('foreign_senders', lines)}"


def _limit(parameter: str) -> Callable[[_Files, Restriction], str]:
    def limit(files: _Files, restriction: Restriction) -> str:
        most = restriction.args[0]
        files.limits[parameter] = f"{getattr(most, 'most', most):g}"
        if hasattr(most, "window"):
            files.limits["anvil_rate_time_unit"] = f"{most.window:g}s"
        return ""

    return limit


def _greylist(files: _Files, restriction: Restriction) -> str:
    files.not_expressed.append(
        f"{restriction}: postgrey has to listen at 127.0.0.1:10023 (--delay)"
    )
    return "check_policy_service { inet:127.0.0.1:10023, default_action=DUNNO }"


def _login_or_refused(files: _Files, restriction: Restriction) -> str:
    files.not_expressed.append(
        f"{restriction}: as permit_sasl_authenticated, reject: it ends its list"
    )
    return "permit_sasl_authenticated, reject"


OWN: Mapping[str, Callable[[_Files, Restriction], str]] = {
    "permit_pop_before_smtp": _pop,
    "permit_client_ranges": _ranges,
    "permit_sender_local": _sender_local,
    "reject_sender_not_local": _sender_not_local,
    "reject_unauthenticated": _login_or_refused,
    "limit_connections": _limit("smtpd_client_connection_count_limit"),
    "limit_connection_rate": _limit("smtpd_client_connection_rate_limit"),
    "limit_client_rate": _limit("smtpd_client_message_rate_limit"),
    "limit_recipient_rate": _limit("smtpd_client_recipient_rate_limit"),
    "limit_auth_rate": _limit("smtpd_client_auth_rate_limit"),
    "greylist": _greylist,
}
"""Restrictions of our own, and what Postfix has for them."""


def _keep(files: _Files, name: str, table: Table) -> None:
    """Write a table of the policy out."""
    kind, _, path = name.partition(":")
    if kind in ("inline", "static") or not path.startswith("/"):
        return
    if isinstance(table, Keyed):
        colon = ":" if name in files.policy.settings.alias_maps else ""  # as aliases(5) has it
        rows = table.content.items()
        files.tables[path] = "".join(f"{key}{colon} {value}\n" for key, value in rows)
    elif isinstance(table, Cidr | Pattern):
        files.tables[path] = "".join(
            _row(kind, conditions, value) for conditions, value in table.content
        )
    elif not isinstance(table, Static):
        files.not_expressed.append(f"{name}: it could not be read")


def _row(kind: str, conditions: tuple[tuple[object, bool], ...], value: str) -> str:
    *outer, last = (("" if positive else "!") + _test(kind, test) for test, positive in conditions)
    opened = "".join(f"if {one}\n" for one in outer)
    return f"{opened}{last} {value}\n" + "endif\n" * len(outer)


def _test(kind: str, test: object) -> str:
    return patterns.text_of(test, kind) if isinstance(test, re.Pattern) else str(test)
