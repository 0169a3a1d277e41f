"""A policy as the section of a server in a scenario file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sim.smtp import Policy, Settings
from sim.smtp.restrictions import STAGES
from sim.smtp.tables import Cidr, Keyed, Ordered, Static

NAME = "mail"


def section(policies: Mapping[int, Policy]) -> str:
    """TOML of the server that answers by *policies*, one a port."""
    main = policies.get(25) or next(iter(policies.values()))
    keys = {"role": "both", "flavour": "postfix", **_keys(main)}
    ports = {
        str(number): {k: v for k, v in _keys(policy).items() if keys.get(k) != v}
        for number, policy in policies.items()
        if policy is not main
    }
    if ports:
        keys["ports"] = ports
    return "\n".join([f"[servers.{NAME}]", *(f"{k} = {_toml(v)}" for k, v in keys.items())]) + "\n"


def _keys(policy: Policy) -> dict[str, Any]:
    """What a server section says of *policy*."""
    keys: dict[str, Any] = {
        "hostname": policy.hostname,
        "domains": sorted(policy.domains),
        "relay_domains": sorted(policy.relay_domains),
        "trusted_networks": list(map(str, policy.network_ranges)),
        "auth_offered": policy.auth_offered,
        **{stage: list(map(str, getattr(policy, stage))) for stage in STAGES},
        "settings": dict(_settings(policy.settings)),
    }
    classes = {name: value for name, value in policy.classes.items() if value}
    tables = {name: rows for name, table in policy.tables.items() if (rows := _rows(table))}
    more = {"restriction_classes": classes, "tables": tables}
    return {key: value for key, value in {**keys, **more}.items() if value not in ([], {})}


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
