"""A scenario as text again: TOML that loads to an equal scenario, with every default written.

Beside a default stands where it comes from: the key of a published fact, or that it is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sim.scenario.arms import begins, steps
from sim.scenario.implied import expanded
from sim.scenario.keys import USED_UP, Table, source
from sim.scenario.model import Document
from sim.scenario.overrides import AT
from sim.scenario.problems import models
from sim.scenario.reading import LONGEST_LINE
from sim.scenario.sections import MODELS
from sim.scenario.trees import Tree, table

LAST = ("structures", "ranges", "targets")
"""Tables that are written after all others, unless they are empty."""
SECTIONS = ("networks", "servers", "users", "spammers", "blocklists", "operators", "organisations")
"""In the order in which they are written."""


def resolved(scenario: Document, source: Tree) -> str:
    """Return *scenario*, which was made from *source*, as TOML with every default."""
    full = expanded(source) | {"baseline": scenario.baseline}
    lines = [
        _line(type(scenario), key, value)
        for key, value in _with_defaults(type(scenario), full).items()
        if key not in (*MODELS, *USED_UP, "arms", "expect") and not (key in LAST and value)
    ]
    for section in SECTIONS:
        model = MODELS[section]
        tables = {name: _with_defaults(model, raw) for name, raw in table(full, section).items()}
        if section == "servers" and len(tables) > MANY:
            lines += _common(tables)
        for name, value in tables.items():
            lines += _table(f"{section}.{_key(name)}", value, model)
    for name, arm in scenario.arms.items():
        lines += _arm(name, arm)
    for name in ("structures", "ranges"):
        lines += _table(name, getattr(scenario, name)) if getattr(scenario, name) else []
    for name, raw in table(source, "targets").items():
        lines += _table(f"targets.{_key(name)}", raw)
    for raw in source.get("expect", []):
        lines += ["", "[[expect]]", *(_line(None, key, item) for key, item in raw.items())]
    return "\n".join(lines) + "\n"


def _arm(name: str, arm: Tree) -> Iterator[str]:
    """The lines of an arm, each change with the moment from which it holds."""
    yield from ("", f"[arms.{_key(name)}]")
    for selector, item in steps(arm)[0].changes.items():
        yield f"{_line(None, selector, item)}  # from {begins(selector)}"
    for entry in arm.get(AT, ()):
        yield from ("", f"[[arms.{_key(name)}.{AT}]]")
        yield from (_line(None, selector, item) for selector, item in entry.items())


def _table(heading: str, keys: Tree, model: type[Table] | None = None) -> Iterator[str]:
    """The lines of a table; a table in it that no line can hold follows as its own."""
    yield from ("", f"[{heading}]")
    long: Tree = {}
    for name, item in keys.items():
        if isinstance(item, dict) and len(_inline(item)) > LONGEST_LINE // 2:
            long[name] = item
        else:
            yield _line(model, name, item)
    for name, item in long.items():
        yield from _table(f"{heading}.{_key(name)}", item)


def _line(model: type[Table] | None, name: str, item: Any) -> str:
    """One key with its value and, if that is the default of *model*, where it comes from."""
    field = model.model_fields.get(name) if model else None
    origin = f"  # {source(field)}" if field and item == field.default and source(field) else ""
    return f"{_key(name)} = {value(item)}{origin}"


def _common(servers: dict[str, Tree]) -> Iterator[str]:
    """What most servers of a role share, as its defaults; taken out of *servers*."""
    for role in dict.fromkeys(keys["role"] for keys in servers.values()):
        of_role = [keys for keys in servers.values() if keys["role"] == role]
        common = {
            name: of_role[0][name]
            for name in of_role[0]
            if name not in OWN_KEYS and all(keys.get(name) == of_role[0][name] for keys in of_role)
        }
        yield from _table(f"defaults.{role}", common, MODELS["servers"])
        for keys in of_role:
            for name in common:
                del keys[name]


def value(item: Any) -> str:
    """Return a value as TOML writes it; one too long for a line stands over several."""
    text = _inline(item)
    if len(text) > LONGEST_LINE // 2 and isinstance(item, (list, tuple)):
        return "[\n" + "".join(f"  {_inline(item)},\n" for item in item) + "]"
    return text


def _inline(item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, dict):
        inside = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in item.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(item, (list, tuple)):
        return f"[{', '.join(map(_inline, item))}]"
    return _text(item) if isinstance(item, str) else repr(item)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _text(name)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _with_defaults(model: type[Table], raw: Any) -> Tree:
    """Keys of *raw* in the order of the *model*, with the defaults of those it lacks."""
    result: Tree = {}
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.default
        item = raw.get(name, default)
        inner = next(models(field.annotation), None)
        if inner is not None and isinstance(item, dict) and inner.__name__ in NESTED:
            item = _with_defaults(inner, item)
        if item is not None:
            result[name] = item
    return result


MANY = 100
"""Servers beyond which what all of a role share is written once, under ``defaults``."""
OWN_KEYS = ("role", "network", "address", "domains", "trusted_networks")
"""Keys that stay with each server."""

NESTED = ("WhenRefused", "Delays")
"""Tables inside tables whose own defaults are written too."""
