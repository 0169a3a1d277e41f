"""Changing keys by their dotted names: ``servers.*.relay = "on_network"``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from sim.scenario.errors import dotted, nearest, one_of, unknown_key, value_text
from sim.scenario.implied import expanded
from sim.scenario.problems import MOST_FAULTS, Problem
from sim.scenario.sections import MODELS
from sim.scenario.trees import Path, Tree, table

SECTIONS = tuple(MODELS)
IMPLIED = ("networks", "servers")
"""Sections in which there is more than the file writes."""
TOPOLOGY = "topology"
"""The table of the networks to generate, of which all arms have the same."""

JUDGING = ("values", "interest")
"""Tables by which results are judged, and that change no row."""
IN_HEAD = (TOPOLOGY, *JUDGING)
"""Tables outside the sections whose keys change one by one."""

MOST_CHANGES = 20_000
STRUCTURE = {
    "networks": ("kind", "domain", "prefixes"),
    "servers": ("role", "network", "address", "domains"),
    "blocklists": ("traps",),
    "organisations": ("networks", "servers", "domains"),
}
"""Keys from which others follow; an arm compares policies on the same network."""

Changes = dict[Path, str]
"""Each changed key and the selector that changed it last."""

ARMS = "arms"
LIKE, AT = "like", "at"
"""Keys of an arm that are no selectors."""
_OF_ARM = re.compile(
    rf"{ARMS}\.(.{{1,100}}?)\.((?:{'|'.join(SECTIONS)})\..*|{LIKE}|{AT})", re.DOTALL
)
"""A key of an arm: ``arms.on network.servers.*.relay``; names of arms may hold dots."""

FORM = "SECTION.NAME.KEY, such as servers.*.relay"
_SELECTOR = re.compile(r"[A-Za-z0-9_.*{},-]{1,1000}")


def value_of(text: str) -> Any:
    """The value of *text* as in a file; text that is no TOML value stands for itself."""
    try:
        return tomllib.loads(f"value = {text}")["value"] if len(text) <= 4000 else text
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return text


def flat(overrides: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Selectors and values, where tables may stand for dots, as TOML's bare keys make them."""
    for selector, value in overrides.items():
        whole = f"{prefix}{selector}"
        if whole == ARMS and isinstance(value, dict):
            for arm, changes in value.items():
                if isinstance(changes, dict):
                    yield from ((f"{ARMS}.{arm}.{key}", v) for key, v in flat(changes))
                else:
                    yield f"{ARMS}.{arm}", changes
        elif isinstance(value, dict) and (
            whole in JUDGING or (whole.count(".") < 2 and whole.split(".")[0] in SECTIONS)
        ):
            yield from flat(value, f"{whole}.")
        else:
            yield whole, value


def apply(
    source: Tree, overrides: Mapping[str, Any], *, heads: Iterable[str] = (), arm: bool = False
) -> tuple[Tree, Changes, list[Problem]]:
    """Return *source* with *overrides*, in order, and what was changed and what cannot be.

    *heads* are the keys outside all tables that may change, and with them what arms change; an
    *arm* may not change what other keys are derived from. A problem's path is its selector alone.
    """
    changed_by: Changes = {}
    problems: list[Problem] = []
    changes: dict[str, list[tuple[str, Any]]] = {section: [] for section in SECTIONS}
    for selector, value in flat(overrides):
        parts = selector.split(".")
        if heads and (selector in heads or (parts[0] in IN_HEAD and len(parts) > 1)):
            whole = {parts[0]: table(source, parts[0])} if len(parts) > 1 else {}
            source = _nested(source | whole, parts, value)
            changed_by[tuple(parts)] = selector
        elif heads and (of_arm := _OF_ARM.fullmatch(selector)):
            source, wrong = _in_arms(source, selector, of_arm, value)
            problems += wrong
        elif problem := _wrong_form(selector, parts, heads, arm):
            problems.append(problem)
        else:
            changes[parts[0]].append((selector, value))
        if len(problems) > MOST_FAULTS:
            break
    for section, of_section in changes.items():
        if of_section:
            source = _in_section(source, section, of_section, changed_by, problems)
    return source, changed_by, problems


