"""The schema and the reference come from the model, and leave nothing out."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from sim.exact.expectations import faults
from sim.scenario import Scenario, describing, loads, new, reference, schema
from sim.scenario.distributions import Distribution
from sim.scenario.keys import meanings
from sim.scenario.model import Defaults
from sim.scenario.problems import models

TOLD = reference()
FACTS = re.compile(r"[a-z_0-9]+(\.[a-z_0-9-]+)+")


FIELDS = [
    pytest.param(model, name, field, id=f"{model.__name__}.{name}")
    for model in describing.TABLES.values()
    for name, field in model.model_fields.items()
]


@pytest.mark.parametrize(("model", "name", "field"), FIELDS)
def test_every_key_is_described(model: type[BaseModel], name, field):
    assert meanings(model)[name]
    assert not meanings(model)[name].endswith(".")
    row = next(r for r in TOLD.splitlines() if r.startswith(f"| `{name}` |"))
    assert row.count("|") == 6
    assert f"| {meanings(model)[name]} |" in TOLD


@pytest.mark.parametrize(("model", "name", "field"), FIELDS)
def test_a_default_is_a_fact_or_chosen(model, name, field):
    source = (field.json_schema_extra or {}).get("source", "")
    assert source in ("", "chosen") or FACTS.fullmatch(source)


def tables(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Every table of keys that *model* leads to."""
    inner = {t for field in model.model_fields.values() for t in models(field.annotation)}
    return inner.union(*map(tables, inner))


def test_every_table_of_a_scenario_is_described():
    elsewhere = {Defaults, Distribution}  # keys by role, and a section of its own
    assert tables(Scenario) - elsewhere <= set(describing.TABLES.values())


def test_no_table_is_left_out():
    for heading in describing.TABLES:
        assert f"## {heading}" in TOLD
    assert '## `[arms."NAME"]`' in TOLD
    assert "| `permit_mynetworks` | " in TOLD
    assert "| `qmail` |" in TOLD


def test_the_reference_opens_with_a_whole_example():
    example = TOLD.split("```toml\n")[1].split("```")[0]
    assert loads(example) == loads(new())


def test_the_starting_scenario_comes_true_and_is_commented():
    scenario = loads(new())
    assert list(faults(scenario)) == []
    assert new().count("#") > 15
    assert max(map(len, new().splitlines())) <= 100


def test_schema_names_every_key_and_forbids_others():
    told = schema()
    assert told["$defs"]["Server"]["additionalProperties"] is False
    assert set(told["properties"]) == set(loads(new()).__class__.model_fields)
    assert "required" not in told["$defs"]["Server"]
    assert told["properties"]["run_length"]["default"] == "14 days"


def test_schema_agrees_with_the_loader():
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    texts = [path.read_text() for path in (Path(__file__).parents[2] / "scenarios").glob("*.toml")]
    texts += [loads(text).resolved() for text in texts] + [new()]
    for text in texts:
        assert [e.message for e in validator.iter_errors(tomllib.loads(text))] == []
    for wrong in ("title = 1", '[networks]\na = { kind = "x" }', 'titel = "x"'):
        assert list(validator.iter_errors(tomllib.loads(wrong)))
