"""What the results rest on: every key with its value, its default, and where that comes from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import pandas as pd

from sim.scenario import Scenario
from sim.scenario import keys as declared
from sim.scenario.keys import USED_UP, Table
from sim.scenario.model import Head
from sim.scenario.problems import models
from sim.scenario.sections import MODELS
from sim.scenario.writing import value

FROM_SCENARIO, CHOSEN = "from the scenario", "chosen"
RUN = "run"
"""Stands for no table: keys outside all of them."""
MOST_VALUES = 4
"""Names that are written out where many tables share a value."""


class Assumption(NamedTuple):
    """A key of a *table* and one value of it: whose it is (*of*), its default, its *source*.

    The source is the key of a published fact, ``chosen`` where the default is a choice,
    ``from the scenario`` where the file says otherwise or it follows from the file, and empty
    where the default is no claim about the world.
    """

    table: str
    of: str
    key: str
    value: str
    default: str
    source: str
    model: type[Table]

    @property
    def meaning(self) -> str:
        """What the key means: to read it takes as long as all else here."""
        return declared.meanings(self.model)[self.key.rpartition(".")[2]]


def assumptions(scenario: Scenario) -> pd.DataFrame:
    """A row per table, key and value, with what the key means (see `Assumption`)."""
    rows = [{**row._asdict(), "meaning": row.meaning} for row in every(scenario)]
    return pd.DataFrame(rows).drop(columns="model")


@lru_cache(maxsize=1)
def every(scenario: Scenario) -> tuple[Assumption, ...]:
    """All keys of a scenario, by table: screen and page ask for them one after the other."""
    resolved = tomllib.loads(scenario.resolved())
    head = {key: value for key, value in resolved.items() if key in Head.model_fields}
    rows = [row for row in _rows(RUN, {"": head}, Head) if row.key not in USED_UP]
    for section, model in MODELS.items():
        tables = dict(resolved.get(section, {}))
        if section == "servers":  # what many servers share is written once, by role
            tables |= {f"every {role}": t for role, t in resolved.get("defaults", {}).items()}
        rows += _rows(section, tables, model)
    return tuple(rows)


def _rows(
    section: str,
    tables: Mapping[str, Mapping[str, Any]],
    model: type[Table],
    prefix: str = "",
    values: Mapping[str, Any] | None = None,
    origin: str = "",
) -> Iterator[Assumption]:
    """Those of *tables*; *values* and *origin* are the default of a table inside a table."""
    for name, field in model.model_fields.items():
        owners_of: dict[str, list[str]] = {}
        inner: dict[str, Mapping[str, Any]] = {}
        nested = next(models(field.annotation), None)
        for owner, keys in tables.items():
            if name not in keys:
                continue
            if (
                nested
                and isinstance(keys[name], dict)
                and set(keys[name]) <= set(nested.model_fields)
            ):
                inner[owner] = keys[name]
            else:
                owners_of.setdefault(value(keys[name]), []).append(owner)
        usual = (values or {}).get(name, field.default)
        default = "" if usual is None or field.is_required() else value(usual)
        source = declared.source(field) or origin
        for text, owners in owners_of.items():
            origin_of = source if text == default else FROM_SCENARIO
            names, key = _names(owners, len(tables)), f"{prefix}{name}"
            yield Assumption(section, names, key, text, default, origin_of, model)
        if inner and nested:
            table = usual if isinstance(usual, dict) else None
            yield from _rows(section, inner, nested, f"{prefix}{name}.", table, source)


def _names(owners: list[str], number: int) -> str:
    if len(owners) == number > 1:
        return f"all {number}"
    if len(owners) > MOST_VALUES + 1:
        return f"{', '.join(owners[:MOST_VALUES])} and {len(owners) - MOST_VALUES} more"
    return ", ".join(owners)
