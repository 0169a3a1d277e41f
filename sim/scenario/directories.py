"""What a server looks up: its settings, its tables, and what its short keys put into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from sim.scenario.errors import nearest, value_text
from sim.scenario.problems import Problem
from sim.scenario.servers import Server
from sim.smtp import PolicyError, Restriction, patterns
from sim.smtp.clients import Network
from sim.smtp.matching import words
from sim.smtp.settings import Settings
from sim.smtp.tables import Cidr, Keyed, Pattern, Static, Table, Unreadable

ALIASES, RELAY_RECIPIENTS = "hash:aliases", "hash:relay_recipients"
"""Tables that the keys of these names make."""
SETTINGS = Settings._fields
KEYED = (
    *("hash", "texthash", "inline", "lmdb", "btree", "cdb", "dbm", "sdbm", "unix", "nis"),
    *("mysql", "pgsql", "sqlite", "ldap", "tcp", "socketmap", "memcache"),
)
"""Kinds of tables of keys and values; of those that ask another program, what it would answer."""
KINDS = (*KEYED, "static", "cidr", *patterns.KINDS)
"""Kinds of tables that a scenario can hold."""
VIRTUAL = ("alias", "mailbox")
"""Kinds of virtual domains."""
DOMAIN_NAME = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
UNAVAILABLE = "unavailable"
"""What stands instead of the rows of a table that cannot be looked up."""
EVERY = "*"
"""The only key of a table in which every key has the same value."""
AND = "&&"
"""What joins the conditions of one row of networks or patterns."""
A_TABLE = "the name of one of its tables"
_BARE = re.compile(r"(check_\w+_access)\(\s*([\w.-][\w./-]*)\s*\)")


def settings(server: Server) -> Settings:
    """The settings of *server*; raises PolicyError for a value of another type."""
    values = {name: _text(name, value) for name, value in server.settings.items()}
    if server.aliases:
        values["virtual_alias_maps"] = f"{ALIASES} {values.get('virtual_alias_maps', '')}".strip()
    if server.relay_recipients:
        values.setdefault("relay_recipient_maps", RELAY_RECIPIENTS)
    return Settings.of(values)


def virtual_domains(server: Server) -> list[str]:
    """The domains that its settings call virtual, by name."""
    texts = [str(server.settings.get(f"virtual_{kind}_domains", "")) for kind in VIRTUAL]
    words = [word.lower() for text in texts for word in re.split(r"[\s,]+", text)]
    return [word for word in words if DOMAIN_NAME.fullmatch(word)]


def tables(server: Server) -> dict[str, Table | str]:
    """The tables of *server* by name and kind; raises ValueError for a key that is no network."""
    result = {typed(name): _table(typed(name), rows) for name, rows in server.tables.items()}
    if server.aliases:
        result[ALIASES] = _keyed({address: _listed(to) for address, to in server.aliases.items()})
    if server.relay_recipients:
        result[RELAY_RECIPIENTS] = _keyed(dict.fromkeys(server.relay_recipients, "known"))
    return result


def typed(name: str) -> str:
    """The name of a table with its kind: hash, unless it says another or is a file of text."""
    return name if ":" in name or name.startswith("/") else f"hash:{name}"


def restriction(text: str) -> str:
    """A restriction as it is parsed: each table with its kind."""
    return _BARE.sub(lambda match: f"{match[1]}({typed(match[2])})", text)


def problems(server: Server) -> Iterator[Problem]:
    """What is wrong with the settings and tables of *server* by themselves."""
    yield from wrong_settings(server, server.settings)
    for name, rows in server.tables.items():
        yield from _rows(name, rows)


def wrong_settings(server: Server, values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the settings that *server* states on all ports or one."""
    for name, value in values.items():
        yield from _setting(server, name, value)


def missing(server: Server, stage: str, listed: tuple[Restriction, ...]) -> Iterator[Problem]:
    """Restrictions of a list that ask tables which *server* does not have."""
    names = _names(server)
    for index, one in enumerate(listed):
        for part in one.parts():
            parameters = part.entry.parameters
            if parameters[:1] and parameters[0].kind == "table":
                table = part.args[0].removeprefix("proxy:")
                if table not in names:
                    yield _no_table((stage, index), table, names)


def _names(server: Server) -> set[str]:
    own = {ALIASES: server.aliases, RELAY_RECIPIENTS: server.relay_recipients}
    return {*map(typed, server.tables), *(name for name, rows in own.items() if rows)}


