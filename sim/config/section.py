"""A policy as the section of a server in a scenario file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sim.scenario.directories import KINDS
from sim.smtp import Policy, Restriction, Settings
from sim.smtp.restrictions import STAGES
from sim.smtp.tables import Cidr, Keyed, Ordered, Static

NAME = "mail"
PORT_KEYS = (*STAGES, "auth_offered")
"""What a scenario says of port 587 apart."""


def section(policies: Mapping[int, Policy]) -> str:
    """TOML of the server that answers by *policies*, one a port; comments say what is left out."""
    main = policies.get(25) or next(iter(policies.values()))
    keys = {"role": "both", "flavour": "postfix", **_keys(main)}
    submission = {
        key: value
        for key, value in _keys(policies.get(587, main)).items()
        if key in PORT_KEYS and keys.get(key) != value
    }
    if submission:
        keys["ports"] = {"587": submission}
    comments = [f"# left out, a scenario has no {what}" for what in _left_out(main)]
    lines = (f"{key} = {_toml(value)}" for key, value in keys.items())
    return "\n".join([*comments, f"[servers.{NAME}]", *lines]) + "\n"


def _keys(policy: Policy) -> dict[str, Any]:
    """What a server section says of *policy*."""
    tables = {
        name: rows
        for name, table in policy.tables.items()
        if name.partition(":")[0] in KINDS and (rows := _rows(table))
    }
    keys: dict[str, Any] = {
        "hostname": policy.hostname,
        "domains": _mail_domains(policy.domains),
        "relay_domains": _mail_domains(set(policy.relay_domains) - set(policy.domains)),
        "trusted_networks": [text for text in map(str, policy.network_ranges) if ":" not in text],
        "auth_offered": policy.auth_offered,
        **{stage: list(map(str, _reached(getattr(policy, stage)))) for stage in STAGES},
        "settings": {
            name: value
            for name, value in _settings(policy.settings)
            if all(table in tables for table in _named(name, value))
        },
        "restriction_classes": {name: value for name, value in policy.classes.items() if value},
        "tables": tables,
    }
    return {key: value for key, value in keys.items() if value not in ([], {})}


def _reached(restrictions: Iterable[Restriction]) -> Iterator[Restriction]:
    """The restrictions up to one that always decides: Postfix ignores what comes after."""
    for restriction in restrictions:
        yield restriction
        if restriction.entry.final:
            return


def _left_out(policy: Policy) -> Iterator[str]:
    """What a scenario cannot say of *policy*."""
    tables = {name for name in policy.tables if name.partition(":")[0] in KINDS}
    yield from (f"IPv6 network: {text}" for text in map(str, policy.network_ranges) if ":" in text)
    for name, value in _settings(policy.settings):
        if missing := [table for table in _named(name, value) if table not in tables]:
            yield f"such table: {name} = {' '.join(missing)}"


def _named(setting: str, value: Any) -> list[str]:
    """The tables that a setting names."""
    return value.replace(",", " ").split() if setting.endswith("_maps") else []


def _mail_domains(domains: Iterable[str]) -> list[str]:
    """The names that mail domains of a scenario may have: ``localhost`` is every server's own."""
    return sorted(domain for domain in domains if "." in domain and not domain.startswith("."))


def _settings(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name, value, plain in zip(Settings._fields, settings, Settings(), strict=True):
        if value is not None and value != plain:
            yield name, value


def _rows(table: object) -> dict[str, str]:
    """The rows of a table by key; of patterns and networks, those without conditions."""
    if isinstance(table, Keyed):
        return dict(table.content)
    if isinstance(table, Static):
        return {"*": table.content}
    if isinstance(table, str):
        return {"patterns": table}
    found: dict[str, str] = {}
    for conditions, value in table.content if isinstance(table, Ordered) else ():
        (test, wanted), *_ = reversed(conditions)
        text = str(test) if isinstance(table, Cidr) else f"/{test.pattern}/"
        found.setdefault(("" if wanted else "!") + text, value)
    return found


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
