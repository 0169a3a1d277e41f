"""A policy as the section of a server in a scenario file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sim.scenario import quantities
from sim.scenario.directories import EVERY, UNAVAILABLE, condition_key
from sim.smtp import Policy, Restriction, Settings
from sim.smtp.matching import Domains
from sim.smtp.restrictions import STAGES
from sim.smtp.tables import Keyed, Ordered, Static, Table

NAME = "mail"
DOMAIN = re.compile(quantities.DOMAIN)
LOCAL = frozenset({"localhost"})
"""A name of every server, which no scenario needs to say."""
REJECT_UNLISTED = "smtpd_reject_unlisted_recipient"
SUBMISSION = (587, 465)
"""Ports of which a scenario says apart what differs there."""


def section(policies: Mapping[int, Policy], without: Collection[str] = ()) -> str:
    """TOML of the server that answers by *policies*, one a port; *without* some settings."""
    main = policies.get(25) or next(iter(policies.values()))
    keys = {"role": "both", "flavour": "postfix", **_keys(main)}
    ports = {str(n): _port(main, policies[n]) for n in SUBMISSION if n in policies}
    if ports:
        keys["ports"] = ports
    settings = keys["settings"]
    omissions = [name for name in without if settings.pop(name, None)]
    lines = (f"{key} = {_toml(value)}" for key, value in keys.items())
    comments = (
        f"# {name}: the people of the scenario stand for what it names" for name in omissions
    )
    named = [f"[servers.{NAME}]", *comments, *lines, *_blocklists(policies.values())]
    return "\n".join(named) + "\n"


def _blocklists(policies: Iterable[Policy]) -> Iterator[str]:
    """A section for each blocklist that is asked about clients; those of good senders list none."""
    zones = {
        part.args[0].partition("=")[0]: part.name
        for policy in policies
        for part in policy.restrictions()
        if part.entry.parameters[:1] and part.entry.parameters[0].kind == "blocklist"
    }
    for zone, name in sorted(zones.items()):
        yield f"\n[blocklists.{_key(zone)}]"
        if name != "reject_rbl_client":
            yield "reports = 0.0  # it is asked for names, or for good senders: no client is on it"


def _port(main: Policy, policy: Policy) -> dict[str, Any]:
    """What a server section says of a port with *policy*, where port 25 has *main*."""
    rows = zip(Settings._fields, policy.settings, main.settings, strict=True)
    settings = {name: value for name, value, other in rows if value not in (None, other)}
    lists = {stage: _list(policy, stage) for stage in STAGES}
    keys = {stage: rules for stage, rules in lists.items() if rules != _list(main, stage)}
    more = {"settings": settings} if settings else {}
    return {**keys, "auth_offered": policy.auth_offered, **more}


def _list(policy: Policy, stage: str) -> list[str]:
    """The restrictions up to one that always decides: Postfix ignores what comes after."""
    rules: tuple[Restriction, ...] = getattr(policy, stage)
    ends = next((i for i, one in enumerate(rules) if one.entry.final), len(rules))
    return [str(one) for one in rules[: ends + 1]]


def _keys(policy: Policy) -> dict[str, Any]:
    """What a server section says of *policy*."""
    tables = {name: _rows(name, table) for name, table in policy.tables.items()}
    keys: dict[str, Any] = {
        "hostname": policy.hostname,
        "domains": mail_domains(policy),
        "relay_domains": _relay_domains(policy),
        "trusted_networks": [str(network) for network in policy.network_ranges],
        "auth_offered": policy.auth_offered,
        **{s: rules for s in STAGES if (rules := _list(policy, s)) or s == "relay"},
        "settings": dict(_settings(policy)),
        "restriction_classes": {name: value for name, value in policy.classes.items() if value},
        "tables": tables,
        "policy_services": {
            name: [[dict(attributes), action] for attributes, action in rows]
            for name, rows in policy.services.items()
        },
    }
    return {key: value for key, value in keys.items() if value != {}}


def mail_domains(policy: Policy) -> list[str]:
    """The domains whose mail ends here; where tables alone tell, its own name stands for them."""
    named = (policy.domains, policy.alias_domains, policy.mailbox_domains)
    domains_found = {domain for domains in named for domain in domains if DOMAIN.fullmatch(domain)}
    return sorted(domains_found) or [policy.hostname]


def _relay_domains(policy: Policy) -> list[str]:
    own = mail_domains(policy)
    return sorted(d for d in policy.relay_domains if DOMAIN.fullmatch(d) and d not in own)


def _settings(policy: Policy) -> Iterator[tuple[str, Any]]:
    """The settings that differ from those of whoever states none, and that say more than a key."""
    plain = {
        "mydestination": _are_plain(policy.domains, mail_domains(policy)),
        "relay_domains": _are_plain(policy.relay_domains, _relay_domains(policy)),
        "mynetworks": policy.own_networks.plain,
    }
    yield REJECT_UNLISTED, policy.settings.smtpd_reject_unlisted_recipient
    for name, value, unset in zip(Settings._fields, policy.settings, Settings(), strict=True):
        if value not in (None, unset) and not plain.get(name) and name != REJECT_UNLISTED:
            yield name, value


def _are_plain(domains: Collection[str], texts: Collection[str]) -> bool:
    """Whether *domains* are just those that a section says by a key of its own."""
    items = domains.items if isinstance(domains, Domains) else ()
    names = all(positive and isinstance(item, str) for positive, item in items)
    return names and {*domains} - LOCAL == {*texts}


def _rows(name: str, table: Table | str) -> dict[str, str] | str:
    """The rows of a table by key, or the text of a file."""
    if isinstance(table, str):
        return table
    if isinstance(table, Keyed):
        return dict(table.content)
    if isinstance(table, Static):
        return {EVERY: table.content}
    if not isinstance(table, Ordered):
        return UNAVAILABLE
    rows: dict[str, str] = {}
    for conditions, value in table.content:
        rows.setdefault(condition_key(name.partition(":")[0], conditions), value)
    return rows


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(text: str) -> str:
    return text if text.replace("_", "").replace("-", "").isalnum() else json.dumps(text)