def _no_table(path: tuple[str | int, ...], name: str, names: Collection[str]) -> Problem:
    bare = name.removeprefix("hash:")
    near = nearest(bare, [table_name.removeprefix("hash:") for table_name in names])
    return Problem(path, value_text(bare), A_TABLE, near)


def _setting(server: Server, name: str, value: Any) -> Iterator[Problem]:
    path = "settings", name
    if name not in SETTINGS:
        near = nearest(name, SETTINGS)
        yield Problem(path, "unknown setting", "a parameter that the reference names", near)
        return
    try:
        text = _text(name, value)
        Settings.of({name: text})
    except PolicyError as error:
        yield Problem(path, value_text(value), error.expected)
        return
    names = _names(server)
    for table in words(text) if name.endswith("_maps") else ():
        if table.removeprefix("proxy:") not in names:
            yield _no_table(path, table, names)


def _rows(name: str, rows: Mapping[str, str] | str) -> Iterator[Problem]:
    kind, colon, _ = typed(name).partition(":")
    path = "tables", name
    if isinstance(rows, str):
        if colon and rows != UNAVAILABLE:
            yield Problem(path, value_text(rows), f"keys and values, or {UNAVAILABLE!r}")
    elif kind not in KINDS:
        expected = f"a table of kind {' or '.join(KINDS)}" if colon else "the text of a file"
        yield Problem(path, value_text(kind), expected)
    elif kind in READERS:
        for key in rows:
            try:
                READERS[kind](key)
            except ValueError as error:
                yield Problem((*path, key), value_text(key), f"{EXPECTED[kind]} ({error})")


def _table(name: str, rows: Mapping[str, str] | str) -> Table | str:
    kind, colon, _ = name.partition(":")
    if isinstance(rows, str):
        return Unreadable(f"open {name}") if colon else rows
    if {*rows} == {EVERY}:
        return Static(rows[EVERY])
    if kind in READERS:
        kind_of_table = Cidr if kind == "cidr" else Pattern
        return kind_of_table(tuple((READERS[kind](key), value) for key, value in rows.items()))
    return _keyed(rows)


def _networks(key: str) -> tuple[tuple[Network, bool], ...]:
    """The networks that a key of a cidr table joins, and whether to be in each."""
    parts = (part.strip() for part in key.split(AND))
    return tuple((ip_network(part.lstrip("! ")), part[:1] != "!") for part in parts)


def _patterns(kind: str) -> Callable[[str], tuple[tuple[re.Pattern[str], bool], ...]]:
    """What reads the patterns that a key of a table of *kind* joins, and whether to match each."""

    def read(key: str) -> tuple[tuple[re.Pattern[str], bool], ...]:
        condition = patterns.condition(key, kind)
        test = (condition.pattern, condition.positive)
        if not condition.rest:
            return (test,)
        if not condition.rest.startswith(AND):
            raise ValueError(f"{condition.rest[:40]}: {AND} expected")
        return (test, *read(condition.rest.removeprefix(AND).strip()))

    return read


READERS: Mapping[str, Callable[[str], Any]] = {
    "cidr": _networks,
    **{kind: _patterns(kind) for kind in patterns.KINDS},
}
"""How the keys of tables are read whose rows are conditions."""
EXPECTED = {
    "cidr": "a network such as '192.0.2.0/24'",
    **dict.fromkeys(patterns.KINDS, "a pattern such as '/^bulk/i'"),
}


def condition_key(kind: str, conditions: Iterable[tuple[Any, bool]]) -> str:
    """The key by which a scenario writes a row of networks or patterns."""
    tests = (
        (patterns.text_of(test, kind) if kind in patterns.KINDS else str(test), positive)
        for test, positive in conditions
    )
    return f" {AND} ".join(("" if positive else "!") + text for text, positive in tests)


def _keyed(rows: Mapping[str, str]) -> Keyed:
    return Keyed({key.lower(): value for key, value in rows.items()})


def _listed(to: str | tuple[str, ...]) -> str:
    return to if isinstance(to, str) else ", ".join(to)


def _text(name: str, value: Any) -> str:
    """A value as main.cf has it, each table that it names with its kind."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, (int, str)):
        raise PolicyError(name, value=value_text(value), expected="true, false, a number or text")
    text = str(value)
    if name.endswith("_maps"):
        return " ".join(map(typed, words(text)))
    return text
