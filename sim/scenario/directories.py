"""What a server looks up: its settings, its tables, and what its short keys put into them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from sim.scenario.errors import nearest, shown
from sim.scenario.problems import Problem
from sim.scenario.servers import Server
from sim.smtp import PolicyError, Restriction
from sim.smtp.settings import Settings
from sim.smtp.tables import Cidr, Keyed, Table

ALIASES, RELAY_RECIPIENTS = "hash:aliases", "hash:relay_recipients"
"""Tables that the keys of these names make."""
KNOWN = Settings._fields
KINDS = ("hash", "texthash", "inline", "lmdb", "btree", "cidr")
"""Kinds of tables that a scenario can hold."""
VIRTUAL = ("alias", "mailbox")
"""Kinds of virtual domains."""
DOMAIN_NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
A_TABLE = "the name of one of its tables"
_BARE = re.compile(r"(check_\w+_access)\(\s*([\w./-]+)\s*\)")


def settings(server: Server) -> Settings:
    """The settings of *server*; raises PolicyError for a value of another type."""
    stated = {name: _text(name, value) for name, value in server.settings.items()}
    if server.aliases:
        stated["virtual_alias_maps"] = f"{ALIASES} {stated.get('virtual_alias_maps', '')}".strip()
    if server.relay_recipients:
        stated.setdefault("relay_recipient_maps", RELAY_RECIPIENTS)
    return Settings.of(stated)


def virtual_domains(server: Server) -> list[str]:
    """The domains that its settings call virtual, by name."""
    texts = [str(server.settings.get(f"virtual_{kind}_domains", "")) for kind in VIRTUAL]
    found = [word.lower() for text in texts for word in re.split(r"[\s,]+", text)]
    return [word for word in found if DOMAIN_NAME.fullmatch(word)]


def tables(server: Server) -> dict[str, Table | str]:
    """The tables of *server* by name and kind; raises ValueError for a key that is no network."""
    made: dict[str, Table | str] = {}
    for name, rows in server.tables.items():
        made[typed(name)] = _table(typed(name), rows)
    if server.aliases:
        made[ALIASES] = _keyed({address: _listed(to) for address, to in server.aliases.items()})
    if server.relay_recipients:
        made[RELAY_RECIPIENTS] = _keyed(dict.fromkeys(server.relay_recipients, "known"))
    return made


def typed(name: str) -> str:
    """The name of a table with its kind: hash, unless it says another."""
    return name if ":" in name else f"hash:{name}"


def restriction(text: str) -> str:
    """A restriction as it is parsed: each table with its kind."""
    return _BARE.sub(lambda found: f"{found[1]}({typed(found[2])})", text)


def problems(server: Server) -> Iterator[Problem]:
    """What is wrong with the settings and tables of *server* by themselves."""
    for name, value in server.settings.items():
        yield from _setting(server, name, value)
    for name, rows in server.tables.items():
        yield from _rows(name, rows)


def missing(server: Server, stage: str, listed: tuple[Restriction, ...]) -> Iterator[Problem]:
    """Restrictions of a list that ask tables which *server* does not have."""
    names = _names(server)
    for index, one in enumerate(listed):
        for part in one.parts():
            parameters = part.entry.parameters
            if parameters[:1] and parameters[0].kind == "table" and part.args[0] not in names:
                yield _no_table((stage, index), part.args[0], names)


def _names(server: Server) -> set[str]:
    own = {ALIASES: server.aliases, RELAY_RECIPIENTS: server.relay_recipients}
    return {*map(typed, server.tables), *(name for name, rows in own.items() if rows)}


def _no_table(path: tuple[str | int, ...], name: str, names: Collection[str]) -> Problem:
    bare = name.removeprefix("hash:")
    near = nearest(bare, [known.removeprefix("hash:") for known in names])
    return Problem(path, shown(bare), A_TABLE, near)


def _setting(server: Server, name: str, value: Any) -> Iterator[Problem]:
    path = "settings", name
    if name not in KNOWN:
        near = nearest(name, KNOWN)
        yield Problem(path, "unknown setting", "a parameter that the reference names", near)
        return
    try:
        text = _text(name, value)
        Settings.of({name: text})
    except PolicyError as error:
        yield Problem(path, shown(value), error.expected)
        return
    names = _names(server)
    for table in text.split() if name.endswith("_maps") else ():
        if table not in names:
            yield _no_table(path, table, names)


def _rows(name: str, rows: Mapping[str, str]) -> Iterator[Problem]:
    kind = typed(name).partition(":")[0]
    if kind not in KINDS:
        yield Problem(("tables", name), shown(kind), f"a table of kind {' or '.join(KINDS)}")
    for key in rows if kind == "cidr" else ():
        try:
            ip_network(key)
        except ValueError:
            path = "tables", name, key
            yield Problem(path, shown(key), "a network such as '192.0.2.0/24'")


def _table(name: str, rows: Mapping[str, str]) -> Table:
    if name.startswith("cidr:"):
        return Cidr(tuple((((ip_network(key), True),), value) for key, value in rows.items()))
    return _keyed(rows)


def _keyed(rows: Mapping[str, str]) -> Keyed:
    return Keyed({key.lower(): value for key, value in rows.items()})


def _listed(to: str | tuple[str, ...]) -> str:
    return to if isinstance(to, str) else ", ".join(to)


def _text(name: str, value: Any) -> str:
    """A value as main.cf has it, each table that it names with its kind."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, (int, str)):
        raise PolicyError(name, value=shown(value), expected="true, false, a number or text")
    text = str(value)
    if name.endswith("_maps"):
        return " ".join(map(typed, re.split(r"[\s,]+", text.strip()))) if text.strip() else ""
    return text
