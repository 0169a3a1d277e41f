"""From a tree to a scenario with all its arms, or to everything wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from itertools import islice
from typing import Any

from sim.scenario import checking, expectations, overriding, policies, topology
from sim.scenario.checking import Parts
from sim.scenario.errors import Fault, ScenarioError, dotted, shown, unknown_key
from sim.scenario.expectations import Expect, ExpectMeasure
from sim.scenario.filling import default_path, expanded, table
from sim.scenario.found import MOST_FAULTS, NAMES, Found, Path, validate
from sim.scenario.keys import USED_UP
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

MOST_NAMES = {
    "networks": MOST_NETWORKS,
    "users": MOST_GROUPS,
    "spammers": MOST_GROUPS,
    "blocklists": MOST_GROUPS,
    "operators": MOST_GROUPS,
    "servers": MOST_SERVERS,
}
MOST_TABLES = 50_000
"""Arms times networks, servers, groups and spammers."""

DERIVED = ("address", "domains", "trusted_networks")
"""Keys of a server that follow from its network."""

STRUCTURAL = frozenset(
    [
        "accounts",
        "address",
        "domain",
        "domains",
        "kind",
        "links",
        "network",
        "places",
        "prefixes",
        "role",
        "routes",
        "work",
    ]
) | {""}
"""Keys on which the checks of other tables depend."""

NEEDED_VALUES = {"count": 1}
"""What stands in for a wrong value that a table can't be without."""

NEEDED = ("networks", "users", "arms")
HEADS = tuple(name for name in Head.model_fields if name not in USED_UP)
ARM_NAME = "a name of 1 to 100 printable characters, without slashes"
FileOf = Callable[[Path], str]


def scenario(
    source: Tree, name: str, file_of: FileOf | None = None, known: Iterable[Found] = ()
) -> Scenario:
    """Return the scenario of a tree; raises ScenarioError with every fault.

    *name* is how messages call its file; *file_of* tells which file of a chain said what, and
    *known* is what has been found wrong already.
    """
    full = expanded(source)
    parts, found = _parts(source, full)
    found = [*known, *found]
    too_many = _too_many(source, full)
    found += too_many or [*_of_arms(source), *_of_quick(source), *_of_expectations(source, parts)]
    told = {(fault.path, fault.value) for fault in found}
    arms: dict[str, tuple[Parts, Tree]] = {}
    for arm, overrides in table(source, "arms").items():
        if too_many or len(found) > MOST_FAULTS:
            break
        if isinstance(overrides, dict) and overrides:
            of_arm, changed, wrong = _arm(arm, overrides, source, (full, parts), told)
            arms[arm] = of_arm, changed
            found += wrong
    if found:
        raise ScenarioError(_faults(source, found, file_of or (lambda _: name)))
    ready = _made(parts, source, source, name)
    for arm in source["arms"]:
        made = _made(*arms[arm], source, name) if arm in arms else ready
        made._arms = ready._arms  # each arm knows the others
        ready._arms[arm] = made
    return ready


def overridden(source: Tree, overrides: Mapping[str, Any], name: str) -> Scenario:
    """Return the scenario of *source* with *overrides*; raises ScenarioError."""
    changed, _, found = overriding.apply(source, overrides, heads=HEADS)
    if found:
        raise ScenarioError(Fault(name, str(f.path[0]), *f[1:]) for f in found)
    return scenario(changed, name)


def _made(parts: Parts, written: Tree, source: Tree, name: str) -> Scenario:
    head = {key: getattr(parts.head, key) for key in Head.model_fields}
    arms = {arm: dict(overriding.flat(given)) for arm, given in source["arms"].items()}
    made = Scenario.model_construct(
        **head
        | {section: getattr(parts, section) for section in MOST_NAMES}
        | {"arms": arms, "baseline": head["baseline"] or next(iter(arms))}
        | {"expect": tuple(map(_expectation, source.get("expect", [])))}
    )
    made._file, made._source, made._written = name, source, written
    return made


def _expectation(raw: Tree) -> Expect | ExpectMeasure:
    return expectations.model(raw).model_validate(raw)


def _parts(
    source: Tree, full: Tree, known: tuple[Tree, Parts] | None = None
) -> tuple[Parts, list[Found]]:
    """Check *full*, the expanded *source*; what equals a *known* tree is not checked again."""
    before, good = known or ({}, Parts())
    servers = [s for s in table(full, "servers").values() if isinstance(s, dict)]
    parts = Parts(
        names={section: list(table(full, section)) for section in MOST_NAMES},
        with_submission=frozenset(
            str(s.get("network")) for s in servers if s.get("role") in ("submission", "both")
        ),
    )
    parts.head, found = _head(source)
    unchanged: list[str] = []
    for section, most in MOST_NAMES.items():
        model, made = overriding.MODELS[section], getattr(parts, section)
        found += _section(full, section, most)
        for name, raw in list(table(full, section).items())[:most]:
            if len(found) > MOST_FAULTS:
                break
            same = getattr(good, section).get(name)
            if same is not None and raw == table(before, section)[name]:
                made[name] = same
                unchanged += [name] if section == "servers" else []
                continue
            value, wrong = validate(model, raw)
            if not re.fullmatch(NAME, name):
                wrong = [Found((), "", NAMES), *wrong]
            found += _once((f.within(section, name) for f in wrong), source, found)
            value = value if not wrong else _stand_in(model, raw, wrong)
            if value is not None:
                made[name] = value
    found = [f for f in found if not _follows(f, source, full, parts)] + _defaults(source)
    found += topology.faults(source, table(full, "networks"))
    found = [_without_address(f, full) for f in found]
    found += islice(checking.faults(parts, unchanged), MOST_FAULTS + 1)
    overlapping = {
        f.path[1] for f in found if f.path[:1] == ("networks",) and f.path[2:3] == ("prefixes",)
    }
    return parts, [f for f in found if not _derived(f, source, full, overlapping)]


