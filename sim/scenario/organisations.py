"""The keys of ``[organisations.NAME]``, and the names that stand for ranges of addresses.

The servers of an organisation have its domains and trust its networks, unless they say otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from sim.scenario.errors import nearest, one_of, value_text
from sim.scenario.keys import Table, key
from sim.scenario.problems import Problem, unknown, unknowns
from sim.scenario.quantities import DOMAIN, NAME, Domains, Name, Names, described, read_network
from sim.scenario.trees import Tree, table

SECTION, RANGES = "organisations", "trusted_ranges"
NAMING = ("trusted_networks", "client_ranges")
"""Keys of a server whose entries may be names of ranges."""
A_RANGE = "a network such as '192.0.2.0/24', or "


def _range(text: str) -> str:
    return text if re.fullmatch(NAME, text) else str(read_network(text))


NamedRange = Annotated[
    str, Field(max_length=63), AfterValidator(_range), described("network or name", "192.0.2.0/24")
]
"""A prefix, or the name of a network."""
NamedRanges = Annotated[tuple[NamedRange, ...], Field(strict=False, max_length=1000)]


class Organisation(Table):
    """An organisation: networks, domains, servers and trusted ranges that belong together."""

    networks: Names = key([])
    """its networks, in which its servers stand; a server without trusted_networks of its own trusts
    all of them"""
    servers: Names = key([])
    """its servers that stand in networks of others"""
    domains: Domains = key([])
    """mail domains that its servers process besides those of the networks they stand in"""
    trusted_ranges: dict[Name, NamedRanges] = key({}, max_length=1000, policy=True)
    """ranges of addresses by name, each of prefixes and names of networks: trusted_networks and
    client_ranges may name them, as they may name a network, or an organisation for all of its
    networks"""


# ---- what names stand for


def prefixes(source: Tree, networks: Any) -> dict[str, list[Any]]:
    """By name, the prefixes of each network, organisation and trusted range of *source*, without
    what is malformed."""
    of_networks = {name: _listed(table(networks, name), "prefixes") for name in _keys(networks)}
    names = dict(of_networks)
    for organisation, keys in _organisations(source):
        members = _listed(keys, "networks")
        names[organisation] = [p for name in members for p in of_networks.get(str(name), ())]
        for name in table(keys, RANGES):
            items = (
                i for i in _listed(table(keys, RANGES), name) if i in of_networks or _is_prefix(i)
            )
            names[name] = [p for item in items for p in of_networks.get(item, (item,))]
    return names


def written_out(items: Any, names: Mapping[str, list[Any]]) -> Any:
    """A list of ranges with prefixes in the place of names; as it is where one is none of *names*
    and no prefix, so that faults tell its place."""
    if not isinstance(items, list) or not any(_known(item, names) for item in items):
        return items
    if not all(_known(item, names) or _is_prefix(item) for item in items):
        return items
    every = (names[item] if _known(item, names) else [item] for item in items)
    return list(dict.fromkeys(prefix for some in every for prefix in some))


def owners(source: Tree, servers: Mapping[str, Tree]) -> dict[str, Tree]:
    """The organisation of each server that has one."""
    by_network: dict[str, Tree] = {}
    by_server: dict[str, Tree] = {}
    for _, keys in _organisations(source):
        by_network |= dict.fromkeys(map(str, _listed(keys, "networks")), keys)
        by_server |= dict.fromkeys(map(str, _listed(keys, "servers")), keys)
    of_network = {
        name: by_network[network]
        for name, keys in servers.items()
        if (network := str(keys.get("network"))) in by_network
    }
    return of_network | {name: keys for name, keys in by_server.items() if name in servers}


def derived(owner: Tree, network: Tree, names: Mapping[str, list[Any]]) -> Tree:
    """The domains and trusted networks of a server in *network*, of an organisation *owner*."""
    own_domains = [network["domain"]] if "domain" in network else []
    others = (name for name in _listed(owner, "domains") if re.fullmatch(DOMAIN, name))
    own = _listed(network, "prefixes")
    trusted = [p for name in _listed(owner, "networks") for p in names.get(str(name), ())] or own
    defaults = ("domains", [*own_domains, *others]), ("trusted_networks", trusted)
    return {name: list(dict.fromkeys(values)) for name, values in defaults if values}


# ---- what is wrong


def problems(
    organisations: Mapping[str, Organisation],
    names: Mapping[str, list[str]],
    domains: Mapping[str, str | None],
) -> Iterator[Problem]:
    """What is wrong between organisations; *names* are all of each section, and *domains* those of
    the networks."""
    ranges = Counter(name for keys in organisations.values() for name in keys.trusted_ranges)
    claimed: dict[tuple[str, str], str] = {
        ("domains", domain): f"networks.{network}" for network, domain in domains.items() if domain
    }
    for owner, keys in organisations.items():
        place = SECTION, owner
        if owner in names["networks"]:
            yield Problem(place, value_text(owner), "a name that no network has")
        for field in ("networks", "servers"):
            yield from unknowns(getattr(keys, field), names[field], *place, field)
        for field in ("networks", "servers", "domains"):
            for index, item in enumerate(getattr(keys, field)):
                other = claimed.setdefault((field, item), owner)
                if other != owner:
                    expected = f"one that {other} does not have"
                    yield Problem((*place, field, index), value_text(item), expected)
        for name, items in keys.trusted_ranges.items():
            if ranges[name] > 1 or name in (*names["networks"], *organisations):
                expected = "a name that no other range, network or organisation has"
                yield Problem((*place, RANGES, name), value_text(name), expected)
            for index, item in enumerate(items):
                if re.fullmatch(NAME, item):
                    yield from unknown(item, names["networks"], *place, RANGES, name, index)


def unknown_range(problem: Problem, raw: Tree, names: Mapping[str, list[Any]]) -> Iterator[Problem]:
    """A problem of a list of ranges in *raw*: with the nearest name where the entry is no prefix;
    none where it is one of *names*, which only another entry keeps from being written out."""
    *_, field, index = problem.path
    item = raw[str(field)][index]
    if not isinstance(item, str) or not re.fullmatch(NAME, item):
        yield problem
    elif item not in names:
        yield problem._replace(expected=A_RANGE + one_of(names), nearest=nearest(item, names))


def _organisations(source: Tree) -> Iterator[tuple[str, Tree]]:
    every = table(source, SECTION)
    return ((name, keys) for name, keys in every.items() if isinstance(keys, dict))


def _keys(tables: Any) -> list[str]:
    return [name for name, keys in tables.items() if keys] if isinstance(tables, dict) else []


def _listed(keys: Tree, name: str) -> list[Any]:
    """A list of a table; an empty one where there is none."""
    items = keys.get(name)
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else []


def _known(item: Any, names: Mapping[str, list[Any]]) -> bool:
    return isinstance(item, str) and item in names


def _is_prefix(item: Any) -> bool:
    """Whether an entry of a list is a prefix as a file writes it."""
    try:
        read_network(item)
    except ValueError:
        return False
    return True
