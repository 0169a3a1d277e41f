"""Scenarios, and names of arms, as they are typed."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from sim.cli.console import wrong
from sim.results.scenario import Scenario, load
from sim.scenario.overrides import value_of
from sim.scenario.reading import read
from sim.scenario.ready import SUFFIX


def scenario(
    source: str, set_: list[str] | None = None, more: Mapping[str, Any] | None = None
) -> Scenario:
    """A scenario with the keys changed that --set names."""
    loaded, settings = load(source), {**(more or {}), **changes(set_)}
    return loaded.with_overrides(settings) if settings else loaded


def at(loaded: Scenario, moment: str | None) -> Scenario:
    """A scenario with its arms as at the *moment* that --at names."""
    return loaded if moment is None else loaded.at(moment)


def changes(set_: list[str] | None) -> dict[str, Any]:
    """The keys that all --set change, with their values."""
    return {key: value for text in set_ or () for key, value in _changes(text).items()}


def _changes(text: str) -> Mapping[str, Any]:
    """The keys that one --set changes: one, or all those of a file of such lines."""
    name, equals, value = text.partition("=")
    if not equals and text.endswith(SUFFIX):
        return read(text).tree
    if not equals or not name.strip():
        example = "users.travellers.count=10"
        wrong(
            f"--set {text}: expected KEY=VALUE, such as {example}, or a file {SUFFIX} of such lines"
        )
    return {name.strip(): value_of(value.strip())}


def names(text: str | None, valid: Container[str]) -> list[str] | None:
    """The names in A,B: a name may hold commas itself, so the longest that is *valid* is meant."""
    if text is None:
        return None
    parts, chosen = text.split(","), []
    while parts:
        spans = range(len(parts), 0, -1)
        length = next((n for n in spans if ",".join(parts[:n]).strip() in valid), 1)
        chosen.append(",".join(parts[:length]).strip())
        parts = parts[length:]
    return chosen