def _stand_in(model: Any, raw: Any, wrong: list[Found]) -> Any:
    """A table without its wrong keys, so that the rest of it is checked too; None if that
    would make other tables look wrong. The scenario is refused in any case."""
    keys = {str(fault.path[0]) if fault.path else "" for fault in wrong}
    if not isinstance(raw, dict) or keys & STRUCTURAL:
        return None
    kept = {key: value for key, value in raw.items() if key not in keys}
    needed = {key: value for key, value in NEEDED_VALUES.items() if key in keys}
    return validate(model, kept | needed)[0]


def _once(wrong: Iterable[Found], source: Tree, found: list[Found]) -> list[Found]:
    """What of *wrong* is not *found* yet; a key that many networks got is told where it stands."""
    new: list[Found] = []
    for fault in wrong:
        written = fault._replace(path=topology.written_path(source, fault.path))
        if written == fault or written not in found:
            new.append(written)
    return new


def _head(source: Tree) -> tuple[Head | None, list[Found]]:
    fields = Head.model_fields
    head, found = validate(Head, {key: source[key] for key in fields if key in source})
    valid = list(Scenario.model_fields)
    found += [
        Found((key,), *unknown_key(key, valid))
        for key in islice((key for key in source if key not in valid), MOST_FAULTS + 1)
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


def _follows(found: Found, source: Tree, full: Tree, parts: Parts) -> bool:
    """Whether a server's fault only follows from one of its network, which is told."""
    wrong = set(parts.names["networks"]) - set(parts.networks)
    return _derived(found, source, full, wrong)


def _derived(found: Found, source: Tree, full: Tree, wrong: Container[object]) -> bool:
    """Whether a server's fault is about what follows from a network that is *wrong*."""
    section, *rest = found.path
    if section != "servers" or len(rest) < 2 or rest[1] not in DERIVED:
        return False
    name, key = str(rest[0]), str(rest[1])
    written = key in table(table(source, "servers"), name) or default_path(source, name, key)
    return not written and table(table(full, "servers"), name).get("network") in wrong


def _without_address(found: Found, full: Tree) -> Found:
    section, *rest = found.path
    if section != "servers" or rest[1:] != ["address"] or found.value != "missing":
        return found
    network = table(table(full, "servers"), str(rest[0])).get("network")
    return found._replace(expected=f"an address: {shown(network)} has none free")


def _too_many(source: Tree, full: Tree) -> list[Found]:
    """The fault of more arms on more tables than can be checked in a moment."""
    arms = len(table(source, "arms"))
    tables = sum(len(table(full, section)) for section in MOST_NAMES)
    if arms <= MOST_ARMS and arms * tables <= MOST_TABLES:
        return []
    expected = f"at most {MOST_ARMS}, and {MOST_TABLES} tables of all arms together"
    return [Found(("arms",), f"{arms} arms of {tables} tables", expected)]


def _of_arms(source: Tree) -> list[Found]:
    arms, found = source.get("arms", {}), []
    if not isinstance(arms, dict):
        return [Found(("arms",), shown(arms), "a table")]
    if not arms:
        found.append(Found(("arms",), "missing", 'at least one [arms."NAME"]'))
    for name, overrides in arms.items():
        if not 0 < len(name) <= 100 or not name.isprintable() or set(name) & set("/\\"):
            found.append(Found(("arms", name), "", ARM_NAME))
        if not isinstance(overrides, dict):
            found.append(Found(("arms", name), shown(overrides), "a table of overrides"))
    baseline = source.get("baseline", "")
    if baseline and isinstance(baseline, str):
        found += checking.dangling(baseline, arms, "baseline")
    return found


def _of_quick(source: Tree) -> list[Found]:
    _, _, found = overriding.apply(source, table(source, "quick"), heads=HEADS)
    return [fault.within("quick") for fault in found]


def _of_expectations(source: Tree, parts: Parts) -> list[Found]:
    given = source.get("expect", [])
    if not isinstance(given, list) or len(given) > MOST_EXPECTED:
        return [Found(("expect",), shown(given), f"at most {MOST_EXPECTED} [[expect]] tables")]
    found: list[Found] = []
    valid: dict[int, Expect | ExpectMeasure] = {}
    for index, raw in enumerate(given):
        expect, wrong = validate(expectations.model(raw), raw)
        found += [f.within("expect", index) for f in wrong]
        if expect is not None:
            valid[index] = expect
    return found + list(expectations.faults(parts, table(source, "arms"), valid))


def _arm(
    arm: str, overrides: Tree, source: Tree, known: tuple[Tree, Parts], told: set[tuple[Path, str]]
) -> tuple[Parts, Tree, list[Found]]:
    """An arm's parts and tree, and what is wrong with it that is not wrong already."""
    changed, touched, found = overriding.apply(source, overrides, arm=True)
    wrong = [f._replace(path=("arms", arm, *f.path)) for f in found]
    parts, found = _parts(changed, expanded(changed), known)
    new = (f for f in found if (f.path, f.value) not in told)
    return parts, changed, wrong + _attributed(arm, touched, new)


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
        path = topology.written_path(source, path)
        told[Fault(file_of(path), dotted(path), *fault[1:])] = None
    if len(told) <= MOST_FAULTS:
        return list(told)
    return [*list(told)[:MOST_FAULTS], Fault(file_of(()), "", "and more faults", "")]
