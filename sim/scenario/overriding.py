"""Changing keys by their dotted names: ``servers.*.relay = "on_network"``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sim.scenario.blocklists import Blocklist
from sim.scenario.errors import dotted, nearest, one_of, shown, unknown_key
from sim.scenario.filling import expanded, table
from sim.scenario.found import MOST_FAULTS, Found, Path
from sim.scenario.keys import Table
from sim.scenario.networks import Network
from sim.scenario.operators import Operator
from sim.scenario.people import Users
from sim.scenario.reading import Tree
from sim.scenario.servers import Server
from sim.scenario.spammers import Spammers

MODELS: dict[str, type[Table]] = {
    "networks": Network,
    "users": Users,
    "spammers": Spammers,
    "blocklists": Blocklist,
    "operators": Operator,
    "servers": Server,
}
SECTIONS = tuple(MODELS)
"""Tables whose keys can be overridden; servers last, since the others make servers."""

IMPLIED = ("networks", "servers")
"""Sections in which there is more than the file writes."""
TOPOLOGY = "topology"
"""The table of the networks to generate, of which all arms have the same."""

MOST_CHANGES = 20_000
STRUCTURE = {
    "networks": ("kind", "domain", "prefixes"),
    "servers": ("role", "network", "address", "domains"),
    "blocklists": ("traps",),
}
"""Keys from which others follow; an arm compares policies on the same network."""

Touched = dict[Path, str]
"""Each changed key and the selector that changed it last."""

ARMS = "arms"
_OF_ARM = re.compile(rf"{ARMS}\.(.{{1,100}}?)\.((?:{'|'.join(SECTIONS)})\..*)", re.DOTALL)
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
        elif isinstance(value, dict) and whole.count(".") < 2 and whole.split(".")[0] in SECTIONS:
            yield from flat(value, f"{whole}.")
        else:
            yield whole, value


def apply(
    source: Tree, overrides: Mapping[str, Any], *, heads: Iterable[str] = (), arm: bool = False
) -> tuple[Tree, Touched, list[Found]]:
    """Return *source* with *overrides*, in order, and what was changed and what cannot be.

    *heads* are the keys outside all tables that may change, and with them what arms change; an
    *arm* may not change what other keys are derived from. A found fault's path is its selector
    alone.
    """
    faults: list[Found] = []
    touched: Touched = {}
    parsed: list[tuple[str, list[str], Any]] = []
    for selector, value in flat(overrides):
        if len(faults) > MOST_FAULTS:
            break
        parts = selector.split(".")
        if len(parts) == 1 and selector in heads:
            source = source | {selector: value}
            touched[(selector,)] = selector
        elif heads and parts[0] == TOPOLOGY and len(parts) > 1:
            source = source | {TOPOLOGY: _nested(table(source, TOPOLOGY), parts[1:], value)}
            touched[tuple(parts)] = selector
        elif heads and (of_arm := _OF_ARM.fullmatch(selector)):
            pattern, key = of_arm.groups()
            arms, fault = _in_arms(table(source, ARMS), pattern, key, value)
            source = source | {ARMS: arms}
            faults += [fault] if fault else []
        elif fault := _wrong_form(selector, parts, heads, arm):
            faults.append(fault)
        else:
            parsed.append((selector, parts, value))
    for section in SECTIONS:
        mine = [item for item in parsed if item[1][0] == section]
        if not mine:
            continue
        names = table(expanded(source) if section in IMPLIED else source, section)
        changed = dict(table(source, section))
        for selector, parts, value in mine:
            if len(faults) > MOST_FAULTS:
                break
            chosen = matching(parts[1], names)
            if not chosen:
                faults.append(_no_match(selector, parts, names))
            if len(touched) + len(chosen) > MOST_CHANGES:
                expected = f"at most {MOST_CHANGES} changed keys"
                return source, touched, [*faults, Found((selector,), "changes too much", expected)]
            for name in chosen:
                path: Path = (section, name, *parts[2:])
                entity = _changed(table(changed, name), table(names, name), path, value)
                if entity is None:
                    expected = f"a key of a table; {dotted(path[:-1])} is none"
                    faults.append(Found((selector,), shown(value), expected))
                else:
                    changed[name] = entity
                    touched[path] = selector
        source = source | {section: changed}
    return source, touched, faults


def _in_arms(arms: Tree, pattern: str, key: str, value: Any) -> tuple[Tree, Found | None]:
    """Return *arms* with one more change of those that *pattern* means: their last, so it wins."""
    chosen = matching(pattern, arms)
    if not chosen:
        selector = f"{ARMS}.{pattern}.{key}"
        return arms, Found((selector,), "matches nothing", one_of(arms), nearest(pattern, arms))
    changed = {
        arm: {k: v for k, v in table(arms, arm).items() if k != key} | {key: value}
        for arm in chosen
    }
    return arms | changed, None


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that a selector's part means: ``*`` is any text, ``{a,b}`` either."""
    before, brace, rest = pattern.partition("{")
    inside, _, after = rest.partition("}")
    choices = [before + choice + after for choice in inside.split(",")] if brace else [pattern]
    return [name for name in names if any(_like(choice, name) for choice in choices)]


def _like(pattern: str, name: str) -> bool:
    """Whether *name* has the pattern's pieces in order; no backtracking, so never slow."""
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == name
    *middle, last = rest
    if not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for piece in middle:
        at = name.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return at <= end


def _wrong_form(selector: str, parts: list[str], heads: Iterable[str], arm: bool) -> Found | None:
    if parts[0] == "defaults":
        return Found((selector,), "is already in the servers", "servers by name: servers.*-smtp")
    if parts[0] == TOPOLOGY and arm:
        return Found((selector,), "cannot differ between arms", "a key of what is generated")
    if parts[0] not in SECTIONS:
        value, _, near = unknown_key(parts[0], [*heads, *SECTIONS])
        return Found((selector,), value, "" if near else FORM, near)
    if len(parts) < 3 or not all(parts) or not _SELECTOR.fullmatch(selector):
        return Found((selector,), "is no key", f"{parts[0]}.NAME.KEY")
    if selector.count("{") != selector.count("}") or selector.count("{") > 1:
        return Found((selector,), "is no key", "one {list,of,names} at most")
    if arm and parts[2] in STRUCTURE.get(parts[0], ()):
        expected = f"a key other than {', '.join(STRUCTURE[parts[0]])}, which arms share"
        return Found((selector,), "cannot differ between arms", expected)
    return None


def _no_match(selector: str, parts: list[str], names: Tree) -> Found:
    near = nearest(parts[1].replace("*", ""), names)
    return Found((selector,), "matches nothing", one_of(names), near)


def _changed(entity: Tree, full: Tree, path: Path, value: Any) -> Tree | None:
    """Return *entity*, of which *full* is all that is known, with the value at *path*."""
    section, _, key, *deeper = map(str, path)
    if deeper:
        written = {**_defaults(section, key), **full, **entity}
        value = _nested(written.get(key, {}), deeper, value)
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
