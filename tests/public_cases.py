"""Public cases in our names: the only module that knows which name is whose."""

from __future__ import annotations

import re
from dataclasses import fields
from ipaddress import ip_address, ip_network
from typing import Any

import sim
from sim.smtp import Facts, Names, Policy, Settings, clients, restrictions
from sim.smtp.postfix import Served
from sim.smtp.tables import Keyed

SERVER = clients.number("198.51.100.25")
SETTINGS = frozenset(Settings._fields)
UNSAID = frozenset({"relay_list_unused", "seen_as", "greylist_key"})
"""Keys of a policy that are facts of its sessions here, or need no saying."""
WORDS = {"limit_client_recipient_rate": "limit_recipient_rate"}
"""Restrictions that are called otherwise here."""
TABLE = re.compile(r"(check_\w+_access)\((\w+)\)")
"""A table without a kind, which has one here."""
FACTS = {"name": "client_name"}
"""Keys of a session that `Facts` calls otherwise."""
SAID = frozenset(
    {"client", "sender", "rcpt", "expect", "port", "seen_as", "known_domains", "first_seen"}
)


class UnsaidError(Exception):
    """A case needs what cannot be said."""


def policies(case: dict[str, Any]) -> dict[int, Policy]:
    """The policy of each port of a case."""
    stated = dict(case["policy"])
    ports = stated.pop("ports", {})
    return {
        25: _policy(stated),
        **{int(port): _policy({**stated, **own}) for port, own in ports.items()},
    }


def _policy(stated: dict[str, Any]) -> Policy:
    known = {field.name for field in fields(Policy)}
    values: dict[str, Any] = {"address": SERVER, "tables": {}, "settings": {}}
    for key, value in stated.items():
        if key == "aliases":
            values["tables"]["hash:aliases"] = _keyed(value)
            values["settings"]["virtual_alias_maps"] = "hash:aliases"
        elif key == "tables":
            values["tables"] |= {f"hash:{name}": _keyed(rows) for name, rows in value.items()}
        elif key in known:
            values[key] = _value(key, value)
        elif key in SETTINGS:
            values["settings"][key] = value
        elif key not in UNSAID:
            raise UnsaidError(f"a policy has no {key}")
    values["settings"] = Settings(**values["settings"])
    return (Served if stated.get("flavour") == "postfix" else Policy)(**values)


def _keyed(rows: dict[str, Any]) -> Keyed:
    return Keyed({k.lower(): v if isinstance(v, str) else ", ".join(v) for k, v in rows.items()})


def _said(restriction: str) -> str:
    name, bracket, rest = restriction.partition("(")
    return TABLE.sub(r"\1(hash:\2)", WORDS.get(name, name) + bracket + rest)


def _value(key: str, value: Any) -> Any:
    if key in restrictions.STAGES:
        return tuple(restrictions.parse(_said(text)) for text in value)
    if key in ("networks", "client_ranges"):
        return tuple(map(ip_network, value))
    if key == "mailboxes":
        return None if value == "(all)" else frozenset(value)
    if key == "login_owns":
        return {login: frozenset(owned) for login, owned in value.items()}
    return frozenset(value) if isinstance(value, list) else value


def facts(case: dict[str, Any], session: dict[str, Any]) -> Facts:
    """What the server knows in a session of a case."""
    seen_as = case["policy"].get("seen_as", {})
    address = session.get("seen_as") or _seen(session["client"], seen_as)
    values: dict[str, Any] = {}
    for key, value in session.items():
        name = FACTS.get(key, key)
        if key in SAID:
            continue
        if name not in Facts._fields:
            raise UnsaidError(f"facts have no {key}")
        values[name] = tuple(value) if isinstance(value, list) else value
    if "known_domains" in session:
        values["names"] = Names.resolving(session["known_domains"])
    if "first_seen" in session:
        key = case["policy"].get("greylist_key", "address")
        values["greylist_age"] = _first_seen(session["first_seen"], address, key)
    return Facts(clients.number(address), session["sender"] or None, session["rcpt"], **values)


def _first_seen(ages: dict[str, float], client: str, key: str) -> float | None:
    """The age of a greylist's entry that holds for *client*: by address, or by its network."""
    bits = 32 if key == "address" else 24
    network = ip_network(f"{client}/{bits}", strict=False)
    return max((age for a, age in ages.items() if ip_address(a) in network), default=None)


def _seen(client: str, seen_as: dict[str, str]) -> str:
    """The address that the server sees of *client*; the smallest network of *seen_as* counts."""
    number = clients.number(client)
    ranges = {clients.Range.of(network): shown for network, shown in seen_as.items()}
    around = [one for one in ranges if one.first <= number <= one.last]
    return ranges[min(around, key=lambda one: one.last - one.first)] if around else client


def ask(scenario_text: str, ask: dict[str, Any]) -> dict[str, Any]:
    """What a scenario answers, under the keys of `expect_...`."""
    asked = {key: value for key, value in ask.items() if not key.startswith("expect_")}
    explained = sim.loads(scenario_text).explain(**asked)
    verdict = explained.journey.last.verdict
    helping = [change.key for one in explained.advice if one.helps for change in one.changes]
    others = [change.key for one in explained.advice if not one.helps for change in one.changes]
    return {
        "expect_outcome": explained.outcome,
        "expect_code": verdict.code if verdict else 0,
        "expect_kind": verdict.kind if verdict else "unreachable",
        "expect_rule": verdict.rule if verdict else "",
        "expect_helps": helping,
        "expect_helps_not": [key for key in others if key not in helping],
        "expect_isp_helps": any(one.helps and one.by == "ISP" for one in explained.advice),
    }
