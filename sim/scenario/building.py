"""From a tree to a scenario with all its arms, or to everything wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sim.scenario import checking, expectations, overriding, policies
from sim.scenario.checking import Parts
from sim.scenario.errors import Fault, ScenarioError, dotted, nearest, one_of, shown
from sim.scenario.expectations import Expect
from sim.scenario.filling import default_path, expanded, table
from sim.scenario.found import NAMES, Found, Path, validate
from sim.scenario.model import (
    MOST_ARMS,
    MOST_EXPECTED,
    MOST_GROUPS,
    MOST_NETWORKS,
    MOST_SERVERS,
    Head,
    Scenario,
)
from sim.scenario.quantities import NAME
from sim.scenario.reading import Tree
from sim.scenario.servers import Server

MOST_FAULTS = 100
"""Faults that are told one by one; more are only counted."""

MOST_NAMES = {
    "networks": MOST_NETWORKS,
    "users": MOST_GROUPS,
    "spammers": MOST_GROUPS,
    "servers": MOST_SERVERS,
}
NEEDED = ("networks", "users", "arms")
HEADS = tuple(name for name in Head.model_fields if name not in ("extends", "defaults"))
ARM_NAME = "a name of 1 to 100 printable characters, without slashes"
FileOf = Callable[[Path], str]


def scenario(source: Tree, name: str, file_of: FileOf | None = None) -> Scenario:
    """Return the scenario of a tree; raises ScenarioError with every fault.

    *name* is how messages call its file; *file_of* tells which file of a chain said what.
    """
    parts, found = _parts(source, expanded(source))
    found += _of_arms_and_expectations(source)
    ready = None if found else _made(parts, source, name)
    arms, of_arms = _arms(source, parts, {(f.path, f.value) for f in found})
    found += of_arms
    if ready is None or found:
        raise ScenarioError(_faults(source, found, file_of or (lambda _: name)))
    for arm, changed in arms.items():
        if changed is not None:
            ready._arms[arm] = _made(changed, source, name)
    found = list(expectations.faults(ready))
    if found:
        raise ScenarioError(_faults(source, found, file_of or (lambda _: name)))
    return ready


def overridden(source: Tree, overrides: Mapping[str, Any], name: str) -> Scenario:
    """Return the scenario of *source* with *overrides*; raises ScenarioError."""
    changed, _, found = overriding.apply(source, overrides, heads=HEADS)
    if found:
        raise ScenarioError(Fault(name, str(f.path[0]), *f[1:]) for f in found)
    return scenario(changed, name)


def _made(parts: Parts, source: Tree, name: str) -> Scenario:
    head = {key: getattr(parts.head, key) for key in Head.model_fields}
    arms = {arm: dict(overriding.flat(given)) for arm, given in source["arms"].items()}
    made = Scenario.model_construct(
        **head
        | {section: getattr(parts, section) for section in MOST_NAMES}
        | {"arms": arms, "base": head["base"] or next(iter(arms))}
        | {"expect": tuple(map(Expect.model_validate, source.get("expect", [])))}
    )
    made._file, made._source = name, source
    return made


def _parts(
    source: Tree, full: Tree, known: tuple[Tree, Parts] | None = None
) -> tuple[Parts, list[Found]]:
    """Check *full*, the expanded *source*; what equals a *known* tree is not checked again."""
    before, good = known or ({}, Parts())
    parts = Parts(names={section: list(table(full, section)) for section in MOST_NAMES})
    parts.head, found = _head(source)
    unchanged: list[str] = []
    for section, most in MOST_NAMES.items():
        model, made = overriding.MODELS[section], getattr(parts, section)
        found += _section(full, section, most)
        for name, raw in list(table(full, section).items())[:most]:
            same = getattr(good, section).get(name)
            if same is not None and raw == table(before, section)[name]:
                made[name] = same
                unchanged += [name] if section == "servers" else []
                continue
            value, wrong = validate(model, raw)
            if not re.fullmatch(NAME, name):
                wrong = [Found((), "", NAMES), *wrong]
            found += [f.within(section, name) for f in wrong]
            if not wrong:
                made[name] = value
    found = [_without_address(f, full) for f in found] + _defaults(source)
    return parts, found + list(checking.faults(parts, unchanged))


def _head(source: Tree) -> tuple[Head | None, list[Found]]:
    fields = Head.model_fields
    head, found = validate(Head, {key: source[key] for key in fields if key in source})
    valid = list(Scenario.model_fields)
    found += [
        Found((key,), "unknown key", one_of(valid), nearest(key, valid))
        for key in source
        if key not in valid
    ]
    return head, found


def _section(full: Tree, section: str, most: int) -> list[Found]:
    given = full.get(section, {})
    if not isinstance(given, dict):
        return [Found((section,), shown(given), "a table")]
    if len(given) > most:
        return [Found((section,), f"{len(given)} tables", f"at most {most}")]
    if not given and section in NEEDED:
        return [Found((section,), "missing", f"at least one [{section}.NAME]")]
    return []


def _defaults(source: Tree) -> list[Found]:
    """Faults of ``[defaults]``, told there and not once for each server."""
    found: list[Found] = []
    for role, keys in table(source, "defaults").items():
        if isinstance(keys, dict) and role in ("submission", "mx", "both"):
            sample: Tree = {"role": role, "network": "n", "address": "192.0.2.1"}
            value, wrong = validate(Server, sample | keys)
            if value is not None:
                wrong = list(policies.faults(value))
            found += [f.within("defaults", role) for f in wrong]
    return found


def _without_address(found: Found, full: Tree) -> Found:
    section, *rest = found.path
    if section != "servers" or rest[1:] != ["address"] or found.value != "missing":
        return found
    network = table(table(full, "servers"), str(rest[0])).get("network")
    return found._replace(expected=f"an address: {shown(network)} has none free")


def _of_arms_and_expectations(source: Tree) -> list[Found]:
    arms, found = source.get("arms", {}), []
    if not isinstance(arms, dict):
        return [Found(("arms",), shown(arms), "a table")]
    if not arms:
        found.append(Found(("arms",), "missing", 'at least one [arms."NAME"]'))
    if len(arms) > MOST_ARMS:
        found.append(Found(("arms",), f"{len(arms)} arms", f"at most {MOST_ARMS}"))
    for name, overrides in arms.items():
        if not 0 < len(name) <= 100 or not name.isprintable() or set(name) & set("/\\"):
            found.append(Found(("arms", name), "", ARM_NAME))
        if not isinstance(overrides, dict):
            found.append(Found(("arms", name), shown(overrides), "a table of overrides"))
    base = source.get("base", "")
    if base and isinstance(base, str):
        found += checking.dangling(base, arms, "base")
    expect = source.get("expect", [])
    if not isinstance(expect, list):
        return [*found, Found(("expect",), shown(expect), "[[expect]] tables")]
    if len(expect) > MOST_EXPECTED:
        found.append(Found(("expect",), f"{len(expect)} tables", f"at most {MOST_EXPECTED}"))
    for index, raw in enumerate(expect[:MOST_EXPECTED]):
        _, wrong = validate(Expect, raw)
        found += [f.within("expect", index) for f in wrong]
    return found


def _arms(
    source: Tree, good: Parts, known: set[tuple[Path, str]]
) -> tuple[dict[str, Parts | None], list[Found]]:
    """The parts of each arm (None: as the base), and what is wrong with the arms alone."""
    before = expanded(source)
    made: dict[str, Parts | None] = {}
    faults: list[Found] = []
    for arm, overrides in list(table(source, "arms").items())[:MOST_ARMS]:
        if not isinstance(overrides, dict) or not overrides:
            made[arm] = None
            continue
        changed, touched, found = overriding.apply(source, overrides, arm=True)
        faults += [f._replace(path=("arms", arm, *f.path)) for f in found]
        parts, found = _parts(changed, expanded(changed), (before, good))
        faults += _attributed(arm, touched, (f for f in found if (f.path, f.value) not in known))
        made[arm] = parts
    return made, faults


def _attributed(arm: str, touched: overriding.Touched, found: Iterable[Found]) -> list[Found]:
    """Faults of an arm at the override that made them, each once."""
    told: dict[Found, None] = {}
    for fault in found:
        path = fault.path
        ends = range(len(path), 0, -1)
        selector = next((touched[path[:n]] for n in ends if path[:n] in touched), None)
        selector = selector or next((s for p, s in touched.items() if p[: len(path)] == path), None)
        if selector is None:
            value = f"{dotted(path)}: {fault.value}"
            told[fault._replace(path=("arms", arm), value=value)] = None
        else:
            told[fault._replace(path=("arms", arm, selector))] = None
    return list(told)


def _faults(source: Tree, found: list[Found], file_of: FileOf) -> list[Fault]:
    """Faults as they are told: where they were written, each once, and not too many."""
    told: dict[Fault, None] = {}
    for fault in found:
        path = fault.path
        if len(path) > 2 and path[0] == "servers":
            written = default_path(source, str(path[1]), str(path[2]))
            path = path if written is None else (*written, *path[3:])
        told[Fault(file_of(path), dotted(path), *fault[1:])] = None
    if len(told) <= MOST_FAULTS:
        return list(told)
    rest = Fault(file_of(()), "", f"{len(told) - MOST_FAULTS} faults more", "")
    return [*list(told)[:MOST_FAULTS], rest]