def _in_section(
    source: Tree,
    section: str,
    changes: list[tuple[str, Any]],
    changed_by: Changes,
    problems: list[Problem],
) -> Tree:
    """Return *source* with *changes* of one section, noting what they touch and what is wrong."""
    names = table(expanded(source), section) if section in IMPLIED else table(source, section)
    entities = dict(table(source, section))
    for selector, value in changes:
        _, pattern, *keys = selector.split(".")
        chosen = matching(pattern, names)
        if not chosen:
            near = nearest(pattern.replace("*", ""), names)
            problems.append(Problem((selector,), "matches nothing", one_of(names), near))
        if len(changed_by) + len(chosen) > MOST_CHANGES:
            expected = f"at most {MOST_CHANGES} changed keys"
            problems.append(Problem((selector,), "changes too much", expected))
        if len(problems) > MOST_FAULTS or len(changed_by) + len(chosen) > MOST_CHANGES:
            break
        for name in chosen:
            path: Path = (section, name, *keys)
            entity = _with_value(table(entities, name), table(names, name), path, value)
            if entity is None:
                expected = f"a key of a table; {dotted(path[:-1])} is none"
                problems.append(Problem((selector,), value_text(value), expected))
            else:
                entities[name] = entity
                changed_by[path] = selector
    return source | {section: entities}


def _in_arms(
    source: Tree, selector: str, of_arm: re.Match[str], value: Any
) -> tuple[Tree, list[Problem]]:
    """Return *source* with one more change of the arms that *selector* means: their last."""
    arms = table(source, ARMS)
    pattern, key = of_arm.groups()
    chosen = matching(pattern, arms)
    if not chosen:
        near = nearest(pattern, arms)
        return source, [Problem((selector,), "matches nothing", one_of(arms), near)]
    overridden = {
        arm: {k: v for k, v in table(arms, arm).items() if k != key} | {key: value}
        for arm in chosen
    }
    return source | {ARMS: arms | overridden}, []


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that a selector's part means: ``*`` is any text, ``{a,b}`` either."""
    before, brace, rest = pattern.replace("[", "[[]").replace("?", "[?]").partition("{")
    inside, _, after = rest.partition("}")
    choices = [before + choice + after for choice in inside.split(",")] if brace else [before]
    return [name for name in names if any(fnmatchcase(name, choice) for choice in choices)]


def _wrong_form(selector: str, parts: list[str], heads: Iterable[str], arm: bool) -> Problem | None:
    if parts[0] == "defaults":
        return Problem((selector,), "is already in the servers", "servers by name: servers.*-smtp")
    if parts[0] == TOPOLOGY and arm:
        return Problem((selector,), "cannot differ between arms", "a key of what is generated")
    if parts[0] not in SECTIONS:
        value, _, near = unknown_key(parts[0], [*heads, *SECTIONS])
        return Problem((selector,), value, "" if near else FORM, near)
    if len(parts) < 3 or not all(parts) or not _SELECTOR.fullmatch(selector):
        return Problem((selector,), "is no key", f"{parts[0]}.NAME.KEY")
    if selector.count("{") != selector.count("}") or selector.count("{") > 1:
        return Problem((selector,), "is no key", "one {list,of,names} at most")
    if arm and parts[2] in STRUCTURE.get(parts[0], ()):
        expected = f"a key other than {', '.join(STRUCTURE[parts[0]])}, which arms share"
        return Problem((selector,), "cannot differ between arms", expected)
    return None


def _with_value(entity: Tree, full: Tree, path: Path, value: Any) -> Tree | None:
    """Return *entity*, of which *full* is all that is known, with the value at *path*."""
    section, _, key, *deeper = map(str, path)
    if deeper:
        entity_table = {**_defaults(section, key), **full, **entity}
        value = _nested(entity_table.get(key, {}), deeper, value)
    return None if value is None else entity | {key: value}


def _defaults(section: str, key: str) -> Tree:
    field = MODELS[section].model_fields.get(key)
    return {key: field.default} if field is not None and isinstance(field.default, dict) else {}


def _nested(whole: Any, path: list[str], value: Any) -> Any:
    if not isinstance(whole, dict):
        return None
    if len(path) > 1:
        value = _nested(whole.get(path[0], {}), path[1:], value)
    return None if value is None else whole | {path[0]: value}
