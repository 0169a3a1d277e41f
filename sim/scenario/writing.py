"""A scenario as text again: TOML that loads to an equal scenario, with every default written.

Beside a default stands where it comes from: the key of a published fact, or that it is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sim.scenario.implied import expanded
from sim.scenario.keys import USED_UP, Table, source
from sim.scenario.model import Document
from sim.scenario.overrides import flat
from sim.scenario.problems import models
from sim.scenario.reading import LONGEST_LINE
from sim.scenario.sections import MODELS
from sim.scenario.trees import Tree, table


def resolved(scenario: Document, source: Tree) -> str:
    """Return *scenario*, which was made from *source*, as TOML with every default."""
    full = expanded(source) | {"baseline": scenario.baseline}
    lines = [
        _line(type(scenario), key, written)
        for key, written in _with_defaults(type(scenario), full).items()
        if key not in (*MODELS, *USED_UP, "arms", "expect")
    ]
    for section in ("networks", "servers", "users", "spammers", "blocklists", "operators"):
        tables = {
            n: _with_defaults(MODELS[section], raw) for n, raw in table(full, section).items()
        }
        if section == "servers" and len(tables) > MANY:
            lines += _common(tables)
        for name, written in tables.items():
            lines += _table(f"{section}.{_key(name)}", written, MODELS[section])
    for arm, overrides in scenario.arms.items():
        lines += ["", f"[arms.{_key(arm)}]"]
        lines += [f"{_key(key)} = {value(given)}" for key, given in flat(overrides)]
    for raw in source.get("expect", []):
        lines += [
            "",
            "[[expect]]",
            *(f"{_key(key)} = {value(given)}" for key, given in raw.items()),
        ]
    return "\n".join(lines) + "\n"


def _table(heading: str, keys: Tree, model: type[Table] | None = None) -> Iterator[str]:
    """The lines of a table; a table in it that no line can hold follows as its own."""
    yield from ("", f"[{heading}]")
    long: Tree = {}
    for name, given in keys.items():
        if isinstance(given, dict) and len(_inline(given)) > LONGEST_LINE // 2:
            long[name] = given
        else:
            yield _line(model, name, given)
    for name, given in long.items():
        yield from _table(f"{heading}.{_key(name)}", given)


def _line(model: type[Table] | None, name: str, given: Any) -> str:
    """One key with its value and, if that is the default of *model*, where it comes from."""
    field = model.model_fields.get(name) if model else None
    said = f"  # {source(field)}" if field and given == field.default and source(field) else ""
    return f"{_key(name)} = {value(given)}{said}"


def _common(servers: dict[str, Tree]) -> Iterator[str]:
    """What most servers of a role share, as its defaults; taken out of *servers*."""
    for role in dict.fromkeys(keys["role"] for keys in servers.values()):
        mine = [keys for keys in servers.values() if keys["role"] == role]
        common = {
            name: mine[0][name]
            for name in mine[0]
            if name not in OWN_KEYS and all(keys.get(name) == mine[0][name] for keys in mine)
        }
        yield from _table(f"defaults.{role}", common, MODELS["servers"])
        for keys in mine:
            for name in common:
                del keys[name]


def value(given: Any) -> str:
    """Return a value as TOML writes it; one too long for a line stands over several."""
    text = _inline(given)
    if len(text) > LONGEST_LINE // 2 and isinstance(given, (list, tuple)):
        return "[\n" + "".join(f"  {_inline(item)},\n" for item in given) + "]"
    return text


def _inline(given: Any) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, dict):
        inside = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in given.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(given, (list, tuple)):
        return f"[{', '.join(map(_inline, given))}]"
    return _text(given) if isinstance(given, str) else repr(given)


def _key(name: str) -> str:
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else _text(name)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _with_defaults(model: type[Table], raw: Any) -> Tree:
    """Keys of *raw* in the order of the *model*, with the defaults of those it lacks."""
    written: Tree = {}
    for name, given in _pairs(model, raw):
        inner = next(models(model.model_fields[name].annotation), None)
        nested = inner is not None and isinstance(given, dict) and inner.__name__ in NESTED
        written[name] = _with_defaults(inner, given) if inner and nested else given
    return written


MANY = 100
"""Servers beyond which what all of a role share is written once, under ``defaults``."""
OWN_KEYS = ("role", "network", "address", "domains", "trusted_networks")
"""Keys that stay with each server."""

NESTED = ("WhenRefused", "Delays")
"""Tables inside tables whose own defaults are written too."""


def _pairs(model: type[Table], raw: Tree) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if name in raw:
            yield name, raw[name]
        elif not field.is_required() and field.default is not None:
            yield name, field.default
